"""Has the end of a sentence arrived: its last words, looked for in the translation."""

from __future__ import annotations

import re

from processors.alignment.likeness import told
from processors.alignment.sides import Side, source_side
from processors.texts.text import text_of

# The last words of a sentence: a share of them, and no fewer.
_SHARE, _FEWEST = 0.3, 4
# "In a brief manner" is briefly.
_MANNER = re.compile(r"\bin an? (?:\w+ and )?(\w+) (?:manner|way|fashion|style)\b")
# Fewer that the lexicon knows say nothing.
_TELLING = 2


def tail_told(sentence: str, target: Side, language: str, share: float = _SHARE) -> float | None:
    """How plainly the last words of an English sentence stand in its translation, as a sum of log ratios: above 0 they
    rather do. None where the lexicon knows too few of them.

    Of FLORES' lines (half) 6 % are at 0 and below, 3 % at -1; with the last two fifths cut off 80 and 70 %.
    """
    words = _MANNER.sub(r"\1", sentence).split()
    side = source_side(text_of(" ".join(words[-max(_FEWEST, round(len(words) * share)) :])), language)
    if side is None or len(side.entries) + len(side.names) + len(side.numbers) < _TELLING:
        return None
    return told(side, target)
