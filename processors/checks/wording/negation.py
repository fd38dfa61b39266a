"""A negation that was lost or added: "do not open" that became "open".

Languages deny in ways that no list holds ("hardly", "fail to", "far from"), so it is told only of a sentence of one
clause in which one side denies plainly and the other has nothing that could deny or turn a meaning round.
"""

from __future__ import annotations

import re

from processors.languages.english import DENIALS
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.spellings import plain
from processors.texts.prose import words
from processors.texts.text import Text, view

# Longer sentences have clauses, of which one may have swallowed the other.
_MOST_WORDS = 12
_CLAUSES = re.compile(r"[,;:؛،()\"“”—–]|\w\s-\s")
_MARK = re.compile(r"[.!?؟]")


def _has_clauses(text: str) -> bool:
    return _CLAUSES.search(text) is not None or any(map(_goes_on, text.split("\n")))


def _goes_on(line: str) -> bool:
    """Whether a word follows a mark. No expression: it would read a row of marks once for each of them."""
    end = len(line)
    while end and not line[end - 1].isalnum():
        end -= 1
    return _MARK.search(line, 0, end) is not None


@view
def _plainly_denied(source: Text) -> bool | None:
    """Whether an English sentence denies; None where it cannot be told."""
    string = source.string.strip()
    if not string or len(words(source)) > _MOST_WORDS or _has_clauses(string) or string.endswith("?"):
        return None
    found = list(map(str.lower, DENIALS.plain.findall(string)))
    # "Cannot enter without a key" denies once.
    found = [word for word in found if word != "without"] or found
    if found:
        rest = DENIALS.sure.sub("", DENIALS.plain.sub("", string))
        return True if len(found) == 1 and not DENIALS.turned.search(rest) else None
    return None if DENIALS.turned.search(string) else False


def negation(source: Text, target: Text, known: LanguageKnowledge) -> str | None:
    """`lost` or `added`; None where nothing was, or where it cannot be told."""
    denials = known.denials
    denied = _plainly_denied(source) if denials is not None else None
    if denials is None or denied is None or _has_clauses(target.string.strip()):
        return None
    spelling = plain(target, known)
    if denied:
        # "404 Not Found" may stay as it is.
        kept = DENIALS.plain.search(spelling)
        return None if kept or denials.plain.search(spelling) or denials.turned.search(spelling) else "lost"
    # Of what is no denial in every sense nothing is made.
    return "added" if denials.sure.search(spelling) and not denials.turned.search(spelling) else None
