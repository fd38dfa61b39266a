"""What stands around the whole of a translation and not around its source: JSON, tags, brackets, marks, arrows.

The like is taken off an answer where it is plain (`processors.translation.unwrapping`); what comes from elsewhere, or
is not plain, is a verdict.
"""

from __future__ import annotations

import re

# What a wrapping begins with; the cheap look.
_BEGINS = frozenset("{[(<=-→⇒*_\"'«“„‘‹「")
_JSON = re.compile(r"[{\[]\s*(?:[\"'“{]|\w{1,30}\s*:\s*[\"'“])")
_TAGGED = re.compile(r"<([^\W\d_][\w:.\-]{0,40})(?:\s[^<>]{0,200})?>.*</\1\s*>|\[([^\W\d_]\w{0,20})\].*\[/\2\]", re.S)
_ARROW = re.compile(r"(?:=+>|->|[→⇒])\s*(?=\w)")
ARROWS = re.compile(r"[←-⇿➔-➾⟰-⟿⤀-⥿⬀-⮿»«›‹▶►◀◄]|[-=]>|<[-=]|(?:^|\s)[<>]+(?:\s|$)")
_OBJECT = re.compile(
    r"\{\s*(?:[\"'“]|\w{1,40}\s*:)|\[\s*(?:[\"'“]|\{\s*[\"'“]|\[\s*[\"'“\d])|\{[^}]*\}\Z|\[[^\]]*\]\Z"
)
_BRACKETS = (
    ("<<", ">>", True),
    ("[[", "]]", True),
    ("{{", "}}", True),
    ("[", "]", True),
    ("{", "}", True),
    ("(", ")", False),
)
# Marks of quotation; of fewer letters within it may be a title.
_QUOTES = (('"', '"'), ("“", "”"), ("«", "»"), ("„", "“"), ("‘", "’"), ("‹", "›"), ("「", "」"), ("'", "'"))
_MARKS = re.compile(r"[\"“”«»„‹›「」‘’`]|(?<!\w)'|'(?!\w)")
_FEWEST = 15
# How a sentence ends, and of how many characters no title is.
_ENDS, _LONG = ".?!:…", 80
# A string of a program.
_TRIPLE = ('"""', "'''")
# So many letters have to stand within brackets: "(نعم)" may be "(yes)" of a source without its brackets.
_LEAST = 6


def wrapped(source: str, target: str) -> tuple[str, bool] | None:
    """What the text stands in, for a verdict's detail, and whether that is for sure; None where it stands alone."""
    bare = target.strip()
    if bare[:1] not in _BEGINS:
        return None
    if bare[0] in "{[" and _JSON.match(bare) and not is_json(source):
        return f"the text stands in JSON: '{bare[:20]}'", True
    if bare[0] in "<[" and "</" not in source and "[/" not in source and _TAGGED.fullmatch(bare):
        return f"the text stands in tags: '{bare[:20]}'", True
    if (arrow := _ARROW.match(bare)) and not ARROWS.search(source):
        return f"the text stands behind '{arrow[0].strip()}'", True
    for opening, closing, sure in _BRACKETS:
        if bare.startswith(opening) and bare.endswith(closing):
            inside = bare[len(opening) : -len(closing)]
            alone = not any(mark in source or mark in inside for mark in (opening[0], closing[0]))
            if alone and sum(map(str.isalpha, inside)) >= _LEAST:
                return f"the text stands in brackets: '{opening}{closing}'", sure
            return None
    if bare.startswith(_TRIPLE) and bare.endswith(bare[:3]) and len(bare) > _LEAST and bare[:3] not in source:
        return f"the text stands in '{bare[:3]}'", True
    if bare[0] in "*_":
        mark = next((m for m in ("**", "__", "*", "_") if bare.startswith(m)), "*")
        slanted = len(mark) == 1 and bare.endswith(mark) and bare.count(mark) == 2 and mark not in source
        return (f"the text stands in '{mark}'", False) if slanted and " " in bare else None
    return _quoted(source, bare)


def is_json(source: str) -> bool:
    """Whether a source is an object or a list, maybe cut, and does not merely begin with a bracket ("[1] A")."""
    return _OBJECT.match(source.strip()) is not None


def _quoted(source: str, bare: str) -> tuple[str, bool] | None:
    for opening, closing in _QUOTES:
        if bare.startswith(opening) and bare.endswith(closing) and len(bare) >= _FEWEST + 2:
            if _MARKS.search(source) or _MARKS.search(bare[1:-1].strip("\"'")):
                return None
            # A title alone may have some.
            sentence = source.rstrip()[-1:] in _ENDS or len(source) > _LONG
            return "quotation marks that are not the source's stand around the text", sentence
    return None
