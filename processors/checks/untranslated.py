"""English or a third language in Latin letters that stayed in the target, a stretch, a piece or the whole of it.

Where a conversation or the message itself works on a text, English that stands apart may be that text: then it is
noted and no veto (`processors.protected.kept.apart`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

from processors.checks.pairs.pair import NO_LANGUAGE, Pair
from processors.checks.pairs.verdict import Verdict, excerpt
from processors.checks.wording.mentioned import is_foreign, is_mention, is_word
from processors.checks.wording.stayed import stayed
from processors.languages.english import AUXILIARIES, ENGLISH, FUNCTION_WORDS, TITLE_WORDS
from processors.protected.find import blanked
from processors.protected.kept import is_worked_on, without_kept_english, without_what_stands_apart
from processors.protected.prose import small_words
from processors.texts.text import Text, view

_LATIN = re.compile(r"[A-Za-z][A-Za-z]")
_WORD = r"[A-Za-zÀ-ÖØ-öø-ɏḀ-ỹ][A-Za-zÀ-ÖØ-öø-ɏḀ-ỹ'’\-]*"
# A number or the end of a sentence within what stayed parts it no more than a comma does.
_SPACES = r"(?:[\s,;:\"“”()]{1,3}|(?<=[A-Za-z]{3})[.!?][\"”)]?\s)"
_BETWEEN = rf"{_SPACES}(?:\d[\d.,:%–\-]{{0,12}}{_SPACES})?"
_STRETCH = re.compile(rf"{_WORD}(?:{_BETWEEN}{_WORD})*")
LATIN_WORDS = re.compile(_WORD)
_SHARED_QUOTATION = re.compile(r"[\"“«]([^\"“”«»\n]{3,300}+)[\"”»]")
# Words in a row that a text may speak of as words: "an apple", "make install".
_MOST_MENTIONED = 3
# Words of a clause.
_CLAUSE = 5
# Words that the source writes small, of which so many with a capital are no name ("Click Save As").
_RAISED = 4
_LETTERS = re.compile(r"[^\W\d_]+")
_NEXT_SENTENCE = re.compile(r"[a-z][.?!] [A-Z][a-z]")
# Gives the target with what it rightly keeps blanked out.
_Kept = Callable[[], str]


def _is_prose(words: list[str]) -> tuple[int, int]:
    """(number of words, number of those written small), code-like ones left out."""
    small = sum(1 for w in words if w[0].islower() and w[1:].islower() and w not in ENGLISH.name_particles)
    return len(words), small


@view
def latin_prose(text: Text) -> tuple[int, int]:
    """`_is_prose` of the words in Latin letters outside protected spans."""
    return _is_prose(LATIN_WORDS.findall(blanked(text)))


@view
def _small_words(text: Text) -> frozenset[str]:
    """The words in Latin letters, written small."""
    words = LATIN_WORDS.findall(text.string.lower())
    return frozenset(words) | {part for word in words if "-" in word for part in word.split("-")}


def _quoted(text: str, start: int, end: int) -> bool:
    # An apostrophe may be a letter of the last word or the quotation mark behind it.
    end -= text[end - 1] in "'’"
    before, after = text[max(0, start - 3) : start].rstrip()[-1:], text[end : end + 3].lstrip()[:1]
    return before != "" and before in "\"'“«(‘[”„" and after in "\"'”»)’]“.,،"


def check_untranslated(pair: Pair) -> list[Verdict]:
    """Stretches of English in the target. Names, acronyms, quoted mentions and protected spans are none."""
    if pair.script == "Latn" or not _LATIN.search(pair.target.string):
        return []
    return _but_worked_on(pair, _left_english)


def check_identical(pair: Pair) -> list[Verdict]:
    """The target is the source although the source has English prose in it."""
    source, target = pair.source.string, pair.target.string
    if pair.script == "Latn" or (source != target and source.strip() != target.strip()):
        return []
    if is_foreign(pair.source, source.strip(), LATIN_WORDS.findall(source), pair.language):
        # A message in another language than English is no translator's to turn.
        return []
    said = [word for word in LATIN_WORDS.findall(blanked(pair.source)) if len(word) > 1]
    if small_words(said) * 8 >= len(said):
        # Signs make no code of a sentence with a formula: "Solve $x^2 = 4$ and give the sum of the roots."
        return _but_worked_on(pair, _is_source, partial(blanked, pair.target))
    return _but_worked_on(pair, _is_source)


def latin_share(pair: Pair) -> list[Verdict]:
    """A target that is nearly all Latin letters although the source has prose: not translated or transliterated."""
    target = pair.target.string
    if pair.script == "Latn" or not _LATIN.search(target):
        return []
    if sum(map(len, LATIN_WORDS.findall(target))) * 2 < sum(map(str.isalpha, target)):
        return []
    if is_foreign(pair.source, target.strip(), LATIN_WORDS.findall(target), pair.language):
        return []
    return _but_worked_on(pair, _nearly_all_latin)


def _but_worked_on(
    pair: Pair, look: Callable[[Pair, _Kept], list[Verdict]], without_kept: _Kept | None = None
) -> list[Verdict]:
    """What a look finds; noted only, where nothing is vetoed beside the text that is worked on."""
    without_kept = without_kept or cache(partial(without_kept_english, pair.source, pair.target, pair.kept))
    found = look(pair, without_kept)
    if not any(verdict.hard for verdict in found) or not (pair.of_english or is_worked_on(pair.source)):
        return found
    rest = without_what_stands_apart(pair.source, pair.target, without_kept())
    if rest is None or any(verdict.hard for verdict in look(pair, lambda: rest)):
        return found
    return [replace(verdict, hard=False) for verdict in found]


def _left_english(pair: Pair, without_kept: _Kept) -> list[Verdict]:
    # What may stay is only looked for where something seems to have stayed.
    found = _of_text(pair, blanked(pair.target)) and _of_text(pair, without_kept())
    if found and found[0].hard:
        return found
    known = pair.language != NO_LANGUAGE
    pieces = list(stayed(pair.source, pair.target, pair.language, without_kept)) if known else []
    piece = next((one for one in pieces if one.sure), None) or next(iter(pieces), None)
    if piece is None or (found and not piece.sure):
        return found
    what = "Latin letters that are not the source's" if piece.new else "English"
    detail = f"{what} at character {piece.at}: '{excerpt(piece.piece)}'"
    return [Verdict("script" if piece.new else "untranslated", piece.sure, detail)]


def _of_text(pair: Pair, text: str) -> list[Verdict]:
    first: Verdict | None = None
    for m in _STRETCH.finditer(text):
        found = _of_stretch(pair, m)
        if found and found.hard:
            return [found]
        first = first or found
    return [first] if first else []


def _of_stretch(pair: Pair, m: re.Match[str]) -> Verdict | None:
    """What is wrong with a stretch of Latin words in the target: copied English, or letters from nowhere."""
    words = LATIN_WORDS.findall(m.group())
    count, small = _is_prose(words)
    source, text = pair.source.string, m.string
    if count >= _RAISED and _is_raised(pair.source, m.group()):
        # "The Sound of Music": what the source writes small may be a work's name.
        detail = f"{count} English words in capitals at character {m.start()}"
        return Verdict("untranslated", not _is_title(words), detail)
    if not small or _is_title(words):
        return None
    quoted = _quoted(text, m.start(), m.end())
    if quoted and (count <= 3 or _quoted_in(source, m.group())):
        return None
    known = _small_words(pair.source)
    where = f"at character {m.start()}: '{excerpt(m.group())}'"
    if is_foreign(pair.source, m.group(), words, pair.language):
        return None
    if sum(w.lower() in known for w in words) * 2 >= count:
        if small >= 3 and (count >= 5 or (count == 4 and _goes_on(source, m.group(), words))):
            return Verdict("untranslated", True, f"{count} English words {where}")
        named = small == 1 and (
            len(words[0]) <= 3
            or quoted
            or is_mention(pair.source, m.group(), pair.knowledge.loans)
            or (count == 1 and not is_word(words[0], pair.language))
        )
        named = named or (count <= _MOST_MENTIONED and is_mention(pair.source, m.group(), pair.knowledge.loans))
        return None if named else Verdict("untranslated", False, f"{count} English words {where}")
    # A phrase in Latin letters that the source has not: a preface, a note, a sentence of another language.
    strange = [w for w in words if w.lower() not in known]
    # "et laissez infuser le thé pendant quatre minutes": by chance one of its words is the source's too.
    clause = count >= _CLAUSE and sum(map(str.islower, strange)) * 2 > count
    if small >= 2 and not quoted and ((count >= 3 and len(strange) == count) or clause):
        return Verdict("script", True, f"{count} Latin words that are not the source's {where}")
    entity = text[m.start() - 1 : m.start()] == "&" and text[m.end() : m.end() + 1] == ";"
    if not entity and not quoted and any(w.islower() and len(w) >= 2 and w.strip("-") not in known for w in words):
        return Verdict("script", False, f"Latin letters that are not the source's {where}")
    return None


def _goes_on(source: str, stretch: str, words: list[str]) -> bool:
    """Whether these words stand so in the source, and say something as titles do not ("against the Canadian is")."""
    return stretch in source and sum(1 for word in words if word in FUNCTION_WORDS or word in AUXILIARIES) >= 2


@view
def _lowered(text: Text) -> str:
    return text.string.lower()


def _is_raised(source: Text, stretch: str) -> bool:
    """Whether the source has these words one by one, of which some are small there and have capitals here."""
    at = _lowered(source).find(stretch.lower())
    there = source.string[at : at + len(stretch)]
    if at < 0 or there == stretch:
        return False
    pairs = zip(LATIN_WORDS.findall(there), LATIN_WORDS.findall(stretch), strict=False)
    return sum(1 for theirs, ours in pairs if theirs.islower() and not ours.islower()) >= _RAISED


def _is_title(words: list[str]) -> bool:
    """ "The Lord of the Rings": only words that titles write small are small, so that it may be a name."""
    small = sum(1 for word in words if word in TITLE_WORDS)
    capital = words[0][0].isupper() and small > 0 and len(words) >= small + 2
    return capital and all(w[0].isupper() or w in TITLE_WORDS for w in words)


def _quoted_in(source: str, stretch: str) -> bool:
    at = source.find(stretch)
    return at >= 0 and _quoted(source, at, at + len(stretch))


def _is_source(pair: Pair, without_kept: _Kept) -> list[Verdict]:
    source = pair.source.string
    count, small = latin_prose(pair.source)
    if not any(len(letters) > 1 for letters in _LETTERS.findall(source)):
        # Letters, each by itself: "y-r-a".
        return []
    if not (small >= 2 or (small and small == count)):
        return []
    if len(_NEXT_SENTENCE.findall(source)) < 2 and not _is_prose(LATIN_WORDS.findall(without_kept()))[0]:
        # Code that nobody fenced may stay as a whole; a sign ("Marks & Spencer") makes no code of a paragraph.
        return []
    return [Verdict("identical", True, f"the source text itself: '{excerpt(source.strip())}'")]


def _nearly_all_latin(pair: Pair, without_kept: _Kept) -> list[Verdict]:
    # A quotation may have other marks.
    target = _SHARED_QUOTATION.sub(lambda m: "" if m[1] in pair.source.string else m[0], without_kept())
    target = _STRETCH.sub(lambda m: "" if _is_title(LATIN_WORDS.findall(m.group())) else m.group(), target)
    found = LATIN_WORDS.findall(target)
    latin, letters = sum(map(len, found)), sum(map(str.isalpha, target))
    small, prose = latin_prose(pair.source)[1], _is_prose(found)[1]
    if latin * 10 >= letters * 7 and (prose >= 2 or latin >= letters >= 15) and small >= 2:
        return [Verdict("script", True, f"{latin} of {letters} letters are Latin: '{excerpt(target.strip())}'")]
    return []
