"""What came of candidates that were put together from several translators' chunks: counted, and said on the card."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from builders.recipes.recipe import Recipe
from builders.recipes.translators import others_of
from processors.ranking.policy import Choice, Policy, Scored

# Counters of the rank stage: of a translator its candidates that others' chunks completed, of a config its rows that
# are such a candidate, and came out only so.
_FILLED, _RESCUED = "filled", "rescued"
# Of a config, where rows are chosen by segment: those of several translators, and those that a check refused as such.
BY_SEGMENT, REFUSED = "by_segment", "by_segment_refused"
# Of a config its rows that are a candidate which a check vetoed, with others' passages for those to blame.
REPAIRED = "repaired"

# Of a config, what its rows gained in quality by others': by a better candidate, and by a fused one over the best of
# the others; and the rows that came out only because there was a fused one.
BETTER, FUSED, FUSED_ONLY = "gain_better", "gain_fused", "fused_only"
_QUALITY = "quality"


def gain_counters(
    config: str,
    primary: str,
    choice: Choice,
    scored: Sequence[Scored],
    policy: Policy,
    fusing: Collection[str],
) -> dict[str, int]:
    """Of a row for which `config` takes a whole candidate: by how much its quality is above what would stand there.

    `fusing` are the translators that fuse others' candidates.
    """
    by_name = {one.translator: one for one in scored}
    taken = by_name.get(choice.translator or "")
    if taken is None:
        return {}
    found: dict[str, int] = {}
    if choice.outcome == "replaced_better":
        found |= _gain(f"{config}/{BETTER}", by_name[primary].scores.get(_QUALITY), taken)
    if taken.translator in fusing:
        usable = [one for one in scored if not (one.failed or one.translator in fusing or policy.vetoes(one))]
        known = [value for one in usable if (value := one.scores.get(_QUALITY)) is not None]
        if not usable:
            return found | {f"{config}/{FUSED_ONLY}": 1}
        found |= _gain(f"{config}/{FUSED}", max(known, default=None), taken)
    return found


def _gain(key: str, before: float | None, taken: Scored) -> dict[str, int]:
    after = taken.scores.get(_QUALITY)
    if before is None or after is None:
        return {}
    # Whole numbers of fixed point, so that sums do not depend on the order in which rows are added.
    return {f"{key}_rows": 1, f"{key}_before_ppm": round(before * 1e6), f"{key}_after_ppm": round(after * 1e6)}


# What an ensemble can give a row: see `gained`.
PARTS = ("better", "fused", "rescued", "fused_only", "repaired", "by_segment", "vetoed")


class Gained(NamedTuple):
    """What a part of the ensemble gave a config: rows, and mean quality without and with it, where that is known."""

    config: str
    part: str
    rows: int
    before: float | None = None
    after: float | None = None


def gained(recipe: Recipe, extra: Counter[str]) -> list[Gained]:
    """What each part gave each config; `part` is one of PARTS."""
    found = []
    for spec in recipe.translators:
        config = recipe.config_name(spec.name)
        for part, key in zip(PARTS, (BETTER, FUSED), strict=False):
            if rows := extra[f"{config}/{key}_rows"]:
                means = (extra[f"{config}/{key}_{when}_ppm"] / rows / 1e6 for when in ("before", "after"))
                found.append(Gained(config, part, rows, *means))
        alone = zip(PARTS[2:], (_RESCUED, FUSED_ONLY, REPAIRED, BY_SEGMENT, "replaced_vetoed"), strict=True)
        found += [Gained(config, part, rows) for part, key in alone if (rows := extra[f"{config}/{key}"])]
    return found


def fusing_translators(recipe: Recipe) -> list[str]:
    """The translators that fuse others' candidates."""
    return [spec.name for spec in recipe.translators if others_of(spec)]


def gained_said(recipe: Recipe, extra: Counter[str]) -> list[list[str]]:
    """Lines for the card: config, what was done, rows, and mean quality without and with it."""
    said = {
        "better": "another's, for it is better",
        "fused": f"fused by {' or '.join(fusing_translators(recipe))}, over the best of the others",
        "rescued": "completed by others where all had failed",
        "fused_only": "fused where nobody else has it",
        "repaired": "vetoed but for others' passages",
        "by_segment": "of several translators, by segment",
        "vetoed": "another's, for its own is vetoed or missing",
    }
    return [
        [f"`{one.config}`", said[one.part], f"{one.rows:,}"]
        + ["" if mean is None else f"{mean:.3f}" for mean in (one.before, one.after)]
        for one in gained(recipe, extra)
    ]


def filled_counters(candidates: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Of a ranked row's candidates: which were completed by others."""
    return {f"{candidate['translator']}/{_FILLED}": 1 for candidate in candidates if candidate["segments"]}


def rescued_counters(config: str, taken: Mapping[str, Any] | None) -> dict[str, int]:
    """Of the ranked candidate that `config` takes, if any: whether it was completed by others."""
    return {f"{config}/{_RESCUED}": 1} if taken is not None and taken["segments"] else {}


def has_combined(recipe: Recipe, extra: Counter[str]) -> bool:
    """Whether any row of a build is put together, by the counters of its rank stage."""
    names = [f"{spec.name}/{_FILLED}" for spec in recipe.translators]
    configs = [recipe.config_name(spec.name) for spec in recipe.translators]
    names += [f"{config}/{kind}" for config in configs for kind in (BY_SEGMENT, REPAIRED)]
    return any(extra[name] for name in names)


def has_repaired(recipe: Recipe, extra: Counter[str]) -> bool:
    """Whether a config takes any candidate that was repaired."""
    return any(extra[f"{recipe.config_name(spec.name)}/{REPAIRED}"] for spec in recipe.translators)


def combined_said(recipe: Recipe, extra: Counter[str]) -> str:
    """What the card says of it; empty where there is none."""
    rescued, segmented, mended = [], [], []
    for spec in recipe.translators:
        config = recipe.config_name(spec.name)
        filled, rows = extra[f"{spec.name}/{_FILLED}"], extra[f"{config}/{_RESCUED}"]
        rescued.append(
            f"- `{config}`: {rows:,} rows came out only so; {filled:,} candidates of {spec.name} were completed"
        )
        by, refused = extra[f"{config}/{BY_SEGMENT}"], extra[f"{config}/{REFUSED}"]
        segmented.append(f"- `{config}`: {by:,} rows are of several translators; {refused:,} a check refused as such")
        mended.append(f"- `{config}`: {extra[f'{config}/{REPAIRED}']:,} rows")
    parts = []
    if any(extra[f"{spec.name}/{_FILLED}"] for spec in recipe.translators):
        parts.append(
            "Where every translator failed a part of a row for good, but not the same part, what one failed was taken "
            "from another, chunk by chunk, if the whole passes every hard check. `segments` says whose each passage "
            "is:\n\n" + "\n".join(rescued)
        )
    if has_repaired(recipe, extra):
        parts.append(
            "Where a check vetoes a candidate, the passages to blame were taken from another translator, if the whole "
            "passes every check and is then the best by the policy. `translator` is whose the rest is, `segments` say "
            "whose each passage is, and among the row's candidates it stands as it was, with its verdicts:\n\n"
            + "\n".join(mended)
        )
    if recipe.ranking.by_segment:
        parts.append(
            "Rows that are put together segment by segment name in `translator` whose the most of them is, and in "
            "`segments` whose each passage is; they have no `quality`:\n\n" + "\n".join(segmented)
        )
    return "\n\n".join(parts)
