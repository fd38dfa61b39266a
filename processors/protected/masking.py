"""How protected spans travel through a translator, and how they come back.

A translator that keeps tokens it does not know gets placeholders; one trained on XML gets empty tags; one that can be
told what to leave alone gets the text as it is. Small models damage what they copy (spaces inside the brackets,
Arabic-Indic digits, another case): `unmask` forgives that, and names what it cannot repair.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from processors.protected.find import Span

Style = Literal["placeholder", "tag", "in_place"]
_BRACKETS = ("⟦⟧", "⟪⟫", "⦃⦄", "【】", "〖〗")
_TAG_LETTERS = "xgpqz"


@dataclass(frozen=True, slots=True)
class Masked:
    """`text` is what the translator gets; the mark numbered n (from 1) stands for `originals[n - 1]`.

    `opening` and `closing` surround a mark's number; both are empty for the style "in_place".
    """

    text: str
    originals: tuple[str, ...]
    opening: str = ""
    closing: str = ""


@dataclass(frozen=True, slots=True)
class Unmasked:
    """`text` with the originals restored. Originals that never came back, or came more than once; unknown marks."""

    text: str
    missing: tuple[str, ...] = ()
    duplicated: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not (self.missing or self.duplicated or self.unknown)


def mask(text: str, spans: Sequence[Span], style: Style = "placeholder") -> Masked:
    """Replace `spans` (sorted, not overlapping) by numbered marks that occur nowhere in the text around them."""
    originals = tuple(text[span.start : span.end] for span in spans)
    if style == "in_place" or not spans:
        return Masked(text, originals)
    between, position = [], 0
    for span in spans:
        between.append(text[position : span.start])
        position = span.end
    between.append(text[position:])
    opening, closing = _marks("\n".join(between), style)
    parts = [between[0]]
    for number, rest in enumerate(between[1:], 1):
        parts += (opening, str(number), closing, rest)
    return Masked("".join(parts), originals, opening, closing)


def _marks(around: str, style: Style) -> tuple[str, str]:
    times = 1
    while True:
        if style == "tag":
            lowered = around.lower()
            for letter in _TAG_LETTERS:
                if not re.search(rf"<\s*/?\s*{letter * times}\s*\d", lowered):
                    return f"<{letter * times}", "/>"
        else:
            for pair in _BRACKETS:
                opening, closing = pair[0] * times, pair[1] * times
                if opening not in around and closing not in around:
                    return opening, closing
        times += 1


def mask_alike(masked: Masked, text: str, spans: Sequence[Span]) -> str:
    """Another text of the same content with the marks of `masked` for those of its `spans` that have one.

    >>> spans = [Span(4, 7, "code")]
    >>> mask_alike(mask("See `a`.", spans), "انظر `a`.", [Span(5, 8, "code")])
    'انظر ⟦1⟧.'
    """
    if not masked.opening:
        return text
    numbers: dict[str, list[int]] = {}
    for number, original in enumerate(masked.originals, 1):
        numbers.setdefault(original, []).append(number)
    parts, position = [], 0
    for span in spans:
        if waiting := numbers.get(text[span.start : span.end]):
            parts += [text[position : span.start], f"{masked.opening}{waiting.pop(0)}{masked.closing}"]
            position = span.end
    return "".join([*parts, text[position:]])


def unmask(masked: Masked, answer: str) -> Unmasked:
    """Put the originals back into the translator's `answer`.

    With the style "in_place" the answer is returned as it is, and an original counts as missing when the answer has
    it less often than the source.
    """
    if not masked.opening:
        wanted = Counter(masked.originals)
        lost = tuple(text for text, times in wanted.items() if answer.count(text) < times)
        return Unmasked(answer, missing=lost)
    seen: Counter[int] = Counter()
    unknown: list[str] = []

    def original(found: re.Match[str]) -> str:
        # \d takes the digits of every script, and so does int().
        number = int(found[1])
        if 1 <= number <= len(masked.originals):
            seen[number] += 1
            return masked.originals[number - 1]
        unknown.append(found[0])
        return found[0]

    text = _pattern(masked).sub(original, answer)
    numbered = list(enumerate(masked.originals, 1))
    return Unmasked(
        text,
        missing=tuple(text for number, text in numbered if not seen[number]),
        duplicated=tuple(text for number, text in numbered if seen[number] > 1),
        unknown=tuple(unknown),
    )


def _pattern(masked: Masked) -> re.Pattern[str]:
    # Bidi marks may be set around the number as well as spaces.
    gap = r"[\s\u200e\u200f\u061c\u2066-\u2069]{0,5}"
    if masked.closing == "/>":
        letters = re.escape(masked.opening[1:])
        number = rf"<{gap}{letters}{gap}(\d{{1,9}}){gap}"
        # "<x1></x1>" is one mark, as is a lone "<x1>".
        return re.compile(rf"{number}(?:/{gap}>|>(?:{gap}<{gap}/{gap}{letters}{gap}\d{{1,9}}{gap}>)?)", re.IGNORECASE)
    opening, closing = masked.opening, masked.closing
    # Reordering for display has been seen to turn the brackets round.
    either = rf"(?:{opening}|{closing})"
    return re.compile(rf"{either}{gap}(\d{{1,9}}){gap}{either}")
