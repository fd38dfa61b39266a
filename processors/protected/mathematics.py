"""Mathematics among the protected spans: `$...$`, `\\(...\\)`, LaTeX environments, `\\boxed{...}`."""

import re
from bisect import bisect_left

from processors.protected.scan import NOWHERE, Found, Scan

# A placeholder such as {name}, which `$` may stand before: "${name}".
BRACES = re.compile(r"\{[A-Za-z_][\w.\-]{0,60}+(?::[^{}\s]{0,20}+)?\}|\{\d{1,2}\}")
_MATH_CLOSER = re.compile(r"(?<=[^\s\\$])\$(?![\d$])")
_AMOUNT = re.compile(r"\d[\d,.]*+(?:[kKMB]|%)?(?![\d\w])")
_MATH_SIGN = re.compile(r"[\\^_=+*/<>|{}()\[\]]|\d\s?-\s?\w")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_ENVIRONMENT = re.compile(r"\\(begin|end)\{([A-Za-z]{1,30}\*?)\}")
_LONGEST_INLINE, _LONGEST_DISPLAY = 1000, 10000


def dollar(scan: Scan, start: int, end: int) -> Found:
    """`$...$` and `$$...$$`, by pandoc's rule, and a shell's `${name}`."""
    text = scan.text
    if end - start == 2:
        closer = scan.find("$$", end)
        if closer < min(scan.limit, end + _LONGEST_DISPLAY) and not text[end:closer].isspace():
            return start, closer + 2, "math"
        return None
    if end - start > 2 or end >= scan.limit or text[end].isspace():
        return None
    if text[end] == "{":
        name = BRACES.match(text, end, scan.limit)
        if name and text[name.end() : name.end() + 1] != "$":
            return start, name.end(), "placeholder"
    closers = scan.once(_MATH_CLOSER, lambda whole: [found.start() for found in _MATH_CLOSER.finditer(whole)])
    assert isinstance(closers, list)
    place = bisect_left(closers, end)
    if place == len(closers) or closers[place] >= min(scan.limit, end + _LONGEST_INLINE):
        return None
    closer = closers[place]
    if scan.find("\n\n", end) < closer:
        return None
    # "$5 a day, or US$": an amount and then prose is money, not mathematics.
    amount = _AMOUNT.match(text, end, closer)
    if amount and amount.end() < closer and not _MATH_SIGN.search(text, amount.end(), closer):
        return None
    return start, closer + 1, "math"


def backslash(scan: Scan, start: int, end: int) -> Found:
    """Display and inline mathematics, environments and boxes."""
    text = scan.text
    what = text[start + 1 : end]
    if what == "(" or what == "[":
        closer = scan.find("\\)" if what == "(" else "\\]", end)
        longest = _LONGEST_INLINE if what == "(" else _LONGEST_DISPLAY
        return (start, closer + 2, "math") if closer < min(scan.limit, end + longest) else None
    if what == "begin{":
        pairs = scan.once(_ENVIRONMENT, _environments)
        assert isinstance(pairs, dict)
        closer = pairs.get(start, NOWHERE)
        return (start, closer, "environment") if closer <= scan.limit else None
    if what.startswith("boxed"):
        pairs = scan.once(_BRACE, _brace_pairs)
        assert isinstance(pairs, dict)
        closer = pairs.get(end - 1, NOWHERE)
        return (start, closer, "boxed") if closer <= scan.limit else None
    return None


def _environments(text: str) -> dict[int, int]:
    """Start of each `\\begin{x}` to the end of its `\\end{x}`; what is never closed, or crosses, has no entry."""
    ends: dict[int, int] = {}
    opened: list[tuple[str, int]] = []
    waiting: dict[str, int] = {}
    for mark in _ENVIRONMENT.finditer(text):
        name = mark[2]
        if mark[1] == "begin":
            opened.append((name, mark.start()))
            waiting[name] = waiting.get(name, 0) + 1
        elif waiting.get(name):
            while opened:
                inner, position = opened.pop()
                waiting[inner] -= 1
                if inner == name:
                    ends[position] = mark.end()
                    break
    return ends


def _brace_pairs(text: str) -> dict[int, int]:
    """Position of each `{` to the position after its `}`; a brace after a backslash is text."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for brace in _BRACE.finditer(text):
        if brace[0] == "{":
            opened.append(brace.start())
        elif brace[0] == "}" and opened:
            pairs[opened.pop()] = brace.end()
    return pairs
