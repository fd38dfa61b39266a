"""Faults of a whole conversation: two messages with each other's translations, one with another conversation's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.checks.faults.text import Pair, Random, Text

# Of the turns of a conversation and of another one: pairs with the fault, or None where nothing can be changed.
TurnsFault = Callable[[Sequence[Text], Sequence[Text], Random], list[Pair] | None]


def pairs_of(turns: Sequence[Text]) -> list[Pair]:
    return [(turn.source, turn.target) for turn in turns]


def turns_exchanged(turns: Sequence[Text], others: Sequence[Text], rng: Random) -> list[Pair] | None:
    """Two messages, each with the other's translation."""
    pairs = pairs_of(turns)
    i, j = sorted(rng.sample(range(len(pairs)), 2))
    pairs[i], pairs[j] = (pairs[i][0], pairs[j][1]), (pairs[j][0], pairs[i][1])
    return pairs if pairs != pairs_of(turns) else None


def turn_of_another(turns: Sequence[Text], others: Sequence[Text], rng: Random) -> list[Pair] | None:
    """A message with the translation of another conversation's."""
    pairs = pairs_of(turns)
    at = rng.randrange(len(pairs))
    other = rng.choice(others).target
    if other == pairs[at][1]:
        return None
    pairs[at] = (pairs[at][0], other)
    return pairs


KINDS: dict[str, TurnsFault] = {fault.__name__: fault for fault in (turns_exchanged, turn_of_another)}
