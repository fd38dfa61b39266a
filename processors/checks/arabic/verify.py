"""A text's mistakes, all kinds in the order of the text: what other rooms ask."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, reduce
from operator import or_

from processors.checks.arabic.agreement import agreement, clash, has_article, is_adjective, leads
from processors.checks.arabic.endings import ending
from processors.checks.arabic.foreign import foreign
from processors.checks.arabic.hamza import hamza
from processors.checks.arabic.marks import has_marks, is_mismarked, marks
from processors.checks.arabic.mistake import Mistake, Slip
from processors.checks.arabic.numbers import figures, is_number, numbers
from processors.checks.arabic.prose import STRETCH, WORD, Word, bare, words_of
from processors.checks.arabic.punctuation import punctuation
from processors.checks.arabic.spelling import Dictionary, spelling
from processors.checks.pairs.pair import NO_LANGUAGE, Pair
from processors.checks.pairs.verdict import Verdict, excerpt
from processors.conversations.field_texts import is_asked
from processors.conversations.parts import parts_of
from processors.protected.find import blanked
from processors.texts.remembered import Remembered
from processors.texts.text import Text, text_of, view

# Distinct words whose spelling a process remembers; a running text repeats most of its words.
REMEMBERED = 1 << 16
# Of which kinds a word may be a part.
_SLIP, _MARKED, _NUMBER, _HAS_MARKS = 1, 2, 4, 8
# What `clash` asks of the first and of the second of two words: an adjective behind an article, or a first word alone.
_ARTICLE, _ADJECTIVE, _LEADS = 16, 32, 64
# Parts of a message that somebody has translated.
_WRITTEN = ("think", "text")
_ARABIC = re.compile("[\u0621-\u064a]")


def verify(text: str, dictionary: Dictionary | None = None) -> tuple[Mistake, ...]:
    """Everything found wrong with the Arabic of `text`, in its order; empty where nothing is or it has no Arabic.

    Code, formulas, addresses and tags are left out. What is found is an error or looks like one; that nothing is found
    says little of a text (docs/checks.md has the figures). `dictionary` is a hunspell dictionary of the user, without
    which there is no kind `spelling`.

    >>> [(one.kind, one.found, one.expected) for one in verify("ذهبت الى المدرسه, ثم عدت.")]
    [('hamza', 'الى', 'إلى'), ('ta_marbuta', 'المدرسه', 'المدرسة'), ('punctuation', ',', '،')]
    """
    one = text_of(text)
    found = [*mistakes(one), *foreign(blanked(one))]
    if dictionary is not None:
        found += misspelled(one, dictionary)
    return _in_order(found)


def misspelled(text: Text, dictionary: Dictionary) -> list[Mistake]:
    """Only the kind `spelling`: words that the dictionary does not know and no other kind has told."""
    told = frozenset(one.start for one in mistakes(text))
    return list(spelling(blanked(text), words_of(text), dictionary, told))


@view
def mistakes(text: Text) -> tuple[Mistake, ...]:
    """As `verify`, without the kind `language`, found once a text.

    What may be wrong with a word is remembered of each word, so a text of which no word may be wrong is soon done.
    """
    if _ARABIC.search(text.string) is None:
        return ()
    string = blanked(text)
    stretches = STRETCH.findall(string)
    of_each = list(map(_hints.__getitem__, stretches))
    hints = reduce(or_, of_each, 0)
    found = [*punctuation(string), *figures(string)]
    if hints & _SLIP:
        found += _slips(text, stretches if not hints & _HAS_MARKS else None)
    if hints & _MARKED:
        found += marks(string)
    if hints & _NUMBER:
        found += numbers(string, words_of(text))
    if hints & (_ADJECTIVE | _LEADS) and _may_clash(stretches, of_each):
        found += agreement(string, words_of(text))
    return _in_order(found)


def _hints_of(stretch: str) -> int:
    """What is to be asked of a text because of this word."""
    hints = 0
    if has_marks(stretch):
        hints = _HAS_MARKS | (_MARKED if is_mismarked(stretch) else 0)
    word = bare(stretch)
    if word:
        hints |= _SLIP if _slip_of(word) else 0
        hints |= _NUMBER if is_number(word) else 0
        hints |= _ARTICLE if has_article(word) else 0
        hints |= _ADJECTIVE if is_adjective(word) else 0
        hints |= _LEADS if leads(word) else 0
    return hints


_hints = Remembered(_hints_of, REMEMBERED)


def _may_clash(stretches: Sequence[str], hints: Sequence[int]) -> bool:
    """Whether two words beside each other clash; of most pairs their hints tell that they do not."""
    before = 0
    for place, hint in enumerate(hints):
        asked = before & _LEADS or (hint & _ADJECTIVE and before & _ARTICLE)
        if asked and clash(*[bare(stretch) or stretch for stretch in stretches[place - 1 : place + 1]]):
            return True
        before = hint
    return False


def check_arabic(pair: Pair) -> list[Verdict]:
    """Errors of Arabic writing, soft: all of a text in one verdict, by kind, with the first of them.

    What the source decides is asked elsewhere: letters of a neighbour's alphabet and other languages (`script`).
    """
    if pair.language == NO_LANGUAGE:
        return []
    found = [one for one in mistakes(pair.target) if one.kind != "letters"]
    return [_told(found)] if found else []


def check_spelling(
    source: Sequence[Mapping[str, str]], target: Sequence[Mapping[str, str]], dictionary: Dictionary
) -> list[Verdict]:
    """Typing errors of a translation, soft: all of a message in one verdict `arabic`, with the first of them.

    They stand apart from `check_arabic`, for verdicts that are kept know nothing of somebody's dictionary.
    """
    verdicts = []
    for number, (english, arabic) in enumerate(zip(source, target, strict=False)):
        pseudo = Pair.of(english["content"], arabic["content"]).language == NO_LANGUAGE
        if pseudo or not is_asked(english["role"], english["content"]):
            continue
        texts = [text_of(part.text) for part in parts_of(text_of(arabic["content"])) if part.type in _WRITTEN]
        if found := [one for text in texts for one in misspelled(text, dictionary)]:
            verdicts.append(replace(_told(found), message=number))
    return verdicts


def _told(found: Sequence[Mistake]) -> Verdict:
    counts = ", ".join(f"{number} {kind}" for kind, number in Counter(one.kind for one in found).most_common())
    first = found[0]
    shown = f"'{excerpt(first.found)}'" + (f" for '{excerpt(first.expected)}'" if first.expected else "")
    return Verdict("arabic", False, f"{counts}; first {shown}")


def _in_order(found: list[Mistake]) -> tuple[Mistake, ...]:
    return tuple(sorted(found, key=lambda one: (one.start, one.end)))


def _slips(text: Text, plain: Sequence[str] | None) -> Iterator[Mistake]:
    """`plain`: the text's words in order where it has no marks; then only those are placed that have a slip."""
    if plain is None:
        words: Iterable[Word] = words_of(text)
    else:
        wrong = {word for word in set(plain) if _hints[word] & _SLIP}
        words = (Word(m.start(), m.end(), m[0], m[0]) for m in WORD.finditer(blanked(text)) if m[0] in wrong)
    for word in words:
        slip = _slip_of(word.bare)
        if slip is not None:
            yield Mistake(slip.kind, word.start, word.end, word.string, slip.expected)


@lru_cache(maxsize=REMEMBERED)
def _slip_of(word: str) -> Slip | None:
    """What is wrong with the spelling of a bare word, wherever it stands."""
    return (hamza(word) or ending(word)) if len(word) > 1 else None
