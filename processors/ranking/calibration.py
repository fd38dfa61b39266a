"""What labels on some rows of a run tell of its translators at large, and how surely.

Without a label a run shows rather dimly which of two translators is better (`processors.ranking.known_translators`);
some hundred verdicts on its own rows, of judges, people or references, tell it. A Bradley-Terry model of the verdicts:
each translator has a strength in chrF points, which the run's own estimate is the prior of; a verdict depends on the
difference of two strengths and on what the row itself shows of the two candidates, so that a row in which the weaker
one happens to be plainly better does not count against the stronger one. A tie is half a verdict for either. Some of
the verdicts are wrong: which share of them, the verdicts themselves show, for what is wrong at random contradicts the
rows too. What the scores of further models are worth is learnt with it (`processors.ranking.opinions`), drawn
towards nothing as far as the verdicts do not speak for them.

On a half of FLORES dev, two systems unknown to the ranker, 200 labels on rows that were then left out, 20 % of them
flipped: of the gap between the better system and the oracle 8.0 % is captured, of near pairs (3 points) 11.8 %;
without a label 2.2 and 0.2 %, with 50 labels 4.0 and 4.4 %. Taking no verdict for wrong gives -2.9 and 12.3 %, the
true differences at large 9.4 and 15.3 %.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from processors.errors import InputError
from processors.ranking.features import Floats
from processors.ranking.known_translators import doubts
from processors.ranking.model import FAULT, FittedRanker, count_faults, prior_share, row_evidence

# Shares of wrong verdicts that are weighed against each other; of half of them nothing could be learnt.
_WRONG = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4)
_STEPS, _ENOUGH, _LONGEST_STEP = 100, 1e-6, 5.0
# What a usual difference of a scorer may be worth in chrF points, as standard deviations that are weighed against each
# other: the first takes it for nearly worthless.
_WORTH = (0.05, 0.5, 1.0, 2.0, 4.0)


class Label(NamedTuple):
    """A verdict on two candidates of a row, by their places: 1 if `a` is better, -1 if `b` is, 0 for a tie, or a mean
    of such."""

    row: int
    a: int
    b: int
    verdict: float


class Calibration(NamedTuple):
    """What labels changed. Strengths in chrF points, shape (S,), their mean 0; `errors`, shape (S, S): the standard
    deviation of each difference. `wrong`: the share of verdicts that seem to be wrong. `worth` and `doubt`, shape
    (K,): chrF points of a usual difference of each scorer, and their standard deviations."""

    labels: int
    ties: int
    wrong: float
    before: Floats
    strengths: Floats
    errors: Floats
    worth: Floats = np.zeros(0)
    doubt: Floats = np.zeros(0)


class Compared(NamedTuple):
    """Of each pair of candidates that is or may be judged: 1 and -1 at its two translators times how much of a
    difference at large the row is due, shape (pairs, S), the points that the row shows for the first, and by how many
    usual differences it is ahead by each scorer, shape (pairs, K)."""

    inputs: Floats
    evidence: Floats
    opinions: Floats | None = None

    @classmethod
    def nothing(cls, translators: int) -> "Compared":
        return cls(np.zeros((0, translators)), np.zeros(0))

    def take(self, places: Sequence[int]) -> "Compared":
        some = None if self.opinions is None else self.opinions[list(places)]
        return Compared(self.inputs[list(places)], self.evidence[list(places)], some)

    def chances(self, fitted: FittedRanker, strengths: Floats) -> Floats:
        """How likely the first of each two is the better one, if the translators are worth `strengths`."""
        shown = self.inputs @ strengths + self.evidence
        chances: Floats = 1 / (1 + np.exp(-fitted.ranker.weights(len(fitted.translators)).sharpness * shown))
        return chances


class _Seen(NamedTuple):
    """What was compared, and the verdicts from 0 to 1."""

    inputs: Floats
    evidence: Floats
    verdicts: Floats


class _Solved(NamedTuple):
    strengths: Floats
    covariance: Floats
    log_evidence: float


def calibrated(
    fitted: FittedRanker,
    sources: Sequence[str],
    candidates: Mapping[str, Sequence[str | None]],
    labels: Sequence[Label],
    verdicts: Mapping[str, Sequence[Sequence[Any]]] | None = None,
    opinions: Floats | None = None,
) -> tuple[FittedRanker, Calibration]:
    """`fitted` with the strengths, and the worth of its scorers, that `labels` on these rows tell.

    `candidates`, `verdicts` and `opinions` are as of its `score`.

    Raises `InputError` for a label on a candidate that is not there.
    """
    if not labels:
        return learn(fitted, Compared.nothing(len(fitted.translators)), [])
    # What the ranker was trained to take of rewards is seen already: `worth` is what they are worth beyond that.
    rewards = None if opinions is None or fitted.opinions is None else fitted.opinions.rewards(opinions)
    seen = look(fitted, sources, candidates, labels, verdicts, rewards)
    if opinions is not None and fitted.opinions is not None:
        places = [[getattr(label, of) for label in labels] for of in ("row", "a", "b")]
        seen = seen._replace(opinions=fitted.opinions.contrasts(opinions, *places))
    return learn(fitted, seen, [label.verdict for label in labels])


def learn(fitted: FittedRanker, compared: Compared, verdicts: Sequence[float]) -> tuple[FittedRanker, Calibration]:
    """`fitted` with the strengths that verdicts (1 to -1) on what was compared tell; without any, those of before."""
    width = len(fitted.translators)
    before = fitted.at_large(tuple(range(width))).mean(axis=1)
    variance = _prior_variance(fitted)
    if not len(verdicts):
        return fitted, Calibration(0, 0, 0.0, before, before, np.sqrt(np.add.outer(variance, variance)))
    said = (1 + np.array(verdicts, dtype=float)) / 2
    sharpness = fitted.ranker.weights(width).sharpness
    scorers = 0 if compared.opinions is None else compared.opinions.shape[1]
    inputs = compared.inputs if compared.opinions is None else np.hstack([compared.inputs, compared.opinions])
    seen = _Seen(inputs, compared.evidence, said)
    solved = [
        _solve(seen, np.append(before, np.zeros(scorers)), each, sharpness, wrong, width)
        for each in ([variance] if not scorers else _variances(variance, scorers))
        for wrong in _WRONG
    ]
    shares_wrong = np.tile(_WRONG, len(solved) // len(_WRONG))
    chances = np.exp(np.array([one.log_evidence for one in solved]) - max(one.log_evidence for one in solved))
    chances /= chances.sum()
    found: Floats = sum(c * one.strengths for c, one in zip(chances, solved, strict=True))
    covariance = sum(
        c * (one.covariance + np.outer(one.strengths - found, one.strengths - found))
        for c, one in zip(chances, solved, strict=True)
    )
    spread = np.diag(covariance)
    apart = spread[:width, None] + spread[None, :width] - 2 * covariance[:width, :width]
    strengths = found[:width] - found[:width].mean()
    told = Calibration(
        len(verdicts),
        sum(verdict == 0 for verdict in verdicts),
        float(chances @ shares_wrong),
        before,
        strengths,
        np.sqrt(np.maximum(apart, 0.0)),
        _sure_of(found[width:], np.maximum(spread[width:], 0.0)),
        np.sqrt(np.maximum(spread[width:], 0.0)),
    )
    opinions = fitted.opinions.worth_of(told.worth) if fitted.opinions and scorers else fitted.opinions
    return replace(fitted, strengths=strengths, opinions=opinions), told


def _sure_of(worth: Floats, variance: Floats) -> Floats:
    """What scorers are taken to be worth: less for doubt, and never less than nothing.

    A random one would cost rows by chance otherwise, and one that likes what is worse is no scorer of quality.
    """
    plain = np.maximum(worth, 0.0)
    sure: Floats = plain * plain**2 / np.maximum(plain**2 + variance, 1e-9)
    return sure


def _variances(variance: Floats, scorers: int) -> list[Floats]:
    """Those of the translators' strengths, with all scorers worthless, or worth so much."""
    return [np.append(variance, np.full(scorers, worth**2)) for worth in _WORTH]


def _prior_variance(fitted: FittedRanker) -> Floats:
    return doubts(fitted.ranker.known(fitted.translators)) ** 2


def look(
    fitted: FittedRanker,
    sources: Sequence[str],
    candidates: Mapping[str, Sequence[str | None]],
    labels: Sequence[Label],
    verdicts: Mapping[str, Sequence[Sequence[Any]]] | None,
    rewards: Floats | None = None,
) -> Compared:
    """What these rows show of the candidates that `labels` name, whatever their verdicts. `rewards`, shape (n, S), are
    a reward model's scores, NaN where unknown."""
    rows = sorted({label.row for label in labels})
    place = {row: number for number, row in enumerate(rows)}

    def of_rows(texts: Sequence[Any]) -> list[Any]:
        return [texts[row] for row in rows]

    names = fitted.translators
    some = {name: of_rows(candidates[name]) for name in names}
    found = None if verdicts is None else {name: of_rows(verdicts[name]) for name in names}
    measures = fitted.ranker.measure(of_rows(sources), some, found)
    faults = np.zeros(measures.candidates.shape[:2])
    if found is not None:
        faults = count_faults([found[name] for name in names])
    present = ~np.isnan(measures.candidates[..., 0])
    evidence, due = (np.full((len(rows), len(names), len(names)), np.nan) for _ in range(2))
    for pattern in np.unique(present, axis=0):
        columns = tuple(np.flatnonzero(pattern).tolist())
        alike = np.flatnonzero((present == pattern).all(axis=1))
        if len(columns) > 1:
            part, usual = measures.take(columns, alike), fitted.usual(columns)
            weights = fitted.ranker.weights(len(columns))
            at = np.ix_(alike, np.array(columns), np.array(columns))
            given = None if rewards is None else rewards[np.ix_(np.array(rows)[alike], np.array(columns))]
            evidence[at], due[at] = row_evidence(part, usual, weights, given), prior_share(part, usual)
    evidence -= FAULT * (faults[:, :, None] - faults[:, None, :])
    inputs = np.zeros((len(labels), len(names)))
    shown = np.zeros(len(labels))
    for number, label in enumerate(labels):
        at_label = place[label.row], label.a, label.b
        if np.isnan(evidence[at_label]):
            raise InputError(f"a label on row {label.row}, of which {names[label.a]} or {names[label.b]} has none")
        inputs[number, label.a], inputs[number, label.b] = due[at_label], -due[at_label]
        shown[number] = evidence[at_label]
    return Compared(inputs, shown)


def _solve(seen: _Seen, before: Floats, variance: Floats, sharpness: float, wrong: float, scorers_at: int) -> _Solved:
    """The likeliest strengths where `wrong` of the verdicts are wrong, by Newton's method (Fisher scoring).

    From the place `scorers_at` on they are what scorers are worth.
    """
    strengths, certain = before.copy(), np.diag(1 / variance)

    def chances() -> tuple[Floats, Floats]:
        plain = 1 / (1 + np.exp(-sharpness * (seen.inputs @ strengths + seen.evidence)))
        rightly = np.clip(wrong + (1 - 2 * wrong) * plain, 1e-9, 1 - 1e-9)
        return rightly, (1 - 2 * wrong) * plain * (1 - plain) * sharpness

    curvature = certain
    for _ in range(_STEPS):
        rightly, slope = chances()
        doubt = rightly * (1 - rightly)
        pull = seen.inputs.T @ ((seen.verdicts - rightly) / doubt * slope) - certain @ (strengths - before)
        curvature = seen.inputs.T @ (seen.inputs * (slope**2 / doubt)[:, None]) + certain
        step = np.linalg.solve(curvature, pull)
        strengths = strengths + np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        if np.abs(step).max() < _ENOUGH:
            break
    rightly, _ = chances()
    likely = (seen.verdicts * np.log(rightly) + (1 - seen.verdicts) * np.log(1 - rightly)).sum()
    off = strengths - before
    log_evidence = float(likely - off @ certain @ off / 2 - np.linalg.slogdet(curvature)[1] / 2)
    # How sure one was before: the same for all shares of wrong verdicts, another for each worth of scorers.
    log_evidence -= float(np.log(variance[scorers_at:]).sum() / 2)
    return _Solved(strengths, np.linalg.inv(curvature).astype(float), log_evidence)
