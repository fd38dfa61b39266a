"""Texts of any language and direction in HTML, and where in them stands what a check found.

A verdict says its reason in words and has no offsets. What it quotes and the numbers that it names are looked for in
the two texts; what is not found is not marked.
"""

import html
import re
from collections.abc import Iterable

from processors.protected.compare import protected_spans

# Invisible, and able to turn around what stands after them: shown by name.
_NAMED = {
    0x202A: "LRE", 0x202B: "RLE", 0x202C: "PDF", 0x202D: "LRO", 0x202E: "RLO",
    0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI",
}  # fmt: skip
_ODD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_QUOTED = re.compile(r"'((?:[^']|'(?=\w))+)'")
# Flags of a prompt are named without quotes.
_FLAG = re.compile(r"(?<!\S)/[a-z_]+")
_CHARACTER = re.compile(r"at character (\d+)")
_NUMBER = re.compile(r"\d+(?:[.,٫٬]\d+)*")
# One letter for each, so that places stay: checks read past these differences.
_ALIKE = str.maketrans("أإآٱىة", "اااايه")
_WINDOW = 420

Place = tuple[int, int]


def escaped(text: str) -> str:
    """A text as HTML, also within an attribute: no markup of its own, and nothing invisible that moves others.

    >>> escaped("a</script>\\u202eb\\ud800")
    'a&lt;/script&gt;[RLO]b[U+D800]'
    """
    return _ODD.sub(lambda found: _name(found[0]), html.escape(text))


def _name(character: str) -> str:
    return f"[{_NAMED.get(ord(character), f'U+{ord(character):04X}')}]"


def places(detail: str, text: str) -> list[Place]:
    """Where in `text` stands what a verdict's `detail` speaks of: places as start and end, in order, apart.

    >>> places("the source's 50000 became 15000", "It held 50,000 people.")
    [(8, 14)]
    >>> places("refusal: 'اسف، لا'", "أنا آسف، لا أستطيع.")
    [(4, 11)]
    """
    near = int(found[1]) if (found := _CHARACTER.search(detail)) else 0
    # What stands after the last ` in '` is the beginning of the whole text, told to find it.
    reason, _, start = detail.replace(' in "', " in '").rpartition(" in '")
    said = reason if reason and start.endswith(("'", '"')) else detail
    pieces = [*_QUOTED.findall(said), *_FLAG.findall(said)]
    marked = [place for piece in pieces if (place := _find(piece, text, near))]
    if not marked:
        wanted = {_digits(number) for number in _NUMBER.findall(_CHARACTER.sub("", said))}
        marked = [found.span() for found in _NUMBER.finditer(text) if _digits(found[0]) in wanted]
    return _apart(marked)


def protected_places(text: str) -> list[Place]:
    """Where code, addresses, mathematics and the like stand, which a translation must keep as they are."""
    return [(span.start, span.end) for span in protected_spans(text)]


def _find(piece: str, text: str, near: int) -> Place | None:
    words = piece.rstrip("…").split()
    if not words:
        return None
    pattern = re.compile(r"\s+".join(re.escape(word.translate(_ALIKE)) for word in words))
    found = [match.span() for match in pattern.finditer(text.translate(_ALIKE))]
    return min(found, key=lambda place: abs(place[0] - near), default=None)


def _digits(number: str) -> str:
    return "".join(str(int(c)) for c in number if c.isdecimal())


def _apart(found: Iterable[Place]) -> list[Place]:
    apart: list[Place] = []
    for start, end in sorted(found):
        if apart and start <= apart[-1][1]:
            apart[-1] = apart[-1][0], max(end, apart[-1][1])
        else:
            apart.append((start, end))
    return apart


def shown_text(
    text: str, language: str, marked: Iterable[Place] = (), *, kept: Iterable[Place] = (), whole: bool = False
) -> str:
    """A text as an element: each of its lines in its own direction, with `marked` places, in HTML.

    `kept` are code, formulas and the like, which run from left to right: in a line of Arabic their ends would stand at
    the wrong sides. Unless `whole`, of a long text what is around its first mark.
    """
    marked, kept = _apart(marked), _apart(kept)
    start, end = 0, len(text)
    if not whole and end > 2 * _WINDOW:
        start = max(0, (marked[0][0] if marked else 0) - _WINDOW // 2)
        end = min(end, max(start + 2 * _WINDOW, marked[0][1] + _WINDOW // 2 if marked else 0))
    parts, at = ["… " if start else ""], start
    for left, right in kept:
        if right > start and left < end:
            left, right = max(left, start), min(right, end)
            inner = _with_marks(text, at, left, marked), _with_marks(text, left, right, marked)
            parts += [inner[0], f'<bdi dir="ltr">{inner[1]}</bdi>']
            at = right
    parts.append(_with_marks(text, at, end, marked) + (" …" if end < len(text) else ""))
    return f'<div class="text" dir="auto" lang="{escaped(language)}">{"".join(parts)}</div>'


def _with_marks(text: str, start: int, end: int, marked: list[Place]) -> str:
    parts, at = [], start
    for left, right in marked:
        if right > start and left < end:
            left, right = max(left, start), min(right, end)
            parts.append(f"{escaped(text[at:left])}<mark>{escaped(text[left:right])}</mark>")
            at = right
    return "".join([*parts, escaped(text[at:end])])
