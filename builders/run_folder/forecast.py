"""How fast a model is and how long it will take for a stage's rows, told before its first row is done.

A row is many chunks, and a model without a GPU takes minutes for one: until a row is done, what is left is told by the
characters of the chunks that are answered, and until one is, by the speed that the model had in a trial of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

DAY_S = 86_400.0
# Tokens of a translation for each character of its source: what vLLM's users are told too (docs/recipe.md).
TOKENS_PER_CHARACTER = 0.32


@dataclass(slots=True)
class Forecast:
    """Of the stage `name`, whose rows have so many `characters` to translate; `warn` is told once what takes days."""

    name: str
    characters: float
    warn: Callable[[str], None]
    _warned: bool = field(default=False)

    def told(self, counters: Mapping[str, int], seconds: float, trial: float) -> str:
        """What the bar says, by what was counted in so many `seconds`; `trial` is the trial's speed, or 0."""
        tokens = counters.get("completion_tokens", 0)
        speed = tokens / seconds if tokens and seconds else trial
        if not speed:
            return ""
        shown = f", {speed:,.{1 if speed < 10 else 0}f} tokens/s"
        if counters.get("documents", 0):
            return shown
        done = counters.get("characters", 0)
        if done and seconds:
            left = max(0.0, self.characters - done) * seconds / done
        else:
            left = self.characters * TOKENS_PER_CHARACTER / speed
        if left > DAY_S and not self._warned:
            self._warned = True
            self.warn(
                f"{self.name}: about {left / DAY_S:,.1f} days for these rows at {speed:,.1f} tokens/s; take fewer "
                "rows (selection.max_rows_per_split), a smaller model or a faster machine"
            )
        return f"{shown}, about {duration(left)} left"


def duration(seconds: float) -> str:
    """
    >>> duration(75), duration(7500)
    ('1:15', '2:05:00')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
