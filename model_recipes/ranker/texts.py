"""The texts that a ranker is trained on and measured by, and what is made of them.

Sentences are joined to documents, since a build ranks conversations; and some candidates are damaged the ways in which
translators go wrong, since what a handful of systems happens not to do (to ramble, to stop early) would be learnt as
what nobody does.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from processors.errors import InputError

# Lines of a block, the least that is kept together: an article of FLORES has some three to eight.
BLOCK = 25
_MOST_WORDS = 8
_ENDS = ".!?؟۔"


class Texts(NamedTuple):
    """A source, a reference and each system's candidate, all lists of the same length; of each the first and the last
    line of the files that it is made of."""

    sources: list[str]
    references: list[str]
    candidates: dict[str, list[str]]
    lines: list[tuple[int, int]]

    def take(self, rows: Sequence[int]) -> "Texts":
        return self._joined([[row] for row in rows])

    def documents(self, lines: int) -> "Texts":
        """Of each `lines` consecutive lines of a block one text; what is left at a block's end is left out."""
        blocks: dict[int, list[int]] = {}
        for row, (first, _) in enumerate(self.lines):
            blocks.setdefault(first // BLOCK, []).append(row)
        groups = [rows[start : start + lines] for rows in blocks.values() for start in range(0, len(rows), lines)]
        return self._joined([group for group in groups if len(group) == lines])

    def _joined(self, groups: Sequence[Sequence[int]]) -> "Texts":
        def joined(texts: Sequence[str]) -> list[str]:
            return [" ".join(texts[row] for row in group) for group in groups]

        found = {name: joined(texts) for name, texts in self.candidates.items()}
        places = [(self.lines[group[0]][0], self.lines[group[-1]][1]) for group in groups]
        return Texts(joined(self.sources), joined(self.references), found, places)

    def damaged(self, share: float, seed: int = 0) -> "Texts":
        """With `share` of each system's candidates damaged, in one of the ways of `DAMAGES`.

        Half of these are damaged copies of another system's: what a good translation says and more.
        """
        found = {}
        for name, texts in self.candidates.items():
            rng = random.Random(f"{seed} {name}")
            found[name] = list(texts)
            for row, source in enumerate(self.sources):
                if rng.random() < share:
                    whose = rng.choice((name, rng.choice(list(self.candidates))))
                    found[name][row] = rng.choice(DAMAGES)(self.candidates[whose][row], source, texts, rng)
        return self._replace(candidates=found)


Damage = Callable[[str, str, Sequence[str], random.Random], str]


def with_words(text: str, source: str, others: Sequence[str], rng: random.Random) -> str:
    """One to eight words that belong to other texts, before the last mark."""
    words = [word for word in (rng.choice(rng.choice(others).split() or [""]) for _ in range(_MOST_WORDS)) if word]
    bare = text.rstrip(_ENDS)
    return f"{bare} {' '.join(words[: rng.randint(1, _MOST_WORDS)])}{text[len(bare) :]}"


def with_sentence(text: str, source: str, others: Sequence[str], rng: random.Random) -> str:
    """Another text after it or before it."""
    parts = [text, rng.choice(others)]
    return " ".join(parts if rng.random() < 0.7 else reversed(parts))


def cut_off(text: str, source: str, others: Sequence[str], rng: random.Random) -> str:
    words = text.split()
    return " ".join(words[: max(1, round(len(words) * rng.uniform(0.4, 0.9)))])


def with_a_gap(text: str, source: str, others: Sequence[str], rng: random.Random) -> str:
    """Without one to four of its words."""
    words = text.split()
    start, length = rng.randrange(max(len(words) - 1, 1)), rng.randint(1, 4)
    return " ".join(words[:start] + words[start + length :]) or text


def said_twice(text: str, source: str, others: Sequence[str], rng: random.Random) -> str:
    words = text.split()
    return " ".join(words + words[-max(2, len(words) // 3) :])


def left_in_the_source(text: str, source: str, others: Sequence[str], rng: random.Random) -> str:
    """Its last words as in the source."""
    words, own = text.split(), source.split()
    left = rng.randint(1, 4)
    return " ".join(words[: max(len(words) - left, 0)] + own[-left:])


# What is added stands twice: nothing that the seven systems of FLORES do is like it.
DAMAGES: tuple[Damage, ...] = (
    with_words, with_words, with_sentence, with_sentence, cut_off, with_a_gap, said_twice, left_in_the_source,
)  # fmt: skip


def read_texts(folder: Path, prefix: str) -> Texts:
    """Reads a FLORES-style folder. Raises `InputError` where a file is missing or has another number of lines."""
    sources, references = (_lines(folder / f"{prefix}.{side}") for side in ("en", "ar"))
    names = sorted(path.name[len(prefix) + 1 : -3] for path in folder.glob(f"{prefix}.*.ar"))
    if len(names) < 2:
        raise InputError(
            f"{folder}: {len(names)} files {prefix}.<system>.ar: expected the output of two systems or more"
        )
    candidates: Mapping[str, list[str]] = {name: _lines(folder / f"{prefix}.{name}.ar") for name in names}
    for name, lines in {"ar": references, **candidates}.items():
        if len(lines) != len(sources):
            raise InputError(f"{folder}/{prefix}: {len(lines)} lines of {name}, but {len(sources)} of en")
    return Texts(sources, references, dict(candidates), [(line, line) for line in range(len(sources))])


def _lines(path: Path) -> list[str]:
    try:
        # Not splitlines, which also ends a line at U+2028 and the like.
        return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
