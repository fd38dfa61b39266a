"""Does every sentence have its partner: sentences lost, added, or of another text.

By words and not by lengths alone (`processors.alignment`): a sentence that is missing from twelve changes the length
by less than translators differ. Nothing is said of languages without a lexicon.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from processors.alignment.align import Bead, align
from processors.alignment.likeness import likeness
from processors.alignment.sides import Side, source_side, target_side
from processors.checks.pair import Pair
from processors.checks.verdict import Verdict, excerpt
from processors.checks.wording.exchanged import exchanged
from processors.protected.find import blanked
from processors.texts.prose import sentences
from processors.texts.text import Text, text_of

# By how much, in logs, a path on which each sentence has a partner must be worse. On FLORES-200 dev, half
# of the blocks, texts of four lines (reference, two systems), with the last line taken out, one in the middle, one put
# in: above 2 are 98.9, 96.4 and 98.9 %, and of 360 whole texts one, whose last line is truly another; of the demo's
# 201 texts by a careful translator, who joins sentences freely, none (above 0: three).
_PLAIN = 2.0
# A sentence says what it is by so many words that the lexicon knows, or names; of less nothing can be said for sure.
_TELLING = 3
# Characters without spaces: shorter sentences are joined and dropped ("Sure!", "Here is the list:").
_SHORT = 10
# The likeness below which two texts have nothing to do with each other. Of FLORES' lines (half of them, the reference
# and four systems) four are below, all truly other or cut, of Tatoeba's lines that the lexicon was not learnt from
# 11 of 5,075, free translations; of FLORES' lines that were swapped nine in ten.
_OTHER, _PERHAPS_OTHER = -4.0, -2.0
# Without two digits, letters or number words nothing is counted that could change places.
_COUNTED = re.compile(
    r"(?:\d|\b(?:[A-Z]|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|[Tt]wo|[Tt]hree)\b)"
    r"[^\d]*(?:\d|\b(?:[A-Z]|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty)\b)"
)


def check_correspondence(pair: Pair) -> list[Verdict]:
    """Sentences of the source without a partner, of the target without one, and texts that are not of each other."""
    left, right = _sentences(pair.source), _sentences(pair.target)
    if not left or not right:
        return []
    sources = [source_side(text_of(sentence), pair.language) for sentence in left]
    targets = [target_side(text_of(sentence), pair.language) for sentence in right]
    known = [side for side in sources if side is not None], [side for side in targets if side is not None]
    if len(known[0]) != len(sources) or len(known[1]) != len(targets):
        return []
    if len(left) == len(right) == 1:
        return _whole(known[0][0], known[1][0])
    return _verdicts(align(*known), known[0], known[1], left, right)


def check_exchanged(pair: Pair) -> list[Verdict]:
    """Cells, lines, numbers or letters that changed places."""
    if not ("\n" in pair.source.string or _COUNTED.search(pair.source.string)):
        return []
    found = exchanged(pair.source, pair.target, pair.knowledge)
    return [Verdict("exchanged", True, f"{found} changed places")] if found else []


def _sentences(text: Text) -> tuple[str, ...]:
    return sentences(text_of(blanked(text)))


def _evidence(side: Side) -> int:
    return len(side.entries) + sum(not known for _, known in side.names)


def _whole(source: Side, target: Side) -> list[Verdict]:
    if min(_evidence(source), _evidence(target)) < _TELLING:
        return []
    value = likeness(source, target)
    if value > _PERHAPS_OTHER:
        return []
    return [Verdict("another_text", value <= _OTHER, f"hardly a word of the source is in the target ({value:.1f})")]


def _verdicts(
    beads: Sequence[Bead], sources: Sequence[Side], targets: Sequence[Side], left: Sequence[str], right: Sequence[str]
) -> list[Verdict]:
    lost = [(b, sources[b.source], left[b.source]) for b in beads if b.lost]
    added = [(b, targets[b.target], right[b.target]) for b in beads if b.added]
    found = []
    for name, what, sides in (("lost", "not in the target", lost), ("added", "not in the source", added)):
        alone = [one for one in sides if one[0].surplus >= _PLAIN and one[1].length >= _SHORT]
        if alone:
            hard = any(_evidence(side) >= _TELLING for _, side, _ in alone)
            more = f" and {len(alone) - 1} more" if len(alone) > 1 else ""
            found.append(Verdict(name, hard, f"sentence {what}: '{excerpt(alone[0][2])}'{more}"))
    return found
