"""Whether a batch API answers at all: what its batches lose would otherwise be asked again at the full price.

Single requests may work where batches do not: for a model that the API serves one by one alone, an account without
batches, a queue that expires day after day.
"""

from collections import Counter
from collections.abc import Iterable

from processors.batches.gather import BatchSettings, Wanted
from processors.batches.protocols import Outcome
from processors.clients.answer import Answer
from processors.scoring.wilson import wilson_interval

# Batches are of no use where they surely (95 %) answer less than this share of requests, as in a translator's trial.
HOPELESS = 0.2


class BatchWorth:
    """Counts what the batches of a process answered, and what none will any more."""

    def __init__(self, settings: BatchSettings) -> None:
        self._settings = settings
        self._answered = self._lost = 0

    def lacks(self, ended: Iterable[tuple[Wanted | None, Outcome]]) -> str:
        """Why no more is to be asked, after the requests of one more batch; empty where they do.

        None in place of who waits: nobody here does.
        """
        reasons = Counter[str]()
        for one, outcome in ended:
            if isinstance(outcome, Answer):
                self._answered += 1
            elif one and one.lost + 1 >= self._settings.rounds:
                reasons[outcome.reason] += 1
        self._lost += reasons.total()
        asked = self._answered + self._lost
        if not (self._settings.give_up and reasons and wilson_interval(self._answered, asked)[1] < HOPELESS):
            return ""
        told = ", ".join(f"{reason} ({number:,})" for reason, number in reasons.most_common(3))
        then = "they go one by one, at the full price" if self._settings.then == "ask" else "their rows are left out"
        return (
            f"batches answered {self._answered:,} of {asked:,} requests: {told}. Stopped before {then}; mend that and "
            "run the same command again, take `backend: endpoint`, or set `give_up: false` in the recipe"
        )
