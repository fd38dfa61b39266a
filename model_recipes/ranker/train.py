"""Trains the ranker on translations with references: `python -m model_recipes.ranker.train FOLDER PREFIX OUT.json`.

Reads FOLDER/PREFIX.en, FOLDER/PREFIX.ar (the reference) and FOLDER/PREFIX.<system>.ar for two systems or more, a
sentence a line. The target of each two candidates of a row is the difference of their sentence chrF. No system's name
and no word of a text enters the model, so that it holds for other translators and texts.

The model is fitted by least squares, the loss under which the largest expected gain is the best choice. Weights may
not have the wrong sign (`processors.ranker_features.SIGNS`): with a handful of systems, a spurious advantage of, say,
wrong numbers is soon found. Every subset of the systems is a run of its own, with statistics of its own.
"""

import argparse
import copy
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from processors.agreement import chrf, overlaps
from processors.errors import InputError
from processors.ranker import (
    SHAPES,
    Ranker,
    Usual,
    Weights,
    chances,
    expected_gains,
    prior_share,
    shaped,
    usual,
)
from processors.ranker_features import CONTRASTS, PRIOR, SIGNS, Floats, Measures, contrasts, measure

Subset = tuple[int, ...]
Rows = NDArray[np.intp]
# Penalties, as shares of the weight of the data. The prior rests on very few systems.
_PRIOR_PENALTY, _SHAPE_PENALTY = 0.1, 0.05
# With more systems than six the subsets of three and more are a sample of this size.
_MOST_SUBSETS = 120


class Examples:
    """Measures of every candidate, and its chrF against the reference in points, shape (n, S)."""

    def __init__(
        self, sources: Sequence[str], references: Sequence[str], candidates: Mapping[str, Sequence[str]]
    ) -> None:
        self.systems = tuple(candidates)
        rows = list(zip(*candidates.values(), strict=True))
        self.measures: Measures = measure(sources, rows)
        with_reference = [[*row, reference] for row, reference in zip(rows, references, strict=True)]
        sizes, matches = overlaps(with_reference)
        self.sizes, self.reference_sizes, self.matches = sizes[:, :-1], sizes[:, -1], matches[:, :-1, -1]
        self.chrf: Floats = 100 * chrf(self.sizes, self.reference_sizes[:, None], self.matches)

    def all_rows(self) -> Rows:
        return np.arange(len(self.chrf))

    def take(self, rows: Rows) -> "Examples":
        """These rows alone, as a run of their own."""
        part = copy.copy(self)
        part.measures = Measures(self.measures.agreement[rows], self.measures.candidates[rows])
        part.sizes, part.reference_sizes, part.matches = (
            self.sizes[rows],
            self.reference_sizes[rows],
            self.matches[rows],
        )
        part.chrf = self.chrf[rows]
        return part


def read_folder(folder: Path, prefix: str) -> Examples:
    """Reads a FLORES-style folder. Raises `InputError` where a file is missing or has another number of lines."""
    sources, references = (_lines(folder / f"{prefix}.{side}") for side in ("en", "ar"))
    names = sorted(path.name[len(prefix) + 1 : -3] for path in folder.glob(f"{prefix}.*.ar"))
    if len(names) < 2:
        raise InputError(
            f"{folder}: {len(names)} files {prefix}.<system>.ar: expected the output of two systems or more"
        )
    candidates = {name: _lines(folder / f"{prefix}.{name}.ar") for name in names}
    for name, lines in {"ar": references, **candidates}.items():
        if len(lines) != len(sources):
            raise InputError(f"{folder}/{prefix}: {len(lines)} lines of {name}, but {len(sources)} of en")
    return Examples(sources, references, candidates)


def _lines(path: Path) -> list[str]:
    try:
        # Not splitlines, which also ends a line at U+2028 and the like.
        return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None


def train(examples: Examples, systems: Iterable[int] | None = None, rows: Rows | None = None) -> Ranker:
    """Trains on the given columns and rows of `examples`; what is usual in a run is still estimated on all rows."""
    columns = tuple(range(len(examples.systems))) if systems is None else tuple(systems)
    rows = examples.all_rows() if rows is None else rows
    pairs = list(combinations(columns, 2))
    larger = [subset for size in range(3, len(columns) + 1) for subset in combinations(columns, size)]
    if len(larger) > _MOST_SUBSETS:
        larger = random.Random(0).sample(larger, _MOST_SUBSETS)
    pair = _fit(examples, pairs, rows)
    # From two systems nothing can be learnt of a third one's judgement.
    return Ranker(pair, _fit(examples, larger, rows) if larger else pair)


def _fit(examples: Examples, subsets: Sequence[Subset], rows: Rows) -> Weights:
    runs = [(examples.measures.take(subset), usual(examples.measures.take(subset)), subset) for subset in subsets]
    prior = _fit_prior(examples, runs, rows)
    scales = _scales(runs, rows)
    signs = np.array([SIGNS[name] for name in CONTRASTS] * len(SHAPES))
    gram, target, size = np.zeros((len(signs), len(signs))), np.zeros(len(signs)), 0
    for measures, run, subset in runs:
        upper = np.triu_indices(len(subset), 1)
        some = Measures(measures.agreement[rows], measures.candidates[rows])
        inputs = shaped(some, run, scales)[..., *upper].reshape(len(signs), -1).T
        differences = _differences(examples, subset, rows)[:, *upper]
        # The shapes are to explain what the systems' true difference leaves open, not the errors of the prior.
        rest = differences - differences.mean(axis=0) * prior_share(some, run)[:, *upper]
        gram += inputs.T @ inputs
        target += inputs.T @ rest.ravel()
        size += len(inputs)
    shapes = _solve(gram / size, target / size, signs, _SHAPE_PENALTY).reshape(len(SHAPES), len(CONTRASTS))
    weights = Weights(prior, scales, shapes, 0.1)
    return replace(weights, sharpness=_sharpness(examples, runs, rows, weights))


Run = tuple[Measures, Usual, Subset]


def _differences(examples: Examples, subset: Subset, rows: Rows) -> Floats:
    gold = examples.chrf[rows][:, subset]
    return gold[:, :, None] - gold[:, None, :]


def _scales(runs: Sequence[Run], rows: Rows) -> Floats:
    """Standard deviation of each contrast about what is usual."""
    squares = []
    for measures, run, subset in runs:
        upper = np.triu_indices(len(subset), 1)
        squares.append(((contrasts(measures, run.trust) - run.contrasts)[rows][:, *upper] ** 2).mean(axis=(0, 1)))
    scales: Floats = np.sqrt(np.mean(squares, axis=0)) + 1e-6
    return scales


def _fit_prior(examples: Examples, runs: Sequence[Run], rows: Rows) -> Floats:
    inputs, targets = [], []
    for _, run, subset in runs:
        upper = np.triu_indices(len(subset), 1)
        inputs.append(run.prior[upper])
        targets.append(_differences(examples, subset, rows).mean(axis=0)[upper])
    x, y = np.concatenate(inputs), np.concatenate(targets)
    # Medians: one system that is far off must not set the scale for the others.
    units = np.median(np.abs(x), axis=0) + 1e-9
    signs = np.array([SIGNS[name] or 1 for name in PRIOR])
    solved: Floats = _solve((x / units).T @ (x / units) / len(x), (x / units).T @ y / len(x), signs, _PRIOR_PENALTY)
    return solved / units


def _solve(gram: Floats, target: Floats, signs: NDArray[np.int_], penalty: float) -> Floats:
    """Ridge regression with signs (0: free), by coordinate descent on the normal equations."""
    size = np.sqrt(np.maximum(np.diag(gram), 1e-12))
    matrix = gram / np.outer(size, size) + penalty * np.eye(len(size))
    goal = target / size
    solution = np.zeros(len(size))
    for _ in range(2000):
        before = solution.copy()
        for i in range(len(solution)):
            step = (goal[i] - matrix[i] @ solution) / matrix[i, i]
            moved = solution[i] + step
            solution[i] = moved if signs[i] == 0 or moved * signs[i] > 0 else 0.0
        if np.abs(solution - before).max() < 1e-7:
            break
    solved: Floats = solution / size
    return solved


def _sharpness(examples: Examples, runs: Sequence[Run], rows: Rows, weights: Weights) -> float:
    """The sharpness under which the truly best candidates are most likely."""
    gains, bests = [], []
    for measures, run, subset in runs:
        some = Measures(measures.agreement[rows], measures.candidates[rows])
        gold = examples.chrf[rows][:, subset]
        best = (gold == gold.max(axis=1, keepdims=True)).astype(float)
        gains.append(expected_gains(some, run, weights))
        bests.append(best / best.sum(axis=1, keepdims=True))

    def loss(sharpness: float) -> float:
        pairs = zip(gains, bests, strict=True)
        return float(-np.mean([(b * np.log(chances(g, sharpness) + 1e-9)).sum(axis=1).mean() for g, b in pairs]))

    return float(min(np.geomspace(0.01, 2.0, 60), key=loss))


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains the ranker on translations with references.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("prefix")
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", default="", help="one line for the file: what was trained on, its licence")
    arguments = parser.parse_args()
    examples = read_folder(arguments.folder, arguments.prefix)
    ranker = train(examples)
    written = {
        "data": arguments.data or arguments.prefix,
        "systems": list(examples.systems),
        "rows": len(examples.chrf),
        "pair": ranker.pair.to_json(),
        "consensus": ranker.consensus.to_json(),
    }
    arguments.out.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    print(f"{arguments.out}: trained on {len(examples.chrf)} rows of {len(examples.systems)} systems")


if __name__ == "__main__":
    main()
