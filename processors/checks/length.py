"""Is the target whole: empty, a stub, cut off, too long."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from processors.alignment import tail_told, target_side
from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict, excerpt
from processors.languages.alphabets import Lengths
from processors.languages.english import ENGLISH
from processors.languages.knowledge import LanguageKnowledge
from processors.languages.spellings import plain
from processors.protected.find import blanked
from processors.texts.prose import filled_lines, sentences, visible_length, whole_lines
from processors.texts.text import Text, text_of, view

_ENDS = frozenset(".!?؟۔…:;؛\"'”“»)]}’‘*`_|>。！？።፧%٪-—–")
# Of the last sentence, the share that must be told and how plainly (see `tail_told`) for a missing mark to be no more
# than that; looked for among as many words of the target, and some more.
_LAST, _TOLD, _TOLD_SHORT, _SHORT, _MORE = 0.25, 2.0, 3.0, 0.6, 6
# Ends of a text that goes on.
_OPEN_ENDS = ("...", "…", " -", " –", " —", "-", "،", "]")
_CLOSERS = "\"'”»)]}’*_ \u200f\u200e\u200d\ufe0f"
_SENTENCE_BREAK = re.compile(r"[.!?][\"')\]]? +\S")
# Of Tatoeba's 15,432 pairs two that are translations have fewer than 0.28 of their source's characters, and none
# of 60 or more fewer than 0.36; a phrase that
# stands for nothing is also one of a short text ("Sorry." for three words).
_STUB_FROM, _STUB_MOST, _POLITE = 20, 0.7, 40
_STUB_MARKS = "\"'“”«»()[]{}<>*_#`-–—…. \n\t"
# What servers say of an answer that ended by itself.
_NATURAL = frozenset(["stop", None, "", "eos", "end_turn", "stop_sequence"])


@view
def last_character(text: Text) -> str:
    """The last character but for quotation marks and brackets that close; empty where there is none."""
    return text.string.rstrip(_CLOSERS)[-1:]


def check_empty(pair: Pair) -> list[Verdict]:
    """Nothing came back."""
    source, target = pair.source.string, pair.target.string
    if source and not source.isspace() and (not target or target.isspace()):
        return [Verdict("empty", True, "the target is empty")]
    return []


@lru_cache(maxsize=16)
def _stub(known: LanguageKnowledge) -> re.Pattern[str]:
    own = (phrases.stub for phrases in (ENGLISH.phrases, known.phrases) if phrases)
    return re.compile("|".join(rf"(?:{stub})" for stub in own), re.I)


_JUDGES = re.compile(r"\b(?:answer|reply|text|correct|right|wrong|true|false|error|mistake|clear)\b", re.I)


def check_stub(pair: Pair) -> list[Verdict]:
    """Almost nothing: so few characters that no translator would need as few, or a phrase that says that something
    was done or cannot be, alone or once for each piece of the text."""
    target = pair.target.string
    if len(target) > len(pair.source.string) * _STUB_MOST:
        return []
    x, y = visible_length(text_of(blanked(pair.source))), visible_length(text_of(blanked(pair.target)))
    phrase = plain(pair.target, pair.knowledge).strip(_STUB_MARKS)
    if x >= 12 and y <= x * _STUB_MOST and _stub(pair.knowledge).fullmatch(phrase):
        source = pair.source.string.strip(_STUB_MARKS)
        excuses = ENGLISH.excuses
        polite = excuses is not None and excuses.polite.search(source) and x < _POLITE
        # "The answer is right." and "Translated by": the words are the source's.
        polite = polite or (x < _POLITE and y > x * 0.5 and _JUDGES.search(source) is not None)
        polite = polite or (excuses is not None and re.search(excuses.translating, source, re.I) and x < _POLITE)
        if not polite and not _stub(pair.knowledge).fullmatch(source):
            return [Verdict("stub", True, f"'{excerpt(target.strip())}' stands for {x} characters")]
    lengths = pair.knowledge.lengths
    if x >= _STUB_FROM and y < x * (lengths.stub_of_long if x >= 60 else lengths.stub):
        return [Verdict("truncation", True, f"{y} characters where the source has {x}: '{excerpt(target.strip())}'")]
    return []


@dataclass(frozen=True, slots=True)
class _Measured:
    """A pair with the visible lengths of its texts (`x` and `y`), `ratio` y / x, and whether the target's end is as
    final as the source's."""

    pair: Pair
    x: int
    y: int
    ratio: float
    ended: bool

    @property
    def known(self) -> Lengths:
        return self.pair.knowledge.lengths


def check_length(pair: Pair) -> list[Verdict]:
    """Cut off (by finish reason, a missing end, too few sentences or characters), or far too long."""
    if pair.finish_reason not in _NATURAL:
        detail = f"the server stopped for '{pair.finish_reason}', not at the end of the text"
        return [Verdict("truncation", True, detail)]
    source, target = pair.source.string, pair.target.string
    x, y = len(source) - source.count(" "), len(target) - target.count(" ")
    if x < 15 and y <= 60:
        return []
    ended = _ended(pair)
    if ended and _plainly_whole(pair, x, y):
        return []
    x, y = visible_length(pair.source), visible_length(pair.target)
    if not x or not y:
        return []
    measured = _Measured(pair, x, y, y / x, ended or _last_line_whole(pair))
    found = next((verdict for rule in _RULES if (verdict := rule(measured))), None)
    return [found] if found else []


def _last_line_whole(pair: Pair) -> bool:
    """Whether as many lines arrived, and the last one would not be taken for cut if it were the whole text."""
    source, target = pair.source.string.rstrip(), pair.target.string.rstrip()
    if "\n" not in source or filled_lines(pair.source) != filled_lines(pair.target):
        return False
    last = pair._replace(source=text_of(_last_line(source)), target=text_of(_last_line(target)))
    x, y = visible_length(last.source), visible_length(last.target)
    return _ended(last) or (y > 0 and _end_missing(_Measured(last, x, y, y / max(x, 1), ended=False)) is None)


def _last_line(string: str) -> str:
    return string[string.rfind("\n") + 1 :]


def _ended(pair: Pair) -> bool:
    end = last_character(pair.source)
    if not end or end not in ".!?":
        return True
    target = pair.target.string.rstrip()
    if target.lstrip()[:1] in (".", "؟") and target[-1:].isalpha():
        # Typed from left to right, the mark stands in front.
        return True
    if target.endswith(_OPEN_ENDS):
        return pair.source.string.rstrip(_CLOSERS).endswith("..")
    return target[-1:] in _ENDS


def _plainly_whole(pair: Pair, x: int, y: int) -> bool:
    """A cheap look that spares most pairs the rules: a sentence of about the source's length."""
    source = pair.source.string
    if "\n" in source or not x * 0.6 < y < x * 1.7:
        return False
    return y >= x * pair.knowledge.lengths.fewest or not _SENTENCE_BREAK.search(source)


def _too_long(m: _Measured) -> Verdict | None:
    if m.ratio > m.known.longest and m.y > 60:
        return Verdict("length", False, f"{m.ratio:.1f} times the source's length")
    return None


def _end_missing(m: _Measured) -> Verdict | None:
    if m.ended or m.x < 15:
        return None
    target = m.pair.target.string.rstrip()
    end = f"the end is missing after '{excerpt(target[-30:])}'"
    cut = m.known.cut if m.x >= 45 else 0.5
    short = m.ratio < cut
    dangling = target.split()[-1] in m.pair.knowledge.dangling
    told = _end_told(m.pair)
    if told is not None and told > (_TOLD_SHORT if short else _TOLD) and m.ratio >= _SHORT and not dangling:
        # The mark alone is missing.
        return None
    hard = m.x >= 60 and (m.ratio < 0.55 if told is None else _is_cut(told, m))
    if short or m.x >= 120 or dangling:
        return Verdict("truncation", hard, f"{end} ({m.ratio:.2f} of the source's length)")
    if m.x >= 60 and (target[-1].isalnum() or target.endswith(_OPEN_ENDS)):
        return Verdict("truncation", hard, end)
    return None


def _is_cut(told: float, m: _Measured) -> bool:
    """Whether a target without an end is cut, by its length and by how little its end tells of the source's.

    Of FLORES' lines (half) cut after 30 to 80 % of their words 87 %; of 32,651 pairs of Tatoeba and software four,
    which lack their full stop.
    """
    if told <= -2.5 or (told <= -1 and m.ratio < 0.75) or (told <= 4 and m.ratio < 0.6):
        return True
    return m.x >= 90 and (told <= -2 or (told <= 0 and m.ratio < 0.8))


def _end_told(pair: Pair) -> float | None:
    """Whether the last words of the source stand at the end of the target; None where nobody knows."""
    last = (sentences(text_of(blanked(pair.source))) or ("",))[-1]
    words = last.split()
    behind = " ".join(blanked(pair.target).split()[-len(words) - len(words) // 3 - _MORE :])
    side = target_side(text_of(behind), pair.language)
    return tail_told(last, side, pair.language, _LAST) if side is not None else None


def _too_short(m: _Measured) -> Verdict | None:
    shortest = next((ratio for fewest, ratio in m.known.shortest_from if m.x >= fewest), m.known.shortest)
    if m.ratio < shortest and m.x >= 15:
        hard = m.x >= 200 and m.ratio < 0.2
        return Verdict("truncation", hard, f"only {m.ratio:.2f} of the source's length")
    return None


def _lines_lost(m: _Measured) -> Verdict | None:
    if m.ratio >= m.known.fewer_lines:
        return None
    left, right = whole_lines(m.pair.source), whole_lines(m.pair.target)
    if left >= 3 and right * 10 < left * m.known.lines_of_ten:
        return Verdict("truncation", False, f"{right} lines where the source has {left} ({m.ratio:.2f})")
    return None


def _sentences_lost(m: _Measured) -> Verdict | None:
    known = m.known
    if not known.fewer or m.ratio >= known.fewer_lines:
        return None
    left, right = len(sentences(m.pair.source)), len(sentences(m.pair.target))
    few = known.fewer_short
    if m.x >= 150 or m.x >= 80 * left:
        few = next((most for fewest, most in reversed(known.fewer) if left >= fewest), 0.0)
    if m.x >= 80 * left:
        few = min(few + known.fewer_long, known.fewest)
    if right < left and m.ratio < few:
        return Verdict("truncation", False, f"{right} sentences where the source has {left} ({m.ratio:.2f})")
    return None


# The first that finds something speaks.
_RULES = (_too_long, _end_missing, _too_short, _lines_lost, _sentences_lost)
