"""Spellings of a text that checks compare, each made once a text."""

from __future__ import annotations

from processors.languages.digits import ascii_digits, numbers
from processors.languages.number_words import normalise_arabic
from processors.texts.text import Text, view


@view
def with_ascii_digits(text: Text) -> str:
    """The text with ASCII digits; offsets stay."""
    return ascii_digits(text.string)


@view
def folded(text: Text) -> str:
    """ASCII digits, and one form of each Arabic letter (`normalise_arabic`): what lists of stems are looked for in."""
    return normalise_arabic(with_ascii_digits(text))


@view
def numbers_in(text: Text) -> tuple[str, ...]:
    """Every number written in digits, in order, in the spelling of `canonical`."""
    return tuple(numbers(with_ascii_digits(text)))
