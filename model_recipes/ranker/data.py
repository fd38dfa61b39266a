"""What the ranker is trained on: measures of candidates, and which of two is better by how much.

Either from translations with references (`read_folder`), where the difference is that of the sentence chrF, or from
preference data (`read_preferences`), such as `smolkalam preferences` makes.
"""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from builders.stages.fit_ranker import ranked_texts
from model_recipes.ranker.texts import Texts, read_texts
from processors.checks.run import check_pair, has_hard
from processors.errors import InputError
from processors.judging.exchange import read_conversation, read_prompt
from processors.ranking.features import Floats, Measures, measure
from processors.scoring.agreement import chrf, overlaps

Subset = tuple[int, ...]
Rows = NDArray[np.intp]
# Root mean square of the differences of chrF between two systems of FLORES, in points. Differences in another unit are
# scaled to it, so that a ranker's gains are of one size whatever it was trained on.
_USUAL_DIFFERENCE = 15.0
# The share of candidates that are damaged, and how many sentences make a document. On a quarter of FLORES dev, trained
# on another, names hidden: with a share of 0.2 the choice of seven captures 7.0 % of the gap, with 0.08 10.1 %.
_DAMAGED, _DOCUMENTS = 0.08, (3, 4, 5, 6)


class Examples(Protocol):
    """Rows of S candidates. `calibrate_best`: whether the best candidate of each row is known, or only pairs are.
    `named`: whether a column is one system's."""

    systems: tuple[str, ...]
    measures: Measures
    calibrate_best: bool
    named: bool
    # A reward model's score of each candidate, shape (n, S), NaN where it is not known; None: of none.
    rewards: Floats | None

    def all_rows(self) -> Rows: ...

    def differences(self, subset: Subset, rows: Rows) -> Floats:
        """Points by which a is better than b, shape (len(rows), s, s) at [row, a, b]; NaN where it is not known."""


class WithReferences:
    """Candidates with a reference: `chrf` is each candidate's against it in points, shape (n, S).

    `vetoed`, shape (n, S), is what a hard check vetoes: never chosen, so that the shipped recipe learns nothing of its
    difference to others (`usable`). `lines` are the first and the last line that a row is made of, shape (n, 2).
    """

    calibrate_best = True
    named = True
    rewards: Floats | None = None
    usable = False

    def __init__(
        self, sources: Sequence[str], references: Sequence[str], candidates: Mapping[str, Sequence[str]]
    ) -> None:
        self.systems = tuple(candidates)
        rows = list(zip(*candidates.values(), strict=True))
        verdicts = [[check_pair(source, text) for text in row] for source, row in zip(sources, rows, strict=True)]
        self.vetoed = np.array([[has_hard(found) for found in row] for row in verdicts], dtype=bool)
        self.lines = np.repeat(np.arange(len(rows))[:, None], 2, axis=1)
        self.measures: Measures = measure(sources, rows, verdicts)
        with_reference = [[*row, reference] for row, reference in zip(rows, references, strict=True)]
        sizes, matches = overlaps(with_reference)
        self.sizes, self.reference_sizes, self.matches = sizes[:, :-1], sizes[:, -1], matches[:, :-1, -1]
        self.chrf: Floats = 100 * chrf(self.sizes, self.reference_sizes[:, None], self.matches)

    def all_rows(self) -> Rows:
        return np.arange(len(self.chrf))

    def differences(self, subset: Subset, rows: Rows) -> Floats:
        gold = np.where(self.vetoed & self.usable, np.nan, self.chrf)[rows][:, subset]
        return gold[:, :, None] - gold[:, None, :]

    @classmethod
    def of(cls, texts: Texts, *, usable: bool = False) -> "WithReferences":
        found = cls(texts.sources, texts.references, texts.candidates)
        found.lines, found.usable = np.array(texts.lines), usable
        return found

    def take(self, rows: Rows) -> "WithReferences":
        """These rows alone, as a run of their own."""
        part = copy.copy(self)
        part.measures = Measures(self.measures.agreement[rows], self.measures.candidates[rows])
        part.sizes, part.reference_sizes, part.matches = (
            self.sizes[rows],
            self.reference_sizes[rows],
            self.matches[rows],
        )
        part.chrf, part.vetoed, part.lines = self.chrf[rows], self.vetoed[rows], self.lines[rows]
        return part


class Preferences:
    """Pairs of candidates: `better` holds the differences, shape (n, S, S), NaN where two were not compared."""

    calibrate_best = False

    def __init__(
        self, systems: Sequence[str], measures: Measures, better: Floats, named: bool, rewards: Floats | None = None
    ) -> None:
        self.systems = tuple(systems)
        self.rewards = rewards
        self.named = named
        self.measures = measures
        self.better = better

    def all_rows(self) -> Rows:
        return np.arange(len(self.better))

    def differences(self, subset: Subset, rows: Rows) -> Floats:
        return self.better[rows][:, subset][:, :, subset]


def read_folder(folder: Path, prefix: str) -> WithReferences:
    """A FLORES-style folder's sentences. Raises `InputError` as `read_texts`."""
    return WithReferences.of(read_texts(folder, prefix))


def training_set(texts: Texts) -> tuple[WithReferences, list[WithReferences]]:
    """What the shipped ranker is trained on: of clean sentences what translators are worth at large, and of sentences
    and documents of 3 to 6 of them, some of each damaged, what a row shows. Of what no check vetoes."""
    made = [texts.damaged(_DAMAGED), *(texts.documents(lines).damaged(_DAMAGED, seed=lines) for lines in _DOCUMENTS)]
    return WithReferences.of(texts, usable=True), [WithReferences.of(one, usable=True) for one in made]


def read_preferences(path: Path, split: str = "train") -> Preferences | None:
    """Reads pairs in TRL's preference format: a `.jsonl` or `.parquet` file, or a folder with `<split>-*.parquet`.

    Every pair has `prompt`, `chosen` and `rejected`, texts or lists of messages, and may have `margin`, `source_id`,
    `chosen_translator` and `rejected_translator` as `smolkalam preferences` writes them (by `difference` the ranker
    learns more than by `margin`, which is at most 1). Pairs of one source (or prompt) are candidates of one row, so
    that they can judge each other. Where translators are not named, every pair is a row of its own.

    Returns None for a folder without such a split. Raises `InputError` for what is no preference data.
    """
    files = sorted(path.glob(f"{split}-*.parquet")) if path.is_dir() else [path]
    if not files and split != "train":
        return None
    pairs = [(f"{file.name}, pair {i + 1}", pair) for file in files for i, pair in enumerate(_pairs(file))]
    if not pairs:
        raise InputError(f"{path}: no pair; expected a .jsonl or .parquet file, or a folder with {split}-*.parquet")
    return _gather(path, pairs)


def _pairs(path: Path) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if path.suffix == ".parquet":
            found: list[dict[str, Any]] = pq.read_table(path, partitioning=None).to_pylist()
            return found
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from None


@dataclass(frozen=True, slots=True)
class _PairSide:
    """One text of a pair: whose it is, and a reward model's score of it where it is known."""

    name: str
    messages: list[dict[str, str]]
    reward: float | None


@dataclass(frozen=True, slots=True)
class _ReadPair:
    """A pair as it was read: `row` is the same for pairs of one source, `points` by how much the first is better."""

    row: str
    source: list[dict[str, str]]
    sides: tuple[_PairSide, _PairSide]
    points: float
    named: bool
    by_reference: bool


def _gather(path: Path, pairs: Sequence[tuple[str, dict[str, Any]]]) -> Preferences:
    read = [_read_pair(place, pair) for place, pair in pairs]
    systems = sorted({side.name for pair in read for side in pair.sides})
    if len(systems) > 64:
        raise InputError(f"{path}: {len(systems)} translators; expected chosen_translator to name a few")
    rows: dict[str, dict[str, list[dict[str, str]]]] = {}
    sources: dict[str, list[dict[str, str]]] = {}
    for pair in read:
        sources[pair.row] = pair.source
        rows.setdefault(pair.row, {}).update({side.name: side.messages for side in pair.sides})
    better, rewards = _matrices(read, {row: number for number, row in enumerate(rows)}, systems)
    if not all(pair.by_reference for pair in read):
        better *= _USUAL_DIFFERENCE / np.sqrt(np.nanmean(better**2))
    texts, candidates = ranked_texts([(sources[row], rows[row]) for row in rows], systems)
    measures = measure(texts, list(zip(*(candidates[name] for name in systems), strict=True)))
    return Preferences(systems, measures, better, all(pair.named for pair in read), rewards)


def _read_pair(place: str, pair: Mapping[str, Any]) -> _ReadPair:
    prompt, chosen, rejected = (_messages(pair, name, place) for name in ("prompt", "chosen", "rejected"))
    source = read_prompt(prompt[-1]["content"])
    given = [pair.get(f"{side}_translator") for side in ("chosen", "rejected")]
    named = all(given)
    names = [str(name) for name in given] if named else _anonymous(chosen, rejected)
    points = pair.get("difference") or pair.get("margin") or 1.0
    if not isinstance(points, int | float) or points <= 0:
        raise InputError(f"{place}: the margin is {points!r:.40}, expected a number above 0 or none")
    return _ReadPair(
        # Two pairs of one prompt may hold four texts: without names there is no telling whose.
        row=str(pair.get("source_id") or json.dumps(prompt)) if named else place,
        source=source[0] if source else prompt,
        sides=(
            _PairSide(names[0], _translated(chosen), _reward(pair, "chosen", place)),
            _PairSide(names[1], _translated(rejected), _reward(pair, "rejected", place)),
        ),
        points=float(points),
        named=named,
        by_reference=pair.get("by") == "reference" and bool(pair.get("difference")),
    )


def _reward(pair: Mapping[str, Any], side: str, place: str) -> float | None:
    reward = pair.get(f"{side}_reward")
    if reward is not None and not isinstance(reward, int | float):
        raise InputError(f"{place}: {side}_reward is {reward!r:.40}, expected a number or none")
    return reward


def _matrices(
    pairs: Sequence[_ReadPair], rows: Mapping[str, int], systems: Sequence[str]
) -> tuple[Floats, Floats | None]:
    """Differences, shape (n, S, S), and rewards, shape (n, S) or None where no pair has one; NaN: not known."""
    columns = {name: number for number, name in enumerate(systems)}
    better = np.full((len(rows), len(systems), len(systems)), np.nan)
    rewards = np.full(better.shape[:2], np.nan)
    for pair in pairs:
        row = rows[pair.row]
        one, other = (columns[side.name] for side in pair.sides)
        better[row, one, other], better[row, other, one] = pair.points, -pair.points
        for side in pair.sides:
            if side.reward is not None:
                rewards[row, columns[side.name]] = side.reward
    return better, None if np.isnan(rewards).all() else rewards


def _messages(pair: Mapping[str, Any], name: str, place: str) -> list[dict[str, str]]:
    value = pair.get(name)
    if isinstance(value, str) and value:
        return [{"role": "user", "content": value}]
    if isinstance(value, list) and value and all(isinstance(m, dict) and m.get("content") is not None for m in value):
        return [{"role": m.get("role") or "user", "content": m["content"]} for m in value]
    raise InputError(f"{place}: {name} is {value!r:.40}, expected a text or a list of messages")


def _translated(answer: list[dict[str, str]]) -> list[dict[str, str]]:
    """The messages that an answer to `translation_prompt` stands for; another answer is taken as it is."""
    found = read_conversation(answer[0]["content"]) if len(answer) == 1 else None
    return found or answer


def _anonymous(chosen: list[dict[str, str]], rejected: list[dict[str, str]]) -> list[str]:
    """Names for two texts whose translators are unknown: which is which must not tell which is the better one."""
    one, other = (blake2b(json.dumps(side).encode(), digest_size=8).digest() for side in (chosen, rejected))
    return ["a", "b"] if one < other else ["b", "a"]
