"""What is mended in a model's answer before it is checked: characters that it wrote as HTML writes them."""

import html
import re

_ENTITY = re.compile(r"&(?:#\d{2,5}|#x[0-9a-fA-F]{2,5}|[a-zA-Z]{2,8});")
# Characters that stand for each other: a translation has its own quotation marks and spaces.
_ALIKE = {"\N{NO-BREAK SPACE}": " ", "\N{LEFT DOUBLE QUOTATION MARK}": '"', "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
          "\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{RIGHT SINGLE QUOTATION MARK}": "'"}  # fmt: skip


def mend_entities(source: str, target: str) -> tuple[str, int]:
    """`target` with the characters for entities that `source` lacks while it has their characters; how many were.

    >>> mend_entities('He said "no" & left.', "&quot;لا&quot; &amp; غادر &copy;")
    ('"لا" & غادر &copy;', 3)
    """
    if "&" not in target:
        return target, 0
    mended = 0

    def character(found: re.Match[str]) -> str:
        nonlocal mended
        meant = html.unescape(found[0])
        meant = _ALIKE.get(meant, meant)
        if found[0] in source or len(meant) > 1 or not (meant in source or meant in _plain(source)):
            return found[0]
        mended += 1
        return meant

    return _ENTITY.sub(character, target), mended


def _plain(text: str) -> str:
    return "".join(_ALIKE.get(character, character) for character in text)
