"""Sentences whose end has not arrived, or a stretch of whose words has not."""

from __future__ import annotations

from collections.abc import Sequence

from processors.alignment.align import Bead
from processors.alignment.likeness import LENGTHS
from processors.alignment.padding import missing_stretch
from processors.alignment.sides import Side, joined
from processors.alignment.tails import tail_told
from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict, excerpt
from processors.checks.partners.lengths import lengths, spare, usual_ratio
from processors.checks.wording.idioms import has_idiom

# A sentence of so many characters, how short for it a translation must be and how little told its last words (see
# `tail_told`) to be cut, hard and soft. Hard of FLORES' lines (half) none, of Tatoeba's 15,432 and software's 17,219
# pairs three and eight; of FLORES' lines of which the first 60 % arrived 68 %, the first 15 to 50 % 91 %.
_CUT_FROM, _CUT_LONG = 40, 90
_CUT, _PERHAPS_CUT = {False: (0.48, -1.0), True: (0.6, 0.0)}, {False: (0.53, -1.0), True: (0.66, -1.0)}
# Or so short for it, and words in a row missing of which so many should have a partner: a clause in the middle. Of
# FLORES' lines (half) without a third of their words 25 % more are noted, of two translators' whole ones none; of
# Tatoeba's 15,432 whole ones six, of 936 chunks of real chats translated freely and closely four.
_GAPS = ((0.6, 2.6), (0.66, 3.2), (0.72, 3.6))
# Free translations of real chats have 0.74 to 0.76 characters for one, the mean is 0.85; so much is believed.
_SHORTEST = 1.15
# What a neighbour must have to spare, of what is missing, that the end may stand there: of texts of four lines, one of
# them cut at 60 % of its words, 50 % are vetoed so, 40 % where neighbours are always asked.
_HELD = 0.2


def check_cut(
    pair: Pair, beads: Sequence[Bead], sources: Sequence[Side], targets: Sequence[Side], left: Sequence[str]
) -> list[Verdict]:
    """The first sentence whose translation is short and has none of its last words, or of many others in a row."""
    perhaps: list[Verdict] = []
    own_of_all, here_of_all = lengths(beads, sources, targets)
    for place, bead in enumerate(beads):
        length, here = lengths([bead], sources, targets)
        if bead.lost or bead.added or length < _CUT_FROM:
            continue
        # Who writes short is short everywhere; a summary is shorter.
        usual = usual_ratio(own_of_all - length, here_of_all - here)
        ratio = here / max(length, 1) * min(max(1.0, LENGTHS / usual), _SHORTEST)
        if ratio >= _GAPS[-1][0]:
            continue
        around = _with_neighbours(beads, place, sources, targets, usual)
        found = _without_end(left[bead.source_end - 1], around, pair.language, ratio, length >= _CUT_LONG)
        if found and found.hard:
            return [found]
        alone = joined(tuple(targets[bead.target : bead.target_end]))
        found = found or _with_gap(left[bead.source : bead.source_end], alone, pair.language, ratio)
        perhaps = perhaps or ([found] if found else [])
    return perhaps


def _with_neighbours(
    beads: Sequence[Bead], place: int, sources: Sequence[Side], targets: Sequence[Side], usual: float
) -> Side:
    """A translation, and those beside it where the end of a sentence that was parted may lie."""
    bead = beads[place]
    missing = -spare(bead, usual, sources, targets)
    first, last = bead.target, bead.target_end
    for other in (*beads[max(0, place - 1) : place], *beads[place + 1 : place + 2]):
        if spare(other, usual, sources, targets) >= _HELD * missing:
            first, last = min(first, other.target), max(last, other.target_end)
    return joined(tuple(targets[first:last]))


def _without_end(sentence: str, around: Side, language: str, ratio: float, long: bool) -> Verdict | None:
    if ratio >= _PERHAPS_CUT[long][0]:
        return None
    value = tail_told(sentence, around, language)
    if value is None:
        return None
    hard = ratio < _CUT[long][0] and value <= _CUT[long][1] and not has_idiom(sentence)
    if not hard and value > _PERHAPS_CUT[long][1]:
        return None
    detail = f"the end of '{excerpt(sentence)}' is not in the target ({ratio:.2f} of its length)"
    return Verdict("lost", hard, detail)


def _with_gap(sentences: Sequence[str], target: Side, language: str, ratio: float) -> Verdict | None:
    least = next(expected for below, expected in _GAPS if ratio < below)
    for sentence in sentences:
        found = missing_stretch(sentence, target, language)
        if found.expected >= least:
            return Verdict("lost", False, f"words not in the target: '{excerpt(found.text)}'")
    return None
