"""What the ranking did to each config, by split: whose candidates it took, and what of the policy changed rows."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from builders.recipes.recipe import Recipe
from builders.run_folder.units import Unit, UnitFiles, read_counts
from processors.ranking.policy import OUTCOMES
from processors.scoring.columns import COLUMN

Effects = dict[str, dict[str, int]]
_CHANGED = "changed_by_"


def policy_effects(recipe: Recipe, ranked: Path, selected: Iterable[Unit]) -> dict[str, Effects]:
    """For each config and split, numbers of rows: by outcome (`processors.ranking.policy`), and `changed_by_<what>`.

    `ranked` is the rank stage's folder, `selected` its units.

    `changed_by_LR` are rows that would have another candidate, or none, without `min_LR`; `changed_by_order` those
    that would with rank_score as the order; `changed_by_verdicts` those for which the scores alone would have chosen
    otherwise. A row may be changed by several things, or only by several together.
    """
    by_split: dict[str, Counter[str]] = {}
    for unit in selected:
        counted = by_split.setdefault(unit.into, Counter())
        counted.update(read_counts(UnitFiles(ranked, unit.name)).get("extra", {}))
    configs = [recipe.config_name(spec.name) for spec in recipe.translators]
    return {config: {split: config_effects(extra, config) for split, extra in by_split.items()} for config in configs}


def config_effects(extra: Counter[str], config: str) -> dict[str, int]:
    """One config's share of the counters of the rank stage: every outcome, and what changed a row."""
    prefix = f"{config}/{_CHANGED}"
    changed = {name.removeprefix(f"{config}/"): n for name, n in sorted(extra.items()) if name.startswith(prefix)}
    return {outcome: extra[f"{config}/{outcome}"] for outcome in OUTCOMES} | changed


def mean_score(extra: Counter[str], translator: str, score: str) -> float | None:
    """Mean of a score over those of a translator's candidates that have it, before any veto or choice."""
    rows = extra[f"{translator}/{score}_rows"]
    return extra[f"{translator}/{score}_ppm"] / rows / 1e6 if rows else None


def changes(effects: dict[str, int]) -> str:
    """`order 94, min_LR 3`; empty where nothing changed a row.

    >>> changes({"primary": 3, "changed_by_LR": 3, "changed_by_order": 94})
    'order 94, min_LR 3'
    """
    found = Counter({name.removeprefix(_CHANGED): n for name, n in effects.items() if name.startswith(_CHANGED)})
    named = ((COLUMN[name].limit if name in COLUMN else name, n) for name, n in found.most_common())
    return ", ".join(f"{name} {n:,}" for name, n in named)
