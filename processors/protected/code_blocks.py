"""Code blocks of Markdown: fenced and indented.

CommonMark 0.31, sections 4.4 and 4.5, with four changes that real chat data asks for: a fence may stand at any
indentation (models indent fences inside lists without counting columns), a list item that is merely indented is not
code, an unclosed fence inside a list or a quotation runs to the end of the text, and sentences are no code: neither
those below an unclosed fence nor an indented paragraph, nor a letter or a story in a fence that names no language: of
that the two fences are protected, each by itself. markdown-it finds the same starts 18 times slower:
docs/decisions/004-code-blocks-not-markdown-it.md.
"""

import re
from itertools import zip_longest

from processors.protected.prose import first_prose, is_passage, prose_at_end, reads_as_prose
from processors.texts.text import Text, view

Block = tuple[int, int, str]

# What may stand before a fence on its line: white space, quotation marks, list markers.
_PREFIX = re.compile(r"[ \t]*+(?:(?:>|[-*+]|\d{1,9}[.)])[ \t]++|>)*+\Z")
_RUN = re.compile(r"`{3,}+|~{3,}+")
_LIST_ITEM = re.compile(r"[ \t]*+(?:[-*+•]|\d{1,9}[.)])(?:[ \t]|$)")
_CODE_MAY_START = re.compile(r"(?:\A|\n[ \t]*+\n)(?: {4}| {0,3}\t)")
# What opens a fence and can close none, and the languages whose code is sentences.
_OPENER = re.compile(r"\n[ \t]{0,3}(?:`{3,}+[ \t]*[A-Za-z]|~{3,}+[ \t]*[A-Za-z])")
_DOCUMENT = re.compile(
    r"[`~]+[ \t]*(?:markdown|md|mdx|te?xt|plain\w*|html?|xml|latex|tex|rst|email|mail|org|adoc)\b", re.I
)
# What is behind a fence around words of people.
_OF_WORDS = re.compile(
    r"[ \t]*(te?xt|plain(?:text)?|markdown|md|e?mail|letter|message|note|poem|story|quote)?[ \t]*\Z", re.I
)
# Words of a passage, where the fence says so and where it says nothing.
_PASSAGE = {True: 4, False: 10}
# A longer prefix is no Markdown that anybody writes; the bound keeps a hostile line from being read again and again.
_LONGEST_PREFIX = 200


def fences(text: str) -> list[Block]:
    """The fenced code blocks of `text` as (start, end, "fence"), from the first fence character to the last.

    An unclosed fence runs to the end of the text, or to the sentences that end it. Linear in the length of the text.
    """
    blocks: list[Block] = []
    if "```" not in text and "~~~" not in text:
        return blocks
    # Of each kind of fence where the next one closes: a hostile text's fences would each look for it to the end.
    closes: dict[tuple[str, int, int], int] = {}
    run = _RUN.search(text)
    while run:
        start, position = run.span()
        mark = text[start]
        line_start = _line_start(text, start)
        if line_start >= 0 and _PREFIX.match(text, line_start, start):
            line_end = text.find("\n", position)
            line_end = len(text) if line_end < 0 else line_end
            # A backtick later on the line makes it inline code, as CommonMark has it.
            if mark == "~" or text.find("`", position, line_end) < 0:
                kind = (mark, position - start, _columns(text[line_start:start]))
                known = closes.get(kind, 0)
                if 0 <= known <= line_end:
                    known = closes[kind] = _closing(text, *kind, line_end)
                words = _OF_WORDS.match(text, position, line_end)
                blocks += _blocks(text, start, line_end, known, _PASSAGE[words[1] is not None] if words else 0)
                position = blocks[-1][1]
        run = _RUN.search(text, position)
    return blocks


def _blocks(text: str, start: int, line_end: int, closing: int, passage: int) -> list[Block]:
    """The block that a fence opens; or its two fences where a passage of so many words stands between them, or below
    the only one; 0 where the fence names a language of programs."""
    end = closing if closing >= 0 else len(text)
    alone = closing >= 0 or (text.find("```", line_end) < 0 and text.find("~~~", line_end) < 0)
    if passage and alone and is_passage(text[line_end:end].rstrip("`~"), passage):
        opened = (start, line_end, "fence")
        if closing < 0:
            return [opened]
        last = text.rfind("\n", line_end, closing) + 1
        last += len(text[last:closing]) - len(text[last:closing].lstrip(" \t>"))
        return [opened, (last, closing, "fence")]
    return [(start, _end(text, start, line_end, closing), "fence")]


def _end(text: str, start: int, line_end: int, closing: int) -> int:
    """The end of a fenced block that was opened on the line that ends there, and may close at `closing`."""
    opener = _OPENER.search(text, line_end, closing) if closing >= 0 else None
    if closing >= 0 and (opener is None or _DOCUMENT.match(text, start)):
        return closing
    # Never closed, or only by another fence's end: sentences on the way are no code.
    prose = first_prose(text, line_end, opener.start() if opener else len(text))
    if prose >= 0:
        return max(line_end, len(text[start:prose].rstrip()) + start)
    return closing if closing >= 0 else _end_of_unclosed(text, line_end)


def _line_start(text: str, position: int) -> int:
    """Where the line of `position` starts, or -1 when that is too far away to matter."""
    floor = max(0, position - _LONGEST_PREFIX)
    line_start = text.rfind("\n", floor, position) + 1
    return line_start if line_start or not floor else -1


def _columns(prefix: str) -> int:
    return len(prefix.expandtabs(4))


def _closing(text: str, mark: str, length: int, indent: int, position: int) -> int:
    """Where the fence ends, after its closing run; -1 where it is never closed."""
    needle = mark * length
    while True:
        found = text.find(needle, position)
        if found < 0:
            return -1
        position = found + length
        while text.startswith(mark, position):
            position += 1
        line_start = _line_start(text, found)
        before = text[line_start:found]
        if line_start < 0 or before.strip(" \t>"):
            continue
        line_end = text.find("\n", position)
        after = text[position : len(text) if line_end < 0 else line_end]
        if _columns(before) < indent + 4 and not after.strip():
            return position


def _end_of_unclosed(text: str, line_end: int) -> int:
    """The end of the text, or of what stands before the sentences that end it."""
    prose = prose_at_end(text, min(len(text), line_end + 1))
    return prose if prose == len(text) else max(line_end, len(text[:prose].rstrip()))


def indented_code(text: str, occupied: list[Block]) -> list[Block]:
    """The indented code blocks outside `occupied`: (start of the first line, end of the last, "indented_code").

    A block starts with 4 spaces or a tab after a blank line (or at the start of the text) and outside a list, and does
    not read as sentences.
    """
    return [block for block in _indented(text, occupied) if not reads_as_prose(text[block[0] : block[1]])]


def _indented(text: str, occupied: list[Block]) -> list[Block]:
    """All of them, those that read as sentences too."""
    blocks: list[Block] = []
    if not _CODE_MAY_START.search(text):
        return blocks
    position, size = 0, len(text)
    next_occupied = 0
    after_blank, in_list = True, False
    start = end = -1
    while position < size:
        line_end = text.find("\n", position)
        line_end = size if line_end < 0 else line_end
        if next_occupied < len(occupied) and occupied[next_occupied][0] <= line_end:
            if start >= 0:
                blocks.append((start, end, "indented_code"))
                start = -1
            position = occupied[next_occupied][1]
            line_end = text.find("\n", position)
            position = size if line_end < 0 else line_end + 1
            while next_occupied < len(occupied) and occupied[next_occupied][0] < position:
                position = max(position, _next_line(text, occupied[next_occupied][1]))
                next_occupied += 1
            after_blank = False
            continue
        line = text[position:line_end]
        if not line.strip():
            after_blank = True
        elif line.startswith(("    ", "\t", " \t", "  \t", "   \t")):
            if start >= 0:
                end = line_end
            elif after_blank and not in_list:
                if _LIST_ITEM.match(line):
                    in_list = True
                else:
                    start, end = position, line_end
            after_blank = False
        else:
            if start >= 0:
                blocks.append((start, end, "indented_code"))
                start = -1
            # Text under a list item belongs to it: without a blank line, or indented by two columns and more.
            in_list = bool(_LIST_ITEM.match(line)) or (in_list and (not after_blank or line.startswith("  ")))
            after_blank = False
        position = line_end + 1
    if start >= 0:
        blocks.append((start, end, "indented_code"))
    return blocks


def _next_line(text: str, position: int) -> int:
    line_end = text.find("\n", position)
    return len(text) if line_end < 0 else line_end + 1


def code_blocks(text: str) -> list[Block]:
    """Fenced and indented code blocks, sorted, not overlapping."""
    fenced = fences(text)
    if "    " not in text and "\t" not in text:
        return fenced
    indented = indented_code(text, fenced)
    return sorted(fenced + indented) if indented else fenced


@view
def prose_in_code(text: Text) -> int:
    """How many blocks have the shape of code and read as sentences: indented ones, what stands in a fence, and what
    ends an unclosed one."""
    string = text.string
    may_be_indented = _CODE_MAY_START.search(string) is not None
    if not may_be_indented and "```" not in string and "~~~" not in string:
        return 0
    fenced = fences(string)
    indented = _indented(string, fenced) if may_be_indented else []
    found = sum(1 for start, end, _ in indented if reads_as_prose(string[start:end]))
    # Only a fence that was never closed ends with something else than its mark.
    unclosed = bool(fenced) and string[fenced[-1][1] - 1] not in "`~" and string[fenced[-1][1] :].strip() != ""
    return found + (_passages(string, fenced) or unclosed)


def _passages(string: str, fenced: list[Block]) -> int:
    """How many passages stand between two fences that are blocks by themselves, or below the last one."""
    found, opened = 0, False
    for (start, end, _), behind in zip_longest(fenced, [start for start, _, _ in fenced[1:]]):
        opened = not opened and "\n" not in string[start:end] and string[end:behind].strip() != ""
        found += opened
    return found
