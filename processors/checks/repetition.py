"""Does the target loop, or say twice what the source says once. Linear time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from operator import eq

from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict, excerpt
from processors.texts.prose import longest_word, sentences, words
from processors.texts.text import Text, text_of, view

# Marks in a row that nobody sets, but for the points or the line of a gap that the source has in other marks.
_LOOP = 40
_GAP = re.compile(r"__|\.\.|…|--|—")
_POINTS = ".!?؟،,"
_CHARACTERS = re.compile(r"(\w{1,12}?)\1{9,}|([^\w\s])\2{23,}")


def check_repetition(pair: Pair) -> list[Verdict]:
    """Loops of words or characters, and sentences that the target doubles and the source does not. Linear time."""
    rules: tuple[Callable[[Pair], Verdict | None], ...] = _ANY_TEXT
    found = words(pair.target)
    if len(found) < 6:
        rules = (_said_twice, *_ANY_TEXT)
    elif _repeats_three_words(found):
        rules = (_loop, _tripled, _doubled_sentence, _said_twice, *_ANY_TEXT)
    for rule in rules:
        if verdict := rule(pair):
            return [verdict]
    return []


def _repeats_three_words(found: Sequence[str]) -> bool:
    """Whether three words stand twice, or one twice in a row: without it no rule on words can find anything."""
    again = len(found) - len(set(found))
    # Three words that stand twice are three words more than there are different ones, also where they overlap.
    if again >= 3 and len(set(zip(found, found[1:], found[2:], strict=False))) != len(found) - 2:
        return True
    return again > 0 and any(map(eq, found, found[1:]))


@view
def _longest_loop(text: Text) -> tuple[int, int, int]:
    """(words in the longest tandem repetition, its period, its start); one pass over the trigrams."""
    found = words(text)
    last: dict[tuple[str, str, str], int] = {}
    best = (0, 0, 0)
    period = run = 0
    for i, gram in enumerate(zip(found, found[1:], found[2:], strict=False)):
        before = last.get(gram)
        last[gram] = i
        if before is None:
            run = period = 0
            continue
        run, period = (run + 1, period) if i - before == period else (1, i - before)
        # `run` matching trigrams at distance `period` are run + 2 words that repeat the ones before them.
        if run + 2 >= period and run + 2 + period > best[0]:
            best = (run + 2 + period, period, i + 3 - (run + 2 + period))
    return best


@view
def _refrain(source: Text) -> int:
    """Words of the longest loop of an English text, capitals and points aside: "Row, row, row your boat"."""
    return _longest_loop(text_of(" ".join(word.strip(_POINTS) for word in source.string.lower().split())))[0]


def _loop(pair: Pair) -> Verdict | None:
    length, period, start = _longest_loop(pair.target)
    if not length or length <= max(_longest_loop(pair.source)[0], _refrain(pair.source)) * 1.5:
        return None
    copies = length / period
    if period < 4 and copies < 4 and (period < 2 or copies < 3):
        return None
    piece = excerpt(" ".join(words(pair.target)[start : start + period]))
    return Verdict(
        "repetition", length >= 8 or (period == 1 and copies >= 6), f"'{piece}' {copies:.1f} times from word {start}"
    )


def _tripled(pair: Pair) -> Verdict | None:
    found = words(pair.target)
    tripled = next((a for a, b, c in zip(found, found[1:], found[2:], strict=False) if a == b == c), None)
    if tripled and not _repeats(pair.source, 3):
        return Verdict("repetition", False, f"'{excerpt(tripled)}' three times in a row")
    return None


def _doubled_sentence(pair: Pair) -> Verdict | None:
    doubled = Counter(s for s in sentences(pair.target) if s.count(" ") >= 3)
    most = [(s, n) for s, n in doubled.items() if n > 1]
    if not most:
        return None
    left = [n for n in Counter(s for s in sentences(pair.source) if s.count(" ") >= 1).values() if n > 1]
    if sum(n - 1 for _, n in most) <= sum(n - 1 for n in left):
        return None
    sentence, n = most[0]
    hard = sentence.count(" ") >= 7 and not left
    return Verdict("repetition", hard, f"the sentence '{excerpt(sentence)}' stands {n} times")


def _said_twice(pair: Pair) -> Verdict | None:
    """The whole target is the same words twice."""
    found = words(pair.target)
    half, odd = divmod(len(found), 2)
    if not half or odd or (len(found) < 6 and len(found) <= len(words(pair.source))):
        return None
    bare = [w.strip(_POINTS) for w in found]
    if bare[:half] == bare[half:] and not _repeats(pair.source, 2):
        return Verdict("repetition", False, f"'{excerpt(' '.join(found[:half]))}' stands twice")
    return None


def _repeats(source: Text, times: int) -> bool:
    """Whether an English text says a word so many times in a row, or itself consists of the same words twice."""
    bare = [w.strip(".!?,").lower() for w in words(source)]
    half = len(bare) // 2
    return bare[:half] == bare[half:] or any(len(set(bare[i : i + times])) == 1 for i in range(len(bare) - times + 1))


def _two_versions(pair: Pair) -> Verdict | None:
    """Two sentences of nearly the same words where the source has one."""
    if len(words(pair.target)) < 8 or len(pair.target.string) < len(pair.source.string) * 1.2:
        return None
    found = sentences(pair.target)
    if len(found) < 2 or len(found) <= len(sentences(pair.source)):
        return None
    for first, second in pairwise(found):
        left, right = (frozenset(w.strip(_POINTS) for w in s.split()) for s in (first, second))
        if min(len(left), len(right)) >= 3 and len(left & right) * 10 >= len(left | right) * 6:
            return Verdict("repetition", False, f"two versions of the sentence '{excerpt(first)}'")
    return None


def _character_loop(pair: Pair) -> Verdict | None:
    if longest_word(pair.target) < 24:
        return None
    for word in words(pair.target):
        m = _CHARACTERS.search(word[:2000]) if len(word) >= 24 else None
        if m is None or m.group() in pair.source.string:
            continue
        if m[2] and m[2] * 5 not in pair.source.string:
            gap = m[2] in ".…_-ـ" and _GAP.search(pair.source.string)
            return Verdict("repetition", len(m.group()) >= _LOOP and not gap, f"'{m[2]}' {len(m.group())} times")
        if m[1] and not m[1].isdigit() and m[1].strip("_ـ"):
            return Verdict("repetition", True, f"'{m[1]}' {len(m.group()) // len(m[1])} times in one word")
    return None


_ANY_TEXT = (_two_versions, _character_loop)
