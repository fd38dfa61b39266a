"""Is the target in the target language: broken letters, untranslated English, foreign scripts, a neighbour's."""

from __future__ import annotations

import re
from functools import lru_cache

import regex

from processors.checks.pairs.pair import NO_LANGUAGE, Pair
from processors.checks.pairs.verdict import Verdict, excerpt
from processors.checks.wording.mentioned import is_foreign, is_mention, is_word
from processors.checks.wording.names import is_borrowed, is_known
from processors.checks.wording.stayed import stayed
from processors.languages.english import AUXILIARIES, ENGLISH, FUNCTION_WORDS, TITLE_WORDS
from processors.languages.knowledge import Letters
from processors.protected.find import blanked
from processors.protected.kept_english import without_kept_english
from processors.texts.broken import HARMLESS, broken, few_single_letters, single_letters
from processors.texts.prose import characters, distinct_characters, longest_word, visible_length, words
from processors.texts.text import Text, text_of, view, view_by

_LATIN = re.compile(r"[A-Za-z][A-Za-z]")
_WORD = r"[A-Za-zÀ-ÖØ-öø-ɏḀ-ỹ][A-Za-zÀ-ÖØ-öø-ɏḀ-ỹ'’\-]*"
# A number or the end of a sentence within what stayed parts it no more than a comma does.
_SPACES = r"(?:[\s,;:\"“”()]{1,3}|(?<=[A-Za-z]{3})[.!?][\"”)]?\s)"
_BETWEEN = rf"{_SPACES}(?:\d[\d.,:%–\-]{{0,12}}{_SPACES})?"
_STRETCH = re.compile(rf"{_WORD}(?:{_BETWEEN}{_WORD})*")
_WORDS = re.compile(_WORD)
_SHARED_QUOTATION = re.compile(r"[\"“«]([^\"“”«»\n]{3,300}+)[\"”»]")
# Scripts that no translation needs unless it is written in them or the source shows them. Greek stands in formulas:
# soft.
_FOREIGN = re.compile(
    r"[\u0370-\u03ff\u0400-\u052f\u0530-\u05ff\u0700-\u074f\u0780-\u07bf\u0900-\u1cff\u2e80-\u2fff\u3040-\u30ff"
    r"\u3100-\u9fff\u3001\u3002\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f\ua000-\uabff\uac00-\ud7ff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff]+"
)
_SCRIPTS = (
    ("Ethi", "Ethiopic", re.compile(r"[\u1200-\u139f\u2d80-\u2ddf\uab01-\uab2f]")),
    ("Hans", "Chinese", re.compile(r"[\u2e80-\u2fff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")),
    ("Jpan", "Japanese", re.compile(r"[\u3040-\u30ff]")),
    ("Kore", "Korean", re.compile(r"[\u1100-\u11ff\uac00-\ud7ff]")),
    ("Cyrl", "Cyrillic", re.compile(r"[\u0400-\u052f]")),
    ("Grek", "Greek", re.compile(r"[\u0370-\u03ff]")),
    ("Hebr", "Hebrew", re.compile(r"[\u0590-\u05ff]")),
    ("Deva", "Devanagari", re.compile(r"[\u0900-\u097f]")),
    ("Thai", "Thai", re.compile(r"[\u0e00-\u0e7f]")),
)
_WRITTEN_IN = {"Jpan": ("Hira", "Kana", "Hani"), "Kore": ("Hang",), "Hans": ("Hani",), "Hant": ("Hani",)}
_WITHOUT_SPACES = frozenset(["Jpan", "Hans", "Hant", "Hani", "Thai", "Laoo", "Khmr", "Mymr", "Tibt"])
# No Arabic word of FLORES, Tatoeba and Debian's catalogues has more than 19 letters.
_LONGEST_WORD = 26
_LONG = re.compile(rf"[^\W\d_]{{{_LONGEST_WORD},}}")
# Words in a row that a text may speak of as words: "an apple", "make install".
_MOST_MENTIONED = 3
_LETTERS = re.compile(r"[^\W\d_]+")
# So often a letter is to be expected that no text is without it by chance: of 3,443 texts of five messages of software
# five lack one that was to be expected six times.
_MANY = 8.5
# Words that the source writes small, of which so many with a capital are no name ("Click Save As").
_RAISED = 4
# Different words in a neighbour's letters that may all be names.
_MOST_LOANS = 2
# An end that stands in front.
_ENDS_IN_FRONT = ".؟!"
_EXPECTED = {"Hant": "Hans", "Hani": "Hans"}


def _is_prose(words: list[str]) -> tuple[int, int]:
    """(number of words, number of those written small), code-like ones left out."""
    small = sum(1 for w in words if w[0].islower() and w[1:].islower() and w not in ENGLISH.name_particles)
    return len(words), small


@view
def _prose(text: Text) -> tuple[int, int]:
    """`_is_prose` of the words in Latin letters outside protected spans."""
    return _is_prose(_WORDS.findall(blanked(text)))


@view
def _small_words(text: Text) -> frozenset[str]:
    """The words in Latin letters, written small."""
    words = _WORDS.findall(text.string.lower())
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
    # What may stay is only looked for where something seems to have stayed.
    found = _of_text(pair, blanked(pair.target)) and _of_text(pair, _without_kept(pair))
    if found and found[0].hard:
        return found
    known = pair.language != NO_LANGUAGE
    pieces = list(stayed(pair.source, pair.target, pair.language, lambda: _without_kept(pair))) if known else []
    piece = next((one for one in pieces if one.sure), None) or next(iter(pieces), None)
    if piece is None or (found and not piece.sure):
        return found
    what = "Latin letters that are not the source's" if piece.new else "English"
    detail = f"{what} at character {piece.at}: '{excerpt(piece.piece)}'"
    return [Verdict("script" if piece.new else "untranslated", piece.sure, detail)]


def _without_kept(pair: Pair) -> str:
    return without_kept_english(pair.source, pair.target, pair.kept)


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
    words = _WORDS.findall(m.group())
    count, small = _is_prose(words)
    source, text = pair.source.string, m.string
    if count >= _RAISED and _is_raised(pair.source, m.group()):
        return Verdict("untranslated", True, f"{count} English words in capitals at character {m.start()}")
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
    if count >= 3 and small >= 2 and not quoted and not any(w.lower() in known for w in words):
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
    pairs = zip(_WORDS.findall(there), _WORDS.findall(stretch), strict=False)
    return sum(1 for theirs, ours in pairs if theirs.islower() and not ours.islower()) >= _RAISED


def _is_title(words: list[str]) -> bool:
    """ "The Lord of the Rings": only words that titles write small are small, so that it may be a name."""
    small = sum(1 for word in words if word in TITLE_WORDS)
    capital = words[0][0].isupper() and small > 0 and len(words) >= small + 2
    return capital and all(w[0].isupper() or w in TITLE_WORDS for w in words)


def _quoted_in(source: str, stretch: str) -> bool:
    at = source.find(stretch)
    return at >= 0 and _quoted(source, at, at + len(stretch))


@view_by
def _letters_of(text: Text, script: str) -> int:
    """How many letters of the script stand outside protected spans."""
    return len(_letter(script).findall(blanked(text)))


@lru_cache(maxsize=16)
def _letter(script: str) -> regex.Pattern[str]:
    # Japanese and Korean are written in scripts of several codes, whose own names Unicode does not know.
    names = _WRITTEN_IN.get(script, (script,))
    return regex.compile("[" + "".join(rf"\p{{scx={name}}}" for name in names) + r"&&\p{L}]", regex.V1)


def check_broken(pair: Pair) -> list[Verdict]:
    """Letters that broke on the way, or none of the script although the source has prose."""
    had = {sign.kind for sign in broken(pair.source)}
    signs = sorted((s for s in broken(pair.target) if s.kind not in had), key=lambda sign: sign.kind in HARMLESS)
    told = [f"{sign.kind} at character {sign.at}: '{excerpt(sign.found)}'" for sign in signs[:1]]
    if signs and signs[0].kind not in HARMLESS:
        return [Verdict("broken", True, told[0])]
    found = _no_letter(pair) or _lost_spaces(pair) or _out_of_order(pair) or _letters_lost(pair)
    return [Verdict("broken", True, found)] if found else [Verdict("broken", False, detail) for detail in told]


def _no_letter(pair: Pair) -> str | None:
    if _letter(pair.script).search(pair.target.string):
        return None
    source, target = pair.source.string.strip(), pair.target.string.strip()
    if source == target or not target:
        return None
    count, small = _prose(pair.source)
    latin = _prose(pair.target)[0]
    # "OK", "iPhone 15" and "km/h" may stay; where nothing is left of a word, it went.
    if small >= 2 or (count and not latin and max(map(len, _WORDS.findall(blanked(pair.source))), default=0) >= 4):
        return f"no letter of the target's script: '{excerpt(target)}'"
    return None


def _lost_spaces(pair: Pair) -> str | None:
    """Every letter by itself, or all words as one."""
    alone, of = (0, 0) if few_single_letters(pair.target) else single_letters(pair.target)
    if alone >= 6 and alone * 10 >= of * 7:
        left, all_left = single_letters(pair.source)
        # Short words come apart into twice as many at least; "hh:mm:ss" has as many letters.
        if left * 10 < all_left * 4 and of >= all_left * 2:
            return f"{alone} of {of} words are single letters"
    if pair.script in _WITHOUT_SPACES:
        return None
    left, right = len(words(pair.source)), len(words(pair.target))
    if left >= 6 and right * 4 < left and visible_length(pair.target) * 2 > visible_length(pair.source):
        return f"{right} words where the source has {left}"
    for word in _LONG.findall(pair.target.string) if longest_word(pair.target) >= _LONGEST_WORD else ():
        if len(set(word)) > 4 and not word.isascii() and not _has_long_word(pair.source, len(word)):
            return f"a word of {len(word)} letters: '{excerpt(word)}'"
    return None


def _has_long_word(source: Text, length: int) -> bool:
    """Whether a source has a word about as long: "#WomenInScienceCommunication"."""
    return any(len(word) * 4 >= length * 3 for word in _LETTERS.findall(source.string))


def _is_written(pair: Pair, letters: Letters) -> bool:
    return letters.own is not None and letters.own.search(pair.target.string) is not None


def _out_of_order(pair: Pair) -> str | None:
    """Letters from the last to the first: words begin with what ends one, and the mark of the end is in front."""
    letters = pair.knowledge.letters
    if letters is None or letters.backwards is None:
        return None
    perhaps = letters.ends_backwards is None or letters.ends_backwards.search(pair.target.string) is not None
    matches = list(letters.backwards.finditer(pair.target.string)) if perhaps else []
    if not matches and pair.target.string.lstrip()[:1] not in _ENDS_IN_FRONT:
        return None
    found = [m[0] for m in matches if m[1] or not is_known(m[0], pair.source, pair.knowledge)]
    right = letters.forwards.findall(pair.target.string) if letters.forwards else []
    sure = any(m[1] for m in matches) or (len(found) >= 3 and _is_written(pair, letters))
    if sure and len(found) >= 2 and len(found) > len(right):
        return f"words are written from the end: '{excerpt(' '.join(found[:3]))}'"
    start, end = pair.target.string.strip()[:1], pair.target.string.strip()[-1:]
    if (
        start in _ENDS_IN_FRONT
        and pair.source.string.strip()[:1] not in ".?!"
        and end.isalpha()
        and (found or not right)
    ):
        return f"the text begins with its end: '{excerpt(pair.target.string.strip())}'"
    return None


def _letters_lost(pair: Pair) -> str | None:
    """A letter that every text has is in none of the words; another language's spelling is another fault."""
    letters = pair.knowledge.letters
    if letters is None or len(pair.target.string) < 40 or not _is_written(pair, letters):
        return None
    # Seldom is one missing, which is seen at once.
    written = characters(pair.target)
    if not any(written.isdisjoint(group) for group, _ in letters.frequent):
        return None
    if letters.foreign.search(pair.target.string):
        return None
    count = _letters_of(pair.target, pair.script)
    # What a text repeats tells less than what it says anew.
    distinct = _letters_of(text_of(" ".join(dict.fromkeys(words(pair.target)))), pair.script)
    for group, share in letters.frequent:
        often = min(count, distinct * 2) * share
        if often >= _MANY and not any(letter in pair.target.string for letter in group):
            return f"no '{group[0]}' among {count} letters"
    return None


def check_identical(pair: Pair) -> list[Verdict]:
    """The target is the source although the source has English prose in it."""
    source, target = pair.source.string, pair.target.string
    if pair.script == "Latn" or (source != target and source.strip() != target.strip()):
        return []
    count, small = _prose(pair.source)
    if not any(len(letters) > 1 for letters in _LETTERS.findall(source)):
        # Letters, each by itself: "y-r-a".
        return []
    if not (small >= 2 or (small and small == count)) or not _is_prose(_WORDS.findall(_without_kept(pair)))[0]:
        # What is left of code that nobody fenced may stay as a whole.
        return []
    return [Verdict("identical", True, f"the source text itself: '{excerpt(source.strip())}'")]


def check_script(pair: Pair) -> list[Verdict]:
    """Letters of a wrong script: hard for scripts that the source does not have, soft for a neighbour's letters."""
    found = (_foreign(pair), _neighbour(pair), _latin_share(pair))
    return [verdict for verdict in found if verdict]


# Characters that were met and are not foreign: all of most texts.
_native: set[str] = set()


def _is_foreign(character: str) -> bool:
    foreign = _FOREIGN.search(character) is not None
    if not foreign:
        _native.add(character)
    return foreign


def _foreign(pair: Pair) -> Verdict | None:
    """Letters of a script that neither the source nor the language has."""
    if not any(map(_is_foreign, characters(pair.target) - _native)):
        return None
    expected = _EXPECTED.get(pair.script, pair.script)
    for m in _FOREIGN.finditer(pair.target.string):
        allowed = distinct_characters(pair.source)
        strange = "".join(c for c in m.group() if c not in allowed)
        if not strange:
            continue
        found = next((entry for entry in _SCRIPTS if entry[2].search(strange)), None)
        if found and (found[0] == expected or (expected == "Jpan" and found[0] == "Hans")):
            continue
        name = found[1] if found else "foreign" if any(map(str.isalpha, strange)) else "full-width"
        what = "marks" if name == "full-width" else "letters"
        detail = f"{name} {what} at character {m.start()}: '{excerpt(m.group())}'"
        return Verdict("script", name not in ("Greek", "full-width"), detail)
    return None


def _neighbour(pair: Pair) -> Verdict | None:
    """Letters of a language that shares the script: Persian and Urdu ones in Arabic."""
    target, letters = pair.target.string, pair.knowledge.letters
    if letters is None or not letters.foreign.search(target):
        return None
    allowed = distinct_characters(pair.source)
    words = letters.word.findall(target)
    foreign = [w for w in words if any(c not in allowed for c in letters.foreign.findall(w))]
    if len(set(foreign)) <= _MOST_LOANS and not letters.foreign_words.search(target):
        # "Gujarati" and "MyPaint" in letters that the language has not.
        foreign = [w for w in foreign if not is_borrowed(w, pair.source, pair.knowledge)]
    if not foreign:
        return None
    others = len(letters.foreign_words.findall(target))
    many = len(foreign) >= 4 and len(foreign) * 5 >= len(words)
    if not many and len(foreign) in (2, 3) and len(words) <= len(foreign) ** 2:
        # A short sentence has but few words that show it; names in such letters, or words of the language in another
        # keyboard's letters, do not.
        shown = others > 0 or any(not letters.loans.keys().isdisjoint(w) for w in foreign)
        many = shown and not any(is_borrowed(w, pair.source, pair.knowledge) for w in foreign)
    hard = many or others >= 2
    return Verdict("script", hard, f"{letters.whose} letters: '{' '.join(foreign[:4])}'")


def _latin_share(pair: Pair) -> Verdict | None:
    """A target that is nearly all Latin letters although the source has prose: not translated or transliterated."""
    target = pair.target.string
    if pair.script == "Latn" or not _LATIN.search(target):
        return None
    if sum(map(len, _WORDS.findall(target))) * 2 < sum(map(str.isalpha, target)):
        return None
    target = _SHARED_QUOTATION.sub(lambda m: "" if m[0] in pair.source.string else m[0], _without_kept(pair))
    target = _STRETCH.sub(lambda m: "" if _is_title(_WORDS.findall(m.group())) else m.group(), target)
    found = _WORDS.findall(target)
    latin, letters = sum(map(len, found)), sum(map(str.isalpha, target))
    small, prose = _prose(pair.source)[1], _is_prose(found)[1]
    if latin * 10 >= letters * 7 and (prose >= 2 or latin >= letters >= 15) and small >= 2:
        return Verdict("script", True, f"{latin} of {letters} letters are Latin: '{excerpt(target.strip())}'")
    return None
