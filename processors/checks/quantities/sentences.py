"""Names, letters, numbers and negations of a longer text, sentence by sentence.

In a text a name that became another one may stand in the next sentence too, and two numbers may have changed places
between two of them: so what a sentence says is looked for in the sentence that stands in its place. A translator may
move a word to the sentence before or behind, so whatever is told is gone from all three and new to all three.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict, excerpt
from processors.checks.quantities.dates import date_problems
from processors.checks.quantities.digits import differences, has_digits
from processors.checks.quantities.letters import check_letters, may_have_letters
from processors.checks.quantities.measures import measured_alike
from processors.checks.quantities.names import changed_contrast, changed_kind, has_names
from processors.checks.quantities.spelled import spelled_problems
from processors.checks.quantities.units import unit_problems
from processors.checks.wording.contrasts import may_contrast
from processors.checks.wording.exchanged import Exchange, counts_twice, exchanged, may_be_exchanged
from processors.checks.wording.negation import denied, denying, may_be_changed, negation
from processors.languages.english import QUANTITY_WORDS
from processors.languages.english_numbers import english_words
from processors.languages.knowledge import LanguageKnowledge
from processors.protected.find import blanked
from processors.texts.text import Text, text_of

# So many lost and new numbers of a sentence are laid beside each other.
_MOST = 4
_DIGIT = re.compile(r"\d")


class Placed(NamedTuple):
    """A sentence and the one in its place; `source_around` and `target_around` with the one before and behind."""

    source: str
    target: str
    source_around: str
    target_around: str


def placed(pairs: Sequence[tuple[str, str] | None]) -> Iterator[Placed]:
    """What stands for what in a text, None where nothing does."""
    for place, both in enumerate(pairs):
        if both is not None:
            near = [one for one in pairs[max(0, place - 1) : place + 2] if one is not None]
            # A letter before a full stop and a word in the same line is an initial.
            yield Placed(*both, "\n\n".join(one[0] for one in near), "\n\n".join(one[1] for one in near))


Look = Callable[[Pair], list[Verdict]]


def _quantities(pair: Pair) -> list[Verdict]:
    """Of what is counted only what was replaced: a number alone may have moved to another sentence."""
    if not _has_quantities(pair.source):
        return []
    looks = (unit_problems, date_problems, spelled_problems)
    return [Verdict("numbers", *found) for look in looks for found in look(pair, pair.knowledge) if found.hard]


def _has_quantities(source: Text) -> bool:
    return has_digits(source) or not english_words(source).isdisjoint(QUANTITY_WORDS)


def _has_names(source: Text, pair: Pair) -> bool:
    return has_names(source, pair.knowledge)


# Whether it counts: then a word that moved is one less here and one more beside it. And a cheap look at the text,
# true where any of its sentences could have something to look at.
_LOOKS: tuple[tuple[Look, bool, Callable[[Text, Pair], bool]], ...] = (
    (changed_kind, True, _has_names),
    (changed_contrast, True, lambda source, pair: may_contrast(source, pair.knowledge)),
    (check_letters, False, lambda source, _: may_have_letters(source)),
    (_quantities, False, lambda source, _: _has_quantities(source)),
)


def changed_in_sentences(pair: Pair, pairs: Sequence[tuple[str, str] | None]) -> list[Verdict]:
    """The first that a sentence of the text says otherwise in its translation."""
    all_placed = list(placed(pairs))
    # The sentences are the source's without its protected spans.
    whole = text_of(blanked(pair.source))
    looks = [(look, counts) for look, counts, has_any in _LOOKS if has_any(whole, pair)]
    told: dict[Look, list[Verdict]] = {}
    for one in all_placed if looks else ():
        source, target = text_of(one.source), text_of(one.target)
        within = pair._replace(source=source, target=target)
        for look, counts in looks:
            found = look(within)
            if not found:
                continue
            if look not in told:
                told[look] = look(pair)
            around = text_of(one.source_around)
            if (
                # What the text as a whole tells is told already.
                found[0] not in told[look]
                and look(pair._replace(source=around, target=target))
                and look(pair._replace(source=around if counts else source, target=text_of(one.target_around)))
            ):
                return found[:1]
    return _exchanged(pair, all_placed) or _within(pair, all_placed) or _denied(pair, all_placed)


def _within(pair: Pair, all_placed: Sequence[Placed]) -> list[Verdict]:
    """Numbers or letters that changed places within a sentence."""
    if not counts_twice(pair.source):
        return []
    for one in all_placed:
        source = text_of(one.source)
        if may_be_exchanged(source) and (found := moved(source, text_of(one.target), pair.knowledge)):
            return [Verdict("exchanged", True, f"{found} changed places")]
    return []


def moved(source: Text, target: Text, known: LanguageKnowledge) -> Exchange | None:
    """What changed places, but for numbers that took their units with them."""
    found = exchanged(source, target, known)
    if found is None or found.what or not measured_alike(source, target, (found.first, found.second), known):
        return found
    return None


def _exchanged(pair: Pair, all_placed: Sequence[Placed]) -> list[Verdict]:
    """Two numbers of different sentences, each of which now stands in the place of the other."""
    if not has_digits(pair.source):
        return []
    changes = [
        differences(pair._replace(source=text_of(one.source), target=text_of(one.target)))
        for one in all_placed
        if _DIGIT.search(one.source) or _DIGIT.search(one.target)
    ]
    became = {(old, new) for lost, added in changes for old in lost[:_MOST] for new in added[:_MOST]}
    both = next(((old, new) for old, new in sorted(became) if old < new and (new, old) in became), None)
    return [Verdict("exchanged", True, f"'{both[0]}' and '{both[1]}' changed places")] if both else []


def _denied(pair: Pair, all_placed: Sequence[Placed]) -> list[Verdict]:
    """The first sentence that lost its negation or has one that it had not, and no neighbour took it over."""
    if len(all_placed) < 2 or not may_be_changed(pair.source, pair.target, pair.knowledge):
        return []
    for one in all_placed:
        found = negation(text_of(one.source), text_of(one.target), pair.knowledge)
        if found is None:
            continue
        more = denied(text_of(one.source_around), pair.knowledge) - denying(text_of(one.target_around), pair.knowledge)
        if found.alone or (more > 0 if found.what == "lost" else more < 0):
            return [Verdict("negation", found.sure, f"a negation was {found.what}: '{excerpt(one.target)}'")]
    return []
