"""In which language an answer is, of the 33 that IFEval asks for or that stand beside them.

By script, and where several languages share one by the commonest words and the letters that only one of them has.
Own tables and no model: langdetect draws lots, and knows neither code nor names of products.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import regex

from processors.instructions.response import MARKS

# By script (Unicode's name of it), the languages that share it: their commonest words, and letters that the others
# have not; and the scripts of one language.
_DATA = json.loads((Path(__file__).parent / "languages.json").read_text("utf-8"))
_SHARED: Mapping[str, Mapping[str, Mapping[str, str]]] = _DATA["shared"]
_ALONE: Mapping[str, str] = _DATA["alone"]
KNOWN: Mapping[str, str] = {
    **{language: script for script, languages in _SHARED.items() for language in languages},
    **{language: script for script, language in _ALONE.items()},
}
_SCRIPTS = tuple(dict.fromkeys([*_SHARED, *_ALONE]))
_RUNS = regex.compile("|".join(rf"(?P<{script}>\p{{Script={script}}}+)" for script in _SCRIPTS))
_WORDS = re.compile(r"[^\W\d_][\w\u0300-\u036f\u0900-\u097f\u200c]*")
# Code, addresses and tags are in no language.
_NO_LANGUAGE = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+|(?<!\w)www\.\S+|(?<!\S)[^\s@]{1,64}@\S+|</?\w{1,20}>", re.DOTALL
)
# In an answer of one language another's words are names and terms: at most so many letters, and no sentence of them.
_OTHER_LETTERS = 0.3
_SENTENCE = 6


@lru_cache(maxsize=64)
def _table(script: str) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """By word and by letter, the languages of a script that have it."""
    by_word: dict[str, tuple[str, ...]] = {}
    by_letter: dict[str, str] = {}
    for language, known in _SHARED[script].items():
        for word in known["words"].split():
            by_word[word] = (*by_word.get(word, ()), language)
        by_letter |= dict.fromkeys(known["letters"], language)
    return by_word, by_letter


def _scripts(text: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for run in _RUNS.finditer(text):
        found[run.lastgroup or ""] += run.end() - run.start()
    if found["Hiragana"] + found["Katakana"]:
        # Japanese is written in Chinese characters too.
        found["Hiragana"] += found.pop("Katakana", 0) + found.pop("Han", 0)
    return found


def prose_of(text: str) -> str:
    return _NO_LANGUAGE.sub(" ", MARKS.sub("", text))


def language_of(text: str) -> str | None:
    """The language of most of a text (ISO 639-1), of those in `KNOWN`; None where it has no letter of them.

    >>> language_of("ذهب الولد إلى المدرسة"), language_of("El gato está en la casa"), language_of("123")
    ('ar', 'es', None)
    """
    prose = prose_of(text)
    scripts = _scripts(prose)
    return _of_script(prose, scripts.most_common(1)[0][0]) if scripts else None


def _of_script(prose: str, script: str) -> str:
    if script in _ALONE:
        return _ALONE[script]
    by_word, by_letter = _table(script)
    score: Counter[str] = Counter(dict.fromkeys(_SHARED[script], 0))
    for word, times in Counter(_WORDS.findall(prose.casefold())).items():
        for language in by_word.get(word, ()):
            score[language] += 4 * times
        if script == "Arabic" and word.startswith(("ال", "وال", "بال", "لل")):
            score["ar"] += 2 * times
    for letter, times in Counter(prose.casefold()).items():
        if letter in by_letter:
            score[by_letter[letter]] += times
    # Ties go to the first of the table: the language that is written most.
    return max(_SHARED[script], key=lambda language: score[language])


def is_all_in(text: str, language: str) -> bool:
    """Whether a whole text is in one language: names, terms and code of another may stand in it, sentences may not."""
    prose = prose_of(text)
    scripts = _scripts(prose)
    total = sum(scripts.values())
    own = "Hiragana" if language == "ja" else KNOWN[language]
    if not total or scripts[own] < (1 - _OTHER_LETTERS) * total or _of_script(prose, own) != language:
        return False
    return not _has_foreign_sentence(prose, own, language)


def _has_foreign_sentence(prose: str, own: str, language: str) -> bool:
    """Whether as many words as a sentence has stand in a row in another script, or a line in another language."""
    run = 0
    for word in _WORDS.finditer(prose):
        match = _RUNS.match(word.group())
        script = match.lastgroup if match else own
        run = 0 if script == own or (language == "ja" and script in ("Han", "Katakana")) else run + 1
        if run >= _SENTENCE:
            return True
    if own not in _SHARED:
        return False
    return any(
        len(_WORDS.findall(line)) >= 2 * _SENTENCE and _of_script(line, own) != language for line in prose.splitlines()
    )
