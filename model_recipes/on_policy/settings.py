"""What an iterative preference training is told: prompts, how often each is answered, by what the answers are judged.

The training of each round is `smolkalam train dpo` with settings of its own (`dpo`), which has TRL's keys.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from builders.recipes.base import Strict
from builders.recipes.vllm import VllmProcess
from model_recipes.plans.commands import set_by_plan
from model_recipes.plans.file import InPlanFolder, PlanFile


class PromptRows(Strict):
    """One source of prompts."""

    path: InPlanFolder = Field(description="A dataset of the Hub, a folder, or a JSON lines or Parquet file.")
    name: str | None = Field(None, description="The config.")
    split: str = Field("all", description="A split, several as a+b, or all.")
    revision: str | None = Field(None, description="Of a dataset of the Hub.")


class SamplingSettings(Strict):
    """How a model answers."""

    engine: Literal["transformers", "vllm", "endpoint"] = Field(
        "transformers",
        description="What the model is run by: transformers, here; vllm, a server that is started for each round's "
        "model; endpoint, an API that serves whichever model a request names, a round's by the path of its folder.",
    )
    server: VllmProcess | None = Field(
        None, description="Of vllm: how it is started, such as {python: /opt/vllm/bin/python}."
    )
    base_url: str | None = Field(None, description="Of endpoint: the address of an OpenAI-compatible API.")
    concurrency: int = Field(64, ge=1, description="Requests at once, to a server.")
    samples: int = Field(8, ge=2, description="Answers to each prompt that is trained on.")
    temperature: float = Field(1.0, gt=0, description="Of the draw.")
    top_p: float = Field(1.0, gt=0, le=1, description="Of the draw.")
    max_tokens: int = Field(1024, ge=1, description="An answer that is longer is cut, and counts as bad.")
    batch_size: int = Field(8, ge=1, description="Prompts at once, by transformers.")

    @model_validator(mode="after")
    def _engine_has_what_it_needs(self) -> "SamplingSettings":
        for engine, key, value in (("vllm", "server", self.server), ("endpoint", "base_url", self.base_url)):
            if value is None and self.engine == engine:
                raise ValueError(f"{key}: missing, and engine {engine} needs it")
            if value is not None and self.engine != engine:
                raise ValueError(f"{key}: is of engine {engine} alone; the engine is {self.engine}")
        return self

    def decisive(self) -> dict[str, Any]:
        """The settings on which answers depend, and not only how fast they come."""
        served = {"server", "base_url", "concurrency"}
        return self.model_dump(
            mode="json", exclude=served | ({"batch_size"} if self.engine != "transformers" else set())
        )


class AnswerReward(Strict):
    """1 where the final answer is the reference's, 0 where it is another or there is none."""

    kind: Literal["answer"]
    answers: Literal["mathematics", "choice"] = Field("mathematics", description="What kind of answer is compared.")


class InstructionReward(Strict):
    """The share of a prompt's verifiable instructions (`instruction_id_list`, `kwargs`) that an answer follows."""

    kind: Literal["instructions"]
    language: str = Field("ar", description="Of the answers.")


class ModelReward(Strict):
    """What a reward model gives, as `smolkalam train reward` makes one of pairs of answers."""

    kind: Literal["model"]
    model: InPlanFolder = Field(description="A folder, or a model of the Hub.")
    revision: str | None = Field(None, description="Of a model of the Hub.")
    max_length: int = Field(4096, ge=64, description="Tokens of prompt and answer; the end of a longer one is cut.")
    batch_tokens: int = Field(16384, ge=1, description="Tokens at once.")


RewardSettings = Annotated[AnswerReward | InstructionReward | ModelReward, Field(discriminator="kind")]


class BestAndWorst(Strict):
    """Which two of a prompt's answers make a pair: the best and the worst."""

    least_difference: float = Field(0.1, gt=0, description="Of the two rewards; a prompt with less gives no pair.")
    least_pairs: int = Field(16, ge=1, description="A round with fewer ends the training: nothing is left to learn.")


class BenchmarkGuard(Strict):
    """A benchmark that may not fall, such as an English one."""

    suite: str = Field(description="A suite or benchmark of `smolkalam evaluate`.")
    fall: float = Field(2.0, ge=0, description="Points (of 100) below the start that are borne.")


class GuardSettings(Strict):
    """What ends the training, with the model of the round before as its result."""

    reward_fall: float = Field(
        0.02, ge=0, description="Of the mean reward on held-back prompts, below the best round before."
    )
    longer: float = Field(1.5, ge=1, description="Times the start's mean length of answers (tokens).")
    cut: float = Field(
        0.1, ge=0, le=1, description="More of the answers cut off than at the start, as a share of all."
    )
    benchmarks: list[BenchmarkGuard] = Field(default=[], description="Evaluated at the start and after each round.")
    data: InPlanFolder | None = Field(
        None, description="Of the benchmarks: a folder of local rows; the Hub has the others."
    )


class OnPolicyPlan(PlanFile):
    """The keys of an iterative preference training's plan."""

    model: InPlanFolder = Field(description="What is trained: a folder, or a model of the Hub.")
    model_revision: str | None = Field(None, description="Of a model of the Hub.")
    prompts: list[PromptRows] = Field(
        min_length=1, description="Chats whose last answer is the reference, unless a column `answer` has it."
    )
    rounds: int = Field(3, ge=1, description="Each samples, scores, pairs and trains once.")
    prompts_a_round: int = Field(1000, ge=1, description="No prompt is used twice until all were.")
    held_prompts: int = Field(200, ge=8, description="Never trained on: reward and length are watched on them.")
    sampling: SamplingSettings = SamplingSettings()
    reward: RewardSettings
    pairs: BestAndWorst = BestAndWorst()
    guards: GuardSettings = GuardSettings()
    dpo: InPlanFolder = Field(
        description="YAML of `smolkalam train dpo`; model, data, output and seed are each round's."
    )
    dpo_settings: list[str] = Field(default=[], description="Settings over it, such as learning_rate=1e-6.")
    seed: int = Field(42, ge=0, description="Of prompts, samples and trainings.")

    @model_validator(mode="after")
    def _own_settings(self) -> "OnPolicyPlan":
        made = ("model_name_or_path", "model_revision", "datasets", "output_dir", "seed")
        if key := set_by_plan(self.dpo_settings, made):
            raise ValueError(f"dpo_settings: {key} is set by each round; leave it out")
        return self
