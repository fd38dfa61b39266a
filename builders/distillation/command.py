"""`smolkalam distil`: a teacher's traces in Arabic to problems with known answers, verified in four phases.

Each phase keeps what it has done: the same command goes on, and asks for nothing twice. The teacher's, the judges' and
the rewriter's servers are reached before anything is paid for, and the price is told.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders.distillation.language import LINGUISTICS, look_at_language
from builders.distillation.norms import NORMS, apply_norms, question, rewriter_of
from builders.distillation.problems import (
    difficulty_of,
    problem_columns,
    problem_of,
    region_of,
    shown,
    take_problems,
)
from builders.distillation.recipe import DistillationRecipe, load_distillation, load_norms
from builders.distillation.traces import VERIFIED, pool_of, sandbox_of, verify_traces
from builders.distillation.writing import WRITING, judge_writing, panel_of
from builders.engines import engine_of
from builders.pools.answering import ANSWERS, PROMPTS, PoolOfModels
from builders.pools.cost import RUBRIC_TOKENS, ModelCost, agree_to, cost_of_judge
from builders.pools.dataset import AnsweredDataset, new_dataset, write_config
from builders.pools.first_look import first_look
from builders.pools.marks import load_criteria, mark_question
from builders.pools.panel import TRIED_WITH, AskedPanel, look_at_keys
from builders.pools.prompts import Prompts
from builders.pools.stages import STAGE, Record, Stages, emptied, say, warn, work_folder
from builders.recipes.api_keys import check_key
from builders.run_folder import schemas
from processors.atomic_files import write_text
from processors.errors import InputError, SmolKalamError, first_error
from processors.verification import split_thought

if TYPE_CHECKING:
    import pyarrow as pa

REPORT = "distillation.json"
_OF_NORM = ("round", "norm", "quote", "reason", "judges")
# What a judge reads beside a trace, for the estimate: the norms and the problem.
_NORMS_TOKENS = 900


Distilled = AnsweredDataset[DistillationRecipe]


def run_distillation(
    name: str,
    output: Path,
    settings: Iterable[str] = (),
    *,
    yes: bool = False,
    workers: int = 1,
    finish: Callable[[Path, Distilled], None] | None = None,
) -> None:
    """Distil by a recipe into the folder `output`; interrupted, the same command goes on.

    `workers` programs are run at a time, where any are. `finish` writes the card. Raises InputError for what the user
    can mend, EngineError where a model cannot be asked or is of no use.
    """
    recipe, where = load_distillation(name, settings)
    with work_folder(output, "distil") as folder:
        _distil(recipe, where, folder, yes, workers, finish)


def _distil(
    recipe: DistillationRecipe,
    where: str,
    folder: Path,
    yes: bool,
    workers: int,
    finish: Callable[[Path, Distilled], None] | None,
) -> None:
    stages = Stages(folder, say)
    _look_ahead(recipe)
    try:
        prompts = Prompts(recipe.source, recipe.language, problem_columns(recipe))
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    prompts.fetch(say)
    done = {PROMPTS: take_problems(stages, recipe, prompts)}
    if not done[PROMPTS]["counts"].get("kept"):
        raise InputError(f"{recipe.source.path}: no problem can be taken; {folder / PROMPTS} says why")
    pool = pool_of(recipe, folder)
    costs = pool.costs(lambda: stages.kept(PROMPTS))
    traces = costs[0].requests + costs[0].stored
    judging = [*_costs_of_writing(recipe, folder, traces), *_costs_of_norms(recipe, folder, traces)]
    agree_to([*costs, *judging], yes=yes, say=say)
    if costs[0].requests or judging:
        # Before the teacher is paid: who judges and rewrites what it writes is there, and can.
        _try_out(recipe, stages)
        first_look(stages, [recipe.teacher], lambda few: _phases(few, recipe, pool, workers))
    done |= _phases(stages, recipe, pool, workers)
    last = list(done)[-1]
    told: Record = {"stages": {n: {k: t[k] for k in ("counts", "left_out")} for n, t in done.items()}}
    told |= {"config": recipe.config, "models_told": done[ANSWERS]["more"]["models"]}
    told |= {"traces": done[VERIFIED]["more"]["traces"], "mistakes": done[LINGUISTICS]["more"]["mistakes"]}
    if recipe.writing:
        told["writing"] = done[WRITING]["more"]
    if recipe.norms:
        told["norms"] = {**done[NORMS]["more"], "rewritten": done[NORMS]["counts"].get("rewritten", 0)}
    write_text(folder / REPORT, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    if not done[last]["counts"].get("kept"):
        raise InputError(f"{recipe.name}: no trace came through; {folder / emptied(done)} says why")
    with new_dataset(folder) as dataset:
        rows = (("train", row) for row in rows_of(stages, recipe, last))
        configs = [write_config(dataset, recipe.config, schema(), rows, recipe.outputs)]
        if finish:
            finish(dataset, Distilled(recipe, prompts, configs, told))


def _phases(stages: Stages, recipe: DistillationRecipe, pool: PoolOfModels, workers: int) -> dict[str, Record]:
    """The stages after that of problems, by name."""
    done = {
        ANSWERS: pool.answer(stages),
        VERIFIED: verify_traces(stages, recipe, workers),
        LINGUISTICS: look_at_language(stages, recipe),
    }
    if recipe.writing:
        done[WRITING] = judge_writing(stages, recipe)
    if recipe.norms:
        done[NORMS] = apply_norms(stages, recipe)
    return done


def _look_ahead(recipe: DistillationRecipe) -> None:
    """What can be known before a row is read: keys, the rubric, a sandbox."""
    models = [recipe.teacher, *([recipe.norms.rewriter] if recipe.norms and recipe.norms.rewriter else [])]
    for spec in models:
        for address in engine_of(spec).addresses():
            check_key(f"'{spec.name}'", address.base_url, address.api_key_env, warn=warn)
    for panel in (recipe.writing, recipe.norms):
        if panel:
            look_at_keys(panel.judges, warn)
    sandbox_of(recipe)


def _costs_of_writing(recipe: DistillationRecipe, folder: Path, traces: int) -> list[ModelCost]:
    """What the judges of the Arabic are asked at most: of every trace, where the cleanest are found badly written."""
    if recipe.writing is None or (folder / WRITING / STAGE).exists():
        return []
    each = RUBRIC_TOKENS + recipe.answering.answer_tokens
    costs = [cost_of_judge(judge, traces, each) for judge in recipe.writing.judges]
    for one in costs:
        one.name += " (writing)"
    return costs


def _costs_of_norms(recipe: DistillationRecipe, folder: Path, traces: int) -> list[ModelCost]:
    """What judges and who rewrites are asked at most: of every trace that may come so far."""
    norms = recipe.norms
    if norms is None or (folder / NORMS / STAGE).exists():
        return []
    traces = min(traces, traces // recipe.answering.samples * recipe.traces)
    each = _NORMS_TOKENS + recipe.answering.answer_tokens
    found = [cost_of_judge(judge, traces, each) for judge in norms.judges]
    if norms.broken == "rewrite":
        cost = engine_of(norms.rewriter or recipe.teacher).cost
        out = traces * recipe.answering.answer_tokens
        one = ModelCost("rewrites, if all break a norm", traces, 0, traces * each, out)
        one.usd = cost.usd(one.input_tokens, one.output_tokens) if cost.priced else None
        found.append(one)
    return found


def _try_out(recipe: DistillationRecipe, stages: Stages) -> None:
    async def reach() -> None:
        if recipe.writing:
            criteria = load_criteria(recipe.writing.rubric)
            async with panel_of(recipe, stages) as panel:
                await panel.try_out(mark_question(criteria, *TRIED_WITH, recipe.language))
        norms = recipe.norms
        if norms is None:
            return
        of = load_norms(norms.rubric).of(norms.region)
        async with AskedPanel(norms.judges, recipe.language, stages.paid) as panel:
            await panel.try_out(question(of, *TRIED_WITH, recipe))
        if norms.rewriter:
            async with rewriter_of(recipe, stages) as rewriter:
                await rewriter.ready()

    try:
        asyncio.run(reach())
    except* SmolKalamError as errors:
        raise first_error(errors) from None


def rows_of(stages: Stages, recipe: DistillationRecipe, stage: str) -> Iterator[Record]:
    """The dataset's rows: a trace each."""
    regions = list(load_norms(recipe.norms.rubric).regions) if recipe.norms else []
    for row in stages.kept(stage):
        problem = problem_of(row, recipe)
        for one in row["answers"]:
            thought, answer = split_thought(one["text"]) or ("", one["text"])
            text = f"<think>\n{thought}\n</think>\n\n{answer}"
            said = {"answer": problem.answer, "found": one["found"], "kind": problem.kind, "solved": row["solved"]}
            about = {name: row[name] for name in ("domain", "language", "source")}
            yield {
                "messages": [*shown(row, recipe), {"content": text, "role": "assistant"}],
                "chat_template_kwargs": {
                    "custom_instructions": "",
                    "enable_thinking": True,
                    "python_tools": [],
                    "xml_tools": [],
                },
                **said,
                "mistakes": one["mistakes"],
                "mistakes_in_all": one["mistakes_in_all"] if not one.get("rewritten") else len(one["mistakes"]),
                "mark": one.get("mark"),
                "marks": [_mark(judge, said) for judge, said in one.get("marks", {}).items()],
                "norms": [{name: each[name] for name in _OF_NORM} for each in one.get("norms", [])],
                "region": one.get("region") or region_of(row, recipe, regions) or None,
                "rewritten": one.get("rewritten", 0),
                "teacher": one["model"],
                "sample": one["sample"],
                "difficulty": difficulty_of(row, recipe),
                **about,
                "source_id": row["id"],
            }


def _mark(judge: str, said: Record) -> Record:
    scores = said["scores"]
    return {"judge": judge, "mark": round(sum(scores.values()) / len(scores), 4), "reason": said["reason"]}


def schema() -> "pa.Schema":
    """Columns of a trace."""
    import pyarrow as pa

    mistake = pa.struct(
        [(name, pa.int64() if name in ("start", "end") else pa.string()) for name in
         ("where", "kind", "start", "end", "found", "expected")]
    )  # fmt: skip
    norm = pa.struct(
        [("round", pa.int64()), ("norm", pa.string()), ("quote", pa.string()), ("reason", pa.string()),
         ("judges", pa.list_(pa.string()))]
    )  # fmt: skip
    mark = pa.struct([("judge", pa.string()), ("mark", pa.float64()), ("reason", pa.string())])
    fields: list[Any] = [
        ("messages", schemas.messages()),
        ("chat_template_kwargs", schemas.chat_template_kwargs()),
        ("answer", pa.string()),
        ("found", pa.string()),
        ("kind", pa.string()),
        ("solved", pa.float64()),
        ("mistakes", pa.list_(mistake)),
        ("mistakes_in_all", pa.int64()),
        ("mark", pa.float64()),
        ("marks", pa.list_(mark)),
        ("norms", pa.list_(norm)),
        ("region", pa.string()),
        ("rewritten", pa.int64()),
        ("teacher", pa.string()),
        ("sample", pa.int64()),
        ("difficulty", pa.float64()),
        *((name, pa.string()) for name in ("domain", "language", "source", "source_id")),
    ]
    return pa.schema(fields)
