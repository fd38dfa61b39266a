"""Mathematics among the protected spans: `$...$`, `\\(...\\)`, LaTeX environments, `\\boxed{...}`."""

import re
from bisect import bisect_left

from processors.protected.scan import NOWHERE, Found, Scan

# A placeholder such as {name}, which `$` may stand before: "${name}".
BRACES = re.compile(r"\{[A-Za-z_][\w.\-]{0,60}+(?::[^{}\s]{0,20}+)?\}|\{\d{1,2}\}")
_DOLLAR = re.compile(r"(?<!\\)\$")
# A shell's variable or command; no currency's sign ("US$", "$USD").
_SHELL_NAME = re.compile(
    r"(?!US\b|USD|CAD|AUD|NZD|HKD|SGD|TWD|MXN|BRL|CDN|million|billion|trillion|thousand|hundred)[A-Za-z_]\w{2,60}+(?!\$)"
    r"|\([A-Za-z_][\w ./-]{0,60}\)(?!\$)"
)
# Three words beside each other that no formula has.
_SMALL_WORDS = re.compile(r"(?<![A-Za-z\\])[a-z]{2,}[,;:]? (?:[a-z][,;:]? )?[a-z]{2,}[,;:]? [a-z]{2,}")
_AMOUNT = re.compile(r"\d[\d,.]*+(?:[kKMB]|%)?(?![\d\w])")
_MATH_SIGN = re.compile(r"[\\^_=+*/<>|{}()\[\]]|\d\s?-\s?\w")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_ENVIRONMENT = re.compile(r"\\(begin|end)\{([A-Za-z]{1,30}\*?)\}")
# Characters: a sign that opens and is not closed in these opened nothing; it also keeps the search linear.
_LONGEST_INLINE, _LONGEST_DISPLAY = 1000, 10000


def dollar(scan: Scan, start: int, end: int) -> Found:
    """`$...$` and `$$...$$`, by pandoc's rule, a shell's `${name}`, `$(command)` and `$NAME`; no amounts of money."""
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
    closer = _math_closer(scan, end)
    if closer >= 0 and not _is_money(text, start, end, closer):
        return start, closer + 1, "math"
    name = _SHELL_NAME.match(text, end, scan.limit)
    return (start, name.end(), "placeholder") if name and not text[start - 1 : start].isalnum() else None


def _math_closer(scan: Scan, end: int) -> int:
    """The next `$`, where it can close what opened before `end`; else -1: mathematics holds no `$` of its own."""
    text = scan.text
    dollars = scan.once(_DOLLAR, lambda whole: [found.start() for found in _DOLLAR.finditer(whole)])
    assert isinstance(dollars, list)
    place = bisect_left(dollars, end)
    if place == len(dollars) or dollars[place] >= min(scan.limit, end + _LONGEST_INLINE):
        return -1
    closer = dollars[place]
    before, after = text[closer - 1], text[closer + 1 : closer + 2]
    if before.isspace() or before == "$" or after.isdigit() or after == "$" or scan.find("\n\n", end) < closer:
        return -1
    # What opens something itself closes nothing: "($x", "~$y", "=$<<2*3=6>>".
    opens = after.isascii() and (after.isalpha() or after in tuple("{<\\_(.-"))
    if opens and not (before.isalnum() or before in ")]}'|!%.…"):
        return -1
    return -1 if before in '"“‘«„' or (before == "'" and text[closer - 2].isspace()) else closer


def _is_money(text: str, start: int, end: int, closer: int) -> bool:
    """Whether what stands between two dollar signs is an amount, or a variable's name, and then prose."""
    # "5$, or 6$": the sign stands behind its amount. "$<<2*3=6>>6": an amount begins with its calculation.
    behind = text[start - 1 : start].isdigit() and text[end] in ",;:.)/!?"
    if behind or text.startswith("<<", end):
        return True
    amount = _AMOUNT.match(text, end, closer)
    # "$5 a day, or US$": an amount and then prose is money, not mathematics.
    if amount and amount.end() < closer and not _MATH_SIGN.search(text, amount.end(), closer):
        return True
    return _SMALL_WORDS.search(text, end, closer) is not None and text.find("\\", end, closer) < 0


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
