"""All kinds of instructions, by id: IFEval's 25, and the two that Command R7B Arabic's paper adds."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from processors.errors import InputError
from processors.instructions import content, formats, lengths, letters, sentences, words
from processors.instructions.kind import Kind

KINDS: Mapping[str, Kind] = {
    kind.id: kind for room in (words, lengths, content, formats, letters, sentences) for kind in room.KINDS
}


def kind_of(instruction_id: str) -> Kind:
    """The kind with this id. Raises InputError for one that is not known."""
    kind = KINDS.get(instruction_id)
    if kind is None:
        near = get_close_matches(instruction_id, KINDS, n=1)
        raise InputError(
            f"instruction {instruction_id!r} is not known; "
            + (f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(KINDS)}")
        )
    return kind


def clash(one: Kind, other: Kind) -> bool:
    """Whether the two cannot be asked for together."""
    return one.id == other.id or other.id in one.clashes or one.id in other.clashes
