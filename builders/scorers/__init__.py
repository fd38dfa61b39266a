"""What scores candidates beside the ranker, one file a kind: each gives a score column of its own.

To add one: its block in `builders.recipes.scorers.Scorers`, its column of the same name in
`processors.scoring.columns`, and a file here with a `ScorerKind` (`base.py`), named in SCORERS. The stage `score`, the
estimates and the card ask the contract only. The reward model's block is `ranking.reward`.
"""

from builders.recipes.recipe import Recipe
from builders.scorers import cometkiwi, judge_score, likelihood, metricx, reward
from builders.scorers.base import ScorerKind

__all__ = ["SCORERS", "ScorerKind", "scorers_of"]

SCORERS: dict[str, ScorerKind] = {
    kind.column: kind for kind in (reward.KIND, judge_score.KIND, likelihood.KIND, metricx.KIND, cometkiwi.KIND)
}


def scorers_of(recipe: Recipe) -> list[tuple[ScorerKind, object]]:
    """The scorers of a recipe, each with its block."""
    return [(SCORERS[name], spec) for name, spec in recipe.ranking.scoring().items()]
