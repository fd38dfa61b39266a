"""What judges and other scorers of a build's candidates cost at most: for `plan`, and before a build begins."""

from dataclasses import asdict
from typing import Any

from builders.recipes.recipe import Recipe
from builders.recipes.translator_base import Cost
from builders.scorers import scorers_of
from processors.judging.rubric import judge_messages


def opinion_figures(recipe: Recipe, rows: float, source_tokens: float) -> list[dict[str, Any]]:
    """The figures of all that is asked about candidates, as of `panel_figures`."""
    found = panel_figures(recipe, rows, source_tokens)
    for kind, spec in scorers_of(recipe) if rows else ():
        bill = asdict(kind.bill(spec, recipe, rows, source_tokens))
        found.append(bill | {"name": f"{kind.column}, {bill['name']}"})
    return found


def panel_figures(recipe: Recipe, rows: float, source_tokens: float) -> list[dict[str, Any]]:
    """Each judge's requests, tokens and dollars (None without prices), if no row is settled early or answered.

    `rows` are selected, with so many `source_tokens` in all; a translation is as long as `Cost` takes one to be.
    """
    spec = recipe.ranking.calibration
    if spec is None or spec.judges is None or not rows:
        return []
    judged = min(spec.rows, rows)
    rubric = sum(len(message["content"]) for message in judge_messages("", "", "", recipe.language.name)) / 4
    row = (1 + 2 * Cost().output_tokens_per_source_token) * source_tokens / rows
    found = []
    for one in spec.judges.judges:
        asked, answered = 2 * judged * (rubric + row), 2 * judged * one.answer_tokens
        usd = one.cost.usd(round(asked), round(answered)) if one.cost else None
        figures = {"requests": 2 * judged, "input_tokens": asked, "output_tokens": answered}
        rounded = {key: round(n) for key, n in figures.items()}
        found.append({"name": f"judge {one.name}", "model": one.model, **rounded, "usd": usd, "paid": True})
    return found


def panel_line(one: dict[str, Any]) -> str:
    """Such figures in a line."""
    usd = "" if one["usd"] is None else f", ${one['usd']:,.2f}"
    if one["paid"]:
        usd = usd or ", its price is not known (no `cost` is given)"
    return (
        f"{one['name']}: at most about {one['requests']:,} requests, {one['input_tokens']:,} tokens in, "
        f"{one['output_tokens']:,} out{usd}"
    )
