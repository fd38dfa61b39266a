"""Numbers that changed places: those of a table's cell or of a line must be in the same cell or line of the target."""

from __future__ import annotations

from processors.checks.pair import Pair
from processors.checks.quantities.changed import Changed
from processors.languages.digits import NUMBER, canonical
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.spellings import numbers_in, with_ascii_digits
from processors.texts import Text, view


@view
def _by_place(text: Text) -> tuple[tuple[str, ...], ...]:
    """The numbers of each cell of a table and of each other line that is not empty, sorted."""
    places = []
    for line in with_ascii_digits(text).split("\n"):
        line = line.strip()
        for piece in line.split("|") if line.startswith("|") else [line] if line else ():
            places.append(tuple(sorted(map(canonical, NUMBER.findall(piece)))))
    return tuple(places)


def place_problems(pair: Pair, known: LanguageKnowledge) -> list[Changed]:
    """Told where the texts have the same numbers and as many places, so that only their order differs."""
    if "\n" not in pair.source.string or sorted(numbers_in(pair.source)) != sorted(numbers_in(pair.target)):
        return []
    here, there = _by_place(pair.source), _by_place(pair.target)
    if len(here) != len(there):
        return []
    moved = [(a, b) for a, b in zip(here, there, strict=True) if a != b]
    # In prose of broken lines a number moves on to the next one; only what was exchanged is told.
    if not moved or any(len(a) != len(b) for a, b in moved):
        return []
    (a, b), *_ = moved
    return [Changed(True, f"'{' '.join(b)}' stands where the source has '{' '.join(a)}'")]
