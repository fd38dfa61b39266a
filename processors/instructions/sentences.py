"""The instruction to begin each sentence with a verb of a given form, which Arabic's grammar makes worth asking."""

from __future__ import annotations

import re

from processors.errors import InputError
from processors.instructions.kind import Arguments, Kind
from processors.instructions.response import MARKS, ResponseText
from processors.instructions.verbs import FORMS, tenses

_WORD = re.compile(r"[^\W\d_][\w\u064b-\u065f\u0670]*")
# What a lenient reader takes for a part of the verb behind it.
_PARTICLES = frozenset(["قد", "لقد", "وقد", "سوف", "لم", "لن", "لا", "ولا", "ولم", "ثم", "هل"])
# One sentence of ten may be forgotten, leniently.
_LENIENTLY = 0.9


def _form(given: Arguments) -> str:
    form = str(given["verb_form"]).strip().casefold()
    if form not in FORMS:
        raise InputError(f"sentences:start_with_verb: verb_form is {form!r}, expected one of {', '.join(FORMS)}")
    return form


def starts_with(sentence: str, form: str, lenient: bool = False) -> bool:
    """Whether a sentence's first word may be a verb of this form."""
    # Enough for two words, each with a mark on every letter.
    words = _WORD.findall(sentence[:160])
    if lenient and len(words) > 1 and MARKS.sub("", words[0]) in _PARTICLES:
        words = words[1:]
    return bool(words) and form in tenses(words[0])


def _verb_first(response: ResponseText, given: Arguments) -> bool:
    form, sentences = _form(given), response.sentences
    follow = sum(1 for sentence in sentences if starts_with(sentence, form, response.loose))
    return bool(sentences) and follow >= (_LENIENTLY if response.loose else 1) * len(sentences)


KINDS = (
    Kind(
        "sentences:start_with_verb",
        _verb_first,
        {
            "ar": "ابدأ كل جملة في إجابتك بفعل {verb_form}.",
            "en": "Start every sentence of your response with a verb in the {verb_form} form.",
        },
        {"verb_form": "text"},
        lenient="a particle may stand before the verb, and one sentence of ten may begin otherwise",
        asked_in=("ar",),
        clashes=frozenset(
            {
                "language:response_language", "detectable_format:json_format",
                "detectable_format:constrained_response", "combination:repeat_prompt",
                "startend:end_checker", "detectable_content:postscript",
                "length_constraints:nth_paragraph_first_word", "detectable_format:multiple_sections",
                "detectable_content:number_placeholders",
            }
        ),
    ),
)  # fmt: skip
