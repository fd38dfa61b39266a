"""Other languages where Arabic should go on: the reasoning of a model that slips into English or Chinese.

Needs no source, so it cannot know what had to stay: what stands in quotation marks or brackets, in code and formulas,
in capitals as names and titles do, and units, functions and identifiers are left alone. English is told by its
function words and by words of the lexicon; letters of other scripts always. Against a source the checks `script` and
`untranslated` see more, so the build asks those instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from processors.alignment.lexicon import lexicon
from processors.checks.arabic.mistake import Mistake
from processors.checks.arabic.words import ENGLISH, IN_TITLES, SMALL_NAMES

_QUOTED = re.compile(
    r"\"[^\"\n]{1,400}\"|“[^”\n]{1,400}”|«[^»\n]{1,400}»|„[^“”\n]{1,400}[“”]|‘[^’\n]{1,200}’|(?<!\w)'[^'\n]{1,200}'(?!\w)"
    r"|\([^()\n]{1,200}\)|\[[^\[\]\n]{1,200}\]|\*\*?[A-Za-z][^*\n]{0,100}\*\*?"
)
# Not Latin, and not the single Greek letters of formulas.
_SCRIPTS = re.compile(
    r"[\u0400-\u05ff\u0900-\u0eff\u10a0-\u11ff\u1e00-\u1eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+|[\u0370-\u03ff\u1f00-\u1fff]{2,}"
)
_LATIN = re.compile(r"[A-Za-z]{2}")
_RUN = re.compile(
    r"(?<![\w./\\@:#$&=+<>_-])[A-Za-z]+(?:['’][a-z]+)?(?:[ ,;]+[A-Za-z]+(?:['’][a-z]+)?)*(?![\w/\\@=+<>_]|[.:-]\w)"
)
_WORD = re.compile(r"[A-Za-z]+(?:['’][a-z]+)?")
# Words of English in a row, in small letters, that no name has.
_ROW = 3


def foreign(string: str) -> Iterator[Mistake]:
    """English and other scripts in a text whose protected spans are blank."""
    others = _SCRIPTS.search(string) is not None
    latin = _LATIN.search(string) is not None
    if not others and not latin:
        return
    plain = _QUOTED.sub(lambda m: " " * len(m[0]) if _mixed(string, m) else m[0], string)
    if others:
        for m in _SCRIPTS.finditer(plain):
            yield Mistake("language", *m.span(), m[0], "Arabic")
    if latin:
        for m in _RUN.finditer(plain):
            if _english(m[0]):
                yield Mistake("language", *m.span(), m[0], "Arabic")


def _mixed(string: str, quoted: re.Match[str]) -> bool:
    """Whether what is quoted may be a term: a whole text in quotation marks is none."""
    return len(quoted[0]) * 2 < len(string)


def _english(run: str) -> bool:
    """Whether some words beside each other are English prose, not a name or a term."""
    words = _WORD.findall(run)
    small = [word for word in words if word[0].islower()]
    if not small:
        return False
    # A title, "The Lord of the Rings": all but its small words have capitals.
    rest = [word for word in small if word not in IN_TITLES]
    if len(small) < len(words) and not rest:
        return False
    if any(word in ENGLISH for word in rest):
        return len(words) > 1 or len(run) > 2
    if len(words) == 1:
        return run not in SMALL_NAMES and (run in ("the", "and", "with", "from", "for", "of") or _common(run))
    if not rest or (len(words) > _ROW and len(small) * 3 >= len(words) * 2):
        return True
    common = sum(map(_common, rest))
    return len(small) == len(words) and (len(words) >= _ROW or common == len(rest)) and common * 2 >= len(rest)


def _common(word: str) -> bool:
    """Whether the lexicon knows an English word, and not as a name that stays as it is."""
    known = lexicon("ar")
    if known is None or len(word) < 4 or word in SMALL_NAMES:
        return False
    return any((entry := known.forward.get(stem)) and entry.hit >= 0.3 for stem in known.source.stems(word))
