"""Sentences whose translation has words that they do not say."""

from __future__ import annotations

import re
from collections.abc import Sequence

from processors.alignment.align import Bead
from processors.alignment.padding import strange_stretch
from processors.alignment.sides import Side
from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict, excerpt
from processors.checks.partners.initials import initials_in_full

# A translation is so much longer than its sentence, and has a stretch of so many words of which so many should have a
# partner, if words were put in; surely so by more. Sentences without digits alone: numbers in words are long. Of
# Tatoeba's pairs with a clause put in 83 % are found and of FLORES' lines, which are long, 19; of the right ones
# 0.08 % of Tatoeba's and one of 504, which is truly another text.
_PADDED, _PADDED_WORDS, _PADDED_EXPECTED = 1.3, 4, 1.0
_SURELY_PADDED, _SURELY_EXPECTED = 1.6, 2.4
# "Sift, knead, rest, bake.": shorter ones name half of what they mean, unless it is so many times as long.
_LONG_ENOUGH, _FAR_TOO_LONG = 24, 2.6
_DIGIT = re.compile(r"\d|\b[XVI]{2,}\b")


def check_padded(
    pair: Pair, beads: Sequence[Bead], sources: Sequence[Side], targets: Sequence[Side], right: Sequence[str]
) -> list[Verdict]:
    """The first sentence whose translation is long and has words that it does not say."""
    for bead in beads:
        source, target = sources[bead.source : bead.source_end], targets[bead.target : bead.target_end]
        if len(source) != 1 or len(target) != 1 or target[0].length < _PADDED * source[0].length:
            continue
        # What is told in full is long too.
        if initials_in_full(source[0].string, pair.target.string):
            continue
        if _DIGIT.search(pair.source.string) or _DIGIT.search(right[bead.target]):
            return []
        ratio = target[0].length / max(source[0].length, 1)
        found = strange_stretch(source[0], right[bead.target], pair.language)
        if found.words >= _PADDED_WORDS and found.expected >= _PADDED_EXPECTED:
            sure = ratio >= _SURELY_PADDED and found.expected >= _SURELY_EXPECTED
            sure = sure and (source[0].length >= _LONG_ENOUGH or ratio >= _FAR_TOO_LONG)
            return [Verdict("added", sure, f"words that are not in the source: '{excerpt(found.text)}'")]
    return []
