"""The clean text that faults are planted into and false alarms are counted on, in two halves.

The checks are tuned on one half; the other is held back. Sentences go by blocks of twelve lines, so that a text of
twelve has none of the other half, chat pairs by their number, software's messages by a hash of the English one.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.checks.faults import Pair, Text
from benchmarks.checks.pairs import read_chat_pairs
from processors.checks.run import check_conversation, has_hard

BLOCK = 12
Conversation = list[dict[str, Any]]


def read_lines(source: Path, target: Path) -> list[Pair]:
    with source.open(encoding="utf-8") as left, target.open(encoding="utf-8") as right:
        pairs = [(a.strip(), b.strip()) for a, b in zip(left, right, strict=True)]
    return [pair for pair in pairs if all(pair)]


def half(pairs: Sequence[Pair], held: bool) -> list[Pair]:
    return [pair for i, pair in enumerate(pairs) if (i // BLOCK) % 2 == held]


def joined(pairs: Sequence[Pair], size: int, separator: str = " ") -> list[Pair]:
    """Neighbours as one text; what is left over at the end is dropped."""
    groups = [pairs[i : i + size] for i in range(0, len(pairs) - size + 1, size)]
    return [(separator.join(s for s, _ in group), separator.join(t for _, t in group)) for group in groups]


def spread(pairs: Sequence[Pair], size: int) -> list[Pair]:
    """The pairs so ordered that `size` neighbours come from far apart."""
    step = len(pairs) // size
    return [pairs[i + k * step] for i in range(step) for k in range(size)]


def texts(pairs: Sequence[Pair], size: int, held: bool) -> Iterator[Text]:
    """Texts of `size` consecutive lines, each with the lines that follow it."""
    for start in range(0, len(pairs) - size - 3, size):
        if (start // BLOCK) % 2 == held:
            yield Text(tuple(pairs[start : start + size]), " ", tuple(pairs[start + size : start + size + 3]), held)


def paragraphs(source: str, target: str, near: tuple[Pair, ...], held: bool) -> Text:
    """A message as a text of its paragraphs, if both sides have as many, else of one piece."""
    left, right = source.split("\n\n"), target.split("\n\n")
    pieces = tuple(zip(left, right, strict=True)) if len(left) == len(right) else ((source, target),)
    return Text(pieces, "\n\n", near, held)


def message(content: str, index: int) -> dict[str, Any]:
    return {"role": "assistant" if index % 2 else "user", "content": content}


def conversations(prose: Sequence[Pair], held: bool, count: int, seed: int = 0) -> list[list[Text]]:
    """Four turns each: three chat pairs with code, tables, lists or formulas, and a text of four sentences.

    A pair that is vetoed already is left out: what a fault adds to it could not be told.
    """
    rng = random.Random(f"{seed} conversations {held}")
    chats = [(pair.source, pair.target) for pair in read_chat_pairs() if pair.held == held]
    chats = [p for p in chats if not has_hard(check_conversation([message(p[0], 1)], [message(p[1], 1)]))]
    long = list(texts(prose, 4, held))
    made = []
    for _ in range(count):
        chosen = rng.sample(chats, 3)
        turns = [paragraphs(*pair, near=(rng.choice(chats),), held=held) for pair in chosen]
        turns.insert(rng.randint(0, 3), rng.choice(long))
        made.append(turns)
    return made
