"""Addresses among the protected spans: URLs, e-mails, paths, and the flags that look like paths."""

import re

from processors.protected.scan import Found, Scan

EXTENSIONS = (
    "py|ipynb|js|mjs|jsx|ts|tsx|json|jsonl|yaml|yml|toml|xml|html|htm|css|scss|csv|tsv|txt|md|rst|pdf|docx?|xlsx?|pptx?"
    "|png|jpe?g|gif|svg|mp[34]|wav|zip|tar|gz|sh|bash|bat|ps1|cpp|cc|hpp|cs|java|kt|go|rs|rb|php|pl|swift|sql|db"
    "|sqlite|log|ini|cfg|conf|env|lock|exe|dll|so|parquet|tex|bib|ino|vue|c|h|r|m|R"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{0,15}\Z")
# ASCII and Latin letters: Arabic letters, commas and marks that touch an address do not belong to it.
# What is to be filled in, "{ip}", "${HOST}" or "<your-domain>", is part of it; a tag behind it is not.
_ADDRESS = re.compile(
    r"(?:[^\s<>\"`{}|\\^\x00-\x20\x7f-\xbf\u0250-\U0010ffff]|\{\{?[A-Za-z_][\w .:\-]{0,60}\}\}?"
    r"|<(?!(?:a|abbr|b|big|blockquote|body|br|center|code|dd|div|dl|dt|em|font|h[1-6]|head|hr|html|i|img|kbd|li|ol|p|pre"
    r"|q|s|small|span|strong|sub|sup|table|tbody|td|th|thead|tr|u|ul)[\s>])"
    r"[A-Za-z_][\w .\-]{0,60}>)++"
)
_DATA = re.compile(r"[a-z]+/[\w.+\-]{1,80}(?:;[\w=.\-]{1,80})*,[A-Za-z0-9+/=%_.~!*'();:@&$,\-]*+")
_NAMED = re.compile(r"\+?[\w.:\-]{2,200}[\w]")
# Base64, hashes, keys: nobody writes words of so many letters and digits.
_LONG_TOKEN = re.compile(r"(?<![A-Za-z0-9+/=_\-])[A-Za-z0-9+/_\-]{32,}+={0,2}(?![A-Za-z0-9])")
# The same bound, to look at a text once without the expression.
_LONG = 32
_WEAK_ENDS = ".,;:!?'*_~"
_LOCAL_PART = re.compile(r"[A-Za-z0-9._%+\-]{1,64}\Z")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62}\.))+[A-Za-z]{2,24}(?![A-Za-z0-9])")
_PATH_HEAD = re.compile(r"(?:[A-Za-z]:|[A-Za-z0-9_.~\-+]{1,100}|\Z)\Z")
_PATH_TAIL = re.compile(r"[A-Za-z0-9_.\-+~@%]*+(?:[/\\][A-Za-z0-9_.\-+~@%]++)*+[/\\]?")
_FILE_END = re.compile(rf"[A-Za-z0-9_\-]\.(?:{EXTENSIONS})\Z")
# A menu's item, by the way to it: "/Tools/Room List", a line of its own.
_MENU = re.compile(
    r"(?!/(?:Users|Applications|Library|System|Volumes|Program)\b)(?:/[A-Z][a-z]+)+"
    r"(?: [A-Za-z]+)*(?: [A-Z][a-z]+)(?:/[A-Z][a-z]+)*(?:\.{3}|…)?[ \t]*$",
    re.M,
)
_FLAG = re.compile(r"/(?:no_)?think(?![\w/\-]|\.\w)")


def colon(scan: Scan, start: int, end: int) -> Found:
    """A URL, from the colon of its scheme."""
    floor = max(scan.floor, start - 16)
    scheme = _SCHEME.search(scan.text[floor:start])
    if scheme and end == start + 1:
        found = (_DATA if scheme[0] == "data" else _NAMED).match(scan.text, end, scan.limit)
        return (floor + scheme.start(), found.end(), "url") if found and scheme[0] in ("data", "tel", "urn") else None
    return _address(scan, floor + scheme.start(), end) if scheme else None


def _address(scan: Scan, start: int, position: int) -> Found:
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


def long_tokens(text: str) -> list[tuple[int, int]]:
    """Runs of 32 and more letters and digits that mix small, large and digits, or are hexadecimal."""
    if max(map(len, text.split()), default=0) < _LONG:
        return []
    found = []
    for token in _LONG_TOKEN.finditer(text):
        string = token[0]
        digits = sum(map(str.isdigit, string))
        mixed = string.lower() != string and string.upper() != string
        if digits and (mixed or (digits >= 6 and not set(string.lower()) - set("0123456789abcdef-"))):
            found.append(token.span())
    return found


def dot(scan: Scan, start: int, end: int) -> Found:
    """`www.` and names of files, from their last dot."""
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


def at(scan: Scan, start: int, end: int) -> Found:
    """An e-mail address, from its `@`."""
    floor = max(scan.floor, start - 64)
    local = _LOCAL_PART.search(scan.text[floor:start])
    domain = _DOMAIN.match(scan.text, end, scan.limit)
    return (floor + local.start(), domain.end(), "email") if local and domain else None


def slash(scan: Scan, start: int, end: int) -> Found:
    """`/think`, `/no_think`, or a path."""
    text = scan.text
    flag = _FLAG.match(text, start)
    if flag and not (start and (text[start - 1].isalnum() or text[start - 1] in "_/.<~")):
        return start, flag.end(), "flag"
    return path(scan, start, end)


def path(scan: Scan, start: int, end: int) -> Found:
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
    if path.startswith("/") and (not begin or text[begin - 1] in "\n>") and _MENU.match(text, begin):
        return None
    separators = path.count("/") + path.count("\\")
    drive = len(path) > 2 and path[1] == ":" and text[start] == "\\"
    rooted = path.startswith(("./", "../", "~/")) or (path.startswith("/") and separators > 1)
    if stop > end and (drive or _FILE_END.search(path) or (rooted and any(map(str.isalpha, path)))):
        return begin, stop, "path"
    return None
