"""How a sentence is tied to what went before: "However, ..." that lost its "however".

Only what opens a line is looked at, for whose translation there is one place to look: how the same line begins.
Measured on FLORES-200 dev (30 openers; the reference and seven systems) and Tatoeba (15), on which the lists were also
completed: of 255 five are told, four lines left in English and one that says something else. In the reference of lines
without an opener, as if there had been one, 75 % of contrasts and 87 to 98 % of the other kinds are missed.
"""

from __future__ import annotations

from processors.languages.english import OPENERS
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.spellings import plain
from processors.texts.text import Text, text_of, view

# Words of a line among which its opener must be: a verb or a subject may stand before it.
_BEGINNING = 10


@view
def _opened(source: Text) -> tuple[tuple[int, str, str], ...]:
    """The lines that an opener begins, counted without empty ones: their numbers, kinds and openers."""
    if "," not in source.string:
        return ()
    found = []
    for number, line in enumerate(filter(str.strip, source.string.split("\n"))):
        if "," not in line:
            continue
        for kind, opener in OPENERS.items():
            if match := opener.match(line.lstrip()):
                found.append((number, kind, match[0].strip(" ,")))
    return tuple(found)


def lost_openers(source: Text, target: Text, known: LanguageKnowledge) -> list[str]:
    """The openers of lines that nothing of their kind begins in the translation; of other lines nothing is told."""
    if not known.openers or not (opened := _opened(source)):
        return []
    lines = [line for line in target.string.split("\n") if line.strip()]
    if len(lines) != sum(1 for line in source.string.split("\n") if line.strip()):
        return []
    lost = []
    for number, kind, opener in opened:
        beginning = " ".join(lines[number].split()[:_BEGINNING])
        if not known.openers[kind].search(plain(text_of(beginning), known)):
            lost.append(opener)
    return lost
