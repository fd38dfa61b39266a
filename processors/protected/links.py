"""Where the links of Markdown lead: relative targets and anchors, definitions of references, notes at the foot."""

import re

from processors.protected.scan import Found, Scan

# "(docs/guide)", "(#part)", "(<my file> 'Title')"; one small letter is a plural: "[friend](s)".
_TARGET = re.compile(
    r"\((?:<([^<>\n]{1,300})>|(?![a-z]\))((?:[^\s()<>\x80-\U0010ffff]|\([^\s()<>\x80-\U0010ffff]{0,100}\)){1,500}+))"
    r"(?=\)|\s{1,3}[\"'(])"
)
_DEFINITION = re.compile(
    r"\[(\^?[^\[\]\n]{1,100})\]:[ \t]{1,4}+(<[^<>\n]{1,300}>|[^\s<>\x80-\U0010ffff]{1,500}+)(?=[ \t]*$|[ \t]+[\"'(])",
    re.M,
)
_LABEL = re.compile(r"\[([^\[\]\n]{1,100})\]")
_NOTE = re.compile(r"\[\^[\w\-]{1,60}\]")


def target(scan: Scan, start: int) -> Found:
    """The target of `[text](target)`, from its bracket; a full address among them is found as one anyway."""
    found = _TARGET.match(scan.text, start, scan.limit)
    if not found:
        return None
    group = 1 if found[1] is not None else 2
    return found.start(group), found.end(group), "url"


def bracket(scan: Scan, start: int) -> Found:
    """A definition `[label]: target`, the label of `[text][label]` where there is one, and `[^note]`."""
    text = scan.text
    note = _NOTE.match(text, start, scan.limit)
    if note:
        return start, note.end(), "url"
    if start == 0 or text[start - 1] == "\n":
        found = _DEFINITION.match(text, start, scan.limit)
        return (start, found.end(), "url") if found else None
    if text[start - 1] != "]" or scan.find("]: ", 0 if start == 1 else start) >= len(text):
        return None
    label = _LABEL.match(text, start, scan.limit)
    return (start, label.end(), "url") if label and label[1] in _labels(scan) else None


def _labels(scan: Scan) -> frozenset[str]:
    found = scan.once(_DEFINITION, lambda whole: frozenset(m[1] for m in _DEFINITION.finditer(whole)))
    assert isinstance(found, frozenset)
    return found
