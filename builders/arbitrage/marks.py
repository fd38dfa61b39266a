"""The stage of marks: what each judge of the panel makes of each answer, by the rubric's criteria."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing

from builders.arbitrage.recipe import ArbitrageRecipe
from builders.pools.marks import agreement, load_criteria, mark_question, marked
from builders.pools.panel import AskedPanel
from builders.pools.stages import Record, Stages, Written, in_order, progress
from processors.errors import SmolKalamError, first_error
from processors.judging.criteria import Criteria, Marks

MARKS = "marks"


def mark_answers(stages: Stages, recipe: ArbitrageRecipe, of: str) -> Record:
    """The stage: each answer with its `marks` by judge, and `mark`, their mean; None where nobody could mark it.

    Raises EngineError where a judge cannot be asked, or says nothing that can be read.
    """
    assert recipe.panel is not None
    criteria = load_criteria(recipe.panel.rubric)
    total = stages.told(of)["counts"].get("kept", 0)

    def make(written: Written) -> Record:
        return asyncio.run(_mark(stages, recipe, criteria, stages.kept(of), total, written))

    return stages.run(MARKS, recipe.panel.inputs(), make)


async def _mark(
    stages: Stages, recipe: ArbitrageRecipe, criteria: Criteria, rows: Iterator[Record], total: int, written: Written
) -> Record:
    assert recipe.panel is not None
    names = recipe.panel.names
    answers: list[Record] = []
    try:
        async with AskedPanel(recipe.panel.judges, recipe.language, stages.paid, recipe.max_usd) as panel:
            await panel.ready()

            async def work(row: Record) -> list[dict[str, Marks | str]]:
                asked = [mark_question(criteria, row["messages"], a["text"], recipe.language) for a in row["answers"]]
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(panel.ask(question)) for question in asked]
                return [task.result() for task in tasks]

            with progress(MARKS, total) as show:
                rows_marked = in_order(rows, work, lambda: panel.in_flight)
                async with aclosing(rows_marked):
                    async for row, found in rows_marked:
                        written.read()
                        of_row = [marked(a, m) for a, m in zip(row["answers"], found, strict=True)]
                        written.keep({**row, "answers": of_row})
                        answers += [{"marks": one["marks"]} for one in of_row]
                        show(written.counts["read"], f"{sum(panel.counts[f'failed {n}'] for n in names):,} unread")
            judges = panel.told()
    except* SmolKalamError as errors:
        raise first_error(errors) from None
    return {"judges": judges, "alpha": agreement(answers, names, criteria), "criteria": criteria.names}
