"""Phase three, what no rule can tell: judges mark the Arabic of a trace by a rubric, with reasons.

A problem's traces are judged from the cleanest on, until as many are good enough as are kept: no more is paid for.
"""

import asyncio
from contextlib import aclosing
from functools import partial

from builders.distillation.language import LINGUISTICS
from builders.distillation.problems import shown
from builders.distillation.recipe import DistillationRecipe
from builders.pools.marks import agreement, load_criteria, mark_question, marked
from builders.pools.panel import AskedPanel
from builders.pools.stages import Record, Stages, Written, in_order, progress
from processors.errors import SmolKalamError, first_error
from processors.judging.criteria import Criteria

WRITING = "writing"


def judge_writing(stages: Stages, recipe: DistillationRecipe) -> Record:
    """The stage: each problem with its traces that the judges find well written, at most `traces` of them.

    Raises EngineError where a judge cannot be asked, or says nothing that can be read.
    """
    assert recipe.writing is not None
    inputs = [recipe.writing.inputs(), recipe.writing.least_mark, recipe.traces]
    return stages.run(WRITING, inputs, lambda written: asyncio.run(_judge(stages, recipe, written)))


def panel_of(recipe: DistillationRecipe, stages: Stages) -> AskedPanel:
    """The judges of the Arabic, with answers apart from those of judges of norms."""
    assert recipe.writing is not None
    return AskedPanel(recipe.writing.judges, recipe.language, stages.paid, recipe.max_usd, of=WRITING)


async def _judge(stages: Stages, recipe: DistillationRecipe, written: Written) -> Record:
    assert recipe.writing is not None
    criteria = load_criteria(recipe.writing.rubric)
    total = stages.told(LINGUISTICS)["counts"].get("kept", 0)
    judged: list[Record] = []
    try:
        async with panel_of(recipe, stages) as panel:
            await panel.ready()
            with progress(WRITING, total) as show:
                work = partial(_row, panel, criteria, recipe)
                rows = in_order(stages.kept(LINGUISTICS), work, lambda: panel.in_flight)
                async with aclosing(rows):
                    async for row, (kept, refused) in rows:
                        _take(written, row, kept, refused)
                        judged += [{"marks": one["marks"]} for one in [*kept, *refused] if "marks" in one]
                        show(written.counts["read"], f"{written.counts['refused']:,} traces refused")
            judges = panel.told()
    except* SmolKalamError as errors:
        raise first_error(errors) from None
    alphas = agreement(judged, recipe.writing.names, criteria)
    return {"judges": judges, "alpha": alphas, "rubric": criteria.name, "judged": len(judged)}


async def _row(
    panel: AskedPanel, criteria: Criteria, recipe: DistillationRecipe, row: Record
) -> tuple[list[Record], list[Record]]:
    """A problem's traces that are kept, and those that are not."""
    kept: list[Record] = []
    refused: list[Record] = []
    for one in row["answers"]:
        if len(kept) == recipe.traces:
            refused.append({**one, "reason": "not_the_cleanest", "detail": ""})
            continue
        found = await look(panel, criteria, recipe, row, one)
        (refused if found.get("reason") else kept).append(found)
    return kept, refused


async def look(panel: AskedPanel, criteria: Criteria, recipe: DistillationRecipe, row: Record, one: Record) -> Record:
    """A trace with its marks, and, where it is not good enough, the reason."""
    assert recipe.writing is not None
    question = mark_question(criteria, shown(row, recipe), one["text"], recipe.language)
    answers = await panel.ask(question)
    found = marked(one, answers)
    if found["mark"] is None:
        return {**found, "reason": "not_judged", "detail": "no judge could be read"}
    if found["mark"] < recipe.writing.least_mark:
        said = "; ".join(dict.fromkeys(of["reason"] for of in found["marks"].values()))
        return {**found, "reason": "badly_written", "detail": f"{found['mark']:g}: {said}"}
    return found


def _take(written: Written, row: Record, kept: list[Record], refused: list[Record]) -> None:
    written.read()
    bad = [one for one in refused if one["reason"] != "not_the_cleanest"]
    written.note("refused", len(bad))
    record = {**row, "answers": kept, "refused": [*row["refused"], *refused]}
    if kept:
        written.keep(record)
    else:
        reasons = sorted({one["reason"] for one in bad})
        written.leave_out(record, reasons[0] if len(reasons) == 1 else "not_well_written", bad[0]["detail"])
