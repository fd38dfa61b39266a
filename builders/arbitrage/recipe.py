"""The recipe of an arbitrage: who answers, who scores, and which answers become data."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from builders.engines import engine_of
from builders.pools.marks import QualityPanel
from builders.pools.recipe import (
    DatasetOutputs,
    PoolRecipe,
    found_answerers,
    load_pool_recipe,
    look_at_answerers,
    look_at_ceiling,
)
from builders.recipes.base import Name, Strict
from builders.recipes.paths import beside, resolved
from builders.recipes.scorers import Reward
from builders.recipes.translators import Translator

SHIPPED = Path(__file__).parent / "shipped"


class AnswerChoice(Strict):
    """Which of a prompt's answers become data."""

    by: Literal["reward", "judges"] | None = Field(
        None, description="what orders answers, and says a pair's difference; null: the reward, where there is a model"
    )
    least_reward: float | None = Field(None, description="no answer below it is chosen; null: any")
    least_mark: float | None = Field(
        3.0, ge=1, le=5, description="no answer of which the panel's mean mark is below it is chosen; null: any"
    )
    least_difference: float = Field(0.0, ge=0, description="pairs that differ by no more are left out")
    bad: Literal["drop", "queue"] = Field(
        "queue", description="prompts without a good answer are left out; `queue`: and written to `queue.jsonl` too"
    )
    verdicts: str | None = Field(
        None,
        description="what people said of the queue, who decide: the folder of `smolkalam review`, or JSON lines, CSV "
        "or TSV with id, better, worse; null: the folder `review` of the work, if it is there",
    )


class ArbitrageOutputs(DatasetOutputs):
    """The dataset that is written."""

    sft: Name = Field("SFT_arbitrage", description="config of the best answers")
    preference: Name = Field("Preference_arbitrage", description="config of the pairs")
    test_share: float = Field(0.0, ge=0, lt=1, description="share of the prompts that go to `test`")


class ArbitrageRecipe(PoolRecipe):
    """A pool of models answers prompts; the best answer and the pair with the largest difference become data."""

    pool: list[Translator] = Field(min_length=1, description="who answers")
    reward: Reward | None = Field(None, description="a chat reward model, asked with its own chat template")
    panel: QualityPanel | None = None
    choose: AnswerChoice = AnswerChoice()
    outputs: ArbitrageOutputs = ArbitrageOutputs()

    @model_validator(mode="after")
    def _hold_together(self) -> "ArbitrageRecipe":
        look_at_answerers(self.pool, self.answering.samples)
        if len(self.pool) * self.answering.samples < 2:
            raise ValueError(
                "pool: one answer to a prompt leaves nothing to choose; give models, or answering.samples"
            )
        if self.reward is None and self.panel is None:
            raise ValueError("reward: give a reward model, a panel, or both: one must say which answer is better")
        for by, given in (("reward", self.reward), ("judges", self.panel)):
            if self.choose.by == by and given is None:
                raise ValueError(f"choose.by: {by}: the recipe has none")
        if self.choose.least_reward is not None and self.reward is None:
            raise ValueError("choose.least_reward: the recipe has no reward model")
        judges = self.panel.judges if self.panel else []
        look_at_ceiling(self.max_usd, [engine_of(one).cost for one in self.pool] + [one.cost for one in judges])
        return self

    @property
    def by(self) -> Literal["reward", "judges"]:
        """What orders answers."""
        return self.choose.by or ("reward" if self.reward else "judges")

    def labels(self) -> list[str]:
        """What answers are called in the queue and in verdicts."""
        return [
            label_of(one.name, n, self.answering.samples) for one in self.pool for n in range(self.answering.samples)
        ]


def label_of(model: str, sample: int, samples: int) -> str:
    """An answer's name: its model's, and of several samples which.

    >>> label_of("A", 1, 1), label_of("A", 1, 3)
    ('A', 'A#2')
    """
    return model if samples == 1 else f"{model}#{sample + 1}"


def load_arbitrage(name: str, settings: Sequence[str] | Iterable[str] = ()) -> tuple[ArbitrageRecipe, str]:
    """A recipe by path or shipped name, and where it is for messages; its paths are absolute. Raises RecipeError."""
    recipe, path = load_pool_recipe(name, ArbitrageRecipe, SHIPPED, settings)
    folder = path.parent
    updates: dict[str, object] = {"pool": found_answerers(recipe.pool, folder)}
    if recipe.reward is not None:
        updates["reward"] = recipe.reward.model_copy(update={"model": beside(recipe.reward.model, folder)})
    if recipe.panel is not None:
        updates["panel"] = recipe.panel.model_copy(update={"rubric": recipe.panel.found(folder, "panel.rubric")})
    if recipe.choose.verdicts is not None:
        updates["choose"] = recipe.choose.model_copy(update={"verdicts": resolved(recipe.choose.verdicts, folder)})
    return recipe.model_copy(update=updates), str(path)
