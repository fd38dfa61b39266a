"""Why a completion is of no use, whatever it was asked: empty, cut off, refused, looping, in another language.

Only what is sure is a fault: a completion that is left out is never seen again, and whether an answer is right or good
is for who verifies and judges.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import regex

from processors.languages.english import ENGLISH
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.language import DEFAULT, Language, knowledge
from processors.languages.spellings import plain
from processors.protected.find import blanked
from processors.scrub import excerpt
from processors.texts.text import text_of

# A refusal stands at the beginning of an answer that says little else: "I cannot say for sure, but ..." is none.
_REFUSES_WITHIN, _MOST_WORDS = 160, 120
# Words at the end that are looked at for a loop, the longest piece that is repeated, and how often it must be.
_TAIL, _PERIOD, _COPIES = 240, 60, 4
# Fewer letters tell no language: a number, a formula, the name of a choice.
_FEW_LETTERS = 12
_LETTER = regex.compile(r"\p{L}")


class Completion(NamedTuple):
    """A text with the server's word for why it ended, and the language that was asked for.

    `least` is the share of its letters, outside of code, mathematics and addresses, that must be of its script.
    """

    text: str
    finish_reason: str = "stop"
    language: Language = DEFAULT
    least: float = 0.6


def fault_of(completion: Completion) -> tuple[str, str] | None:
    """The first fault: its name in snake_case, and what was seen. None for an answer.

    >>> fault_of(Completion("", "stop"))
    ('empty', 'no text')
    >>> fault_of(Completion("عاصمة مصر هي القاهرة، وهي أكبر مدنها.", "stop")) is None
    True
    """
    return next(((name, seen) for name, look in FAULTS.items() if (seen := look(completion))), None)


def letter_share(text: str, script: str) -> float | None:
    """The share of the letters outside of protected spans that are of a script; None where they are too few to tell.

    >>> letter_share("The answer is forty-two.", "Arab")
    0.0
    """
    prose = blanked(text_of(text))
    letters = len(_LETTER.findall(prose))
    return len(_of_script(script).findall(prose)) / letters if letters >= _FEW_LETTERS else None


@lru_cache(maxsize=16)
def _of_script(script: str) -> regex.Pattern[str]:
    return regex.compile(rf"(?=\p{{Script_Extensions={script}}})\p{{L}}")


def _cut(completion: Completion) -> str:
    if completion.finish_reason == "length":
        return "cut off at its longest; give decoding.max_tokens more"
    return ""


def _unfinished(completion: Completion) -> str:
    return "" if completion.finish_reason == "stop" else f"ended by {completion.finish_reason}"


def _empty(completion: Completion) -> str:
    return "" if completion.text.strip() else "no text"


def _refusal(completion: Completion) -> str:
    text = completion.text.strip()
    if len(text.split()) > _MOST_WORDS:
        return ""
    known = knowledge(completion.language.code, completion.language.script)
    head = text[: _REFUSES_WITHIN * 2]
    found = _refusing(known).search(plain(text_of(head), known).replace("’", "'"))
    return f"'{excerpt(found.group())}'" if found and found.start() < _REFUSES_WITHIN else ""


@lru_cache(maxsize=16)
def _refusing(known: LanguageKnowledge) -> re.Pattern[str]:
    phrases = [of.phrases.refusal for of in (ENGLISH, known) if of.phrases is not None]
    return re.compile("|".join(f"(?:{pattern})" for pattern in phrases), re.IGNORECASE)


def _loop(completion: Completion) -> str:
    words = completion.text.split()[-_TAIL:]
    for period in range(1, min(_PERIOD, len(words) // _COPIES) + 1):
        # Of single words and pairs it takes more: verses and lists of numbers repeat them.
        copies = _COPIES if period > 3 else 4 * _COPIES
        piece = words[-period:]
        if len(words) >= period * copies and words[-period * copies :] == piece * copies:
            return f"'{excerpt(' '.join(piece))}' {copies} times at its end"
    return ""


def _language(completion: Completion) -> str:
    share = letter_share(completion.text, completion.language.script)
    if share is None or share >= completion.least:
        return ""
    return f"{share:.0%} of its letters are {completion.language.name}"


# In the order in which they are looked for: what says most of what happened comes first.
FAULTS: dict[str, Callable[[Completion], str]] = {
    "cut": _cut,
    "unfinished": _unfinished,
    "empty": _empty,
    "refusal": _refusal,
    "loop": _loop,
    "language": _language,
}
