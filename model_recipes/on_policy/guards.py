"""What is watched while a model trains on its own answers, and when that ends it.

Rewards are learnt to be cheated: answers grow, what the model knew before is lost, and the reward itself falls again.
Each is measured on prompts that are never trained on, and against the model that the training began with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any

from model_recipes.on_policy.answers import SampledAnswer
from model_recipes.on_policy.settings import GuardSettings


@dataclass(frozen=True, slots=True)
class Watched:
    """Means over the held-back prompts' answers: reward, tokens, share cut off; and benchmarks' scores of 100."""

    reward: float
    tokens: float
    cut: float
    benchmarks: dict[str, float] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    def shown(self) -> str:
        scores = "".join(f", {name} {score:.1f}" for name, score in self.benchmarks.items())
        return f"reward {self.reward:.3f}, {self.tokens:,.0f} tokens, {self.cut:.1%} cut off{scores}"


def watch(
    answers: Sequence[Sequence[SampledAnswer]], rewards: Sequence[Sequence[float]], benchmarks: Mapping[str, float]
) -> Watched:
    flat = [one for of_one in answers for one in of_one]
    return Watched(
        round(fmean(value for of_one in rewards for value in of_one), 6),
        round(fmean(one.tokens for one in flat), 3),
        round(fmean(float(one.cut) for one in flat), 6),
        {name: round(score, 4) for name, score in benchmarks.items()},
    )


def tripped(settings: GuardSettings, start: Watched, before: Sequence[Watched], now: Watched) -> list[str]:
    """Why the training ends here; nothing where it goes on. `before` are the rounds before, the start first.

    >>> start = Watched(0.5, 100, 0)
    >>> tripped(GuardSettings(), start, [start], Watched(0.6, 190, 0))
    ['answers grew from 100 to 190 tokens, which is more than 1.5 times']
    """
    why = []
    best = max(one.reward for one in before)
    if now.reward < best - settings.reward_fall:
        why.append(f"the reward fell from {best:.3f} to {now.reward:.3f}, by more than {settings.reward_fall:g}")
    if now.tokens > start.tokens * settings.longer:
        why.append(
            f"answers grew from {start.tokens:.0f} to {now.tokens:.0f} tokens, which is more than "
            f"{settings.longer:g} times"
        )
    if now.cut > start.cut + settings.cut:
        why.append(
            f"{now.cut:.1%} of the answers are cut off, {start.cut:.1%} at the start; {settings.cut:.1%} more is borne"
        )
    for one in settings.benchmarks:
        fallen = start.benchmarks[one.suite] - now.benchmarks[one.suite]
        if fallen > one.fall:
            why.append(
                f"{one.suite} fell from {start.benchmarks[one.suite]:.1f} to {now.benchmarks[one.suite]:.1f}, by more "
                f"than {one.fall:g}"
            )
    return why
