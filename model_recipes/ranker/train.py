"""Trains the ranker on translations with references, or on preference data.

    python -m model_recipes.ranker.train references FOLDER PREFIX OUT.json
    python -m model_recipes.ranker.train preferences PAIRS OUT.json

The first reads FOLDER/PREFIX.en, FOLDER/PREFIX.ar (the reference) and FOLDER/PREFIX.<system>.ar for two systems or
more, a sentence a line; the target of each two candidates of a row is the difference of their sentence chrF. The
second reads what `smolkalam preferences` writes, or any pairs in TRL's format. OUT.json goes into a recipe as
`ranking.ranker`. Pairs without `chosen_translator` and `rejected_translator` only change what the shipped ranker makes
of a row with two candidates. The weights know no system's name and no word of a text, so that they hold for other
translators and texts; what each system is worth at large stands beside them, under its name, for runs that it is in.

Where the pairs hold rewards (`chosen_reward`, `rejected_reward`: from a run whose recipe has a reward model), these
are a feature, and the ranker is for runs with the same reward model. Take pairs that it was not trained on, or its
opinion weighs too much. A folder with a `test` split shows whether it was: there its rewards are then right less
often, and a warning says so.

The model is fitted by least squares, the loss under which the largest expected gain is the best choice. Weights may
not have the wrong sign (`processors.ranking.features.SIGNS`): with a handful of systems, a spurious advantage of, say,
wrong numbers is soon found. Every subset of the systems is a run of its own, with statistics of its own.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_recipes.ranker.data import Examples, Rows, Subset, WithReferences, read_preferences, training_set
from model_recipes.ranker.texts import read_texts
from processors.errors import InputError, tell
from processors.ranking.features import CONTRASTS, PRIOR, SIGNS, Floats, Measures, contrasts
from processors.ranking.known_translators import learn_standings
from processors.ranking.model import (
    SHAPES,
    Ranker,
    Usual,
    Weights,
    chances,
    expected_gains,
    prior_share,
    reward_contrasts,
    shaped,
    usual,
)

# Penalties, as shares of the weight of the data. The prior rests on very few systems.
_PRIOR_PENALTY, _SHAPE_PENALTY = 0.1, 0.05
# With more systems than six the subsets of three and more are a sample of this size.
_MOST_SUBSETS = 120


def train(
    examples: Examples,
    systems: Iterable[int] | None = None,
    rows: Rows | None = None,
    made: Sequence[WithReferences] = (),
) -> Ranker:
    """Trains on the given columns and rows of `examples`; what is usual in a run is still estimated on all rows.

    What a row shows is learnt of `made` instead, where there is some (`model_recipes.ranker.data.training_set`): of
    what is made of the given rows alone.
    """
    columns = tuple(range(len(examples.systems))) if systems is None else tuple(systems)
    rows = examples.all_rows() if rows is None else rows
    pairs = list(combinations(columns, 2))
    larger = [subset for size in range(3, len(columns) + 1) for subset in combinations(columns, size)]
    if len(larger) > _MOST_SUBSETS:
        larger = random.Random(0).sample(larger, _MOST_SUBSETS)
    allowed = {int(line) for line in (examples.lines[rows, 0] if isinstance(examples, WithReferences) else ())}
    parts = [
        (part, np.array([i for i, (a, b) in enumerate(part.lines.tolist()) if set(range(a, b + 1)) <= allowed], int))
        for part in made
    ]
    pair, consensus = (_fit(examples, subsets, rows, parts) for subsets in (pairs, larger))
    if pair is None:
        raise InputError("nothing to train on: no two candidates of a row differ in what they are worth")
    if not examples.named:
        # What translators are like at large cannot be seen here, nor what a third one's judgement is worth.
        shipped = Ranker.load()
        return replace(shipped, pair=replace(pair, prior=shipped.pair.prior))
    standings = learn_standings([examples.systems[column] for column in columns], examples.differences(columns, rows))
    # From two systems nothing can be learnt of a third one's judgement.
    return Ranker(pair, consensus or pair, standings)


class TrainingRun(NamedTuple):
    """Some systems as a run of their own, on the rows that all of them translated: what is usual there, and of the
    rows to train on the measures and the differences."""

    usual: Usual
    measures: Measures
    differences: Floats  # (rows, s, s), NaN where not known
    rewards: Floats | None  # (rows, s), NaN where there is none

    def upper(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        return np.triu_indices(self.measures.agreement.shape[1], 1)


def _runs(examples: Examples, subsets: Sequence[Subset], rows: Rows) -> list[TrainingRun]:
    found = []
    for subset in subsets:
        complete = np.asarray(~np.isnan(examples.measures.candidates[:, subset, 0]).any(axis=1))
        chosen = rows[complete[rows]]
        differences = examples.differences(subset, chosen)
        known = ~np.isnan(differences[:, *np.triu_indices(len(subset), 1)]).all(axis=1)
        if known.any():
            whole = usual(examples.measures.take(subset, np.flatnonzero(complete)))
            rewards = None if examples.rewards is None else examples.rewards[chosen[known]][:, subset]
            found.append(
                TrainingRun(whole, examples.measures.take(subset, chosen[known]), differences[known], rewards)
            )
    return found


def _fit(
    examples: Examples, subsets: Sequence[Subset], rows: Rows, made: Sequence[tuple[Examples, Rows]]
) -> Weights | None:
    """None where no two candidates of these subsets were compared."""
    plain = _runs(examples, subsets, rows)
    if not plain:
        return None
    prior = _fit_prior(plain)
    runs = [run for part, chosen in made for run in _runs(part, subsets, chosen)] or plain
    scales = _scales(runs)
    signs = np.array([SIGNS[name] for name in CONTRASTS] * len(SHAPES))
    columns = len(signs)
    if examples.rewards is not None:
        # A ranker that turned the reward model's opinion round would have learnt noise.
        signs = np.append(signs, 1)
    gram, target, size = np.zeros((len(signs), len(signs))), np.zeros(len(signs)), 0
    for run in runs:
        upper = run.upper()
        differences = run.differences[:, *upper]
        known = ~np.isnan(differences)
        inputs = shaped(run.measures, run.usual, scales)[..., *upper].reshape(columns, *known.shape)[:, known].T
        if run.rewards is not None:
            inputs = np.column_stack([inputs, reward_contrasts(run.rewards)[:, *upper][known]])
        # The shapes are to explain what the systems' true difference leaves open, not the errors of the prior.
        mean = _known_means(differences) * prior_share(run.measures, run.usual)[:, *upper]
        gram += inputs.T @ inputs
        target += inputs.T @ (differences - mean)[known]
        size += len(inputs)
    solved = _solve(gram / size, target / size, signs, _SHAPE_PENALTY)
    shapes = solved[:columns].reshape(len(SHAPES), len(CONTRASTS))
    weights = Weights(prior, scales, shapes, 0.1, float(solved[columns:].sum()))
    return replace(weights, sharpness=_sharpness(plain, weights, examples.calibrate_best))


def _known_means(differences: Floats) -> Floats:
    """Means over the rows of what is known, 0 where nothing is."""
    known = ~np.isnan(differences)
    means: Floats = np.where(known, differences, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return means


def _scales(runs: Sequence[TrainingRun]) -> Floats:
    """Standard deviation of each contrast about what is usual."""
    squares = []
    for run in runs:
        found = contrasts(run.measures, run.usual.trust) - run.usual.contrasts
        squares.append((found[:, *run.upper()] ** 2).mean(axis=(0, 1)))
    scales: Floats = np.sqrt(np.mean(squares, axis=0)) + 1e-6
    return scales


def _fit_prior(runs: Sequence[TrainingRun]) -> Floats:
    inputs, targets = [], []
    for run in runs:
        differences = run.differences[:, *run.upper()]
        known = ~np.isnan(differences).all(axis=0)
        inputs.append(run.usual.prior[run.upper()][known])
        targets.append(_known_means(differences)[known])
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
    # Ends by itself; the bound is for features that are nearly the same, between which it moves slowly.
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


def _sharpness(runs: Sequence[TrainingRun], weights: Weights, best: bool) -> float:
    """The sharpness under which the truly best candidates are most likely; of pairs, the better ones."""
    found = []
    for run in runs:
        gains = expected_gains(run.measures, run.usual, weights, run.rewards)
        if best:
            # Of a row with a vetoed candidate the best is not known.
            known = ~np.isnan(run.differences).any(axis=(1, 2))
            wins = (run.differences[known].min(axis=2) >= 0).astype(float)
            if known.any():
                found.append((gains[known], wins / wins.sum(axis=1, keepdims=True)))
        else:
            row, one, other = np.nonzero(run.differences > 0)
            pairs = np.stack([gains[row, one], gains[row, other]], axis=1)
            found.append((pairs, np.tile([1.0, 0.0], (len(pairs), 1))))

    def loss(sharpness: float) -> float:
        return float(-np.mean([(w * np.log(chances(g, sharpness) + 1e-9)).sum(axis=1).mean() for g, w in found]))

    # Steps of 9 %, from where all chances are nearly alike to where the best candidate has nearly all.
    return float(min(np.geomspace(0.01, 2.0, 60), key=loss))


def pair_accuracy(examples: Examples, ranker: Ranker) -> tuple[int, int]:
    """Of the pairs of which one is known to be better, how many the ranker puts right, and how many there are.

    Each row is judged with all candidates that it has; the rows are a run of their own.
    """
    right = judged = 0
    present = ~np.isnan(examples.measures.candidates[..., 0])
    for pattern in np.unique(present, axis=0):
        subset = tuple(np.flatnonzero(pattern).tolist())
        rows = np.flatnonzero((present == pattern).all(axis=1))
        if len(subset) > 1:
            complete = np.flatnonzero(present[:, subset].all(axis=1))
            run = usual(examples.measures.take(subset, complete))
            rewards = None if examples.rewards is None else examples.rewards[rows][:, subset]
            weights = ranker.weights(len(subset))
            standings = ranker.known([examples.systems[column] for column in subset] if examples.named else [])
            gains = expected_gains(examples.measures.take(subset, rows), run, weights, rewards, standings)
            better = np.nan_to_num(examples.differences(subset, rows)) > 0
            right += int(((gains[:, :, None] > gains[:, None, :]) & better).sum())
            judged += int(better.sum())
    return right, judged


def reward_accuracy(examples: Examples) -> tuple[float, int]:
    """In how many of the pairs with two rewards the better candidate has the higher one, ties half; rows of such."""
    if examples.rewards is None:
        return 0.0, 0
    better = examples.differences(tuple(range(len(examples.systems))), examples.all_rows()) > 0
    apart = examples.rewards[:, :, None] - examples.rewards[:, None, :]
    judged = better & ~np.isnan(apart)
    right = np.where(apart > 0, 1.0, np.where(apart == 0, 0.5, 0.0))[judged].sum()
    return float(right / max(judged.sum(), 1)), int(judged.any(axis=(1, 2)).sum())


def doubt_rewards(examples: Examples, held_out: Examples | None) -> str | None:
    """A warning where the reward model seems to have been trained on these very pairs, or where nothing shows it."""
    share, rows = reward_accuracy(examples)
    if not rows:
        return None
    other, others = reward_accuracy(held_out) if held_out is not None else (0.0, 0)
    if not others:
        return (
            "the pairs hold rewards; without a test split nothing shows whether the reward model was trained on them"
        )
    # Rows, not pairs: the pairs of a row are not independent.
    pooled = (share * rows + other * others) / (rows + others)
    if share - other <= 3 * (pooled * (1 - pooled) * (1 / rows + 1 / others)) ** 0.5:
        return None
    return (
        f"the rewards put {share:.1%} of these pairs right and {other:.1%} of the test split: the reward model was "
        "trained on these pairs, and this ranker trusts it too much; take rewards of a model trained on other rows"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains the ranker.")
    commands = parser.add_subparsers(dest="data_from", required=True)
    references = commands.add_parser("references", help="translations with references, a sentence a line")
    references.add_argument("folder", type=Path)
    references.add_argument("prefix")
    preferences = commands.add_parser("preferences", help="pairs in TRL's format, .parquet or .jsonl, or their folder")
    preferences.add_argument("pairs", type=Path)
    for command in (references, preferences):
        command.add_argument("out", type=Path)
        command.add_argument("--data", default="", help="one line for the file: what was trained on, its licence")
    arguments = parser.parse_args()
    try:
        _train(arguments)
    except InputError as error:
        tell(error)
        raise SystemExit(error.exit_code) from None


def _train(arguments: argparse.Namespace) -> None:
    examples: Examples
    if arguments.data_from == "references":
        texts = read_texts(arguments.folder, arguments.prefix)
        name, (examples, made), held_out = arguments.prefix, training_set(texts), None
    else:
        found = read_preferences(arguments.pairs)
        assert found is not None
        name, examples, made = arguments.pairs.name, found, []
        held_out = read_preferences(arguments.pairs, "test") if arguments.pairs.is_dir() else None
    if (doubt := doubt_rewards(examples, held_out)) is not None:
        print(f"warning: {doubt}", file=sys.stderr)
    ranker = train(examples, made=made)
    written = {
        "data": arguments.data or name,
        "systems": list(examples.systems),
        "rows": len(examples.all_rows()),
        "standings": {
            name: {"strength": round(standing.strength, 2), "rows": standing.rows}
            for name, standing in ranker.standings.items()
        },
        "pair": ranker.pair.to_json(),
        "consensus": ranker.consensus.to_json(),
    }
    arguments.out.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    print(f"{arguments.out}: trained on {written['rows']} rows of {len(examples.systems)} systems")
    for where, part in (("trained on", examples), ("test", held_out)):
        if part is not None:
            right, judged = pair_accuracy(part, ranker)
            print(f"{where}: {right / max(judged, 1):.1%} of {judged:,} pairs put right")


if __name__ == "__main__":
    main()
