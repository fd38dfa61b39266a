"""What came of candidates that were put together from several translators' chunks: counted, and said on the card."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from builders.recipes.recipe import Recipe

# Counters of the rank stage: of a translator its candidates that others' chunks completed, of a config its rows that
# are such a candidate, and came out only so.
_FILLED, _RESCUED = "filled", "rescued"
# Of a config, where rows are chosen by segment: those of several translators, and those that a check refused as such.
BY_SEGMENT, REFUSED = "by_segment", "by_segment_refused"


def filled_counters(candidates: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Of a ranked row's candidates: which were completed by others."""
    return {f"{candidate['translator']}/{_FILLED}": 1 for candidate in candidates if candidate["segments"]}


def rescued_counters(config: str, taken: Mapping[str, Any] | None) -> dict[str, int]:
    """Of the ranked candidate that `config` takes, if any: whether it was completed by others."""
    return {f"{config}/{_RESCUED}": 1} if taken is not None and taken["segments"] else {}


def has_combined(recipe: Recipe, extra: Counter[str]) -> bool:
    """Whether any row of a build is put together, by the counters of its rank stage."""
    names = [f"{spec.name}/{_FILLED}" for spec in recipe.translators]
    names += [f"{recipe.config_name(spec.name)}/{BY_SEGMENT}" for spec in recipe.translators]
    return any(extra[name] for name in names)


def combined_said(recipe: Recipe, extra: Counter[str]) -> str:
    """What the card says of it; empty where there is none."""
    rescued, segmented = [], []
    for spec in recipe.translators:
        config = recipe.config_name(spec.name)
        filled, rows = extra[f"{spec.name}/{_FILLED}"], extra[f"{config}/{_RESCUED}"]
        rescued.append(
            f"- `{config}`: {rows:,} rows came out only so; {filled:,} candidates of {spec.name} were completed"
        )
        by, refused = extra[f"{config}/{BY_SEGMENT}"], extra[f"{config}/{REFUSED}"]
        segmented.append(f"- `{config}`: {by:,} rows are of several translators; {refused:,} a check refused as such")
    parts = []
    if any(extra[f"{spec.name}/{_FILLED}"] for spec in recipe.translators):
        parts.append(
            "Where every translator failed a part of a row for good, but not the same part, what one failed was taken "
            "from another, chunk by chunk, if the whole passes every hard check. `segments` says whose each passage "
            "is:\n\n" + "\n".join(rescued)
        )
    if recipe.ranking.by_segment:
        parts.append(
            "Rows that are put together segment by segment name in `translator` whose the most of them is, and in "
            "`segments` whose each passage is; they have no `quality`:\n\n" + "\n".join(segmented)
        )
    return "\n\n".join(parts)
