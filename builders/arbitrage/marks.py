"""The stage of marks: what each judge of the panel makes of each answer, by the rubric's criteria."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

from builders.arbitrage.recipe import ArbitrageRecipe, load_criteria
from builders.pools.panel import AskedPanel, PanelQuestion, alpha
from builders.pools.stages import Record, Stages, Written, in_order, progress
from processors.errors import SmolKalamError, first_error
from processors.judging.criteria import (
    Criteria,
    Marks,
    criteria_format,
    criteria_messages,
    read_criteria,
    request_text,
)

MARKS = "marks"


def mark_answers(stages: Stages, recipe: ArbitrageRecipe, of: str) -> Record:
    """The stage: each answer with its `marks` by judge, and `mark`, their mean; None where nobody could mark it.

    Raises EngineError where a judge cannot be asked, or says nothing that can be read.
    """
    assert recipe.panel is not None
    criteria = load_criteria(recipe.panel.rubric)
    shapes = [
        judge.model_dump(mode="json", include={"model", "revision", "decoding"}) for judge in recipe.panel.judges
    ]
    inputs = [criteria.name, criteria.about, criteria.criteria, shapes, [judge.name for judge in recipe.panel.judges]]
    total = stages.told(of)["counts"].get("kept", 0)

    def make(written: Written) -> Record:
        return asyncio.run(_mark(stages, recipe, criteria, stages.kept(of), total, written))

    return stages.run(MARKS, inputs, make)


async def _mark(
    stages: Stages, recipe: ArbitrageRecipe, criteria: Criteria, rows: Iterator[Record], total: int, written: Written
) -> Record:
    assert recipe.panel is not None
    names = [judge.name for judge in recipe.panel.judges]
    said: list[dict[str, dict[str, float]]] = []
    try:
        async with AskedPanel(recipe.panel.judges, recipe.language, stages.paid, recipe.max_usd) as panel:
            await panel.ready()

            async def work(row: Record) -> list[dict[str, Marks | str]]:
                async with asyncio.TaskGroup() as group:
                    tasks = [
                        group.create_task(panel.ask(question(criteria, row["messages"], one["text"], recipe)))
                        for one in row["answers"]
                    ]
                return [task.result() for task in tasks]

            with progress(MARKS, total) as show:
                marked = in_order(rows, work, lambda: panel.in_flight)
                async with aclosing(marked):
                    async for row, found in marked:
                        written.read()
                        written.keep(
                            {**row, "answers": [_with(a, m) for a, m in zip(row["answers"], found, strict=True)]}
                        )
                        said += [_by_criterion(one) for one in found]
                        show(written.counts["read"], f"{sum(panel.counts[f'failed {n}'] for n in names):,} unread")
            judges = {n: {k: panel.counts[f"{k} {n}"] for k in ("read", "failed")} for n in names}
    except* SmolKalamError as errors:
        raise first_error(errors) from None
    return {"judges": judges, "alpha": agreement(said, names, criteria), "criteria": criteria.names}


def question(
    criteria: Criteria, messages: Sequence[Mapping[str, str]], answer: str, recipe: ArbitrageRecipe
) -> PanelQuestion[Marks]:
    """What a judge is asked about an answer."""
    asked = criteria_messages(criteria, request_text(messages), answer, recipe.language.name)
    return PanelQuestion(asked, partial(criteria_format, criteria), partial(read_criteria, criteria))


def _with(answer: Record, found: dict[str, Marks | str]) -> Record:
    marks = {name: one for name, one in found.items() if isinstance(one, Marks)}
    mean = round(sum(one.mean for one in marks.values()) / len(marks), 4) if marks else None
    said = {name: {"scores": one.scores, "reason": one.reason} for name, one in marks.items()}
    return {**answer, "mark": mean, "marks": said}


def _by_criterion(found: dict[str, Marks | str]) -> dict[str, dict[str, float]]:
    return {name: dict(one.scores) for name, one in found.items() if isinstance(one, Marks)}


def agreement(
    said: list[dict[str, dict[str, float]]], judges: list[str], criteria: Criteria
) -> dict[str, float | None]:
    """Krippendorff's alpha between the judges, of each criterion and of the mean; None where it is not defined."""
    if len(judges) < 2:
        return {}
    found: dict[str, Any] = {}
    for name in criteria.names:
        found[name] = alpha([{j: s[name] for j, s in unit.items()} for unit in said], judges, "interval")
    means = [{j: sum(s.values()) / len(s) for j, s in unit.items()} for unit in said]
    return found | {"mean": alpha(means, judges, "interval")}
