"""The card of a distillation: problems, traces, what each phase left out, the norms and how far judges agree."""

from pathlib import Path
from typing import TYPE_CHECKING

from builders.distillation.recipe import load_norms
from builders.pools.marks import load_criteria
from hub.card.answered.common import (
    again,
    counts_table,
    loading,
    marks_table,
    models_table,
    source_line,
    title,
    write_answered_card,
)
from hub.card.markdown import cell, details, table

if TYPE_CHECKING:
    from builders.distillation import Distilled


def write_distillation_card(folder: Path, done: "Distilled") -> None:
    """Write `README.md` and `provenance.json` into a distillation's dataset."""
    recipe = done.recipe
    rewriters = [recipe.norms.rewriter] if recipe.norms and recipe.norms.rewriter else []
    write_answered_card(
        folder,
        recipe,
        recipe.outputs,
        done.prompts,
        done.configs,
        [recipe.teacher, *rewriters],
        tags=["sft", "reasoning", "distillation"],
        body=_body(done),
    )


def _body(done: "Distilled") -> list[str]:
    recipe, told = done.recipe, done.told
    (config,) = done.configs
    traces = ", ".join(f"`{why}` {number:,}" for why, number in told["traces"].items())
    return [
        f"{title(recipe, recipe.outputs)}\n\nChains of reasoning in {recipe.language.name} by "
        f"`{recipe.teacher.name}`, {recipe.answering.samples} to a problem, of which those are here whose answer is "
        f"right, whose language is clean and that keep to the norms of their region. Made by `smolkalam distil`.\n\n"
        f"{source_line(recipe, done.prompts)}",
        loading(recipe.outputs.repo, config.name, "messages"),
        f"## What was left out\n\n{counts_table(told['stages'])}\n\nThe teacher's answers: {traces or 'none'}.",
        f"## Who taught\n\n{models_table([recipe.teacher], told['models_told'])}",
        _mistakes(done),
        *_writing(done),
        *_norms(done),
        _columns(),
        again(recipe, "distil"),
    ]


def _mistakes(done: "Distilled") -> str:
    of, found = done.recipe.linguistics, done.told["mistakes"]
    rows = [[f"`{kind}`", f"{number:,}"] for kind, number in found.items()]
    most = "" if of.most is None else f", or more than {of.most:g} mistakes a word,"
    listed = table(["Kind", "Found in right traces"], rows) if rows else "None was found."
    return (
        f"## The Arabic\n\nRules look for mistakes in thought and answer; a trace with one of "
        f"{', '.join(f'`{kind}`' for kind in of.refuse) or 'no kind'}{most} is left out, and the cleanest are kept. "
        f"They find errors and do not find all: the column `mistakes` has what was found.\n\n{listed}"
    )


def _writing(done: "Distilled") -> list[str]:
    writing, told = done.recipe.writing, done.told.get("writing")
    if writing is None or told is None:
        return []
    criteria = load_criteria(writing.rubric)
    listed = table(["Criterion", "Text"], [[f"`{name}`", cell(text)] for name, text in criteria.criteria], left=2)
    return [
        f"## The Arabic, by judges\n\nWhat no rule can tell, judges mark from 1 to 5; a trace with a mean mark below "
        f"{writing.least_mark:g} is left out ({told['judged']:,} were marked).\n\n{marks_table(told)}\n\n"
        f"{details(f'The criteria ({criteria.name})', listed)}"
    ]


def _norms(done: "Distilled") -> list[str]:
    norms, told = done.recipe.norms, done.told.get("norms")
    if norms is None or told is None:
        return []
    rubric = load_norms(norms.rubric)
    judges = table(
        ["Judge", "Traces judged", "Not readable", "Breaks a norm, at first"],
        [
            [f"`{name}`", f"{of['read']:,}", f"{of['failed']:,}", f"{of['broken']:,}"]
            for name, of in told["judges"].items()
        ],
    )
    alpha = told["alpha"]
    agreed = "not defined" if alpha is None else f"{alpha:.3f}"
    broken = ", ".join(f"`{name}` {number:,}" for name, number in told["broken"].items()) or "none"
    does = "rewritten, verified and judged again" if norms.broken == "rewrite" else "left out"
    listed = "\n\n".join(
        f"**{cell(region.title)}** (`{name}`)\n\n"
        + table(
            ["Norm", "Text"],
            [[f"`{norm}`", cell(" ".join(text.split()))] for norm, text in region.norms.items()],
            left=2,
        )
        for name, region in rubric.regions.items()
    )
    return [
        f"## Regional norms\n\nA trace of which more than half of the judges say that it breaks a norm is {does}. "
        f"Broken: {broken}; rewritten and kept: {told['rewritten']:,}. Krippendorff's alpha between the judges, of "
        f"each norm of each trace: {agreed}.\n\n{judges}\n\n{details(f'The norms ({rubric.name})', listed)}"
    ]


def _columns() -> str:
    return (
        "## Columns\n\n"
        "- `messages`: the problem, and `<think>…</think>` with the answer below it; `chat_template_kwargs` as in "
        "SmolTalk2, with `enable_thinking`\n"
        "- `answer`, `found`, `kind`: the right answer, the trace's, and how they were compared (`mathematics`, "
        "`choice`, `code`)\n"
        "- `solved`: share of the teacher's traces of this problem that are right; `difficulty`: the source's\n"
        "- `mistakes`: what the rules found in the Arabic: kind, place (code points of `where`), what stands there "
        "and what should; `mistakes_in_all`: how many\n"
        "- `mark`, `marks`: the judges' mean mark of the Arabic, and each one's with its reason\n"
        "- `region`, `norms`, `rewritten`: whose norms, what judges found broken with their reasons, in which round, "
        "and how often it was rewritten for that\n"
        "- `teacher`, `sample`, `domain`, `language`, `source`, `source_id`: where it comes from"
    )
