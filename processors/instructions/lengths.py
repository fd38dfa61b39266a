"""Instructions on length: words, sentences, paragraphs, and the word that a paragraph begins with."""

from __future__ import annotations

import re

from processors.instructions.kind import Arguments, Kind, holds
from processors.instructions.response import ResponseText, fold_given, one_spaced

# IFEval's rule between paragraphs. Three asterisks, not four, and not those that make a word bold and italic.
_RULE = re.compile(r"(?<!\S)(?:\*\*\*|\* \* \*|\\\*\\\*\\\*)(?!\S)")
# What may stand before the first word of a paragraph without being one.
_BEFORE_WORD = re.compile(r"[\s\"'“”«»‹›*_#>(\[-]+")


def _words(response: ResponseText, given: Arguments) -> bool:
    return holds(len(response.words), given["relation"], given["num_words"])


def _sentences(response: ResponseText, given: Arguments) -> bool:
    return holds(len(response.sentences), given["relation"], given["num_sentences"])


def _paragraphs(response: ResponseText, given: Arguments) -> bool:
    """Those between the rules; before the first and behind the last may be nothing, else none may be empty."""
    parts = [part.strip() for part in _RULE.split(response.text)]
    parts = parts[not parts[0] : len(parts) - (len(parts) > 1 and not parts[-1])]
    return all(parts) and len(parts) == given["num_paragraphs"]


def _first_word(response: ResponseText, given: Arguments) -> bool:
    paragraphs = response.paragraphs
    number = given["nth_paragraph"]
    if len(paragraphs) != given["num_paragraphs"] or not 0 < number <= len(paragraphs):
        return False
    # Enough of it for any first word; the rest need not be folded.
    start = fold_given(paragraphs[number - 1][:400], response.language)
    start = start[match.end() :] if (match := _BEFORE_WORD.match(start)) else start
    wanted = one_spaced(fold_given(given["first_word"], response.language).strip("\"'“”«»*.,،:؛!؟? "))
    behind = start[len(wanted) : len(wanted) + 1]
    # "إنّ" is folded to "ان" and so is "إنه" not: the word ends where the wanted one does.
    return start.startswith(wanted) and not (behind.isalnum() or behind == "_")


KINDS = (
    Kind(
        "length_constraints:number_sentences",
        _sentences,
        {
            "ar": "اكتب إجابة فيها {relation} {num_sentences:sentences}.",
            "en": "Your response should contain {relation} {num_sentences:sentences}.",
        },
        {"num_sentences": "number", "relation": "relation"},
    ),
    Kind(
        "length_constraints:number_paragraphs",
        _paragraphs,
        {
            "ar": "اكتب {num_paragraphs:paragraphs} بالضبط، وافصل بين الفقرات بفاصل ماركداون: ***",
            "en": "There should be exactly {num_paragraphs:paragraphs}, separated with the markdown divider: ***",
        },
        {"num_paragraphs": "number"},
        clashes=frozenset({"length_constraints:nth_paragraph_first_word"}),
    ),
    Kind(
        "length_constraints:number_words",
        _words,
        {"ar": "أجب في {relation} {num_words:words}.", "en": "Answer with {relation} {num_words:words}."},
        {"num_words": "number", "relation": "relation"},
    ),
    Kind(
        "length_constraints:nth_paragraph_first_word",
        _first_word,
        {
            "ar": "اكتب {num_paragraphs:paragraphs} بالضبط يفصل بينها سطر فارغ، وابدأ الفقرة رقم {nth_paragraph} "
            "بكلمة «{first_word}».",
            "en": "There should be exactly {num_paragraphs:paragraphs}, separated with two new lines. Paragraph "
            "{nth_paragraph} must start with the word {first_word}.",
        },
        {"num_paragraphs": "number", "nth_paragraph": "number", "first_word": "text"},
    ),
)
