"""What changed places while the rest stayed: cells of a table, lines, numbers among nouns, letters that name things.

A translation that is right has another order now and then ("35 books, of which 12 are new"), but then the words move
with the numbers. So it is told only where words of both places say, by the lexicon, that they stayed where they were.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from processors.alignment.lexicon import COMMON, Lexicon, lexicon
from processors.languages.digits import ascii_digits, canonical
from processors.languages.english_numbers import COUNTING, english_words
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.spellings import plain, with_ascii_digits
from processors.protected.find import blanked
from processors.texts.prose import sentences
from processors.texts.text import Text, text_of, view

# More places than a person compares.
_MOST_PLACES, _MOST_NUMBERS = 60, 8
# A name of one consonant (Io, Eu) sounds like a part of any word.
_LEAST_CONSONANTS = 2
# What marks or numbers an item or a choice belongs to its place.
_ITEM = re.compile(r"(?:[-*+•▪◦‣–]|[(\[]?(?:[^\W_]|\d{1,3})[.)\]:])\s+(?=\S)")
# Characters of a choice or an item of a list; a longer line is a paragraph, whose first mark may be anything.
_LONGEST_ITEM = 160
_DIGIT = re.compile(r"\d")
# Words behind a number, of which one says what is counted.
_BEHIND = 2
_LETTERS_ONLY = re.compile(r"[^\W\d_]")
# A digit first and then what stands before it, so that a search jumps from digit to digit.
_NUMBER = r"\d(?<![A-Za-z_\d.,]\d)\d*(?:[.,]\d+)*(?![A-Za-z_%])"
_COUNTED = {word: value for word, value in COUNTING.items() if word not in ("one", "a", "an")}
_IN_ENGLISH = re.compile(rf"{_NUMBER}|\b(?:{'|'.join(_COUNTED)})\b", re.IGNORECASE)
_COMPOUND = re.compile(
    r"\b(?:\w+ty|hundred|thousand|million|billion)[- ](?:and )?(?:one|two|three|four|five|six|seven|eight|nine|ten"
    r"|\w+teen|\w+ty|hundred|thousand|million|billion)\b",
    re.IGNORECASE,
)
_ONLY_NUMBER = re.compile(_NUMBER)
# By the rules of `_IN_ENGLISH`, for a text without its words: so the search jumps from digit to digit.
_DIGITS_IN_ENGLISH = re.compile(_NUMBER, re.IGNORECASE)
_WORD_OR_NUMBER = re.compile(rf"{_NUMBER}|[^\W\d_]+")
_ALONE = r"[A-Z](?<![\w.'’&+#/\-][A-Z])(?![\w'’&+#/\-])"
_LETTER = re.compile(_ALONE)
# "I" is a word, and "A" where a sentence begins.
_CAPITAL = re.compile(
    r"[A-Z](?:(?<![AI])(?<![\w.'’&+#/\-][A-Z])(?![\w'’&+#/\-])|(?<=\w A)(?![\w'’&+#/\-])|(?<=\(A)(?=\)))"
)
_NAME = re.compile(r"\b[A-Z][a-z]{2,}")
_COPIED = re.compile(rf"{_ALONE}|[A-Za-z]{{3,}}|\d+")
# Where the source itself counts one thing out of the other, or says who did what to whom, either may come first.
# Of a clock either comes first as well: ten past seven, ten to seven.
_HOUR = r"(?:\d|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon|midnight)"
_OUT_OF = re.compile(
    r"\b(?:of (?:the|these|those|them|which|whom|all|his|her|its|their|our|my|your|\d)|out of|between|versus|vs"
    rf"|against|than|by|instead|past {_HOUR}"
    r"|(?:it['’]s|it is|at|until|till|about|almost|nearly) (?:five|ten|twenty|twenty-five|\d\d?) (?:minutes )?to)\b",
    re.IGNORECASE,
)

_TO = re.compile(r"\bto (?:about |around |just |only |over )?[$€£]?$")
# A cheap look first: two digits match what follows.
_TWO_DIGITS = re.compile(r"\d\D*\d")
_AND = re.compile(r"\band\b|[^\w\s'’-]")
# Without two digits, letters or number words nothing is counted that could change places.
_COUNTS_TWICE = re.compile(
    r"(?:\d|\b(?:[A-Z]|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|[Tt]wo|[Tt]hree)\b)"
    r"[^\d]*(?:\d|\b(?:[A-Z]|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty)\b)"
)


class _Place(NamedTuple):
    """A piece of text: what the lexicon knows of it, and what shows in both languages.

    `others` are, of a source, the stems that translate each word; of a target its stems, each alone. `sounds` are how
    the source's names sound, and all words of a target that is beside one with names.
    """

    others: tuple[frozenset[str], ...]
    sounds: frozenset[str]
    copied: frozenset[str]


class Exchange(NamedTuple):
    """Two that changed places, or `what` of them did. Numbers in the spelling of `canonical`."""

    first: str
    second: str
    what: str = ""

    def __str__(self) -> str:
        return f"{self.what}'{self.first}' and '{self.second}'"


@view
def counts_twice(source: Text) -> bool:
    """Whether an English text has two numbers or letters that could change places."""
    return _TWO_DIGITS.search(source.string) is not None or _COUNTS_TWICE.search(source.string) is not None


def exchanged(source: Text, target: Text, known: LanguageKnowledge) -> Exchange | None:
    """What was exchanged; None where nothing was, or no words are known."""
    if lexicon(known.code) is None:
        return None
    return _places(source, target, known) or _tokens(source, target, known)


def may_be_exchanged(source: Text) -> bool:
    """A cheap look: whether anything of a text could have changed places, by the kinds of it that there are."""
    return bool(_looks(source)) and counts_twice(source)


@view
def _looks(source: Text) -> tuple[Look, ...]:
    looks: list[Look] = []
    if not _COUNTED.keys().isdisjoint(english_words(source)):
        looks.append(_numbers)
    elif _DIGIT.search(source.string):
        looks.append(_digits)
    if _LETTER.search(source.string):
        looks.append(_letters)
    return tuple(looks)


def _source_place(piece: str, words: Lexicon) -> _Place:
    found = words.source.words.findall(piece)
    entries = (next(filter(None, map(words.forward.get, words.source.stems(word.lower()))), None) for word in found)
    others = {entry.others for entry in entries if entry is not None and entry.rate < COMMON}
    sounds = frozenset(words.source.skeleton(name.lower()) for name in _NAME.findall(piece))
    return _Place(tuple(others), _long(sounds), frozenset(_COPIED.findall(piece)))


def _target_place(piece: str, words: Lexicon, *, names: bool) -> _Place:
    stems = frozenset(stem for word in words.target.words.findall(piece) for stem in words.target.stems(word))
    sounds = _long(map(words.target.skeleton, stems)) if names else frozenset()
    return _Place((stems,), sounds, frozenset(_COPIED.findall(piece)))


def _long(sounds: Iterable[str]) -> frozenset[str]:
    return frozenset(sound for sound in sounds if len(sound) >= _LEAST_CONSONANTS)


def _laid_out(left: Sequence[str], right: Sequence[str], words: Lexicon) -> tuple[list[_Place], list[_Place]]:
    """The pieces of both sides; those of the target are in its plain spelling."""
    here = [_source_place(piece, words) for piece in left]
    names = any(place.sounds for place in here)
    return here, [_target_place(piece, words, names=names) for piece in right]


def _signs(source: _Place, target: _Place) -> set[object]:
    """What of the source shows in the target: words by the lexicon, names, and what is written alike."""
    found: set[object] = {others for others in source.others if not others.isdisjoint(target.others[0])}
    return found | (source.sounds & target.sounds) | (source.copied & target.copied)


@view
def _pieces(text: Text) -> tuple[tuple[str, ...], ...]:
    """The cells of each line of a table, and what stands in each item of a list."""
    found: list[tuple[str, ...]] = []
    for line in blanked(text).split("\n"):
        line = line.strip()
        if not line.startswith("|"):
            item = _ITEM.match(line) if len(line) <= _LONGEST_ITEM else None
            found += [(line[item.end() :],)] if item else []
        elif _LETTERS_ONLY.search(line):
            found.append(tuple(map(str.strip, line.strip("|").split("|"))))
    return tuple(found)


def _places(source: Text, target: Text, known: LanguageKnowledge) -> Exchange | None:
    if "\n" not in source.string or "\n" not in target.string:
        return None
    here, there = _pieces(source), _pieces(target)
    if not 2 <= len(here) <= _MOST_PLACES or [len(row) for row in here] != [len(row) for row in there]:
        return None
    for left, right in _series(here, there):
        pair = _pair(left, right, known)
        if pair is not None:
            return Exchange(left[pair[0]], left[pair[1]])
    return None


Series = tuple[list[str], list[str]]


def _series(here: Sequence[tuple[str, ...]], there: Sequence[tuple[str, ...]]) -> Iterator[Series]:
    """What stands below each other: lines, and the cells of a column; then the cells of a row."""
    lines = [i for i, row in enumerate(here) if len(row) == 1]
    yield [here[i][0] for i in lines], [there[i][0] for i in lines]
    for column in range(max(map(len, here))):
        rows = [i for i, row in enumerate(here) if 1 < len(row) > column]
        yield [here[i][column] for i in rows], [there[i][column] for i in rows]
    for left, right in zip(here, there, strict=True):
        yield list(left), list(right)


def _pair(left: Sequence[str], right: Sequence[str], known: LanguageKnowledge) -> tuple[int, int] | None:
    """Two places of which each has the words of the other and none of its own."""
    words = lexicon(known.code)
    if len(left) < 2 or words is None:
        return None
    here, there = _laid_out(left, [known.normalise(ascii_digits(piece)) for piece in right], words)
    lost = [i for i, (a, b) in enumerate(zip(here, there, strict=True)) if not _signs(a, b)]
    for i, j in combinations(lost, 2):
        if _signs(here[i], there[j]) and _signs(here[j], there[i]):
            return i, j
    return None


def _tokens(source: Text, target: Text, known: LanguageKnowledge) -> Exchange | None:
    """Numbers or letters whose order changed although the words between them kept theirs."""
    looks = _looks(source)
    if not looks:
        return None
    left, right = sentences(source), sentences(target)
    if len(left) != len(right):
        left, right = (source.string,), (target.string,)
    for a, b in zip(left, right, strict=True):
        one = text_of(a)
        for look in looks:
            here = look(one, None)
            if not 2 <= len(here) <= _MOST_NUMBERS:
                continue
            there = look(text_of(b), known)
            if sorted(n for n, _, _ in here) == sorted(n for n, _, _ in there):
                found = _moved(one, text_of(b), here, there, known)
            else:
                found = _beside_two(one, text_of(b), here, there, known)
            if found:
                return found
    return None


Token = tuple[str, int, int]
Look = Callable[[Text, LanguageKnowledge | None], list[Token]]


def _digits(text: Text, known: LanguageKnowledge | None) -> list[Token]:
    """`_numbers` beside a source without number words."""
    return _numbers(text, known, _DIGITS_IN_ENGLISH)


def _numbers(text: Text, known: LanguageKnowledge | None, pattern: re.Pattern[str] = _IN_ENGLISH) -> list[Token]:
    """Values, in the spelling of `canonical`, with their places, of digits and of single words."""
    if known is None:
        string = with_ascii_digits(text)
        found = list(pattern.finditer(string))
        # "Twenty-six" is one number, and which of them is not asked here; of a single one nothing is.
        if len(found) < 2 or _COMPOUND.search(string):
            return []
        return [(_COUNTED.get(m[0].lower(), "") or canonical(m[0]), m.start(), m.end()) for m in found]
    spelling, tokens = plain(text, known), []
    counts = _count_words(known)
    found = [word for word in _WORD_OR_NUMBER.findall(spelling) if word in counts or word[0].isdigit()]
    # Most sentences have no number in words, and of the others' words each is to be placed.
    pattern = _ONLY_NUMBER if all(word[0].isdecimal() for word in found) else _WORD_OR_NUMBER
    for m in pattern.finditer(spelling) if found else ():
        value = counts.get(m[0]) or (canonical(m[0]) if m[0][0].isdigit() else None)
        if value is not None:
            tokens.append((value, m.start(), m.end()))
    return tokens


@lru_cache(maxsize=16)
def _count_words(known: LanguageKnowledge) -> dict[str, str]:
    """A language's words for single numbers from two on, to their digits."""
    forms = known.numbers.forms if known.numbers else {}
    single = ("one", "ten", "tens")
    return {word: str(value) for word, (kind, value) in forms.items() if kind in single and value not in (0, 1)}


def _letters(text: Text, known: LanguageKnowledge | None) -> list[Token]:
    pattern = _CAPITAL if known is None else _LETTER
    return [(m[0], m.start(), m.end()) for m in pattern.finditer(text.string)]


def _moved(
    source: Text, target: Text, here: Sequence[Token], there: Sequence[Token], known: LanguageKnowledge
) -> Exchange | None:
    words = lexicon(known.code)
    if words is None or len({n for n, _, _ in here}) != len(here) or _OUT_OF.search(source.string):
        return None
    left, right = _between(with_ascii_digits(source), here), _between(plain(target, known), there)
    # What no word parts is one number in several pieces.
    if not all(map(_LETTERS_ONLY.search, left[1:-1])):
        return None
    a, b = _laid_out(left, right, words)
    wrong = [i for i, (one, other) in enumerate(zip(here, there, strict=True)) if one[0] != other[0]]
    if not wrong:
        return _nouns(a, b, [n for n, _, _ in here])
    kept = len(here) - len(wrong)
    # Had a clause moved, what is counted between the two would have moved too.
    moved_alone = len(wrong) == 2 and (
        (kept >= 2 and wrong[1] - wrong[0] > 1) or _counted_stayed(left, right, wrong, words)
    )
    if not moved_alone and not _words_stayed(a, b):
        return None
    if _goes_to_the_same(source, target, here, there, known):
        return None
    return Exchange(here[wrong[0]][0], here[wrong[1]][0])


def _beside_two(
    source: Text, target: Text, here: Sequence[Token], there: Sequence[Token], known: LanguageKnowledge
) -> Exchange | None:
    """3 eggs and 2 cups that became two eggs, by the form of the noun, and 3 cups."""
    stated = [n for n, _, _ in here]
    said = [n for n, _, _ in there]
    words = lexicon(known.code)
    # All but "two" are there, each once.
    if words is None or not said or sorted([*said, "2"]) != sorted(stated) or len(set(stated)) != len(stated):
        return None
    string, spelling = with_ascii_digits(source), plain(target, known)
    if _OUT_OF.search(string):
        return None
    counted = {n: _source_place(_AND.split(" ".join(string[end:].split()[:_BEHIND]))[0], words) for n, _, end in here}
    whole = _target_place(spelling, words, names=False)
    for n, _, end in there:
        behind = _target_place(" ".join(spelling[end:].split()[:1]), words, names=False)
        both = _signs(counted["2"], behind) and _signs(counted[n], whole)
        if both and not _signs(counted[n], behind) and counted["2"].others != counted[n].others:
            return Exchange(n, "2", "what follows ")
    return None


def _goes_to_the_same(
    source: Text, target: Text, here: Sequence[Token], there: Sequence[Token], known: LanguageKnowledge
) -> bool:
    """Whether "from 900 to 1,200" became "to 1,200 from 900": what either stands behind has stayed with it."""
    towards = known.numbers.towards if known.numbers else ""
    if not towards:
        return False
    string, spelling = with_ascii_digits(source), plain(target, known)
    ends = {n for n, start, _ in here if _TO.search(string, max(0, start - 12), start)}
    theirs = {n for n, start, _ in there if re.search(towards, spelling[max(0, start - 20) : start])}
    return bool(ends) and ends == theirs


def _nouns(here: Sequence[_Place], there: Sequence[_Place], values: Sequence[str]) -> Exchange | None:
    """What follows two numbers that stayed, each now behind the other one."""
    alone = _alone(here, there)
    for i, j in combinations(range(1, len(here)), 2):
        near = {(a, b) for a, b in alone if a in (i, j)}
        if near == {(i, j), (j, i)}:
            return Exchange(values[i - 1], values[j - 1], "what follows ")
    return None


def _counted_stayed(left: Sequence[str], right: Sequence[str], wrong: Sequence[int], words: Lexicon) -> bool:
    """Whether what two numbers count stands where it stood: the first words behind each, and none behind the other."""
    here, there = ([" ".join(piece.split()[:_BEHIND]) for piece in (side[wrong[0] + 1], side[wrong[1] + 1])]
                   for side in (left, right))  # fmt: skip
    a, b = _laid_out(here, there, words)
    return all(map(_signs, a, b)) and not _signs(a[0], b[1]) and not _signs(a[1], b[0])


def _words_stayed(here: Sequence[_Place], there: Sequence[_Place]) -> bool:
    """Whether the words between the numbers are between the same two as before: one at least, and none elsewhere."""
    alone = _alone(here, there)
    return bool(alone) and all(i == j for i, j in alone)


def _alone(here: Sequence[_Place], there: Sequence[_Place]) -> list[tuple[int, int]]:
    """Of what stands once in the source and once in the target: its places."""
    found: dict[object, list[tuple[int, int]]] = {}
    for i, source in enumerate(here):
        for j, target in enumerate(there):
            for sign in _signs(source, target):
                found.setdefault(sign, []).append((i, j))
    return [places[0] for places in found.values() if len(places) == 1]


def _between(text: str, tokens: Sequence[Token]) -> list[str]:
    ends = [0, *(end for _, _, end in tokens)]
    starts = [*(start for _, start, _ in tokens), len(text)]
    return [text[begin:end] for begin, end in zip(ends, starts, strict=True)]
