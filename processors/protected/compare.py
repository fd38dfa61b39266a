"""Protected spans of a text, and whether a translation kept them.

Finding is in `processors.protected.find` and `processors.protected.code_blocks`, travelling through a translator in
`processors.protected.masking`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from processors.protected.find import KINDS, Span, protected_spans, spans_of
from processors.protected.masking import Masked, Style, Unmasked, mask, unmask
from processors.protected.messages import count_messages, plural_form
from processors.texts.text import Text, text_of

__all__ = [
    "KINDS",
    "Difference",
    "Masked",
    "Span",
    "Style",
    "Unmasked",
    "compare_protected",
    "compare_texts",
    "mask",
    "protected_spans",
    "unmask",
]

_ADDRESS_CHARACTER = re.compile(r"[A-Za-z0-9/_\-@=&%#]")
_DIRECTION = re.compile(r"\s+(?:dir|lang|xml:lang)\s?=\s?(?:\"[^\"]*\"|'[^']*'|[a-zA-Z\-]+)")
# Attributes that a reader sees or hears; their text is translated.
_TEXTS = re.compile(
    r"(\s(?:title|alt|placeholder|aria-label|summary|label)\s?=)\s?(?:\"[^\"]*\"|'[^']*')", re.IGNORECASE
)
_ATTRIBUTES = re.compile(r"[^\s=<>]+=(?:\"[^\"]*\"|'[^']*'|[^\s\"'>]+)|[^\s=<>]+")
_CLOSED = re.compile(r"\s*(/?)>$")
_VOID_TAG = re.compile(r"<\s*(br|hr|img|input|meta|link|wbr|col)\b([^<>]*?)\s*/?>", re.IGNORECASE)
# Arabic writes some percentages with the sign in front.
_PERCENTAGE = re.compile(r"%\d%?")
_RULER = frozenset("|:- \t")
_FOREIGN_LETTER = re.compile(r"[^\W\d_a-zA-Z]")


@dataclass(frozen=True, slots=True)
class Difference:
    """Protected texts that the target lacks, and those that it has too often; true when there is any."""

    missing: Counter[str] = field(default_factory=Counter)
    extra: Counter[str] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return bool(self.missing or self.extra)


def compare_protected(source: str, target: str) -> Difference:
    """`compare_texts` of two strings."""
    return compare_texts(text_of(source), text_of(target))


def compare_texts(source_text: Text, target_text: Text) -> Difference:
    """Compare the protected texts of `source` and `target` as multisets, white space at their ends aside.

    What the neighbours of a span hide or invent in the target is no difference: a source span that stands in the
    target word for word counts as kept though it is not found as a span there (`و/think`, a URL before an Arabic
    letter), and a target span whose text also stands in the source as often, or which amounts of money or
    transliterated prose only seem to form, is not extra.
    """
    source_spans, target_spans = spans_of(source_text), spans_of(target_text)
    if not source_spans and not target_spans:
        return Difference()
    source, target = source_text.string, target_text.string
    wanted = _texts(source, source_spans)
    found = _texts(target, target_spans)
    if wanted == found:
        return Difference()
    missing, extra = wanted - found, found - wanted
    _match_reordered(missing, extra)
    if missing:
        rest = _without(target, target_spans, wanted)
        # The longest first: a URL must not be seen in a longer one that begins with it.
        for text in sorted(missing, key=len, reverse=True):
            rest, kept = _take(rest, text, missing[text])
            missing[text] -= kept
            for other in [other for other in extra if kept and (text in other or other in text)]:
                extra[other] = max(0, extra[other] - kept)
    kinds = {_plain(target, span): span.kind for span in target_spans}
    for text in extra:
        if extra[text] and _is_artefact(text, kinds[text], source, found[text]):
            extra[text] = 0
    return Difference(+missing, +extra)


def _texts(text: str, spans: Sequence[Span]) -> Counter[str]:
    return Counter(found for span in spans if (found := _plain(text, span)))


def _plain(text: str, span: Span) -> str:
    """What a span is compared by: `<br/>` is `<br />` and `<br>`, a tag may say the direction of its text, or another
    title for it, and a table's ruler where its columns stand."""
    found = text[span.start : span.end].strip()
    if span.kind == "placeholder" and found[-1:] in ("{", "}") and plural_form(found):
        return ""
    if span.kind == "placeholder" and text[span.end : span.end + 1] == "٪":
        # "%d%%" writes a sign that languages have of their own.
        return found + ("%" if found[-1].isdigit() else "%%")
    if found[:1] in ("|", ":", "-") and "-" in found and _RULER.issuperset(found):
        # As many columns, set to whichever side: a table in Arabic runs from the right.
        return "|---" * (found.strip("|").count("|") + 1)
    if span.kind != "tag" or not found.endswith(">") or "\n" in found:
        return found
    found = _CLOSED.sub(r"\1>", _TEXTS.sub(r"\1", _DIRECTION.sub("", found)))
    void = _VOID_TAG.fullmatch(found)
    return f"<{void[1].lower()}{void[2].rstrip()}>" if void else found


def _match_reordered(missing: Counter[str], extra: Counter[str]) -> None:
    """Takes away tags that differ by the order of their attributes alone."""
    for text in [text for text in missing if text.startswith("<") and text.count("=") >= 2]:
        parts = sorted(_ATTRIBUTES.findall(text))
        for other in [other for other in extra if len(other) == len(text) and other.startswith(text.split(" ", 1)[0])]:
            if sorted(_ATTRIBUTES.findall(other)) == parts:
                same = min(missing[text], extra[other])
                missing[text] -= same
                extra[other] -= same


def _without(target: str, spans: Sequence[Span], wanted: Counter[str]) -> str:
    """`target` without the spans that are as they should be, so that they are not counted twice."""
    parts, position, left = [], 0, wanted.copy()
    for span in spans:
        text = _plain(target, span)
        if left[text]:
            left[text] -= 1
            parts.append(target[position : span.start])
            position = span.end
    parts.append(target[position:])
    return "\0".join(parts)


def _take(rest: str, text: str, times: int) -> tuple[str, int]:
    """Cut up to `times` occurrences of `text` out of `rest`, none inside a longer word, number or address."""
    kept, position = 0, 0
    parts: list[str] = []
    while kept < times:
        place = rest.find(text, position)
        if place < 0:
            break
        end = place + len(text)
        before, after = rest[place - 1 : place], rest[end : end + 1]
        begins = text[0] == "." or _ADDRESS_CHARACTER.match(text[0])
        joined = (begins and _ADDRESS_CHARACTER.match(before)) or (
            _ADDRESS_CHARACTER.match(text[-1]) and _ADDRESS_CHARACTER.match(after)
        )
        if joined:
            parts.append(rest[position : place + 1])
            position = place + 1
            continue
        parts.append(rest[position:place] + "\0")
        position = end
        kept += 1
    return "".join(parts) + rest[position:], kept


def _is_artefact(text: str, kind: str, source: str, times: int) -> bool:
    if source.count(text) >= times or (kind == "placeholder" and text in source and count_messages(source)):
        # What a message says in one form of two, a language with more forms says more often.
        return True
    if _PERCENTAGE.fullmatch(text):
        return text[1] in source
    # Between two amounts, or in indentation, stands prose of the target language: nothing that a source could have.
    return kind in ("math", "indented_code") and bool(_FOREIGN_LETTER.search(text)) and "\\" not in text
