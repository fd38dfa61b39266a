"""The ranking of a recipe: what orders candidates, and what filters them."""

from typing import Literal

from pydantic import Field

from builders.recipe_base import Strict
from builders.reward_recipe import Reward


class Ranking(Strict):
    """Which candidate a config's row takes. A hard check vetoes a candidate whatever its scores."""

    replace: Literal["never", "vetoed", "better"] = Field(
        "vetoed",
        description="take another translator's candidate: never, when the primary's is vetoed, or also when better",
    )
    margin: float = Field(0.05, ge=0, le=1, description="rank_score by which another candidate must be better")
    min_LR: float = Field(0.0, ge=0, le=1, description="candidates below are vetoed")
    min_SCR: float = Field(0.0, ge=0, le=1, description="candidates below are vetoed")
    alpha: float = Field(1.0, ge=1.0, le=1.5, description="steepness of LR (paper section 3.5)")
    scr_threshold: float = Field(0.90, gt=0, le=1, description="script ratio that counts as pure")
    reward: Reward | None = Field(None, description="a reward model that scores every candidate")
