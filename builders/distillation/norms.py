"""Phase four: regional norms, applied by judges. What breaks one is rewritten or left out, with reasons.

A rewritten trace is verified again, looked at again and judged again: it is kept only if its answer is still right,
its Arabic still clean and no norm broken.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from builders.distillation.language import LINGUISTICS, dictionary_of, mistakes_in, refused_for
from builders.distillation.problems import problem_of, region_of, shown
from builders.distillation.recipe import DistillationRecipe, NormsFile, load_norms
from builders.distillation.traces import sandbox_of, trace_fault
from builders.distillation.writing import WRITING, look, panel_of
from builders.engines import engine_of
from builders.pools.ask import Answered, Answerer
from builders.pools.cost import limits_of
from builders.pools.marks import load_criteria
from builders.pools.panel import AskedPanel, PanelQuestion, alpha
from builders.pools.stages import Record, Stages, Written, in_order, progress
from processors.checks.arabic import Dictionary
from processors.errors import SmolKalamError, first_error
from processors.judging.criteria import Criteria, in_tags, request_text
from processors.judging.norms import BrokenNorm, RegionalNorms, norms_format, norms_messages, read_norms
from processors.verification import Sandbox, verified

NORMS = "norms"
_REWRITE = (
    "أنت محرر عربي. ستُعطى مسألة وحلًا لها يخالف أعرافًا إقليمية مذكورة. أعد كتابة الحل كله، وغيّر منه ما يخالف هذه "
    "الأعراف وحده، وأبقِ الحساب والاستدلال والجواب النهائي كما هي، وأبقِ <think> و</think> في مكانيهما. "
    "لا تكتب شيئًا غير الحل."
)
# Units that judges agree on or not: a norm of a trace, as it was first judged.
Said = dict[str, float]


@dataclass(slots=True)
class _Work:
    recipe: DistillationRecipe
    rubric: NormsFile
    panel: AskedPanel
    rewriter: Answerer | None
    sandbox: Sandbox | None
    dictionary: Dictionary | None
    # Who judged the Arabic judges that of what is rewritten, by the same criteria.
    writing: AskedPanel | None = None
    criteria: Criteria | None = None
    units: list[Said] = field(default_factory=list)
    broken: Counter[str] = field(default_factory=Counter)
    # Of each judge, of how many traces it said at first that a norm is broken.
    said: Counter[str] = field(default_factory=Counter)


def apply_norms(stages: Stages, recipe: DistillationRecipe) -> Record:
    """The stage: each problem with its traces that break no norm, as they were or rewritten.

    Raises EngineError where a judge or who rewrites cannot be asked.
    """
    norms = recipe.norms
    assert norms is not None
    rubric = load_norms(norms.rubric)
    of = WRITING if recipe.writing else LINGUISTICS
    total = stages.told(of)["counts"].get("kept", 0)
    decisive = {"name", "model", "revision", "decoding"}
    rewriter = engine_of(norms.rewriter or recipe.teacher).shapes_answers() if norms.broken == "rewrite" else None
    inputs = [rubric.model_dump(), norms.region, norms.broken, norms.rewrites, rewriter]
    inputs += [judge.model_dump(mode="json", include=decisive) for judge in norms.judges]

    def make(written: Written) -> Record:
        return asyncio.run(_apply(stages, recipe, rubric, stages.kept(of), total, written))

    return stages.run(NORMS, inputs, make)


async def _apply(
    stages: Stages,
    recipe: DistillationRecipe,
    rubric: NormsFile,
    given: Iterator[Record],
    total: int,
    written: Written,
) -> Record:
    norms = recipe.norms
    assert norms is not None
    names = [judge.name for judge in norms.judges]
    try:
        async with AsyncExitStack() as stack:
            panel = AskedPanel(norms.judges, recipe.language, stages.paid, recipe.max_usd)
            await stack.enter_async_context(panel)
            rewriter = rewriter_of(recipe, stages) if norms.broken == "rewrite" else None
            if rewriter:
                await stack.enter_async_context(rewriter)
                await rewriter.ready()
            await panel.ready()
            writing = panel_of(recipe, stages) if recipe.writing and rewriter else None
            if writing:
                await stack.enter_async_context(writing)
            criteria = load_criteria(recipe.writing.rubric) if recipe.writing else None
            work = _Work(recipe, rubric, panel, rewriter, sandbox_of(recipe), dictionary_of(recipe), writing, criteria)
            with progress(NORMS, total) as show:
                rows = in_order(given, partial(_row, work), lambda: panel.in_flight)
                async with aclosing(rows):
                    async for row, found in rows:
                        _take(written, work, row, found)
                        show(written.counts["read"], f"{written.counts['rewritten']:,} rewritten")
            judges = panel.told()
            for name in names:
                judges[name]["broken"] = work.said[name]
    except* SmolKalamError as errors:
        raise first_error(errors) from None
    agreed = alpha(work.units, names, "nominal") if len(names) > 1 else None
    return {"judges": judges, "alpha": agreed, "broken": dict(sorted(work.broken.items())), "rubric": rubric.name}


def rewriter_of(recipe: DistillationRecipe, stages: Stages) -> Answerer:
    """Who rewrites, with answers of its own."""
    norms = recipe.norms
    assert norms is not None
    spec = norms.rewriter or recipe.teacher
    # To rewrite is another task than the one that it was tried by: it is told what it has to do with each text.
    spec = spec.model_copy(update={"name": norms.rewriter.name if norms.rewriter else f"{spec.name}.rewrites"})
    cost = engine_of(spec).cost
    most = spec.max_usd  # type: ignore[union-attr]
    limits = limits_of(stages.paid, spec.name, cost if cost.priced else None, most, recipe.max_usd)
    spec = spec.model_copy(update={"give_up": False})
    return Answerer(spec, recipe.language, stages.paid, recipe.seed, limits, thoughts=True)


async def _row(work: _Work, row: Record) -> list[tuple[Record, list[list[Said]]]]:
    """What becomes of each trace of a problem, and what judges said of it at first, by norm."""
    return [await _trace(work, row, one) for one in row["answers"]]


async def _trace(work: _Work, row: Record, one: Record) -> tuple[Record, list[list[Said]]]:
    recipe = work.recipe
    norms = recipe.norms
    assert norms is not None
    region = region_of(row, recipe, list(work.rubric.regions))
    of = work.rubric.of(region)
    text: str = one["text"]
    history: list[Record] = []
    units: list[list[Said]] = []
    for number in range(norms.rewrites + 1):
        said = await work.panel.ask(question(of, shown(row, recipe), text, recipe))
        read = {name: found for name, found in said.items() if not isinstance(found, str)}
        if not read:
            return {**one, "region": region, "reason": "not_judged", "detail": "no judge could be read"}, units
        if not number:
            units.append(_units(of, read))
        broken = by_most(read)
        history += [{"round": number, **each} for each in broken]
        if not broken:
            more = {"region": region, "norms": history, "rewritten": number}
            return {**one, "text": text, **more}, units
        detail = "; ".join(f"{each['norm']}: {each['reason']}" for each in broken)
        if number == norms.rewrites or work.rewriter is None:
            break
        answered = await _rewritten(work, row, text, broken, of, number)
        one, why = (one, answered.reason) if answered.reason else await _looked_at(work, row, one, answered.text)
        if why:
            reason = f"rewriting: {why}"
            return {**one, "region": region, "norms": history, "reason": "not_rewritten", "detail": reason}, units
        text = answered.text
    first = f"norm_{broken[0]['norm']}" if len({each["norm"] for each in broken}) == 1 else "norms"
    return {**one, "region": region, "norms": history, "reason": first, "detail": detail}, units


def question(
    of: RegionalNorms, messages: Sequence[dict[str, str]], text: str, recipe: DistillationRecipe
) -> PanelQuestion[tuple[BrokenNorm, ...]]:
    """What a judge is asked about a trace."""
    asked = norms_messages(of, request_text(messages), text, recipe.language.name)
    return PanelQuestion(asked, partial(norms_format, of), partial(read_norms, of))


def by_most(read: dict[str, tuple[BrokenNorm, ...]]) -> list[dict[str, Any]]:
    """The norms of which more than half of the judges say that they are broken, with the judges' reasons."""
    found: dict[str, dict[str, BrokenNorm]] = {}
    for judge, norms in read.items():
        for one in norms:
            found.setdefault(one.norm, {})[judge] = one
    return [
        {
            "norm": name,
            "judges": sorted(said),
            "quote": next(iter(said.values())).quote,
            "reason": "; ".join(dict.fromkeys(one.reason for one in said.values())),
        }
        for name, said in sorted(found.items())
        if 2 * len(said) > len(read)
    ]


def _units(of: RegionalNorms, read: dict[str, tuple[BrokenNorm, ...]]) -> list[Said]:
    said = {judge: {one.norm for one in norms} for judge, norms in read.items()}
    return [{judge: float(name in norms) for judge, norms in said.items()} for name in of.names]


async def _rewritten(
    work: _Work, row: Record, text: str, broken: list[dict[str, Any]], of: RegionalNorms, number: int
) -> Answered:
    assert work.rewriter is not None
    rules = dict(of.norms)
    listed = "\n".join(f"- {one['norm']}: {rules[one['norm']]} ({one['quote']}: {one['reason']})" for one in broken)
    material = in_tags(problem=request_text(shown(row, work.recipe)), solution=text)
    asked = [
        {"role": "system", "content": _REWRITE},
        {"role": "user", "content": f"{material}\n\n{listed}"},
    ]
    return await work.rewriter.ask(asked, number, trace_fault(work.recipe))


async def _looked_at(work: _Work, row: Record, one: Record, text: str) -> tuple[Record, str]:
    """A trace with what is known of it once rewritten, and what rewriting has spoilt: the answer, or the Arabic."""
    problem = problem_of(row, work.recipe)
    if problem.kind == "code":
        result = await asyncio.to_thread(verified, problem, text, work.sandbox)
    else:
        # math-verify's time limits are heard by the main thread alone.
        result = verified(problem, text, work.sandbox)
    if not result.right:
        return one, result.reason
    found = mistakes_in(text, work.dictionary)
    if why := refused_for(found, text, work.recipe):
        return one, why[0]
    one = {**one, "text": text, "mistakes": found}
    if work.writing is None or work.criteria is None:
        return one, ""
    judged = await look(work.writing, work.criteria, work.recipe, row, one)
    return {**one, "mark": judged["mark"], "marks": judged["marks"]}, judged.get("reason", "")


def _take(written: Written, work: _Work, row: Record, found: Sequence[tuple[Record, list[list[Said]]]]) -> None:
    written.read()
    for _, units in found:
        work.units += [unit for of in units for unit in of]
        for of in units:
            work.said.update({judge for unit in of for judge, broken in unit.items() if broken})
    for one, _ in found:
        work.broken.update({each["norm"] for each in one.get("norms", ())})
    kept = [one for one, _ in found if not one.get("reason")]
    refused = [one for one, _ in found if one.get("reason")]
    written.note("rewritten", sum(one["rewritten"] > 0 for one in kept))
    record = {**row, "answers": kept, "refused": [*row["refused"], *refused]}
    if kept:
        written.keep(record)
    else:
        reasons = sorted({one["reason"] for one in refused})
        written.leave_out(record, reasons[0] if len(reasons) == 1 else "norms", refused[0]["detail"])
