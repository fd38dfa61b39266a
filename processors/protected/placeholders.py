"""Placeholders among the protected spans: what a program puts a value into, in the forms of many languages.

printf and its kin (`%d%%`, `%lu`, `%1$s`, `%(name)s`, `%@`, Qt's `%1`, `%PATH%`, strftime's `%Y`), braces (`{}`,
`{name:>10}`, `{{ name }}`, `{!name}`, `{% if %}`, `#{name}`, `%{name}`, an anchor's `{#id}`), ERB's `<%= name %>`,
`<<name>>`, `<0>`, `@@name@@`, `@name`, `~name~`, `^name^`, `^1`, `*|NAME|*`, and names behind a colon (`:user_id`,
`:smile:`). What is framed by marks that prose has too (`[[name]]`, `#name#`, `|name|`, `[first_name]`, `__init__`) is
one where the name is no word of a text, or what programs have values of.
"""

import re

from processors.protected.scan import Found, Scan

# What is no word of a text, or what a program has a value of.
_PLACE = (
    r"(?:[a-z]+(?:_[a-z0-9]+)+|attribute|count|name|id|user|username|email|title|value|min|max|date|time|url|link|size"
    r"|total|amount|number|status|message|app|year|file|path|other|input|key|type|seconds|minutes|hours)"
)
_DOUBLE_BRACES = re.compile(r"\{\{[^{}\n]{1,200}+\}\}|\{%[^{}\n%]{1,200}+%\}|\{#[^{}\n#]{1,200}+#\}")
_BRACES = re.compile(
    r"\{(?:!?[A-Za-z_][\w.\-]{0,60}+|\d{1,2})?+(?:\[\w{1,30}\])?(?:![rsa])?(?::[^{}\s]{0,20}+)?(?:\|[ \w]{1,40}+)?\}"
    r"|\{\w{1,60},\s?(?:number|date|time)\b[^{}\n]{0,40}\}"
    rf"|\{{[ ](?:{_PLACE}|[A-Za-z_]\w*\.\w[\w.]*|[a-z]+[A-Z]\w*)[ ]\}}"
    r"|\{(?:[ ]?[#.][A-Za-z][\w.:\-]{0,80}+|[ ][\w\-]{1,40}=[\w\"'.%\-]{1,60}+)++[ ]?\}"
)
_CONVERSION = r"(?:hh?|ll?|[qjztL])?[A-Za-z@]"
_PERCENT = re.compile(
    r"%[A-Za-z_][\w.]{0,40}+%(?![\w%])"
    rf"|%(?:\([A-Za-z_][\w.]{{0,60}}+\)|\d\$)?[-+0#']{{0,3}}(?:\d{{0,3}}|\*)(?:\.(?:\d{{1,2}}|\*))?{_CONVERSION}(?![\w])(?:%%)?"
    r"|%%[A-Za-z_]\w{0,40}+%%(?!\w)|%[{<][A-Za-z_]\w{0,60}+[}>](?:\.?\d{0,2}[sdf](?!\w))?"
    r"|%L?[1-9](?![\w%]|[.,]\d)%?"
    r"|(?<!\d )%[A-Z][A-Z\d_]{2,40}+(?![\w%])"
    rf"|(?<!\d )%{_PLACE}(?![\w%])"
)
_SIZE = re.compile(r"(%[1-9])[xX]")
_TEMPLATE = re.compile(
    r"<%[=\-#]?[^<>\n%]{1,200}+%>|<<[A-Za-z_][\w \-]{0,60}+>>|<\?=?[^<>\n?]{1,200}+\?>|</?\d{1,2}+/?>"
    r"|<(?:[@#][!&]?|a?:\w{1,40}:)\w{1,40}+>|<\|/?[a-z_]\w{0,40}\|>"
)
_TWO_AT = re.compile(r"@@[A-Za-z_]\w{0,60}+(?:@@(?!\w)|(?!\w|@))")
_HANDLE = re.compile(r"@[A-Za-z_]\w{1,60}+(?![\w@]|\.\w)")
_MERGE_FIELD = re.compile(r"\*\|[A-Z_][A-Z\d_:]{0,60}+\|\*")
_SHORT_CODE = re.compile(r":(?=[\w+\-]*[a-z])[a-z0-9_+\-]{2,30}+:(?![\w:])")
# ":time is money" begins a saying.
_COLON_NAME = re.compile(
    rf":(?!(?:time|date|year|message|title|key|type|other|number) (?:is|are|was|were|will)\b){_PLACE}(?![\w:])"
)
# Others may be decoration, or stressed: "~smiles~", "~total~".
_WAVED = r"(?:[a-z]+(?:_[a-z0-9]+)+|id|user|username|email|url|name|count|[A-Z][A-Z\d_]+)"
_BETWEEN = re.compile(rf"~{_WAVED}~(?![\w~])|\^{_WAVED}\^(?![\w^])|\^\d(?!\d)")
# What is stressed, not filled in: "#URGENT#"; and what a text says with lines for spaces: "[in_short]".
_STRESSED = (
    r"(?:YES|NO|NOT|TRUE|FALSE|URGENT|IMPORTANT|NOTE|WARNING|ATTENTION|ALERT|CAUTION|NEW|HOT|SALE|FREE|NOW|STOP|FINAL"
    r"|UPDATE|UPDATED|BREAKING|REMINDER|TIP|HELP|DONE|OK)"
)
_SAYING = (
    r"(?:in_(?:short|fact|brief|general|summary|conclusion|addition|particular)|to_(?:sum|conclude|be)|for_(?:example"
    r"|instance)|at_(?:first|last)|as_(?:a|well|such)|by_the|so_far|of_course|not_(?:sure|now|yet)|on_the)(?![a-z\d])"
)

_CONSTANT = r"[A-Z][A-Z\d]*(?:_[A-Z\d]+)*"
# "[[NASA]]" and "[[iPhone]]" are links of a wiki.
_IDENTIFIER = rf"(?:{_PLACE}|{_PLACE.upper()}|[a-z]\w*(?:\.[a-z_]\w*)+|[a-z]{{2,}}(?:[A-Z][a-z]+)+)"
# "==time==" is a highlight: a word that is stressed.
_NO_WORD = r"(?:[a-z]+(?:_[a-z\d]+)+|id|user|username|email|url)"
# The sign first and then what stands before it: so the search jumps from one to the next.
_TWICE = "|".join(
    rf"(?<={one}(?<![\w=!:\^*]{one})){rest}{_NO_WORD}{one}{rest}(?![\w=!:\^])"
    for one, rest in (("!", "!"), ("=", "="), (":", ":"), (r"\^", r"\^"), ("=", ""))
)
_FRAMED = re.compile(
    rf"[\[#|!=:^_](?:(?<=\[)\[{_IDENTIFIER}\]\](?!\()"
    rf"|(?<=\#(?<![\w#&]\#))(?P<sharp>\#?)(?:{_PLACE}|(?!{_STRESSED}\#){_CONSTANT})\#(?P=sharp)(?![\w#])"
    rf"|(?<=[^\w|\n]\|)(?:{_PLACE}|(?![A-Z]\|){_CONSTANT})\|(?![\w|])"
    rf"|{_TWICE}"
    rf"|(?<=\[(?<![\w\]]\[))(?!{_SAYING})(?:[a-z]+(?:_[a-z\d]+)+|MASK|CLS|SEP|PAD|UNK|[A-Z][A-Z\d]*(?:_[A-Z\d]+)+)\](?![(\[:])"
    # Python's own names; "__note__" may be bold.
    r"|(?<=_(?<![\w_]_))_(?:init|str|repr|len|dict|iter|del|getitem|setitem|eq|slots"
    r"|(?P<word>name|main|call|class|file|doc|all|next|new|enter|exit|hash|version))__(?![\w_]))"
)
# Beside these, and in another script, "__name__" is Python's, elsewhere a word in bold.
_OF_PYTHON = re.compile(
    r"\w\(|`|\b(?:Python|modules?|methods?|attributes?|functions?|dunder|variables?|scripts?|import|objects?)\b"
    r"|__(?:init|main|str|repr|dict|iter|getitem|eq|slots)__|[Ͱ-᷿぀-퟿]"
)
# A line break or a tab that a program makes: no command of LaTeX, and no folder.
_ESCAPE = re.compile(r"(?<![\\:])\\(?:r\\n|[nt])(?![a-z\\])")
_FRAMES = ("[", "#", "|", "!!", "==", "::", "^^", "=", "_")


def framed(text: str) -> list[tuple[int, int]]:
    """Names between marks that prose has too, and line breaks as a program writes them."""
    escapes = [m.span() for m in _ESCAPE.finditer(text)] if "\\" in text else []
    if not any(map(text.__contains__, _FRAMES)):
        return escapes
    found = [m for m in _FRAMED.finditer(text) if m[0][0] != "|" or not _is_cell(text, *m.span())]
    if any(m["word"] for m in found) and not _OF_PYTHON.search(text):
        found = [m for m in found if not m["word"]]
    return escapes + [m.span() for m in found]


def _is_cell(text: str, start: int, end: int) -> bool:
    """Whether what stands between two bars is a table's cell: there are more bars in its line or in one beside it."""
    before, after = text.rfind("|", 0, start), text.find("|", end)
    # Counted from bar to bar, so that a long line is not gone through again for each.
    return (before >= 0 and text.count("\n", before, start) < 2) or (after >= 0 and text.count("\n", end, after) < 2)


def brace(scan: Scan, start: int) -> Found:
    """A placeholder in braces; JSON has been looked for before."""
    text = scan.text
    found = _DOUBLE_BRACES.match(text, start, scan.limit)
    if found:
        return start, found.end(), "placeholder"
    # After a letter, a brace or a script mark it is an argument (LaTeX, set builder), not a placeholder.
    before = text[start - 1 : start] if start > scan.floor else ""
    if before.isalnum() or (before and before in "}\\^_{"):
        return None
    found = _BRACES.match(text, start, scan.limit)
    if not found or (text[found.end() : found.end() + 1] == "}" and found.end() < scan.limit):
        return None
    # Ruby's "#{name}"; Markdown's "{#id}" has its own mark.
    return start - (before == "#" and start > scan.floor), found.end(), "placeholder"


def percent(scan: Scan, start: int, end: int) -> Found:
    """A conversion of printf or its kin."""
    if start and (scan.text[start - 1].isalnum() or scan.text[start - 1] in "%)٪"):
        return None
    found = _PERCENT.match(scan.text, start, scan.limit)
    if not found:
        return None
    # Qt's "%1x%2": the x stands between two of them.
    size = _SIZE.fullmatch(found[0]) if scan.text[found.end() : found.end() + 1] == "%" else None
    return start, start + len(size[1]) if size else found.end(), "placeholder"


def template(scan: Scan, start: int) -> Found:
    """`<%= name %>`, `<<name>>`, `<?= $name ?>`, the numbered tags of React's translations, `<0>word</0>`, a chat's
    `<@name>` and a model's `<|token|>`."""
    found = _TEMPLATE.match(scan.text, start, scan.limit)
    return (start, found.end(), "placeholder") if found else None


def two_at(scan: Scan, start: int) -> Found:
    """`@@name@@`, as configure scripts and build files have it, and SQL's `@@name`."""
    found = _TWO_AT.match(scan.text, start, scan.limit)
    return (start, found.end(), "placeholder") if found else None


def handle(scan: Scan, start: int) -> Found:
    """`@name`: a placeholder, or somebody's name on a network, which stays too."""
    if start and (scan.text[start - 1].isalnum() or scan.text[start - 1] in "_./+-"):
        return None
    found = _HANDLE.match(scan.text, start, scan.limit)
    return (start, found.end(), "placeholder") if found else None


def between(scan: Scan, start: int, end: int) -> Found:
    """`~name~`, `^name^` and `^1`, where they neither strike out nor set higher what stands before them."""
    found = _BETWEEN.match(scan.text, start, scan.limit)
    return (start, found.end(), "placeholder") if found else None


def merge_field(scan: Scan, start: int) -> Found:
    """`*|FNAME|*`, from its first bar."""
    found = _MERGE_FIELD.match(scan.text, start - 1, scan.limit) if start > scan.floor else None
    return (start - 1, found.end(), "placeholder") if found else None


def colon_name(scan: Scan, start: int) -> Found:
    """`:user_id`, `:count` and the short codes of emoji: a colon that no word stands before."""
    text = scan.text
    if start and (text[start - 1].isalnum() or text[start - 1] in ":_"):
        return None
    found = _SHORT_CODE.match(text, start, scan.limit) or _COLON_NAME.match(text, start, scan.limit)
    return (start, found.end(), "placeholder") if found else None
