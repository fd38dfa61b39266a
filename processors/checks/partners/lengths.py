"""How long sentences and their translations are, in characters without spaces."""

from __future__ import annotations

from collections.abc import Sequence

from processors.alignment.align import Bead
from processors.alignment.likeness import LENGTHS
from processors.alignment.sides import Side

# So many characters of the mean steady the ratio of a short text.
_STEADY = 120


def usual_ratio(own: int, here: int) -> float:
    """How long translations of so many characters are for what they stand for, drawn towards the mean where these are
    few."""
    return (here + LENGTHS * _STEADY) / (own + _STEADY)


def lengths(beads: Sequence[Bead], sources: Sequence[Side], targets: Sequence[Side]) -> tuple[int, int]:
    """Of the sentences of both sides."""
    return (
        sum(side.length for bead in beads for side in sources[bead.source : bead.source_end]),
        sum(side.length for bead in beads for side in targets[bead.target : bead.target_end]),
    )


def spare(bead: Bead, usual: float, sources: Sequence[Side], targets: Sequence[Side]) -> float:
    """How many characters a translation has beyond what it usually takes to say what it stands for."""
    own, here = lengths([bead], sources, targets)
    return here - usual * own
