"""The ranker without a GPU: a Bradley-Terry model over what can be measured of a row's candidates without a reference.

The strength of a candidate is the gain in chrF (points, 0 to 100) that choosing it is expected to bring over a random
candidate of its row; the chance of being the best follows from the strengths (Bradley and Terry 1952; Luce 1959).
What the run itself shows of its translators is estimated first, on a thousand rows or more: which of two translators
is better at large (the prior), and what is usual between the two, so that a row counts by how it differs from the
usual. Where the training data had translators of the same names, their standing there corrects the prior. A row leaves
the better translator only if what it shows outweighs the prior, and two candidates that hardly differ are never far
apart.

`model_recipes.ranker.train` made the weights in `ranker.json`, which say on what.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from processors.errors import InputError
from processors.languages.language import DEFAULT
from processors.ranking.contained import points_for_less
from processors.ranking.features import (
    CONTRASTS,
    MEASURES,
    PRIOR,
    Floats,
    Measures,
    Verdicts,
    add_up,
    contrasts,
    dissimilarity,
    measure,
    trust,
)
from processors.ranking.known_translators import Standing, with_standings
from processors.ranking.opinions import Opinions

SHIPPED = Path(__file__).with_name("ranker.json")
# Each contrast enters straight and bent (tanh), alone and times the dissimilarity of the two candidates.
SHAPES = ("straight", "bent", "straight_by_dissimilarity", "bent_by_dissimilarity")
# What is far out of the ordinary says no more than what is 3 standard deviations out, or 2.5 times as dissimilar.
_FARTHEST, _MOST_DISSIMILAR = 3.0, 2.5
# Of two candidates of which nothing is known yet; all others are measured in it.
_USUAL_DISSIMILARITY = 0.3
# Rows at which the run's own statistics weigh as much as knowing nothing.
_FEW_ROWS = 20
# ChrF points that each verdict of the checks costs a candidate, whichever check it is of, and how many are counted.
# On half of FLORES dev, mean of the 15 pairs of six systems: chrF 60.01 of the chosen without, 60.02 with 1 or 2,
# 60.01 with 3, 59.94 with 10; of the chosen have verdicts 3.5 % without, 2.9 % with 2.
FAULT, _MOST_FAULTS = 2.0, 5
# Faults a sentence that even a good translator has.
_RARE = 0.001


class Rank(NamedTuple):
    """`gain`: chrF points expected over the mean of the row's candidates. `quality`: chance to be the best of them."""

    gain: float
    quality: float


@dataclass(frozen=True, slots=True)
class Weights:
    """Of a number of candidates: `prior` (len(PRIOR),) in chrF points a unit; `scales` (len(CONTRASTS),) the standard
    deviations of the contrasts; `shapes` (len(SHAPES), len(CONTRASTS)) in chrF points; `sharpness` a chrF point;
    `reward` in chrF points a unit of the reward model's score, 0 where the ranker was trained without one."""

    prior: Floats
    scales: Floats
    shapes: Floats
    sharpness: float
    reward: float = 0.0

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Weights":
        shapes = [[plain["shapes"][shape][name] for name in CONTRASTS] for shape in SHAPES]
        prior, scales = (
            [plain[key][name] for name in names] for key, names in (("prior", PRIOR), ("scales", CONTRASTS))
        )
        sharpness, reward = float(plain["sharpness"]), float(plain.get("reward", 0.0))
        return cls(np.array(prior), np.array(scales), np.array(shapes), sharpness, reward)

    def to_json(self) -> dict[str, Any]:
        def rounded(values: Floats) -> list[float]:
            return [float(f"{value:.5g}") for value in values]

        return {
            "prior": dict(zip(PRIOR, rounded(self.prior), strict=True)),
            "scales": dict(zip(CONTRASTS, rounded(self.scales), strict=True)),
            "shapes": {
                shape: dict(zip(CONTRASTS, rounded(row), strict=True))
                for shape, row in zip(SHAPES, self.shapes, strict=True)
            },
            "sharpness": float(f"{self.sharpness:.5g}"),
            **({"reward": float(f"{self.reward:.5g}")} if self.reward else {}),
        }


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual in a run between its translators: see `usual`."""

    trust: Floats  # (S,)
    contrasts: Floats  # (S, S, len(CONTRASTS)): medians
    dissimilarity: Floats  # (S, S): means
    prior: Floats  # (S, S, len(PRIOR)): mean contrasts
    length: float = 0.0  # the median of `length` of the translator whose texts are the longest


def usual(measures: Measures) -> Usual:
    """The run's statistics over the rows of `measures`, shrunk towards nothing where the rows are few.

    The medians, not the means, are what is usual: a translator that leaves every tenth row in English is as good as
    another on the others, and must not seem better there than it usually is.
    """
    weights = trust(measures)
    found = contrasts(measures, weights)
    size = len(found)
    width = len(weights)
    if not size:
        nothing = np.zeros((width, width, len(CONTRASTS)))
        return Usual(weights, nothing, np.full((width, width), _USUAL_DISSIMILARITY), nothing[..., : len(PRIOR)])
    known = size / (size + _FEW_ROWS)
    # Of the numbers the root of the rate: between two good translators a few faults more say much, between two bad
    # ones little, and the root of a count is as noisy for many as for few.
    rates = np.sqrt(measures.candidates[..., MEASURES.index("numbers")].mean(axis=0) + _RARE)
    apart = known * dissimilarity(measures).mean(axis=0) + (1 - known) * _USUAL_DISSIMILARITY
    mean = found[..., [CONTRASTS.index(name) for name in PRIOR]].mean(axis=0)
    mean[..., PRIOR.index("numbers")] = rates[:, None] - rates[None, :]
    length = float(np.median(measures.candidates[..., MEASURES.index("length")], axis=0).max())
    return Usual(weights, known * np.median(found, axis=0), apart, known * mean, length)


def shaped(measures: Measures, run: Usual, scales: Floats) -> Floats:
    """What `Weights.shapes` weigh, shape (len(SHAPES), len(CONTRASTS), n, S, S): [b, a] is [a, b] negated."""
    found = np.moveaxis(contrasts(measures, run.trust) - run.contrasts, -1, 0)
    # Contiguous, for numpy's tanh may differ in the last digit between arrays that are and that are not.
    straight = np.ascontiguousarray(np.clip(found / scales[:, None, None, None], -_FARTHEST, _FARTHEST))
    bent = np.tanh(straight)
    apart = np.minimum(dissimilarity(measures) / _USUAL_DISSIMILARITY, _MOST_DISSIMILAR)
    return np.stack([straight, bent, straight * apart, bent * apart])


def prior_share(measures: Measures, run: Usual) -> Floats:
    """How much of the prior a row is due, shape (n, S, S): its dissimilarity over the usual one; nothing where one of
    the two is the other and something more, which tells who is better there."""
    usually = np.where(run.dissimilarity > 0, run.dissimilarity, 1.0)
    share: Floats = np.minimum(dissimilarity(measures) / usually, _MOST_DISSIMILAR) * (1 - np.abs(measures.contained))
    return share


def reward_contrasts(rewards: Floats) -> Floats:
    """Rewards (n, S) of a less b, shape (n, S, S); 0 where one of the two has none (NaN)."""
    return np.nan_to_num(rewards[:, :, None] - rewards[:, None, :])


def row_evidence(measures: Measures, run: Usual, weights: Weights, rewards: Floats | None = None) -> Floats:
    """Points by which a is better than b, for what the row shows and whoever wrote the two: shape (n, S, S)."""
    seen = shaped(measures, run, weights.scales)
    # Weight by weight: what a row gets must not depend on which rows are scored with it (see `add_up`).
    shown = points_for_less(measures.contained, measures.candidates[..., MEASURES.index("length")], run.length)
    evidence = add_up([shown, *(seen[place] * weight for place, weight in np.ndenumerate(weights.shapes) if weight)])
    if rewards is not None and weights.reward:
        evidence += weights.reward * reward_contrasts(rewards)
    return evidence


def expected_gains(
    measures: Measures,
    run: Usual,
    weights: Weights,
    rewards: Floats | None = None,
    standings: Sequence[Standing | None] = (),
    prior: Floats | None = None,
) -> Floats:
    """Gain of each candidate of n complete rows, shape (n, S); `rewards` are of the same shape, NaN where unknown.

    `prior`, shape (S, S) at [a, b], are the points by which a is better at large, where more is known of it than what
    the run and `standings` show.
    """
    if prior is None:
        prior = with_standings(run.prior @ weights.prior, standings)
    margins = row_evidence(measures, run, weights, rewards) + prior * prior_share(measures, run)
    # The same text twice: whatever is usual between the two translators, here neither is better.
    margins[dissimilarity(measures) <= 0] = 0.0
    width = margins.shape[2]
    return add_up(margins[:, :, other] for other in range(width)) / width


def chances(gains: Floats, sharpness: float) -> Floats:
    """Luce's choice axiom: the chance of each to be the best of its row (last axis)."""
    powers = np.exp(sharpness * (gains - gains.max(axis=-1, keepdims=True)))
    total = add_up(powers[..., place] for place in range(powers.shape[-1]))
    shares: Floats = powers / total[..., None]
    return shares


@dataclass(frozen=True, slots=True)
class Ranker:
    """`pair` for rows of two candidates, `consensus` where a third can judge the other two; `standings` by name of
    the translators that it was trained on."""

    pair: Weights
    consensus: Weights
    standings: Mapping[str, Standing] = field(default_factory=dict)
    script: str = DEFAULT.script
    language: str = DEFAULT.code

    @classmethod
    def load(cls, path: Path = SHIPPED, *, script: str = DEFAULT.script, language: str = DEFAULT.code) -> "Ranker":
        """Reads a trained ranker. Raises `InputError` for a file that `model_recipes.ranker.train` did not write."""
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            pair, consensus = (Weights.from_json(plain[part]) for part in ("pair", "consensus"))
            known = plain.get("standings", {})
            standings = {name: Standing(float(s["strength"]), int(s["rows"])) for name, s in known.items()}
            return cls(pair, consensus, standings, script, language)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            reason = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
            raise InputError(
                f"{path}: no ranker ({reason}); expected a file written by python -m model_recipes.ranker.train"
            ) from None

    def fit_batch(
        self,
        sources: Sequence[str],
        candidates: Mapping[str, Sequence[str | None]],
        verdicts: Mapping[str, Sequence[Sequence[Any]]] | None = None,
    ) -> "FittedRanker":
        """Estimates from a run's rows what its translators are like; no reference and no label is read.

        `candidates` holds for each translator a text for each source, None where it has none, and `verdicts` those of
        `check_pair` or `check_conversation` on it; without them the numbers are checked here. Some thousand rows are
        enough, drawn over all splits; of some hundred the estimates are noisy (wrong numbers, the best evidence, are
        rare), and fewer than 20 are hardly trusted.
        """
        return FittedRanker(self, tuple(candidates), self.measure(sources, candidates, verdicts))

    def measure(
        self,
        sources: Sequence[str],
        candidates: Mapping[str, Sequence[str | None]],
        verdicts: Mapping[str, Sequence[Sequence[Any]]] | None = None,
    ) -> Measures:
        """What `fit_batch` keeps of its rows: of many rows, part by part (`Measures.joined`), without their texts."""
        for name, texts in candidates.items():
            if len(texts) != len(sources):
                raise InputError(f"translator {name} has {len(texts)} candidates for {len(sources)} sources")
        if verdicts is not None and {name: len(found) for name, found in verdicts.items()} != {
            name: len(texts) for name, texts in candidates.items()
        }:
            raise InputError(
                "expected verdicts for each candidate, in the same order, empty lists where none is wrong"
            )
        rows = list(zip(*candidates.values(), strict=True))
        found: Verdicts | None = None
        if verdicts is not None:
            found = list(zip(*(verdicts[name] for name in candidates), strict=True))
        return measure(sources, rows, found, script=self.script, language=self.language)

    def weights(self, width: int) -> Weights:
        return self.pair if width == 2 else self.consensus

    def known(self, translators: Sequence[str]) -> list[Standing | None]:
        return [self.standings.get(name) for name in translators]


@dataclass(frozen=True, slots=True)
class FittedRanker:
    """A ranker that has seen a run's `sample`. Small, and may be pickled or saved for the workers of the run.

    `strengths`, shape (S,), are what each translator is worth at large in chrF points, where labels told
    (`processors.ranking.calibration`); else the run shows it. `opinions`: of further models that score candidates.

    What it says of a row depends on that row alone, not on the rows that are scored with it.
    """

    ranker: Ranker
    translators: tuple[str, ...]
    sample: Measures
    strengths: Floats | None = field(default=None, compare=False)
    opinions: Opinions | None = field(default=None, compare=False)
    _usual: dict[tuple[int, ...], Usual] = field(default_factory=dict, compare=False, repr=False)

    def save(self, path: Path) -> None:
        """Writes the translators' names and the sample; the weights stay where `Ranker.load` found them."""
        arrays = {"agreement": self.sample.agreement, "candidates": self.sample.candidates}
        if self.strengths is not None:
            arrays["strengths"] = self.strengths
        if self.opinions is not None:
            arrays |= self.opinions.saved()
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, translators=np.array(self.translators), **arrays)

    @classmethod
    def load(cls, path: Path, ranker: Ranker) -> "FittedRanker":
        """Raises `InputError` for a file that `save` did not write."""
        try:
            with np.load(path, allow_pickle=False) as saved:
                names = tuple(saved["translators"].tolist())
                strengths = saved.get("strengths")
                sample, opinions = Measures(saved["agreement"], saved["candidates"]), Opinions.loaded(saved)
                return cls(ranker, names, sample, strengths, opinions)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise InputError(f"{path}: no fitted ranker ({error}); delete it and run the build again") from None

    def prior(self) -> dict[str, float]:
        """Gain in chrF points that each translator is expected to bring before a row is looked at."""
        gains = self.at_large(tuple(range(len(self.translators)))).mean(axis=1)
        return dict(zip(self.translators, gains.tolist(), strict=True))

    def at_large(self, columns: tuple[int, ...]) -> Floats:
        """Points by which a is better than b before a row is looked at, shape (s, s) at [a, b]."""
        if self.strengths is not None:
            some = self.strengths[list(columns)]
            return some[:, None] - some[None, :]
        shown = self.usual(columns).prior @ self.ranker.weights(len(columns)).prior
        return with_standings(shown, self.ranker.known([self.translators[column] for column in columns]))

    def usual(self, columns: tuple[int, ...]) -> Usual:
        """The sample's statistics of some of the translators, over the rows where all of these have a candidate."""
        if columns not in self._usual:
            complete = np.flatnonzero(~np.isnan(self.sample.candidates[:, columns, 0]).any(axis=1))
            self._usual[columns] = usual(self.sample.take(columns, complete))
        return self._usual[columns]

    def score(
        self,
        sources: Sequence[str],
        candidates: Mapping[str, Sequence[str | None]],
        verdicts: Mapping[str, Sequence[Sequence[Any]]] | None = None,
        rewards: Mapping[str, Sequence[float | None]] | None = None,
        opinions: Floats | None = None,
    ) -> list[dict[str, Rank]]:
        """For each row the `Rank` of each translator that has a candidate; arguments as of `Ranker.fit_batch`.

        `rewards` are a reward model's scores of the candidates; they count where the ranker was trained with some.
        `opinions` are those of `self.opinions`, shape (n, S, K), NaN where unknown.
        Each of the `verdicts`, soft ones too, counts against its candidate: of two near ones the one with fewer wins.

        Much faster for hundreds of rows at once than row by row. Rows that lack candidates are judged by what is usual
        between those present. Raises `InputError` for translators other than the fitted ones.
        """
        if set(candidates) != set(self.translators):
            raise InputError(f"cannot rank {sorted(candidates)}: the run was fitted to {sorted(self.translators)}")
        ordered = {name: candidates[name] for name in self.translators}
        measures = self.ranker.measure(sources, ordered, verdicts)
        present = ~np.isnan(measures.candidates[..., 0])
        scored = None
        if rewards is not None:
            scored = np.array([rewards[name] for name in self.translators], dtype=float).T
        found = None if verdicts is None else count_faults([verdicts[name] for name in self.translators])
        ranks: list[dict[str, Rank]] = [{} for _ in sources]
        for pattern in np.unique(present, axis=0):
            columns = tuple(np.flatnonzero(pattern).tolist())
            if not columns:
                continue
            rows = np.flatnonzero((present == pattern).all(axis=1))
            some = None if scored is None else scored[rows][:, columns]
            faults = None if found is None else found[rows][:, columns]
            said = None if opinions is None else opinions[rows][:, columns]
            gains, shares = self._rank(measures.take(columns, rows), columns, some, faults, said)
            for row, gain, share in zip(rows.tolist(), gains.tolist(), shares.tolist(), strict=True):
                ranks[row] = {
                    self.translators[column]: Rank(*values)
                    for column, values in zip(columns, zip(gain, share, strict=True), strict=True)
                }
        return ranks

    def _rank(
        self, measures: Measures, columns: tuple[int, ...], rewards: Floats | None, faults: Floats | None,
        opinions: Floats | None,
    ) -> tuple[Floats, Floats]:  # fmt: skip
        if len(columns) == 1:
            return np.zeros((len(measures.candidates), 1)), np.ones((len(measures.candidates), 1))
        weights = self.ranker.weights(len(columns))
        gains = expected_gains(measures, self.usual(columns), weights, rewards, prior=self.at_large(columns))
        if faults is not None:
            mean = add_up(faults[:, place] for place in range(len(columns))) / len(columns)
            gains = gains - FAULT * (faults - mean[:, None])
        if opinions is not None and self.opinions is not None and self.opinions.worth.any():
            points = self.opinions.points(opinions, columns)
            gains = gains + add_up(points[:, :, other] for other in range(len(columns))) / len(columns)
        return gains, chances(gains, weights.sharpness)


def count_faults(verdicts: Sequence[Sequence[Sequence[Any]]]) -> Floats:
    """Of n rows of S translators: verdicts of each candidate, shape (n, S), without measured ones and `arabic`."""
    counted = [
        [min(sum(verdict.check not in ("numbers", "arabic") for verdict in found), _MOST_FAULTS) for found in rows]
        for rows in verdicts
    ]
    return np.array(counted, dtype=float).T


__all__ = ["CONTRASTS", "MEASURES", "SHAPES", "FittedRanker", "Rank", "Ranker", "Usual", "Weights"]
