"""What an answer is worth: verified, or judged by a reward model.

    python -m model_recipes.on_policy.rewards JUDGED.json

As a process of its own, like the sampling: a reward model's memory is free when the training begins.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from pydantic import TypeAdapter

from model_recipes.on_policy.answers import SampledAnswer
from model_recipes.on_policy.prompts import Prompt
from model_recipes.on_policy.sampling import read_answers
from model_recipes.on_policy.settings import AnswerReward, InstructionReward, ModelReward, RewardSettings
from processors.atomic_files import write_text
from processors.errors import InputError, SmolKalamError, tell

# Four decimals are written: what a batch's composition changes by rounding lies below.
_DECIMALS = 4


class AnswerJudge(Protocol):
    """Judges answers. Where it needs something of a prompt, `missing` says what this one lacks, or nothing."""

    def missing(self, prompt: Prompt) -> str: ...

    def of(self, prompts: Sequence[Prompt], answers: Sequence[str]) -> list[float]:
        """One for each answer; `prompts` stand beside them."""


class _Verified:
    def __init__(self, settings: AnswerReward) -> None:
        from processors.verification import VERIFIERS

        self._kind, self._right = settings.answers, VERIFIERS[settings.answers]

    def missing(self, prompt: Prompt) -> str:
        from processors.verification import is_label, needs_library

        if not prompt.reference.strip():
            return "no answer to compare with (the last turn, or a column `answer`)"
        if self._kind == "choice":
            return "" if is_label(prompt.reference) else f"'{prompt.reference[:40]}' is no label such as أ, B or 3"
        if needs_library(prompt.reference):
            return f"'{prompt.reference[-40:]}' is no number, and needs pip install 'smolkalam[verification]'"
        return ""

    def of(self, prompts: Sequence[Prompt], answers: Sequence[str]) -> list[float]:
        pairs = zip(prompts, answers, strict=True)
        return [float(self._right(answer, prompt.reference)) for prompt, answer in pairs]


class _Followed:
    def __init__(self, settings: InstructionReward) -> None:
        self._language = settings.language

    def missing(self, prompt: Prompt) -> str:
        return "" if prompt.instructions else "no instructions (columns `instruction_id_list` and `kwargs`)"

    def of(self, prompts: Sequence[Prompt], answers: Sequence[str]) -> list[float]:
        from processors.instructions import share_followed

        rewards = []
        for prompt, answer in zip(prompts, answers, strict=True):
            ids, kwargs = [name for name, _ in prompt.instructions], [given for _, given in prompt.instructions]
            rewards.append(share_followed(answer, ids, kwargs, self._language))
        return rewards


class _Judged:
    def __init__(self, settings: ModelReward) -> None:
        from processors.reward.exchanges import ExchangeEncoder
        from processors.reward.local_model import ModelScorer, check_model, load_reward_tokenizer

        check_model(settings.model, settings.revision, served=False)
        self._settings = settings
        tokenizer = load_reward_tokenizer(settings.model, settings.revision)
        self._encoder = ExchangeEncoder(tokenizer, settings.max_length)
        self._scorer = ModelScorer(settings.model, settings.revision)

    def missing(self, prompt: Prompt) -> str:
        return ""

    def of(self, prompts: Sequence[Prompt], answers: Sequence[str]) -> list[float]:
        from processors.reward.score import score_candidates

        exchanges = [(prompt.messages, answer) for prompt, answer in zip(prompts, answers, strict=True)]
        # What is longer is cut at its end, as the settings say: a reward is wanted of every answer.
        windows = [[ids[: self._settings.max_length]] for ids in self._encoder.whole(exchanges)]
        return score_candidates(windows, self._scorer, self._settings.batch_tokens)


REWARDS: dict[str, Callable[[Any], AnswerJudge]] = {"answer": _Verified, "instructions": _Followed, "model": _Judged}


def look_at(settings: RewardSettings, prompts: Sequence[Prompt]) -> None:
    """Raises InputError where a prompt lacks what the reward reads, or its library or model is not there."""
    reward = REWARDS[settings.kind](settings)
    lacking = [(number, why) for number, prompt in enumerate(prompts) if (why := reward.missing(prompt))]
    if lacking:
        number, why = lacking[0]
        raise InputError(
            f"prompts: {len(lacking):,} of {len(prompts):,} cannot be judged by `reward.kind: {settings.kind}`: "
            f"{why}; the first is number {number}"
        )


def judge(
    settings: RewardSettings, prompts: Sequence[Prompt], answers: Sequence[Sequence[SampledAnswer]]
) -> list[list[float]]:
    """The rewards of each prompt's answers. One that is cut off or empty has the least that any has, at most 0."""
    reward = REWARDS[settings.kind](settings)
    flat = [(prompt, one) for prompt, of_one in zip(prompts, answers, strict=True) for one in of_one]
    values = reward.of([prompt for prompt, _ in flat], [one.text for _, one in flat])
    least = min([0.0, *values])
    values = [
        least if one.cut or not one.text.strip() else round(value, _DECIMALS)
        for value, (_, one) in zip(values, flat, strict=True)
    ]
    found, start = [], 0
    for of_one in answers:
        found.append(values[start : start + len(of_one)])
        start += len(of_one)
    return found


def write_judged(
    path: Path, settings: RewardSettings, prompts: Sequence[Prompt], answers: Path, rewards: Path
) -> None:
    about = {
        "reward": settings.model_dump(),
        "prompts": [[prompt.messages, prompt.reference, prompt.instructions] for prompt in prompts],
        "answers": str(answers),
        "rewards": str(rewards),
    }
    path.write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def main() -> None:
    about = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    settings: RewardSettings = TypeAdapter(RewardSettings).validate_python(about["reward"])
    prompts = [Prompt(messages, reference, given) for messages, reference, given in about["prompts"]]
    try:
        rewards = judge(settings, prompts, read_answers(Path(about["answers"])))
    except SmolKalamError as error:
        tell(error)
        sys.exit(error.exit_code)
    write_text(Path(about["rewards"]), json.dumps(rewards) + "\n")


if __name__ == "__main__":
    main()
