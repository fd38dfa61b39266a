"""Is the target in the script of its language: broken letters, foreign scripts, a neighbour's letters."""

from __future__ import annotations

import re
from functools import lru_cache

import regex

from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict, excerpt
from processors.checks.untranslated import LATIN_WORDS, latin_prose, latin_share
from processors.checks.wording.names import is_borrowed, is_known
from processors.languages.knowledge import Letters
from processors.protected.find import blanked
from processors.texts.broken import HARMLESS, broken, few_single_letters, single_letters
from processors.texts.prose import characters, distinct_characters, longest_word, visible_length, words
from processors.texts.text import Text, text_of, view_by

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
_LETTERS = re.compile(r"[^\W\d_]+")
# So often a letter is to be expected that no text is without it by chance: of 3,443 texts of five messages of software
# five lack one that was to be expected six times.
_MANY = 8.5
# Different words in a neighbour's letters that may all be names.
_MOST_LOANS = 2
_SENTENCE_END = re.compile(r"(?<=[.!?؟۔؛])\s+|\n")
# An end that stands in front.
_ENDS_IN_FRONT = ".؟!"
_EXPECTED = {"Hant": "Hans", "Hani": "Hans"}


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
    count, small = latin_prose(pair.source)
    latin = latin_prose(pair.target)[0]
    # "OK", "iPhone 15" and "km/h" may stay; where nothing is left of a word, it went.
    if small >= 2 or (
        count and not latin and max(map(len, LATIN_WORDS.findall(blanked(pair.source))), default=0) >= 4
    ):
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


def check_script(pair: Pair) -> list[Verdict]:
    """Letters of a wrong script: hard for scripts that the source does not have, soft for a neighbour's letters."""
    found = (_foreign(pair), _neighbour(pair))
    return [verdict for verdict in found if verdict] + latin_share(pair)


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
    letters = pair.knowledge.letters
    if letters is None or not letters.foreign.search(pair.target.string):
        return None
    # One sentence of another language is few words of a long text.
    texts = (pair.target.string, *filter(letters.foreign.search, _SENTENCE_END.split(pair.target.string)))
    found = [one for text in texts if (one := _of_neighbour(pair, letters, text))]
    return next((one for one in found if one.hard), next(iter(found), None))


def _of_neighbour(pair: Pair, letters: Letters, target: str) -> Verdict | None:
    allowed = distinct_characters(pair.source)
    words = letters.word.findall(target)
    foreign = [w for w in words if any(c not in allowed for c in letters.foreign.findall(w))]
    if len(set(foreign)) <= _MOST_LOANS and not letters.foreign_words.search(target):
        # "Gujarati" and "MyPaint" in letters that the language has not.
        foreign = [w for w in foreign if not is_borrowed(w, pair.source, pair.knowledge)]
    if not foreign:
        return None
    others = len(letters.foreign_words.findall(target))
    # Names in such letters, or words of the language in another keyboard's, do not show it.
    shown = others > 0 or any(not letters.loans.keys().isdisjoint(w) for w in foreign)
    borrowed = sum(is_borrowed(w, pair.source, pair.knowledge) for w in foreign)
    many = len(foreign) >= 4 and len(foreign) * 5 >= len(words) and borrowed * 2 < len(foreign)
    if not many and len(foreign) in (2, 3) and shown and not borrowed:
        # A short sentence has but few words that show it.
        both = sum(1 for w in words if w in foreign or letters.foreign_words.fullmatch(w))
        many = len(words) <= len(foreign) ** 2 or (both > len(foreign) and both * 2 >= len(words))
    hard = many or others >= 2
    return Verdict("script", hard, f"{letters.whose} letters: '{' '.join(foreign[:4])}'")
