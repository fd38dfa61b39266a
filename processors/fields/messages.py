"""A row's texts as the messages of a conversation, and a translated conversation's contents as the row's texts.

Equal texts of a row are one message: an answer that is an option's text is translated as the option is. What is around
a text (blanks, ends of lines) stays where it is; a text of nothing else is no message.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from processors.conversations.field_texts import role_of
from processors.fields.tables import FieldText


@dataclass(frozen=True, slots=True)
class RowTexts:
    """`messages` as of a conversation; `places` has each text's message (-1: it is none) with what is around it."""

    messages: list[dict[str, str]]
    places: tuple[tuple[int, str, str], ...]
    texts: tuple[str, ...]

    def put_back(self, contents: Sequence[str]) -> list[str]:
        """The row's texts, in their order, of the messages' contents."""
        return [
            lead + contents[message] + trail if message >= 0 else text
            for (message, lead, trail), text in zip(self.places, self.texts, strict=True)
        ]


def row_texts(found: Sequence[FieldText]) -> RowTexts:
    """The messages of a row's texts.

    >>> made = row_texts([FieldText(0, "choices[0]", "Rome"), FieldText(0, "choices[1]", "Paris "),
    ...                   FieldText(1, "answer", "Paris"), FieldText(2, "hint", "")])
    >>> made.messages
    [{'content': 'Rome', 'role': 'choices[0]'}, {'content': 'Paris', 'role': 'choices[1] = answer'}]
    >>> made.put_back(["روما", "باريس"])
    ['روما', 'باريس ', 'باريس', '']
    """
    numbers: dict[str, int] = {}
    called: list[dict[int, str]] = []
    places = []
    for leaf, place, text in found:
        core = text.strip()
        if not core:
            places.append((-1, "", ""))
            continue
        number = numbers.setdefault(core, len(numbers))
        if number == len(called):
            called.append({})
        called[number].setdefault(leaf, place)
        lead = text[: len(text) - len(text.lstrip())]
        places.append((number, lead, text[len(lead) + len(core) :]))
    messages = [
        {"content": core, "role": role_of(list(of.values()))} for core, of in zip(numbers, called, strict=True)
    ]
    return RowTexts(messages, tuple(places), tuple(one.text for one in found))
