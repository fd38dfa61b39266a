"""Protected spans: what must reach the reader as it is, whatever the language of the text around it.

One scan from left to right. A compiled pattern jumps to the next character that can start (or lie in) a span, a
function for that character decides. Nothing is ever searched twice over the same stretch: positions of closing marks
are remembered, lists of brackets are made once a text, everything else is bounded in length. So the time stays linear
for any input, and plain prose costs one search.
"""

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable

from processors.protected.addresses import EXTENSIONS, at, colon, dot, long_tokens, path, slash
from processors.protected.code_blocks import code_blocks
from processors.protected.links import bracket, target
from processors.protected.mathematics import backslash, dollar
from processors.protected.messages import icu_pieces
from processors.protected.placeholders import (
    between,
    brace,
    colon_name,
    framed,
    handle,
    merge_field,
    percent,
    template,
    two_at,
)
from processors.protected.scan import KINDS, Found, Scan, Span
from processors.texts.text import Text, text_of, view

__all__ = ["KINDS", "Span", "blanked", "protected_spans", "spans_of"]


# Emoji_Presentation of Unicode (UTS #51), blocks of pictographs taken whole, and what only VS16, the keycap or a
# joiner turns into emoji: so digits, the copyright sign and arrows stay text.
_PICTOGRAPHS = (
    "\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd"
    "\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e"
    "\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\U0001f004\U0001f0cf\U0001f18e"
    "\U0001f191-\U0001f19a\U0001f1e6-\U0001f1ff\U0001f201\U0001f21a\U0001f22f\U0001f232-\U0001f236"
    "\U0001f238-\U0001f23a\U0001f250\U0001f251\U0001f300-\U0001f64f\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7eb"
    "\U0001f7f0\U0001f900-\U0001f9ff\U0001fa70-\U0001faff"
)
_AFTER_PICTOGRAPH = "\ufe0f?[\U0001f3fb-\U0001f3ff]?\u20e3?[\U000e0020-\U000e007f]*+"
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"
    f"|(?:[{_PICTOGRAPHS}]|[^\\s\\w]\ufe0f|[\u203c-\u3299]\ufe0f|[0-9#*]\ufe0f?(?=\u20e3)){_AFTER_PICTOGRAPH}"
    f"(?:\u200d[{_PICTOGRAPHS}\u2190-\u2bff]{_AFTER_PICTOGRAPH})*+"
)

# What the pattern stops at: a character, then (looking back at it) what must follow for a second look to be worth it.
_CONDITIONS = rf"""(?:
    (?<=`)`*+
  | (?<=\$)(?:\$*+)
  | (?<=\\)(?:begin\{{|boxed\s*+\{{|[\[(A-Za-z]|[^\sA-Za-z]|(?<=[A-Za-z]:\\))
  | (?<=<)(?:<(?=[^<>\n]{{1,300}}+>)|(?=[0-9A-Za-z/!?%]|[@\#:|][!&]?\w))
  | (?<=\{{)
  | (?<=:)(?://(?=[\w\[{{<$])|(?<=data:)(?=[a-z]+/)|(?<=(?:tel|urn):)(?=[+\w])|(?<![\w:]:)(?=[a-z0-9+]))
  | (?<=\.)(?:(?<=www\.)(?=[A-Za-z0-9])|(?<=[\w)]\.)(?:{EXTENSIONS})(?![\w]|\.\w))
  | (?<=@)(?:(?<=[\w.+-]@)(?=[A-Za-z0-9])|(?<![\w@./\-]@)(?=@?[A-Za-z_]))
  | (?<=~)(?<![\w~)\]}}]~)(?=[A-Za-z_]\w{{1,40}}+~)
  | (?<=\^)(?<![\w^)\]}}\[$]\^)(?<![\d)]\ \^)(?<!\b\w\ \^)(?=\d|[A-Za-z_]\w{{1,40}}+\^)
  | (?<=/)(?=[A-Za-z0-9_.~])
  | (?<=%)(?=[(\-+\#0-9.A-Za-z@{{<%*'])
  | (?<=\|)(?:[ \t]*+:?-|(?<=\*\|)(?=[A-Z_]))
  | (?<=\[)(?=\s*+\{{\s*+"|\^|(?<=^\[)[^\[\]\n]{{1,100}}+\]:|(?<=\]\[)[^\[\]\n])
  | (?<=\])(?=\((?!\s))
"""
_ASCII_TRIGGERS = r"`$\\<{:.@/%|\[\]~\^"
_ASCII_START = re.compile(rf"[{_ASCII_TRIGGERS}]{_CONDITIONS})", re.VERBOSE | re.MULTILINE)
_START = re.compile(
    f"[{_ASCII_TRIGGERS}{_PICTOGRAPHS}\ufe0f\u20e3]{_CONDITIONS}  | (?<=[{_PICTOGRAPHS}\ufe0f\u20e3]))",
    re.VERBOSE | re.MULTILINE,
)

_BACKTICKS = re.compile("`++")
_TAG = re.compile(
    r"<(?:!(?:DOCTYPE|doctype)[^<>]{0,300}>|\?[A-Za-z][^<>]{0,300}\?>"
    r"|/[A-Za-z][\w:.\-]{0,60}+\s{0,20}+>"
    r"|[A-Za-z][\w:.\-]{0,60}+(?:\s{1,50}+(?:[A-Za-z_:@][\w:.\-]{0,60}+\s?=\s?"
    r"(?:\"[^\"]{0,1000}+\"|'[^']{0,1000}+'|[^\s\"'=<>`]{1,1000}+)"
    r"|checked|disabled|async|defer|required|selected|hidden|readonly|multiple|autofocus|controls|loop|muted|open))*+"
    r"\s{0,20}+/?>)"
)
# Between these tags stands code or drawing, never prose.
_RAW_TAG = re.compile(r"<(script|style|pre|code|svg|math)(?=[\s>])", re.IGNORECASE)
_CALC = re.compile(r"<<[-+*/().,%\d\s$A-Za-z]{1,150}=[^<>\n]{1,150}>>")
_TABLE_RULE = re.compile(r"[ \t]*+\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+$", re.MULTILINE)
_OBJECTS = re.compile(r'\s{0,50}\{\s{0,50}"')
_JSON = json.JSONDecoder()
_CONSTANT = re.compile(r"(?<![\w.$/\\])[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+(?!\w)")
# Quotation marks of GNU's programs: unknown command `foo'.
_GNU_QUOTED = re.compile(r"[\w.%$/+:@\- ]{1,60}'(?=[\s.,;:!?)]|$)")


def _backtick(scan: Scan, start: int, end: int) -> Found:
    if end == start + 1 and _GNU_QUOTED.match(scan.text, end, scan.limit):
        return None
    runs = scan.once(_BACKTICKS, _backtick_runs)
    assert isinstance(runs, dict)
    starts = runs.get(end - start, [])
    place = bisect_left(starts, end)
    if place == len(starts) or starts[place] >= scan.limit:
        return None
    closer = starts[place]
    if end - start < 3 and scan.find("\n\n", end) < closer:
        return None
    return start, closer + end - start, "code"


def _backtick_runs(text: str) -> dict[int, list[int]]:
    runs: dict[int, list[int]] = {}
    for run in _BACKTICKS.finditer(text):
        runs.setdefault(run.end() - run.start(), []).append(run.start())
    return runs


def _less_than(scan: Scan, start: int, end: int) -> Found:
    text = scan.text
    if end - start == 2:
        calc = _CALC.match(text, start, scan.limit)
        return (start, calc.end(), "calc") if calc else template(scan, start)
    if text.startswith("%", end) or text[end : end + 1].isdigit() or text[end : end + 2].strip("/").isdigit():
        return template(scan, start)
    for opening, closing in (("<!--", "-->"), ("<![CDATA[", "]]>")):
        if text.startswith(opening, start):
            closer = scan.find(closing, start + len(opening))
            return (start, closer + 3, "tag") if closer < scan.limit else None
    tag = _TAG.match(text, start, scan.limit)
    if not tag:
        return template(scan, start) if text[end : end + 1] in ("?", "@", "#", ":", "|") else None
    raw = _RAW_TAG.match(text, start)
    if raw and text[tag.end() - 2] != "/":
        name = raw[1].lower()
        closers = scan.once(name, lambda whole: [m.end() for m in re.finditer(rf"</{name}\s{{0,20}}>", whole, re.I)])
        assert isinstance(closers, list)
        place = bisect_left(closers, tag.end())
        if place < len(closers) and closers[place] <= scan.limit:
            return start, closers[place], "tag"
    return start, tag.end(), "tag"


def _brace(scan: Scan, start: int, end: int) -> Found:
    if not scan.json_given_up and scan.text[end : end + 30].lstrip()[:1] == '"':
        value = _json(scan, start)
        if value:
            return value
    return brace(scan, start)


def _json(scan: Scan, start: int) -> Found:
    try:
        _, end = _JSON.raw_decode(scan.text, start)
    except json.JSONDecodeError as error:
        # Where the parser stopped, the next attempt starts: no stretch is parsed twice.
        scan.floor = max(scan.floor, min(error.pos, scan.limit)) if error.pos - start > 1000 else scan.floor
        return None
    except (RecursionError, ValueError):
        scan.json_given_up = True
        return None
    return (start, end, "json") if end <= scan.limit else None


def _square_bracket(scan: Scan, start: int, end: int) -> Found:
    if not scan.json_given_up and _OBJECTS.match(scan.text, end) and (value := _json(scan, start)):
        return value
    return bracket(scan, start)


def _closing_bracket(scan: Scan, start: int, end: int) -> Found:
    return target(scan, end)


def _colon(scan: Scan, start: int, end: int) -> Found:
    return colon(scan, start, end) or (colon_name(scan, start) if end == start + 1 else None)


def _at(scan: Scan, start: int, end: int) -> Found:
    return two_at(scan, start) if scan.text.startswith("@", end) else at(scan, start, end) or handle(scan, start)


def _pipe(scan: Scan, start: int, end: int) -> Found:
    if scan.text[start - 1 : start] == "*" and (field := merge_field(scan, start)):
        return field
    if start < scan.rule_checked_to:
        return None
    text = scan.text
    line_end = scan.find("\n", start)
    scan.rule_checked_to = min(line_end, scan.limit)
    line_start = text.rfind("\n", scan.floor, start) + 1 or scan.floor
    rule = _TABLE_RULE.match(text, line_start, scan.limit)
    if not rule or rule.end() < start:
        return None
    line = rule[0]
    begin = line_start + len(line) - len(line.lstrip())
    return begin, line_start + len(line.rstrip()), "table_rule"


def _emoji(scan: Scan, start: int, end: int) -> Found:
    """The emoji around `start`, which is a pictograph, a variation selector or a keycap."""
    # The selector and the keycap stand after what they change: look back at most two characters.
    for begin in range(max(scan.floor, start - 2), start + 1):
        found = _EMOJI.match(scan.text, begin, scan.limit)
        if found and found.end() > start:
            return begin, found.end(), "emoji"
    return None


def _backslash(scan: Scan, start: int, end: int) -> Found:
    found = backslash(scan, start, end)
    if found is None and start and scan.text[start - 1] == ":":
        return path(scan, start, start + 1)
    return found


_HANDLERS: dict[str, Callable[[Scan, int, int], Found]] = {
    "`": _backtick,
    "$": dollar,
    "\\": _backslash,
    "<": _less_than,
    "{": _brace,
    "[": _square_bracket,
    "]": _closing_bracket,
    ":": _colon,
    ".": dot,
    "@": _at,
    "/": slash,
    "%": percent,
    "|": _pipe,
    "~": between,
    "^": between,
}


def protected_spans(text: str) -> list[Span]:
    """The spans of `text` that no translator may change: sorted, not empty, not overlapping.

    Offsets are code points; kinds are KINDS. Code blocks come first (CommonMark 0.31), then, between them, inline
    code, mathematics (pandoc's rule for `$`, so that "$5 or $6" stays prose), environments, `\\boxed{...}`, URLs,
    e-mails, paths, tags (and all of script, style, pre, code, svg, math), placeholders, JSON objects, table rulers,
    emoji, `/think` and `/no_think`, and the calculator notes of GSM8K. Any `str` will do; the time is linear, and a
    text that was looked at lately (`processors.texts`) is not scanned again.
    """
    return list(spans_of(text_of(text)))


@view
def spans_of(text: Text) -> tuple[Span, ...]:
    """`protected_spans`, found once a text: cutting, checking and scoring all ask for the same ones."""
    return tuple(_find(text.string))


@view
def blanked(text: Text) -> str:
    """The text with its protected spans blanked out; offsets stay."""
    string = text.string
    pieces, position = [], 0
    for span in spans_of(text):
        pieces += [string[position : span.start], " " * (span.end - span.start)]
        position = span.end
    return "".join([*pieces, string[position:]]) if pieces else string


def _find(text: str) -> list[Span]:
    search = (_ASCII_START if text.isascii() else _START).search
    first = search(text)
    if first is None and "    " not in text and "\t" not in text and "~~~" not in text:
        return _with_tokens(text, [])
    blocks = code_blocks(text)
    if "{" in text and "," in text and (pieces := icu_pieces(text)):
        blocks = sorted([*blocks, *_apart(pieces, blocks)])
    spans: list[Span] = []
    if first is None and not blocks:
        return _with_tokens(text, spans)
    scan = Scan(text)
    position = 0
    for start, end, kind in [*blocks, (len(text), len(text), "")]:
        scan.limit = start
        _scan_between(scan, position, search, spans)
        if kind:
            spans.append(Span(start, end, kind))
        scan.floor = position = end
    return _with_tokens(text, spans)


def _with_tokens(text: str, spans: list[Span]) -> list[Span]:
    """`spans` and the long tokens (base64, hashes) and names of constants ("MAX_RETRIES") that lie in none of them."""
    tokens = [(*found, "url") for found in long_tokens(text)]
    others = [m.span() for m in _CONSTANT.finditer(text)] if "_" in text else []
    if others := others + framed(text):
        # The longer of two that overlap: "[FIRST_NAME]" has a name of a constant within.
        tokens = sorted([*tokens, *((*found, "placeholder") for found in others)], key=lambda one: (one[0], -one[1]))
        tokens = [one for i, one in enumerate(tokens) if all(one[1] > other[1] for other in tokens[max(0, i - 3) : i])]
    if not tokens:
        return spans
    ends = [span.end for span in spans]
    places = [bisect_right(ends, start) for start, _, _ in tokens]
    free = [
        Span(start, end, kind)
        for (start, end, kind), place in zip(tokens, places, strict=True)
        if place == len(spans) or spans[place].start >= end
    ]
    return sorted(spans + free, key=lambda span: span.start) if free else spans


def _apart(pieces: list[tuple[int, int, str]], blocks: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The pieces that lie in no block of code."""
    return [piece for piece in pieces if not any(start < piece[1] and piece[0] < end for start, end, _ in blocks)]


def _scan_between(scan: Scan, position: int, search: Callable[..., re.Match[str] | None], spans: list[Span]) -> None:
    limit, handlers = scan.limit, _HANDLERS
    scan.floor = position
    found = search(scan.text, position, limit)
    while found:
        start, position = found.span()
        result = handlers.get(scan.text[start], _emoji)(scan, start, position)
        if result:
            spans.append(Span(*result))
            position = scan.floor = result[1]
        elif scan.floor > position:
            position = scan.floor
        found = search(scan.text, position, limit)
