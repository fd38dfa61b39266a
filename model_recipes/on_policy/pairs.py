"""The best and the worst of a prompt's answers, as a pair to train on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from model_recipes.on_policy.answers import SampledAnswer
from model_recipes.on_policy.prompts import Prompt


@dataclass(frozen=True, slots=True)
class PromptPairs:
    """`rows` in TRL's preference format with both rewards; `alike` prompts whose answers differ too little."""

    rows: list[dict[str, Any]]
    alike: int


def best_and_worst(
    prompts: Sequence[Prompt],
    answers: Sequence[Sequence[SampledAnswer]],
    rewards: Sequence[Sequence[float]],
    least_difference: float,
) -> PromptPairs:
    """A pair a prompt, of the largest difference; where several answers have it, of the least different length.

    Else length alone would be learnt where rewards are few values (right or wrong), as longer answers err more often.
    """
    rows = []
    for prompt, of_one, values in zip(prompts, answers, rewards, strict=True):
        best, worst = max(values), min(values)
        if best - worst < least_difference:
            continue
        chosen, rejected = min(
            (
                (a, b)
                for a, one in enumerate(values)
                if one == best
                for b, other in enumerate(values)
                if other == worst
            ),
            key=lambda pair: (abs(of_one[pair[0]].tokens - of_one[pair[1]].tokens), pair),
        )
        rows.append(
            {
                "prompt": prompt.messages,
                "chosen": [{"role": "assistant", "content": of_one[chosen].text}],
                "rejected": [{"role": "assistant", "content": of_one[rejected].text}],
                "chosen_reward": best,
                "rejected_reward": worst,
            }
        )
    return PromptPairs(rows, len(prompts) - len(rows))
