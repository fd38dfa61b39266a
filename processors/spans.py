"""Protected spans: what must reach the reader as it is, whatever the language of the text around it.

One scan from left to right. A compiled pattern jumps to the next character that can start (or lie in) a span, a
function for that character decides. Nothing is ever searched twice over the same stretch: positions of closing marks
are remembered, lists of brackets are made once a text, everything else is bounded in length. So the time stays linear
for any input, and plain prose costs one search.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from processors.blocks import code_blocks


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` is protected; offsets are code points, `kind` is one of KINDS."""

    start: int
    end: int
    kind: str


KINDS = (
    "fence",
    "indented_code",
    "code",
    "math",
    "environment",
    "boxed",
    "url",
    "email",
    "path",
    "tag",
    "placeholder",
    "table_rule",
    "emoji",
    "flag",
    "calc",
    "json",
)

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

_EXTENSIONS = (
    "py|ipynb|js|mjs|jsx|ts|tsx|json|jsonl|yaml|yml|toml|xml|html|htm|css|scss|csv|tsv|txt|md|rst|pdf|docx?|xlsx?|pptx?"
    "|png|jpe?g|gif|svg|mp[34]|wav|zip|tar|gz|sh|bash|bat|ps1|cpp|cc|hpp|cs|java|kt|go|rs|rb|php|pl|swift|sql|db"
    "|sqlite|log|ini|cfg|conf|env|lock|exe|dll|so|parquet|tex|bib|ino|vue|c|h|r|m|R"
)
# What the pattern stops at: a character, then (looking back at it) what must follow for a second look to be worth it.
_CONDITIONS = rf"""(?:
    (?<=`)`*+
  | (?<=\$)(?:\$*+)
  | (?<=\\)(?:begin\{{|boxed\s*+\{{|[\[(A-Za-z]|[^\sA-Za-z]|(?<=[A-Za-z]:\\))
  | (?<=<)(?:<(?=[^<>\n=]{{0,150}}+=)|(?=[A-Za-z/!?]))
  | (?<=\{{)
  | (?<=:)//(?=[\w\[])
  | (?<=\.)(?:(?<=www\.)(?=[A-Za-z0-9])|(?<=[\w)]\.)(?:{_EXTENSIONS})(?![\w]|\.\w))
  | (?<=@)(?<=[\w.+-]@)(?=[A-Za-z0-9])
  | (?<=/)(?=[A-Za-z0-9_.~])
  | (?<=%)(?=[(\-+\#0-9.A-Za-z])
  | (?<=\|)[ \t]*+:?-
  | (?<=\[)(?=\s*+\{{\s*+")
"""
_ASCII_TRIGGERS = r"`$\\<{:.@/%|\["
_ASCII_START = re.compile(rf"[{_ASCII_TRIGGERS}]{_CONDITIONS})", re.VERBOSE)
_START = re.compile(
    f"[{_ASCII_TRIGGERS}{_PICTOGRAPHS}\ufe0f\u20e3]{_CONDITIONS}  | (?<=[{_PICTOGRAPHS}\ufe0f\u20e3]))", re.VERBOSE
)

_BACKTICKS = re.compile("`++")
_BLANK_LINE = re.compile(r"\n[ \t]*+\n")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{0,15}\Z")
# ASCII and Latin letters: Arabic letters, commas and marks that touch an address do not belong to it.
_ADDRESS = re.compile(r"[^\s<>\"`{}|\\^\x00-\x20\x7f-\xbf\u0250-\U0010ffff]++")
_WEAK_ENDS = ".,;:!?'*_~"
_LOCAL_PART = re.compile(r"[A-Za-z0-9._%+\-]{1,64}\Z")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62}\.))+[A-Za-z]{2,24}(?![A-Za-z0-9])")
_PATH_HEAD = re.compile(r"(?:[A-Za-z]:|[A-Za-z0-9_.~\-+]{1,100}|\Z)\Z")
_PATH_TAIL = re.compile(r"[A-Za-z0-9_.\-+~@%]*+(?:[/\\][A-Za-z0-9_.\-+~@%]++)*+[/\\]?")
_FILE_END = re.compile(rf"[A-Za-z0-9_\-]\.(?:{_EXTENSIONS})\Z")
_FLAG = re.compile(r"/(?:no_)?think(?![\w/\-]|\.\w)")
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
_DOUBLE_BRACES = re.compile(r"\{\{[^{}\n]{1,200}+\}\}|\{%[^{}\n]{1,200}+%\}|\{#[^{}\n]{1,200}+#\}")
_BRACES = re.compile(r"\{[A-Za-z_][\w.\-]{0,60}+(?::[^{}\s]{0,20}+)?\}|\{\d{1,2}\}")
_PERCENT = re.compile(r"%(?:\([A-Za-z_]\w{0,60}+\)|\d\$)?[-+0#]{0,3}\d{0,3}(?:\.\d{1,2})?[sdifgxXeEuc](?![\w%])")
_TABLE_RULE = re.compile(r"[ \t]*+\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+$", re.MULTILINE)
_MATH_CLOSER = re.compile(r"(?<=[^\s\\$])\$(?![\d$])")
_AMOUNT = re.compile(r"\d[\d,.]*+(?:[kKMB]|%)?(?![\d\w])")
_MATH_SIGN = re.compile(r"[\\^_=+*/<>|{}()\[\]]|\d\s?-\s?\w")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_ENVIRONMENT = re.compile(r"\\(begin|end)\{([A-Za-z]{1,30}\*?)\}")
_LONGEST_INLINE, _LONGEST_DISPLAY = 1000, 10000
_JSON = json.JSONDecoder()

Found = tuple[int, int, str] | None
_NOWHERE = 1 << 62


class _Scan:
    """The scan of one text: `floor` is the end of the last span, `limit` the start of the next code block."""

    __slots__ = ("_lists", "_next", "floor", "json_given_up", "limit", "rule_checked_to", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.floor = 0
        self.limit = len(text)
        self.rule_checked_to = -1
        self.json_given_up = False
        self._next: dict[str, int] = {}
        self._lists: dict[object, object] = {}

    def find(self, needle: str, position: int) -> int:
        """The next `needle` at or after `position`, or _NOWHERE; positions never go back, so the sum is linear."""
        known = self._next.get(needle, -1)
        if known < position:
            known = self.text.find(needle, position)
            known = _NOWHERE if known < 0 else known
            self._next[needle] = known
        return known

    def once(self, key: object, make: Callable[[str], object]) -> object:
        if key not in self._lists:
            self._lists[key] = make(self.text)
        return self._lists[key]


def _backtick(scan: _Scan, start: int, end: int) -> Found:
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


def _dollar(scan: _Scan, start: int, end: int) -> Found:
    text = scan.text
    if end - start == 2:
        closer = scan.find("$$", end)
        if closer < min(scan.limit, end + _LONGEST_DISPLAY) and not text[end:closer].isspace():
            return start, closer + 2, "math"
        return None
    if end - start > 2 or end >= scan.limit or text[end].isspace():
        return None
    if text[end] == "{":
        name = _BRACES.match(text, end, scan.limit)
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


def _backslash(scan: _Scan, start: int, end: int) -> Found:
    text = scan.text
    what = text[start + 1 : end]
    if what == "(" or what == "[":
        closer = scan.find("\\)" if what == "(" else "\\]", end)
        longest = _LONGEST_INLINE if what == "(" else _LONGEST_DISPLAY
        return (start, closer + 2, "math") if closer < min(scan.limit, end + longest) else None
    if what == "begin{":
        pairs = scan.once(_ENVIRONMENT, _environments)
        assert isinstance(pairs, dict)
        closer = pairs.get(start, _NOWHERE)
        return (start, closer, "environment") if closer <= scan.limit else None
    if what.startswith("boxed"):
        pairs = scan.once(_BRACE, _brace_pairs)
        assert isinstance(pairs, dict)
        closer = pairs.get(end - 1, _NOWHERE)
        return (start, closer, "boxed") if closer <= scan.limit else None
    if text[start - 1 : start] == ":" and start:
        return _path(scan, start, start + 1)
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


def _less_than(scan: _Scan, start: int, end: int) -> Found:
    text = scan.text
    if end - start == 2:
        calc = _CALC.match(text, start, scan.limit)
        return (start, calc.end(), "calc") if calc else None
    for opening, closing in (("<!--", "-->"), ("<![CDATA[", "]]>")):
        if text.startswith(opening, start):
            closer = scan.find(closing, start + len(opening))
            return (start, closer + 3, "tag") if closer < scan.limit else None
    tag = _TAG.match(text, start, scan.limit)
    if not tag:
        return None
    raw = _RAW_TAG.match(text, start)
    if raw and text[tag.end() - 2] != "/":
        name = raw[1].lower()
        closers = scan.once(name, lambda whole: [m.end() for m in re.finditer(rf"</{name}\s{{0,20}}>", whole, re.I)])
        assert isinstance(closers, list)
        place = bisect_left(closers, tag.end())
        if place < len(closers) and closers[place] <= scan.limit:
            return start, closers[place], "tag"
    return start, tag.end(), "tag"


def _brace(scan: _Scan, start: int, end: int) -> Found:
    text = scan.text
    found = _DOUBLE_BRACES.match(text, start, scan.limit)
    if found:
        return start, found.end(), "placeholder"
    if not scan.json_given_up and text[end : end + 30].lstrip()[:1] == '"':
        value = _json(scan, start)
        if value:
            return value
    # After a letter, a brace or a script mark it is an argument (LaTeX, set builder), not a placeholder.
    if start and (text[start - 1].isalnum() or text[start - 1] in "}\\^_{"):
        return None
    found = _BRACES.match(text, start, scan.limit)
    return (start, found.end(), "placeholder") if found and text[found.end() : found.end() + 1] != "}" else None


def _json(scan: _Scan, start: int) -> Found:
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


def _square_bracket(scan: _Scan, start: int, end: int) -> Found:
    return None if scan.json_given_up else _json(scan, start)


def _colon(scan: _Scan, start: int, end: int) -> Found:
    floor = max(scan.floor, start - 16)
    scheme = _SCHEME.search(scan.text[floor:start])
    return _address(scan, floor + scheme.start(), end) if scheme else None


def _address(scan: _Scan, start: int, position: int) -> Found:
    """The URL from `start`; punctuation at its end, and a bracket that it did not open, belong to the sentence."""
    text = scan.text
    found = _ADDRESS.match(text, position, scan.limit)
    if not found:
        return None
    end = found.end()
    opened = text.count("(", start, end)
    closed = text.count(")", start, end)
    while end > position:
        last = text[end - 1]
        if last in _WEAK_ENDS:
            end -= 1
        elif last == ")" and closed > opened:
            closed -= 1
            end -= 1
        elif last == "]" and text.count("[", start, end) < text.count("]", start, end):
            end -= 1
        else:
            break
    # In "[a](https://x.org)(b)" the first bracket that closes too much ends the address.
    if closed and "](" in text[max(0, start - 2) : start]:
        depth = 0
        for place in range(position, end):
            depth += (text[place] == "(") - (text[place] == ")")
            if depth < 0:
                end = place
                break
    return (start, end, "url") if end > position else None


def _dot(scan: _Scan, start: int, end: int) -> Found:
    text = scan.text
    if end == start + 1:
        return _address(scan, start - 3, end) if start - 3 >= scan.floor else None
    floor = max(scan.floor, start - 100)
    head = _PATH_HEAD.search(text[floor:start])
    if not head or not head[0]:
        return None
    begin = floor + head.start()
    name = head[0].lstrip(".~-+")
    # "Node.js" and "Next.js" are names of products; one-letter endings need a folder before them.
    if not name or (not name[-1].isalnum() and name[-1] not in "_)") or (begin and text[begin - 1].isalnum()):
        return None
    if (text.startswith("js", start + 1) and name[0].isupper()) or end - start == 2:
        return None
    return begin, end, "path"


def _at(scan: _Scan, start: int, end: int) -> Found:
    floor = max(scan.floor, start - 64)
    local = _LOCAL_PART.search(scan.text[floor:start])
    domain = _DOMAIN.match(scan.text, end, scan.limit)
    return (floor + local.start(), domain.end(), "email") if local and domain else None


def _slash(scan: _Scan, start: int, end: int) -> Found:
    text = scan.text
    flag = _FLAG.match(text, start)
    if flag and not (start and (text[start - 1].isalnum() or text[start - 1] in "_/.<~")):
        return start, flag.end(), "flag"
    return _path(scan, start, end)


def _path(scan: _Scan, start: int, end: int) -> Found:
    """A path with a root (`/`, `./`, `../`, `~/`, `C:\\`) and two names, or with a folder and a known file ending."""
    text = scan.text
    floor = max(scan.floor, start - 100)
    head = _PATH_HEAD.search(text[floor:start])
    begin = floor + head.start() if head and head[0] else start
    if begin and (text[begin - 1].isalnum() or text[begin - 1] in "/\\<:=&?#)]}"):
        return None
    tail = _PATH_TAIL.match(text, start + 1, min(scan.limit, start + 1000))
    assert tail is not None
    stop = tail.end()
    while stop > end and text[stop - 1] in ".-+~@%":
        stop -= 1
    path = text[begin:stop]
    separators = path.count("/") + path.count("\\")
    drive = len(path) > 2 and path[1] == ":" and text[start] == "\\"
    rooted = path.startswith(("./", "../", "~/")) or (path.startswith("/") and separators > 1)
    if stop > end and (drive or _FILE_END.search(path) or (rooted and any(map(str.isalpha, path)))):
        return begin, stop, "path"
    return None


def _percent(scan: _Scan, start: int, end: int) -> Found:
    if start and (scan.text[start - 1].isalnum() or scan.text[start - 1] in "%)"):
        return None
    found = _PERCENT.match(scan.text, start, scan.limit)
    return (start, found.end(), "placeholder") if found else None


def _pipe(scan: _Scan, start: int, end: int) -> Found:
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


def _emoji(scan: _Scan, start: int, end: int) -> Found:
    """The emoji around `start`, which is a pictograph, a variation selector or a keycap."""
    # The selector and the keycap stand after what they change: look back at most two characters.
    for begin in range(max(scan.floor, start - 2), start + 1):
        found = _EMOJI.match(scan.text, begin, scan.limit)
        if found and found.end() > start:
            return begin, found.end(), "emoji"
    return None


_HANDLERS: dict[str, Callable[[_Scan, int, int], Found]] = {
    "`": _backtick,
    "$": _dollar,
    "\\": _backslash,
    "<": _less_than,
    "{": _brace,
    "[": _square_bracket,
    ":": _colon,
    ".": _dot,
    "@": _at,
    "/": _slash,
    "%": _percent,
    "|": _pipe,
}


def protected_spans(text: str) -> list[Span]:
    """The spans of `text` that no translator may change: sorted, not empty, not overlapping.

    Offsets are code points; kinds are KINDS. Code blocks come first (CommonMark 0.31), then, between them, inline
    code, mathematics (pandoc's rule for `$`, so that "$5 or $6" stays prose), environments, `\\boxed{...}`, URLs,
    e-mails, paths, tags (and all of script, style, pre, code, svg, math), placeholders, JSON objects, table rulers,
    emoji, `/think` and `/no_think`, and the calculator notes of GSM8K. Any `str` will do; the time is linear.
    """
    search = (_ASCII_START if text.isascii() else _START).search
    first = search(text)
    if first is None and "    " not in text and "\t" not in text and "~~~" not in text:
        return []
    blocks = code_blocks(text)
    spans: list[Span] = []
    if first is None and not blocks:
        return spans
    scan = _Scan(text)
    position = 0
    for start, end, kind in [*blocks, (len(text), len(text), "")]:
        scan.limit = start
        _scan_between(scan, position, search, spans)
        if kind:
            spans.append(Span(start, end, kind))
        scan.floor = position = end
    return spans


def _scan_between(scan: _Scan, position: int, search: Callable[..., re.Match[str] | None], spans: list[Span]) -> None:
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
