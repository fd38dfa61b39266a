"""Instructions on words and letters: keywords with what is written at them, and how often a letter stands."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from processors.instructions.facts import LESS_THAN, Facts, facts_of
from processors.instructions.kind import Arguments, Kind, holds
from processors.instructions.response import MARKS, ResponseText, clean, fold_words, one_spaced

_ARABIC = re.compile(r"[\u0620-\u06ff]")


@lru_cache(maxsize=1024)
def _pattern(keyword: str, language: str, sure: bool) -> re.Pattern[str]:
    """What finds a keyword in a folded text. `sure`: only where it can be no other word."""
    facts = facts_of(language)
    parts = one_spaced(fold_words(clean(keyword), language)).split(" ")
    if not facts.article or not _ARABIC.search(parts[0] + parts[-1]):
        # IFEval looks for keywords inside words and for forbidden words as words.
        edges = (r"(?<![a-z0-9_])", r"(?![a-z0-9_])") if sure else ("", "")
        return re.compile(edges[0] + r"\s+".join(map(re.escape, parts)) + edges[1])
    start, end = _beginnings(parts[0], facts), _endings(parts[-1], facts, sure)
    if _has_article(parts[0], facts):
        parts[0] = parts[0][len(facts.article) :]
    if _is_feminine(parts[-1], facts):
        parts[-1] = parts[-1].removesuffix(facts.feminine[0])
    body = r"\s+".join(map(re.escape, parts))
    return re.compile(rf"(?<!\w)(?:{start}){body}(?:{end})(?!\w)")


def _has_article(word: str, facts: Facts) -> bool:
    return word.startswith(facts.article) and len(word) > len(facts.article) + 2


def _is_feminine(word: str, facts: Facts) -> bool:
    return bool(facts.feminine[0]) and word.endswith(facts.feminine[0]) and len(word) > 2


def _beginnings(word: str, facts: Facts) -> str:
    with_article = [before + facts.article for before in facts.before_article] + list(facts.contracted)
    if _has_article(word, facts):
        # "ال" and "ل" before a word in ل: "الليل", "لليل".
        if word[len(facts.article) :].startswith("ل"):
            with_article += [contracted[:-1] for contracted in facts.contracted]
        return "|".join(sorted(with_article, key=len, reverse=True))
    bare = list(facts.before) if len(word) >= facts.shortest else [""]
    if word[:1] in facts.future[1] and len(word) > 3:
        bare += [conjunction + facts.future[0] for conjunction in ("", "و", "ف")]
    return "|".join(sorted([*with_article, *bare], key=len, reverse=True))


def _endings(word: str, facts: Facts, sure: bool) -> str:
    own, misspelt, joined = facts.feminine
    if _is_feminine(word, facts):
        return "|".join([own, misspelt, *(joined + after for after in (*facts.after, *facts.after_unsure) if after)])
    after = facts.after if sure else (*facts.after, *facts.after_unsure)
    return "|".join(sorted(after, key=len, reverse=True))


def times(response: ResponseText, keyword: str, sure: bool) -> int:
    """How often a keyword stands in the answer."""
    pattern = _pattern(keyword, response.language, sure)
    return sum(1 for _ in pattern.finditer(response.worded))


def _existence(response: ResponseText, given: Arguments) -> bool:
    return all(times(response, keyword, sure=False) for keyword in given["keywords"])


def _frequency(response: ResponseText, given: Arguments) -> bool:
    found = times(response, given["keyword"], sure=given["relation"] == LESS_THAN)
    return holds(found, given["relation"], given["frequency"])


def _forbidden(response: ResponseText, given: Arguments) -> bool:
    return not any(times(response, word, sure=True) for word in given["forbidden_words"])


def letters(response: ResponseText, letter: str) -> int:
    """How often a letter stands: in all spellings of it, or with the mark that it is given with, or a mark alone."""
    letter = clean(letter.strip()).casefold()
    marks = [character for character in letter if unicodedata.combining(character)]
    bare = MARKS.sub("", letter)
    if not marks:
        same = next((group for group in response.facts.same_letters if bare in group and bare), bare)
        return sum(response.text.casefold().count(one) for one in (same if len(bare) == 1 else [bare]))
    if not bare:
        return response.text.count(letter)
    with_marks = re.finditer(rf"{re.escape(bare)}([\u064b-\u065f\u0670]+)", response.text)
    return sum(1 for match in with_marks if set(marks) <= set(match.group(1)))


def _letter_frequency(response: ResponseText, given: Arguments) -> bool:
    return holds(letters(response, given["letter"]), given["let_relation"], given["let_frequency"])


KINDS = (
    Kind(
        "keywords:existence",
        _existence,
        {"ar": "أدرج في إجابتك الكلمات التالية: {keywords}.", "en": "Include keywords {keywords} in the response."},
        {"keywords": "texts"},
    ),
    Kind(
        "keywords:frequency",
        _frequency,
        {
            "ar": "يجب أن ترد كلمة «{keyword}» في إجابتك {relation} {frequency:times}.",
            "en": "In your response, the word {keyword} should appear {relation} {frequency:times}.",
        },
        {"keyword": "text", "frequency": "number", "relation": "relation"},
    ),
    Kind(
        "keywords:forbidden_words",
        _forbidden,
        {
            "ar": "لا تستخدم في إجابتك أيًّا من هذه الكلمات: {forbidden_words}.",
            "en": "Do not include keywords {forbidden_words} in the response.",
        },
        {"forbidden_words": "texts"},
    ),
    Kind(
        "keywords:letter_frequency",
        _letter_frequency,
        {
            "ar": "يجب أن يرد حرف «{letter}» في إجابتك {let_relation} {let_frequency:times}.",
            "en": "In your response, the letter {letter} should appear {let_relation} {let_frequency:times}.",
        },
        {"letter": "text", "let_frequency": "number", "let_relation": "relation"},
    ),
)
