"""Instructions on the form of an answer: bullets, highlights, sections, JSON, a title, one of a few options."""

from __future__ import annotations

import json
import re

from processors.instructions.kind import Arguments, Kind
from processors.instructions.response import ResponseText, fold_given

_BULLET = re.compile(r"[ \t]*(?:[-*•+–◦‣▪●○][ \t]+\S|[-–•‣▪●○][^\W\d_]|\*(?=[^\W\d_])[^*\n]*$)")
_RULE = re.compile(r"[ \t]*(?:(?:- *){3,}|(?:\* *){3,})$")
_NUMBERED = re.compile(r"[ \t]*\(?(?:[0-9٠-٩۰-۹]{1,3}|[أابجدهوزحطي])[.)\-][ \t]*\S")
# From an asterisk before a letter to one behind a letter, on one line. The longest run of asterisks first.
_HIGHLIGHT = re.compile(r"(?<![*\\])(\*{1,3})(?![\s*])[^*\n]*(?<=[^\s*])\1(?!\*)")
_TITLE = re.compile(r"<<((?:(?!<<|>>)[^\n])*)>>")
_AT_LINE_START = re.compile(r"[\s*_#>«\"“(\[-]*")
_FENCED = re.compile(r"```(?:json|JSON|Json)?[ \t]*\n?(.*?)\n?```\Z", re.DOTALL)


def _bullets(response: ResponseText, given: Arguments) -> bool:
    lines = response.lines
    found = sum(1 for line in lines if _BULLET.match(line) and not _RULE.match(line))
    if not found and response.loose:
        found = sum(1 for line in lines if _NUMBERED.match(line))
    return found == given["num_bullets"]


def _highlights(response: ResponseText, given: Arguments) -> bool:
    found = sum(1 for match in _HIGHLIGHT.finditer(response.text) if match.group().strip("*").strip())
    return found >= given["num_highlights"]


def _sections(response: ResponseText, given: Arguments) -> bool:
    """Lines that begin with the word and a number, in digits of any script or as an ordinal; leniently anywhere."""
    word = re.escape(fold_given(given["section_spliter"], response.language).strip("\"'«»: "))
    ordinals = "|".join(sorted((one for forms in response.facts.ordinals for one in forms), key=len, reverse=True))
    numbered = re.compile(rf"{word}[ \t]{{0,9}}(?:رقم )?[ \t:(#-]{{0,9}}(?:\d|(?:{ordinals or '(?!)'})(?!\w))")
    if response.loose:
        return sum(1 for _ in numbered.finditer(response.folded)) >= given["num_sections"]
    found = 0
    for line in response.folded.split("\n"):
        start = _AT_LINE_START.match(line)
        found += bool(numbered.match(line, start.end() if start else 0))
    return found >= given["num_sections"]


def _json(response: ResponseText, given: Arguments) -> bool:
    text = response.text.strip()
    fenced = _FENCED.match(text) if text.startswith("```") and text.count("```") == 2 else None
    try:
        json.loads(fenced.group(1) if fenced else text, parse_constant=_no_json)
    # A model in a loop opens more brackets than Python's parser goes down, or writes a number of 5,000 digits.
    except (ValueError, RecursionError):
        return False
    return True


def _no_json(name: str) -> None:
    raise ValueError(name)


def _title(response: ResponseText, given: Arguments) -> bool:
    return any(re.search(r"\w", found) for found in _TITLE.findall(response.text))


def _constrained(response: ResponseText, given: Arguments) -> bool:
    """One of the options stands in the answer, and no other. Spelled in two ways it is one: the last word decides."""
    options = [
        fold_given(one, response.language).strip(" .!\"'«»") for one in given.get("options", response.facts.answers)
    ]
    text = re.sub(r"\s+", " ", response.folded)
    found = []
    for option in sorted(set(options), key=len, reverse=True):
        pattern = re.compile(rf"(?<!\w){re.escape(option)}(?!\w)")
        if pattern.search(text):
            found.append(option.split(" ")[-1] if "options" not in given else option)
            # "I do not agree" holds "I agree".
            text = pattern.sub("|", text)
    return len(set(found)) == 1


# What leaves no room for another form of the whole answer.
_FORMS = frozenset(
    {
        "detectable_format:number_bullet_lists", "detectable_format:multiple_sections",
        "detectable_format:constrained_response", "detectable_format:json_format", "detectable_format:title",
        "detectable_format:number_highlighted_sections", "combination:two_responses", "combination:repeat_prompt",
        "startend:quotation", "startend:end_checker", "detectable_content:postscript",
        "length_constraints:number_paragraphs", "length_constraints:nth_paragraph_first_word",
    }
)  # fmt: skip

KINDS = (
    Kind(
        "detectable_format:number_bullet_lists",
        _bullets,
        {
            "ar": "يجب أن تحتوي إجابتك على {num_bullets:bullets} بالضبط على شكل قائمة نقطية، مثل:\n* هذه نقطة",
            "en": "Your answer must contain exactly {num_bullets:bullets}. Use the markdown bullet points such as:\n"
            "* This is point 1.",
        },
        {"num_bullets": "number"},
        lenient="a numbered list counts where there is no bullet",
    ),
    Kind(
        "detectable_format:constrained_response",
        _constrained,
        {
            "ar": "أجب بأحد الخيارات التالية: «إجابتي هي نعم.»، «إجابتي هي لا.»، «إجابتي هي ربما.»",
            "en": "Answer with one of the following options: My answer is yes. My answer is no. My answer is maybe.",
        },
        {"options": "texts"},
        optional=frozenset({"options"}),
        clashes=_FORMS | {"length_constraints:number_words", "length_constraints:number_sentences"},
    ),
    Kind(
        "detectable_format:number_highlighted_sections",
        _highlights,
        {
            "ar": "ميّز {num_highlights:highlights} على الأقل من إجابتك بتنسيق ماركداون، أي *جزء مميز*.",
            "en": "Highlight at least {num_highlights:highlights} in your answer with markdown, i.e. *highlighted "
            "section*.",
        },
        {"num_highlights": "number"},
    ),
    Kind(
        "detectable_format:multiple_sections",
        _sections,
        {
            "ar": "يجب أن تتكون إجابتك من {num_sections:sections}، وابدأ كل قسم بعنوان «{section_spliter}» "
            "مع رقمه، مثل:\n{section_spliter} 1",
            "en": "Your response must have {num_sections:sections}. Mark the beginning of each with {section_spliter} "
            "X, such as:\n{section_spliter} 1",
        },
        {"section_spliter": "text", "num_sections": "number"},
        lenient="the word and its number count anywhere, not at the start of a line alone",
    ),
    Kind(
        "detectable_format:json_format",
        _json,
        {
            "ar": "يجب أن تكون إجابتك كلها بصيغة JSON، ويمكنك استخدام علامات ماركداون مثل ```.",
            "en": "Entire output should be wrapped in JSON format. You can use markdown ticks such as ```.",
        },
        clashes=_FORMS | {"length_constraints:number_sentences"},
    ),
    Kind(
        "detectable_format:title",
        _title,
        {
            "ar": "يجب أن تتضمن إجابتك عنوانًا بين قوسين زاويّين مزدوجين، مثل <<قصيدة الفرح>>.",
            "en": "Your answer must contain a title, wrapped in double angular brackets, such as <<poem of joy>>.",
        },
    ),
)
