"""Does every sentence have its partner: sentences lost, added, or of another text.

By words and not by lengths alone (`processors.alignment`): a sentence that is missing from twelve changes the length
by less than translators differ. Nothing is said of languages without a lexicon.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from processors.alignment.align import Bead, align
from processors.alignment.lexicon import COMMON
from processors.alignment.likeness import likeness, told
from processors.alignment.sides import Side, joined, source_side, target_side
from processors.checks.answered import answered_within
from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict, excerpt
from processors.checks.partners.cut import check_cut
from processors.checks.partners.initials import initials_in_full
from processors.checks.partners.lengths import lengths, spare, usual_ratio
from processors.checks.partners.padded import check_padded
from processors.checks.quantities.digits import differences
from processors.checks.quantities.sentences import changed_in_sentences, moved
from processors.checks.wording.exchanged import may_be_exchanged
from processors.checks.wording.idioms import has_idiom, is_courtesy
from processors.checks.wording.negation import negation
from processors.checks.wording.openers import lost_openers
from processors.checks.wording.private import made_up
from processors.languages.spellings import numbers_in
from processors.protected.find import blanked
from processors.texts.prose import sentences
from processors.texts.text import text_of

# By how much, in logs, a path on which each sentence has a partner must be worse. Of 623 texts of FLORES-200 dev, four
# or twelve lines of its half without one of them, 97 % are above 2; of 100 whole ones two, which have a line that is
# truly of another.
_PLAIN = 2.0
# A sentence says what it is by so many words that the lexicon knows, or names; of less nothing can be said for sure.
_TELLING = 3
# Characters without spaces: shorter sentences are joined and dropped ("Sure!", "Here is the list:").
_SHORT = 10
# "Here you go:" is told in one word.
_LONG_ENOUGH = 12
_COLUMN = 400
# A line that goes on in the next, and how long one is that was broken for its length.
_WRAPPED = re.compile(r"[^\s.!?:;…|]\n[ \t]*(?=[a-z(])")
_FULL = 25
# A neighbour's translation of so many characters for each of both sentences may hold both (0.85 is the mean): then
# the sentence is there if its words are, and for sure gone only by more. Of 623 texts of FLORES (half) without one of
# their sentences this hides four; of 3,086 texts of five of Tatoeba's pairs it clears eight.
_HOLDS, _TOLD, _SURE, _NOT_TOLD = 0.64, -1.0, 4.0, -3.0
_NO_ROOM = float("-inf")
# Or one that is longer than the text's others, for what it stands for, by so much of what the sentence would take. Of
# 635 such texts of FLORES (half) of two translators two that are of at least -1; it clears free translations that join
# three sentences by commas.
_SPARE = 0.4
# One of twelve words has no more characters.
_SHORT_SENTENCE = 120
# The likeness below which two texts have nothing to do with each other; short ones say less of themselves, and are
# translated more freely. Of FLORES' lines (half) two are below, one truly another's, of 15,432 of Tatoeba nine; of
# FLORES' lines beside one of the next three 89 %. Soft: 93 %; 26 of Tatoeba, 16 of 14,360 software's messages.
_OTHER, _OTHER_LONG, _PERHAPS_OTHER, _PERHAPS_OTHER_LONG = -5.75, -5.0, -4.2, -3.5
# Words of evidence from which on a text is long in this sense.
_LONG = 8
# Where none of the telling words of either side is in the other, nor a name or number: how many of them were to be
# expected there, the likeness below which that is asked, and whether it is for sure. Of chat pairs beside another one
# this finds 5 % more hard, of Tatoeba's 7; of 15,432 pairs of Tatoeba three more alarms are hard and eight soft.
_NOTHING_SHARED = ((3.5, -2.0, True), (2.5, 0.0, False))
_ENDED = re.compile(r"(?<![.…])[.?!][\"'”)]?\s*\Z")
# Vowel marks for each letter, from which on a text is an old one or a poem, which people translate freely, and which
# no model writes: what is missing there is noted, not vetoed.
_VOWELLED = 0.35
_VOWELS = re.compile("[\u064b-\u0652]")
# "The ECB raised its rates": of no more words, and told in no fewer.
_MOST_BESIDE_INITIALS = 6


def check_correspondence(pair: Pair) -> list[Verdict]:
    """Sentences of the source without a partner, of the target without one, and texts that are not of each other."""
    found = _found(pair)
    if any(verdict.hard for verdict in found) and _is_vowelled(pair.target.string):
        return [replace(verdict, hard=False) for verdict in found]
    return found


def _is_vowelled(string: str) -> bool:
    return len(_VOWELS.findall(string)) > _VOWELLED * sum(map(str.isalpha, string))


def _found(pair: Pair) -> list[Verdict]:
    left, right = _sentences(pair)
    if not left or not right or _is_column(left) or _is_column(right):
        return []
    sources = [source_side(text_of(sentence), pair.language) for sentence in left]
    targets = [target_side(text_of(sentence), pair.language) for sentence in right]
    known = [side for side in sources if side is not None], [side for side in targets if side is not None]
    if len(known[0]) != len(sources) or len(known[1]) != len(targets):
        return []
    if len(left) == len(right) == 1:
        beads = [Bead(0, 1, 0, 1)]
        ended = _ENDED.search(pair.source.string[-4:]) is not None
        found = _whole(known[0][0], known[1][0], ended)
        if found and len(pair.source.string) < _SHORT_SENTENCE and _may_be_free(pair):
            found = [replace(verdict, hard=False) for verdict in found]
        found = found or check_cut(pair, beads, *known, left)
        if not found and len(pair.source.string) < _SHORT_SENTENCE and _is_set(pair.source.string):
            return []
        return found or (check_padded(pair, beads, *known, right) if ended else [])
    beads = align(*known)
    found = _verdicts(pair, beads, *known, left, right)
    if not any(verdict.check == "lost" for verdict in found):
        found += check_cut(pair, beads, *known, left)
    asked, answers = _with_marks(blanked(pair.source), left), _with_marks(blanked(pair.target), right)
    found = found or _answered(pair, beads, asked, answers)
    if not any(verdict.hard for verdict in found):
        found += changed_in_sentences(pair, _in_places(beads, asked, answers))
    return found or (check_padded(pair, beads, *known, right) if "\n" not in pair.source.string else [])


def _is_set(sentence: str) -> bool:
    """Whether a sentence is translated as a whole and not by its words."""
    return has_idiom(sentence) or is_courtesy(sentence)


def _may_be_free(pair: Pair) -> bool:
    """Whether a text says so much by an idiom, by initials that are told in full, or by numbers, which are all
    there, that hardly a word of it can be looked for."""
    source, target = pair.source.string, pair.target.string
    if _is_set(source):
        return True
    length = len(source.split())
    few = length <= min(_MOST_BESIDE_INITIALS, len(target.split()))
    return (few and initials_in_full(source, target)) or _numbers_told(pair)


def _is_column(pieces: Sequence[str]) -> bool:
    """Hundreds of lines of a word or less each: none says what it is of, and nothing is sure on the way through them,
    which takes three milliseconds a line."""
    return len(pieces) > _COLUMN and sum(map(len, pieces)) < _SHORT * len(pieces)


def _in_places(beads: Sequence[Bead], left: Sequence[str], right: Sequence[str]) -> list[tuple[str, str] | None]:
    """What stands for what, and None where nothing does."""
    return [
        None
        if bead.lost or bead.added
        else (" ".join(left[bead.source : bead.source_end]), " ".join(right[bead.target : bead.target_end]))
        for bead in beads
    ]


def _answered(pair: Pair, beads: Sequence[Bead], asked: Sequence[str], answers: Sequence[str]) -> list[Verdict]:
    """The first question or request of a text in whose place its answer stands."""
    for bead in beads:
        if (bead.source_end - bead.source, bead.target_end - bead.target) == (1, 1):
            found = answered_within(asked[bead.source], answers[bead.target], pair)
            if found:
                return found
    return []


def _with_marks(string: str, pieces: Sequence[str]) -> list[str]:
    """Each sentence with the mark that it ends with."""
    found, position = [], 0
    for piece in pieces:
        at = string.find(piece, position)
        position = at + len(piece) if at >= 0 else position
        behind = string[position : position + 3].partition("\n")[0].strip()[:1] if at >= 0 else ""
        found.append(piece if behind.isalnum() else piece + behind)
    return found


def check_exchanged(pair: Pair) -> list[Verdict]:
    """Cells, lines, numbers or letters that changed places."""
    if not ("\n" in pair.source.string or may_be_exchanged(pair.source)):
        return []
    found = moved(pair.source, pair.target, pair.knowledge)
    return [Verdict("exchanged", True, f"{found} changed places")] if found else []


def check_private(pair: Pair) -> list[Verdict]:
    """An e-mail address, a telephone or card number, or a key that the source does not have: it may be somebody's."""
    found = made_up(pair.source, pair.target)
    # What it says is not repeated: a verdict's detail is published.
    return [Verdict("private", False, f"{kind} at {at} that the source does not have") for kind, _, at in found]


def check_negation(pair: Pair) -> list[Verdict]:
    """A sentence that denies and its translation does not, or the other way round. Of a longer text, each sentence is
    looked at beside the one in its place."""
    if len(sentences(pair.source)) != 1 or len(sentences(pair.target)) != 1:
        return []
    found = negation(pair.source, pair.target, pair.knowledge)
    if found is None:
        return []
    return [Verdict("negation", found.sure, f"a negation was {found.what}: '{excerpt(pair.target.string)}'")]


def check_discourse(pair: Pair) -> list[Verdict]:
    """A line that lost what ties it to those before: however, so, first, finally. Soft."""
    lost = lost_openers(pair.source, pair.target, pair.knowledge)
    told = ", ".join(f"'{opener}'" for opener in lost[:3]) + ("..." if len(lost) > 3 else "")
    return [Verdict("discourse", False, f"nothing stands for {told}")] if lost else []


def _sentences(pair: Pair) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of both sides. Where the source breaks its lines within sentences, a line is none."""
    left, right = blanked(pair.source), blanked(pair.target)
    if "\n" in left and _WRAPPED.search(left):
        lines, others = left.split("\n"), right.split("\n")
        wrapped = [
            len(a.strip()) >= _FULL and _WRAPPED.match(f"{a[-1:]}\n{b}") is not None for a, b in pairwise(lines)
        ]
        left = _unwrapped(lines, wrapped)
        # Broken at the same places, or anew.
        right = _unwrapped(others, wrapped) if len(others) == len(lines) else right
    return sentences(text_of(left)), sentences(text_of(right))


def _unwrapped(lines: Sequence[str], wrapped: Sequence[bool]) -> str:
    return lines[0] + "".join((" " if on else "\n") + line for line, on in zip(lines[1:], wrapped, strict=True))


def _evidence(side: Side) -> int:
    return len(side.entries) + sum([not known for _, known in side.names]) + len(side.sounds)


def _least_evidence(source: Side, target: Side) -> int:
    """The lesser of both, or as much as makes a text long; how a target's words sound is asked where it decides."""
    evidence = min(_evidence(source), _LONG)
    return evidence if evidence <= len(target.entries) else min(evidence, _evidence(target))


def _whole(source: Side, target: Side, ended: bool) -> list[Verdict]:
    """`ended`: the source is a sentence, and no message of two words or title, which translators turn at will."""
    evidence = _least_evidence(source, target)
    if evidence < _TELLING:
        return []
    value = likeness(source, target)
    other, perhaps = (_OTHER_LONG, _PERHAPS_OTHER_LONG) if evidence >= _LONG else (_OTHER, _PERHAPS_OTHER)
    hard, soft = value <= other, value <= perhaps
    if not hard and ended and value < 0:
        expected = _nothing_shared(source, target)
        for least, below, sure in _NOTHING_SHARED:
            if expected >= least and value < below:
                hard, soft = hard or sure, True
    if not soft:
        return []
    return [Verdict("another_text", hard, f"hardly a word of the source is in the target ({value:.1f})")]


def _nothing_shared(source: Side, target: Side) -> float:
    """How many telling words were to be expected in the other text, of both; 0 where one of them is there."""
    if source.latin & target.latin or source.numbers & target.numbers:
        return 0.0
    if not target.sounds.isdisjoint(name for name, _ in source.names):
        return 0.0
    expected = 0.0
    for side, other in ((source, target), (target, source)):
        for entry in side.entries:
            if entry.rate < COMMON:
                if entry.is_met(other.stems):
                    return 0.0
                expected += entry.hit
    return expected


def _verdicts(
    pair: Pair,
    beads: Sequence[Bead],
    sources: Sequence[Side],
    targets: Sequence[Side],
    left: Sequence[str],
    right: Sequence[str],
) -> list[Verdict]:
    rooms = [_room(beads, place, sources, targets) if bead.lost else _NO_ROOM for place, bead in enumerate(beads)]
    lost = [
        (b, sources[b.source], left[b.source], room)
        for b, room in zip(beads, rooms, strict=True)
        if b.lost and room < _TOLD
    ]
    # "Dear all," is a line of politeness in Arabic.
    greeted = sources[0].length < _SHORT and any(bead.lost and not bead.source for bead in beads[:2])
    added = [
        (b, targets[b.target], right[b.target], _NO_ROOM) for b in beads if b.added and not (greeted and not b.target)
    ]
    freely = _told_freely(pair, beads, left, right)
    found = []
    for name, what, sides in (("lost", "not in the target", lost), ("added", "not in the source", added)):
        alone = [one for one in sides if one[0].surplus >= _PLAIN and one[1].length >= _SHORT]
        if alone:
            hard = any(
                side.length >= _LONG_ENOUGH
                and _evidence(side) >= _TELLING
                and bead.surplus >= (_PLAIN if room <= _NOT_TOLD else _SURE)
                and bead not in freely
                for bead, side, _, room in alone
            )
            more = f" and {len(alone) - 1} more" if len(alone) > 1 else ""
            found.append(Verdict(name, hard, f"sentence {what}: '{excerpt(alone[0][2])}'{more}"))
    return found


def _told_freely(pair: Pair, beads: Sequence[Bead], left: Sequence[str], right: Sequence[str]) -> set[Bead]:
    """Set phrases, sums and initials without a partner, and in their place a sentence without one, which may be how
    they are said."""
    found: set[Bead] = set()
    for bead, behind in pairwise(beads):
        if {(bead.lost, bead.added), (behind.lost, behind.added)} == {(True, False), (False, True)}:
            lost, added = (bead, behind) if bead.lost else (behind, bead)
            source, target = left[lost.source], right[added.target]
            of_both = pair._replace(source=text_of(source), target=text_of(target))
            if initials_in_full(source, target) or _is_set(source) or _numbers_told(of_both):
                found |= {bead, behind}
    return found


def _numbers_told(pair: Pair) -> bool:
    """Whether a text says numbers, and another says all of them, in digits or words."""
    return len(set(numbers_in(pair.source))) > 1 and not differences(pair)[0]


def _room(beads: Sequence[Bead], place: int, sources: Sequence[Side], targets: Sequence[Side]) -> float:
    """How plainly a neighbour tells a sentence that seems lost, if its translation is so long that it may hold it too:
    some translators make one sentence of four, or leave out the full stops. What is lost beside it counts with it."""
    first = last = place
    while first and beads[first - 1].lost:
        first -= 1
    while last + 1 < len(beads) and beads[last + 1].lost:
        last += 1
    before, behind = beads[max(0, first - 1) : first], beads[last + 1 : last + 2]
    ratio = usual_ratio(*lengths((*beads[: max(0, first - 1)], *beads[last + 2 :]), sources, targets))
    side, best = sources[beads[place].source], _NO_ROOM
    missing = lengths(beads[first : last + 1], sources, targets)[0]
    for bead in (*before, *behind):
        own, here = lengths([bead], sources, targets)
        long = here >= _HOLDS * (own + side.length)
        if long or spare(bead, ratio, sources, targets) >= _SPARE * ratio * missing:
            best = max(best, told(side, joined(tuple(targets[bead.target : bead.target_end]))))
    return best
