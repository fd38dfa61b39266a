"""Texts of a row's fields as messages of a conversation: how they are called, and which of them nobody is asked for.

A row of a dataset that is not chat goes through the same pipeline as a conversation: each text of it is a message
whose role is the text's place in the row (`question`, `choices[2]`), which is no role that a conversation has. So a
message with such a role is a field's, wherever it is met; its content is one that a translator is asked for, or one
that stays as it is in every language.
"""

import re
from collections.abc import Iterable, Sequence

from processors.conversations.parts import ROLES
from processors.protected.compare import protected_spans

# In a row's metadata: it was read by its fields. No column of chat is called so.
BY_FIELDS = "by fields"
# Between the places of one text that stands in a row several times.
SAME = " = "
_WORD = re.compile(r"[^\W\d_]+")
_TRUTH = frozenset({"true", "false"})
_ROMAN = re.compile(r"[IVX]{1,5}")
_LAST = re.compile(r"\[[^\[\]]*\](?!.*\[)", re.DOTALL)


def is_asked(role: str, content: str) -> bool:
    """Whether a translator is asked for a message: not for a tool's response, nor for a field that stays as it is.

    >>> is_asked("user", "A"), is_asked("tool", "Sunny"), is_asked("choices[0]", "A"), is_asked("choices[0]", "Paris")
    (True, False, False, True)
    """
    return role != "tool" if role in ROLES else not stays(content)


def stays(text: str) -> bool:
    """Whether a field's text is the same in every language: it has no word of two letters outside protected spans.

    A truth value and a Roman number of up to five letters are no words.

    >>> [stays(text) for text in ("42", "A", "π", "3x + 1 = 0", "True", "IV", "$\\\\frac{1}{2}$")]
    [True, True, True, True, True, True, True]
    >>> [stays(text) for text in ("no", "A and B", "I am", "kg")]
    [False, False, False, False]
    """
    core = text.strip()
    if core.casefold() in _TRUTH or _ROMAN.fullmatch(core):
        return True
    position, pieces = 0, []
    for span in protected_spans(core):
        pieces.append(core[position : span.start])
        position = span.end
    pieces.append(core[position:])
    return all(len(word) == 1 for piece in pieces for word in _WORD.findall(piece))


def role_of(places: Sequence[str]) -> str:
    """The role of a text by its places in the row, the first of each field that has it.

    >>> role_of(["choices[2]", "answer"]), role_of(["tool"])
    ('choices[2] = answer', '$.tool')
    """
    role = SAME.join(places)
    # A column may be called as a role; then it is called by its way from the root, as in JSONPath.
    return f"$.{role}" if role in ROLES else role


def siblings(role: str) -> list[str]:
    """The lists, or structs taken whole, that a field's text stands in: its places with the last index taken out.

    >>> siblings("choices[2] = answer"), siblings("parts[0].options[1].text"), siblings("question"), siblings("user")
    (['choices[]'], ['parts[0].options[].text'], [], [])
    """
    return [_LAST.sub("[]", place) for place in role.split(SAME) if "[" in place] if role not in ROLES else []


def by_fields(messages: Iterable[dict[str, str]]) -> bool:
    """Whether these messages are a row's fields: any of them has a place for its role."""
    return any(message["role"] not in ROLES for message in messages)
