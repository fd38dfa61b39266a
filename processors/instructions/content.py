"""Instructions on what an answer holds and how it begins and ends: placeholders, postscript, phrases, quotes."""

from __future__ import annotations

import re

from processors.instructions.kind import Arguments, Kind
from processors.instructions.response import MARKS, ResponseText, fold, fold_given, one_spaced

# Neither a link's text, nor a task's box, nor a number that cites.
_PLACEHOLDER = re.compile(r"\[(?![\s\dxX٠-٩,،-]*\])[^\[\]\n]{1,200}\](?!\()")
_HALVES = re.compile(r"(?<!\*)\*{6}(?!\*)")
_QUOTES = {'"': '"', "“": "”", "«": "»", "‹": "›", "„": "“", "”": "”", "»": "«", "＂": "＂"}
_AT_END = " \t\n\r\"'“”»«›*_.!؟?…،,؛;:)]`"
_AT_LINE_START = re.compile(r"[\s*_#>-]*")


def _placeholders(response: ResponseText, given: Arguments) -> bool:
    return len(_PLACEHOLDER.findall(response.text)) >= given["num_placeholders"]


def _postscript(response: ResponseText, given: Arguments) -> bool:
    """A line that begins with the marker and says something, in the last paragraph; leniently in any."""
    markers = [_marker(given["postscript_marker"], response.language)]
    if response.loose:
        markers += [marker.rstrip(".: ") for marker in response.facts.postscripts]
    paragraphs = response.paragraphs
    return any(_is_postscript(part, markers, response.language) for part in paragraphs[0 if response.loose else -2 :])


def _marker(marker: str, language: str) -> str:
    return fold_given(marker, language).rstrip(".: ")


def _is_postscript(paragraph: str, markers: list[str], language: str) -> bool:
    lines = fold(paragraph, language).split("\n")
    for number, line in enumerate(lines):
        line = line[_AT_LINE_START.match(line).end() :]  # type: ignore[union-attr]  # matches nothing too
        for marker in markers:
            behind = line[len(marker) :]
            if not line.startswith(marker) or behind[:1].isalpha():
                continue
            said = behind + " ".join(lines[number + 1 :])
            if any(character.isalnum() for character in said):
                return True
    return False


def _two_responses(response: ResponseText, given: Arguments) -> bool:
    parts = [part.strip() for part in _HALVES.split(response.text)]
    parts = parts[not parts[0] : len(parts) - (len(parts) > 1 and not parts[-1])]
    return len(parts) == 2 and all(parts) and parts[0] != parts[1]


def _plainly(text: str) -> str:
    """Without vowel marks, and with single spaces: what a model may add to a text that it repeats."""
    return one_spaced(MARKS.sub("", text)).casefold()


def _repeat(response: ResponseText, given: Arguments) -> bool:
    wanted = _plainly(given["prompt_to_repeat"]).rstrip(" .")
    # A text with a mark on each letter is twice as long, and may have more spaces.
    start = response.text.lstrip(' \n\t\r"“«*_>#')[: 4 * len(wanted) + 100]
    return _plainly(start).startswith(wanted)


def _end(response: ResponseText, given: Arguments) -> bool:
    wanted = fold_given(given["end_phrase"], response.language).strip(_AT_END)
    end = one_spaced(fold(response.text[-4 * len(given["end_phrase"]) - 200 :], response.language)).strip(_AT_END)
    before = end[: len(end) - len(wanted)][-1:]
    return end.endswith(wanted) and not before.isalnum() if wanted else False


def _quoted(response: ResponseText, given: Arguments) -> bool:
    """Whether one pair of double quotes holds the whole answer: the first is not closed before the end."""
    text = response.text.strip()
    if len(text) < 3 or _QUOTES.get(text[0]) != text[-1] or not text[1:-1].strip():
        return False
    opens, closes = text[0], text[-1]
    depth = 0
    for place, character in enumerate(text[:-1]):
        if opens == closes and character == opens:
            # A straight quote opens where a space stands before it or nothing behind it.
            depth += 1 if place == 0 or text[place - 1].isspace() or text[place - 1] in "([:" else -1
        elif character in (opens, closes):
            depth += 1 if character == opens else -1
        if depth <= 0:
            return False
    return True


KINDS = (
    Kind(
        "detectable_content:number_placeholders",
        _placeholders,
        {
            "ar": "يجب أن تتضمن إجابتك على الأقل {num_placeholders:placeholders} بين قوسين مربعين، مثل [العنوان].",
            "en": "The response must contain at least {num_placeholders:placeholders} represented by square brackets, "
            "such as [address].",
        },
        {"num_placeholders": "number"},
    ),
    Kind(
        "detectable_content:postscript",
        _postscript,
        {
            "ar": "أضف في نهاية إجابتك تذييلًا يبدأ بـ «{postscript_marker}».",
            "en": "At the end of your response, please explicitly add a postscript starting with {postscript_marker}",
        },
        {"postscript_marker": "text"},
        lenient="in any paragraph, and with any word of the language for a postscript",
        clashes=frozenset({"startend:end_checker", "startend:quotation"}),
    ),
    Kind(
        "combination:two_responses",
        _two_responses,
        {
            "ar": "قدّم إجابتين مختلفتين، ولا تفصل بينهما إلا بست نجمات: ******",
            "en": "Give two different responses. Responses and only responses should be separated by 6 asterisk "
            "symbols: ******.",
        },
        clashes=frozenset({"length_constraints:number_paragraphs", "length_constraints:nth_paragraph_first_word"}),
    ),
    Kind(
        "combination:repeat_prompt",
        _repeat,
        {
            "ar": "كرّر أولًا الطلب التالي كلمة بكلمة دون تغيير، ثم أجب عنه: {prompt_to_repeat}",
            "en": "First repeat the request word for word without change, then give your answer: {prompt_to_repeat}",
        },
        {"prompt_to_repeat": "text"},
        clashes=frozenset({"startend:quotation"}),
    ),
    Kind(
        "startend:end_checker",
        _end,
        {
            "ar": "أنهِ إجابتك بهذه العبارة تحديدًا دون أي كلمة بعدها: {end_phrase}",
            "en": "Finish your response with this exact phrase {end_phrase}. No other words should follow it.",
        },
        {"end_phrase": "text"},
    ),
    Kind(
        "startend:quotation",
        _quoted,
        {
            "ar": "ضع إجابتك كلها بين علامتي اقتباس.",
            "en": "Wrap your entire response with double quotation marks.",
        },
        clashes=frozenset({"combination:two_responses"}),
    ),
)
