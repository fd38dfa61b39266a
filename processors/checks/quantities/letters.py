"""Letters that stand for themselves: the answer C, vitamin B, team A."""

from __future__ import annotations

import re
from collections import Counter

from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict
from processors.languages.spellings import plain
from processors.texts import Text, view

# "I" is a word; so is "A" before a word in small letters where a sentence begins, and in headings before a capital.
# The letter first, then what stands before it: so the search jumps from one to the next.
_LETTER = re.compile(r"([A-HJ-Z])(?![\w'’&+#/\-–$\\}])(?<![\w.'’&+#/\-–$\\{][A-Z])(?<!\d [A-Z])(?!\.\w|\. [A-Z][a-z])")
# A choice is written small where brackets make it one: "(b)", "option (c)"; `f(b)` is a call.
_SMALL = re.compile(r"(?<!\w)\(([a-h])\)(?!\w)")
_BEGINS = re.compile(r"(?:^|[.!?:\"“]\s*|\n\W*)$")
# No article stands before these: "A is for apple".
_WORD_BEHIND = re.compile(r"\s(?!(?:is|was|are|and|or|has|stands|comes|beats|to|equals|can|will|does|means)\b)[a-z]")
_NAME_BEHIND = re.compile(r"\s[A-Z][a-z]")
# Letters that number choices; what stands behind a number is a unit, before a point a title ("Dr.").
_OWN_LETTER = re.compile(r"([^\W\d_])(?<![\w.][^\W\d_])(?<!\d [^\W\d_])\u0640?(?!\w|\.\s?[^\W\d_])")
_ALONE = re.compile(r"[A-HJ-Z](?![\w'’&+#/\-–$\\}])")
# "Q: Who wrote it? A:" are no choices; "A: Paris  B: Rome" are.
_LABEL = re.compile(r"(?:^|(?<=\n)|(?<=[.?!]\s))\W{0,5}([QA])\d{0,2}[.:)](?=\W|$)|(?<=\s)(A)\d{0,2}:\W*\Z")
# Behind a question that is labelled so an answer's label may stand anywhere.
_LATER_LABEL = re.compile(r"\s(A)\d{0,2}:(?=\s|$)")
_SECOND = re.compile(r"(?<!\w)[Bb][.:)](?=\s)")
# "The correct answer is **B**.": no article, and nothing behind it but marks.
_CHOSEN = re.compile(
    r"(?:[Aa]nswer|[Oo]ption|[Cc]hoice|[Ss]olution|[Aa]lternative)\b[^.\n?]{0,40}?(?:\bis\b|:)[ *_(\[\"'“]{0,6}"
    r"([A-F])(?=[\s*_)\]\"'”]*(?:[.;,)\n]|$))"
)


@view
def may_have_letters(text: Text) -> bool:
    """Whether any sentence of the text may have a letter that stands for itself: a cheap look, which misses none."""
    return "(" in text.string or _ALONE.search(text.string) is not None


@view
def _letters(text: Text) -> Counter[str]:
    string = text.string
    found = Counter(m[1] for m in _LETTER.finditer(string) if m[1] != "A" or not _article(string, m))
    return found + _small(text)


@view
def _small(text: Text) -> Counter[str]:
    return Counter(letter.upper() for letter in _SMALL.findall(text.string)) if ")" in text.string else Counter()


def _labels(text: Text) -> set[str]:
    """Letters that label questions and answers: all that stand so, unless they number choices."""
    if _SECOND.search(text.string):
        return set()
    found = {first or last for first, last in _LABEL.findall(text.string)}
    return found | set(_LATER_LABEL.findall(text.string)) if "Q" in found else found


def _article(string: str, m: re.Match[str]) -> bool:
    if _NAME_BEHIND.match(string, m.end()):
        return True
    before = string[max(0, m.start() - 8) : m.start()]
    return _WORD_BEHIND.match(string, m.end()) is not None and _BEGINS.search(before) is not None


def _another_chosen(pair: Pair) -> tuple[str, str] | None:
    """The right one of several choices and the one that the target names, where both say so as often."""
    letters = pair.knowledge.letters
    if letters is None or letters.answer is None:
        return None
    here = _CHOSEN.findall(pair.source.string)
    there = letters.answer.findall(plain(pair.target, pair.knowledge)) if here else []
    if len(here) != len(there):
        return None
    wrong = (
        one for one in zip(here, there, strict=True) if one[1] != one[0] and one[1] not in letters.choices[one[0]]
    )
    return next(wrong, None)


def check_letters(pair: Pair) -> list[Verdict]:
    """A letter of the source that is gone while another one, in either alphabet, is new; of choices another one."""
    here = _letters(pair.source)
    if not here:
        return []
    other = _another_chosen(pair)
    if other:
        return [Verdict("letters", True, "the answer '{}' of the source became '{}'".format(*other))]
    there = Counter(m[1] for m in _LETTER.finditer(pair.target.string)) + _small(pair.target)
    letters = pair.knowledge.letters
    choices = dict(letters.choices) if letters else {}
    spelling = plain(pair.target, pair.knowledge) if choices else ""
    own = {letter for letter in _OWN_LETTER.findall(spelling) if not letter.isascii()}
    labels = letters.labels if letters else {}
    for label in _labels(pair.source) & labels.keys():
        choices[label] = choices.get(label, "") + labels[label]
    lost = [x for x in here if x not in there and own.isdisjoint(choices.get(x, ""))]
    if not lost:
        return []
    new = [x for x in there if x not in here]
    if lost[0] in choices:
        allowed = {letter for x in here for letter in choices.get(x, "")}
        new += sorted(letter for letter in own - allowed if any(letter in others for others in choices.values()))
    return [Verdict("letters", True, f"'{lost[0]}' of the source became '{new[0]}'")] if new else []
