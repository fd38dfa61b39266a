"""The ranking of a recipe: what orders candidates, what filters them, and where that differs by split."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any, Literal

from pydantic import Field, model_validator

from builders.recipes.base import Strict
from builders.recipes.reward import Reward
from processors.ranking.policy import Order, Policy, Score

# A vetoed candidate is out whatever its scores; null where the recipe gives no limit.
LIMITS: dict[str, Score] = {"min_LR": "LR", "min_SCR": "SCR", "min_quality": "quality", "min_reward": "reward"}
Replace = Literal["never", "vetoed", "better"]


class SplitRanking(Strict):
    """What is different in the splits that match. The first entry that matches a split is its; null: as elsewhere."""

    match: str = Field(min_length=1, description="name or shell pattern of built splits")
    order_by: Order | None = None
    replace: Replace | None = None
    margin: float | None = Field(None, ge=0)
    min_LR: float | None = Field(None, ge=0, le=1)
    min_SCR: float | None = Field(None, ge=0, le=1)
    min_quality: float | None = Field(None, ge=0, le=1)
    min_reward: float | None = None


class Ranking(Strict):
    """Which candidate a config's row takes. A hard check vetoes a candidate whatever its scores."""

    order_by: Order = Field(
        "quality",
        description="quality: the ranker's chance to be the best of the row; rank_score: (LR+SCR)/2, as published; "
        "reward: a reward model's score",
    )
    replace: Replace = Field(
        "better",
        description="take another translator's candidate: never, when the primary's is vetoed, or also when better",
    )
    margin: float | None = Field(
        None,
        ge=0,
        description="with `better`, by how much: a difference of rank_score (default 0.05) or of reward (0); of "
        "quality, how far the chance that the other is the better of the two is above one half (0.02)",
    )
    min_LR: float = Field(0.0, ge=0, le=1, description="candidates below are vetoed")
    min_SCR: float = Field(0.0, ge=0, le=1, description="candidates below are vetoed")
    min_quality: float = Field(0.0, ge=0, le=1, description="candidates below are vetoed, if there are others")
    min_reward: float | None = Field(None, description="candidates below or without reward are vetoed")
    ranker: str | None = Field(
        None, description="a ranker of your own, by python -m model_recipes.ranker.train; null: the shipped one"
    )
    reward: Reward | None = Field(None, description="a reward model that scores every candidate")
    verdicts: str | None = Field(
        None,
        description="verdicts of judges (what `smolkalam judge` wrote) or of people (id, better, worse), which settle "
        "the rows that they are on",
    )
    splits: list[SplitRanking] = Field([], description="what differs in some splits")
    alpha: float = Field(1.0, ge=1.0, le=1.5, description="steepness of LR (paper section 3.5)")
    scr_threshold: float = Field(0.90, gt=0, le=1, description="script ratio that counts as pure")

    @model_validator(mode="after")
    def _no_contradiction(self) -> "Ranking":
        for name, policy in self._policies():
            if policy.order_by == "quality" and (policy.margin or 0) >= 0.5:
                raise ValueError(
                    f"{name}margin {policy.margin:g} of quality is never exceeded; it is how far a chance is above "
                    "one half: give less than 0.5, or replace: vetoed"
                )
            if policy.order_by == "rank_score" and (policy.margin or 0) >= 1:
                raise ValueError(f"{name}margin {policy.margin:g} of rank_score is never exceeded; give less than 1")
        patterns = [entry.match for entry in self.splits]
        for later, pattern in enumerate(patterns):
            if any(pattern == earlier or earlier == "*" for earlier in patterns[:later]):
                raise ValueError(f"splits: the entry {later + 1}, '{pattern}', is never used: one before it matches")
        for name, policy in self._policies():
            if self.reward is None and (policy.order_by == "reward" or "reward" in policy.limits):
                what = "order_by is reward" if policy.order_by == "reward" else "min_reward is given"
                raise ValueError(f"{name}{what}, but there is no reward model; add ranking.reward")
        return self

    def check(self, translators: int) -> None:
        """Raise ValueError for what asks for more translators than a recipe has."""
        for name, policy in self._policies():
            if "quality" in policy.limits and translators == 1:
                raise ValueError(
                    f"ranking: {name}min_quality: quality compares translators, and there is one; remove it, or add "
                    "a translator"
                )

    def policy(self, split: str) -> Policy:
        """What decides in a built split."""
        return self.policy_of(next((entry for entry in self.splits if fnmatchcase(split, entry.match)), None))

    def unmatched(self, splits: Iterable[str]) -> list[str]:
        """Patterns of `splits` that decide in none of these splits."""
        used = {
            next((entry.match for entry in self.splits if fnmatchcase(split, entry.match)), None) for split in splits
        }
        return [entry.match for entry in self.splits if entry.match not in used]

    def _policies(self) -> list[tuple[str, Policy]]:
        return [("", self.policy_of(None)), *((f"splits '{e.match}': ", self.policy_of(e)) for e in self.splits)]

    def policy_of(self, entry: SplitRanking | None) -> Policy:
        """What decides where `entry` matches, or, for None, where none does."""
        changes = entry.model_dump(exclude_none=True, exclude={"match"}) if entry else {}
        if changes.get("order_by", self.order_by) != self.order_by:
            # A margin is in the unit of its order.
            changes.setdefault("margin", None)
        names = ("order_by", "replace", "margin", *LIMITS)
        values: dict[str, Any] = {name: getattr(self, name) for name in names} | changes
        limits = {score: values[name] for name, score in LIMITS.items() if values[name] or name == "min_reward"}
        return Policy(
            values["replace"],
            values["order_by"],
            values["margin"],
            {score: least for score, least in limits.items() if least is not None},
        )
