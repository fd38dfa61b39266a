"""What a fault is planted into, and what planting it gives."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

Pair = tuple[str, str]
Random = random.Random


class Text(NamedTuple):
    """Pieces (sentences or paragraphs) that are each other's translation one by one; `near` is another text's pieces.

    `near` follows it in the same document where there is one: fluent text on the same subject. A text that is `held`
    back takes statements of the other half than those that are there to tune on.
    """

    pieces: tuple[Pair, ...]
    separator: str
    near: tuple[Pair, ...]
    held: bool

    @property
    def source(self) -> str:
        return self.separator.join(source for source, _ in self.pieces)

    @property
    def target(self) -> str:
        return self.separator.join(target for _, target in self.pieces)

    def targets(self) -> list[str]:
        return [target for _, target in self.pieces]


class Planted(NamedTuple):
    """A source, its careful translation (what the checks say of it is not about the fault), and the faulty one.

    Without a careful one, the text as it was before the fault brought its material says what is not about the fault.
    """

    source: str
    right: str | None
    wrong: str


Fault = Callable[[Text, Random], Planted | None]


class Kind(NamedTuple):
    """A kind of fault. A row with one that is `wrong_for_training` must not be published, whatever else it has."""

    name: str
    plant: Fault
    wrong_for_training: bool = True


def on_target(change: Callable[[str, Random], str | None]) -> Fault:
    """A fault that looks at the target alone and gives it back changed, or None where it does not apply."""

    def plant(text: Text, rng: Random) -> Planted | None:
        target = text.target
        wrong = change(target, rng)
        return None if wrong is None or wrong == target else Planted(text.source, target, wrong)

    return plant


def on_piece(change: Callable[[Pair, Random], str | None]) -> Fault:
    """A fault in one of the pieces, drawn by chance of those to which it applies."""

    def plant(text: Text, rng: Random) -> Planted | None:
        for at in rng.sample(range(len(text.pieces)), len(text.pieces)):
            wrong = change(text.pieces[at], rng)
            if wrong is not None and wrong != text.pieces[at][1]:
                targets = text.targets()
                targets[at] = wrong
                return Planted(text.source, text.target, text.separator.join(targets))
        return None

    return plant


def on_pair(change: Callable[[str, str, Random], Pair | None]) -> Fault:
    """A fault that brings material of its own to both sides: (source, target) in, (source, wrong target) out."""

    def plant(text: Text, rng: Random) -> Planted | None:
        found = change(text.source, text.target, rng)
        return found and Planted(found[0], None, found[1])

    return plant


def with_statement(statements: Sequence[tuple[str, str, str]]) -> Fault:
    """(English, careful, faulty): one of them among the pieces, wherever."""

    def plant(text: Text, rng: Random) -> Planted:
        english, careful, faulty = rng.choice(statements[text.held :: 2])
        at = rng.randint(0, len(text.pieces))
        sides = [list(side) for side in zip(*text.pieces, strict=True)]
        source, right = sides
        wrong = [*right[:at], faulty, *right[at:]]
        source.insert(at, english)
        right.insert(at, careful)
        return Planted(*(text.separator.join(side) for side in (source, right, wrong)))

    return plant


def with_changed(statements: Sequence[Pair], change: Callable[[str, Random], str | None]) -> Fault:
    """Careful statements, into each of which the fault is planted by a function of its Arabic."""

    def plant(text: Text, rng: Random) -> Planted | None:
        english, careful = rng.choice(statements[text.held :: 2])
        faulty = change(careful, rng)
        if faulty is None or faulty == careful:
            return None
        return with_statement([(english, careful, faulty)] * 2)(text, rng)

    return plant
