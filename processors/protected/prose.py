"""Where something that has the shape of code reads as sentences: then it is translated.

A story whose paragraphs begin with a tab is no code, nor is the question below a fence that nobody closed. What
decides must decide alike for a text and its translation: English is told by its small words, a text in another script
by its letters, both by how few of the signs of code they have.
"""

import re
from collections.abc import Iterable, Sequence

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# A semicolon behind a word is a sentence's too.
_SIGN = re.compile(r"[{}\[\]<>=|&$#@\\_*+/^~`%]|(?<!\w);|;(?!\s|\Z)")
# Words that sentences have and programs have not: so without "if", "for", "in", "from", "and", "or", "not", "this".
SMALL_WORDS = frozenset(
    ["the", "a", "an", "of", "to", "was", "were", "are", "is", "he", "she", "it", "they", "you", "we", "i",
     "me", "him", "them", "his", "her", "my", "your", "our", "their", "its", "that", "had", "have", "has",
     "would", "will", "could", "should", "be", "been", "there", "what", "how", "why", "who", "which", "can",
     "does", "do", "please", "but", "on", "at", "by", "into", "about", "i'm", "it's", "don't", "doesn't",
     "can't", "i've", "no", "so", "than", "then"]
)  # fmt: skip
_CODE_LINE = re.compile(
    r"[\w\])]\([^()\n]*\)\s*[;:.{]?\s*$|[;{}]\s*$|\s(?:[=!<>+*/|&]=?|->|=>|:=)\s"
    r"|^\s*(?:#|//|--|\$ |>>>|@|<)|^\s*\w+\.\w+\("
    r"|^\s*(?:import|from|def|class|return|for|if|elif|while|with|const|let|var|public|function)\b.*[:;(={]\s*$"
)
# A message's own tags, alone on a line, are neither.
_TAG_LINE = re.compile(r"^[ \t]*</?(?:think|tool_call|tool_response)>[ \t]*$\n?", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n(?:[ \t\r]*\n)+")
# Of a hundred characters at most three signs of code.
_MOST_SIGNS = 0.03
# Words of verses in a fence, and what none has.
_VERSES = 6
# Words of a request below code.
_REQUEST = 5
_VALUE = re.compile(rf"[\d\":]|{_SIGN.pattern}")
_QUOTED = re.compile(r"^[ \t]*>[ \t]?", re.MULTILINE)
_SENTENCE_END = re.compile(r"[a-z][.!?][\"'”’)*]*(?:\s|\Z)")
_LAST_LATIN = "\u024f"


def reads_as_prose(text: str) -> bool:
    """Whether `text` is sentences: at least four English words, one in eight a small one, or two in another script."""
    words = _WORD.findall(text)
    if len(words) < 2 or len(_SIGN.findall(text)) > _MOST_SIGNS * len(text):
        return False
    lines = [line for line in text.split("\n") if line.strip()]
    if sum(map(_is_code, lines)) * 4 > len(lines):
        return False
    if _in_another_script(words):
        return True
    return len(words) >= 4 and small_words(word.replace("’", "'") for word in words) * 8 >= len(words)


def small_words(words: Iterable[str]) -> int:
    """How many of these words sentences have and programs have not."""
    return sum(word.lower() in SMALL_WORDS for word in words)


def _in_another_script(words: Sequence[str]) -> bool:
    return sum(1 for word in words if word[0] > _LAST_LATIN) * 2 > len(words)


def _is_code(line: str) -> bool:
    m = _CODE_LINE.search(line)
    if m is None or m[0].strip() != ";":
        return m is not None
    # "Rough winds do shake the darling buds of May;"
    words = _WORD.findall(line)
    return _SIGN.search(line) is not None or small_words(words) * 4 < max(len(words), 4)


def is_passage(text: str, least: int) -> bool:
    """Whether what stands in a fence is somebody's letter, story or note: sentences of so many English words, and no
    line of code. What a program writes ("Enter a number:") is short; nothing that it says is in another script."""
    text = _QUOTED.sub("", text)
    words = _WORD.findall(text)
    if len(words) < 2 or any(map(_is_code, text.split("\n"))) or not reads_as_prose(text):
        return False
    if _in_another_script(words):
        return True
    if len(words) >= least and _SENTENCE_END.search(text):
        return True
    # Verses have no full stops.
    verses = sum(1 for line in text.split("\n") if line.strip())
    enough = verses >= 2 and len(words) >= _VERSES and small_words(words) * 5 >= len(words)
    return enough and not _VALUE.search(text)


def first_prose(text: str, start: int, end: int) -> int:
    """Where the first whole paragraph of sentences begins behind a blank line between the two, or -1."""
    # One after the other: of a text of many fences each is asked, and its first paragraph tells.
    blank = _BLANK_LINES.search(text, start, end)
    while blank is not None:
        begin = blank.end()
        blank = _BLANK_LINES.search(text, begin, end)
        paragraph = text[begin : blank.start() if blank else end].rstrip()
        if "<" in paragraph:
            paragraph = _TAG_LINE.sub("", paragraph).rstrip()
        if not paragraph or paragraph[0].isspace() or any(map(_is_code, paragraph.split("\n"))):
            continue
        if reads_as_prose(paragraph):
            return begin
    return -1


def prose_at_end(text: str, start: int) -> int:
    """Where the sentences begin that end `text`, not before `start`; `len(text)` where it ends otherwise.

    Whole paragraphs, or the last lines of one. Between and behind sentences a word or two ("Thanks!") may stand.
    """
    found = len(text)
    bounds = [start, *(m.end() for m in _BLANK_LINES.finditer(text, start)), len(text)]
    for begin, end in zip(reversed(bounds[:-1]), reversed(bounds[1:]), strict=True):
        paragraph = text[begin:end].rstrip()
        if "<" in paragraph:
            paragraph = _TAG_LINE.sub("", paragraph).rstrip()
        lines = paragraph.split("\n")
        if not paragraph.strip():
            continue
        whole = not any(map(_is_code, lines)) and not paragraph[0].isspace()
        if whole and (reads_as_prose(paragraph) or _is_request(paragraph)):
            found = begin
        elif whole and _is_neutral(paragraph):
            continue
        else:
            place = end
            for line in reversed(text[begin:end].splitlines(keepends=True)):
                place -= len(line)
                if not line[0].isspace() and not _is_code(line) and reads_as_prose(line):
                    found = place
                elif not (line[0].isalpha() and _is_neutral(line)):
                    break
            break
    return found


def _is_request(paragraph: str) -> bool:
    """ "Rewrite this loop with while and explain each line.": a sentence that has none of the small words."""
    words = _WORD.findall(paragraph)
    sentence = paragraph[0].isupper() and paragraph[-1] in ".?!" and "\n" not in paragraph
    small = sum(1 for word in words if word.islower())
    return sentence and len(words) >= _REQUEST and small * 3 >= len(words) * 2 and not _SIGN.search(paragraph)


def _is_neutral(text: str) -> bool:
    return len(text) < 60 and text.rstrip()[-1:] in ".?!:,،؟" and not _SIGN.search(text)
