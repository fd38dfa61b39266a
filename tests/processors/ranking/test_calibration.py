"""Labels on some rows tell what translators are worth at large; made-up rows, of which the truth is known."""

import random

import numpy as np
import pytest

from processors.errors import InputError
from processors.ranking.calibration import Label, calibrated
from processors.ranking.model import FittedRanker, Ranker
from tests.processors.ranking.test_model import GOOD, OTHER, SOURCES

CANDIDATES = {"a": GOOD, "b": OTHER}
DIFFERING = [row for row, pair in enumerate(zip(GOOD, OTHER, strict=True)) if pair[0] != pair[1]]


@pytest.fixture(scope="module")
def fitted() -> FittedRanker:
    return Ranker.load().fit_batch(SOURCES, CANDIDATES)


def labels(count: int, for_a: float, wrong: float = 0.0) -> list[Label]:
    rng = random.Random(1)
    found = []
    for row in rng.choices(DIFFERING, k=count):
        verdict = 1.0 if rng.random() < for_a else -1.0
        found.append(Label(row, 0, 1, -verdict if rng.random() < wrong else verdict))
    return found


def difference(fitted: FittedRanker) -> float:
    prior = fitted.prior()
    return prior["a"] - prior["b"]


@pytest.mark.parametrize("for_a", [0.9, 0.1])
def test_who_wins_most_rows_is_taken_for_the_better_one(fitted: FittedRanker, for_a: float) -> None:
    found, told = calibrated(fitted, SOURCES, CANDIDATES, labels(200, for_a))
    assert np.sign(difference(found)) == np.sign(for_a - 0.5)
    assert told.labels == 200 and told.strengths.sum() == pytest.approx(0)
    ranks = found.score(SOURCES, CANDIDATES)
    mean = np.mean([ranks[row]["a"].quality for row in DIFFERING])
    assert (mean > 0.5) == (for_a > 0.5)


def test_more_labels_leave_less_doubt_and_few_change_little(fitted: FittedRanker) -> None:
    told = [calibrated(fitted, SOURCES, CANDIDATES, labels(count, 0.8))[1] for count in (0, 5, 50, 200)]
    errors = [one.errors[0, 1] for one in told]
    assert errors == sorted(errors, reverse=True)
    moved = [abs((one.strengths - one.before)[0]) for one in told]
    assert moved[0] == 0 and moved[1] < moved[3]


def test_ties_say_that_two_are_alike(fitted: FittedRanker) -> None:
    ties = [label._replace(verdict=0.0) for label in labels(200, 1.0)]
    won = calibrated(fitted, SOURCES, CANDIDATES, labels(200, 1.0))[0]
    found, told = calibrated(fitted, SOURCES, CANDIDATES, ties)
    assert told.ties == 200
    assert abs(difference(found)) < abs(difference(won))


def test_wrong_verdicts_are_expected(fitted: FittedRanker) -> None:
    """A fifth of the labels is flipped at random: the better one is still found, and the doubt is said."""
    found, told = calibrated(fitted, SOURCES, CANDIDATES, labels(300, 0.95, wrong=0.2))
    clean = calibrated(fitted, SOURCES, CANDIDATES, labels(300, 0.95))[1]
    assert difference(found) > 0 and told.wrong > clean.wrong


def test_swapping_the_two_of_a_label_changes_nothing(fitted: FittedRanker) -> None:
    given = labels(100, 0.7)
    swapped = [Label(label.row, label.b, label.a, -label.verdict) for label in given]
    one, other = (calibrated(fitted, SOURCES, CANDIDATES, found)[1] for found in (given, swapped))
    assert np.allclose(one.strengths, other.strengths) and np.allclose(one.errors, other.errors)


def test_three_translators_compared_through_one(fitted: FittedRanker) -> None:
    third = [text.replace("ال", "") for text in GOOD]
    candidates = {"a": GOOD, "b": OTHER, "c": third}
    three = Ranker.load().fit_batch(SOURCES, candidates)
    chain = labels(150, 0.9) + [Label(row, 1, 2, 1.0) for row in DIFFERING[:40] * 2]
    strengths = calibrated(three, SOURCES, candidates, chain)[1].strengths
    assert strengths[0] > strengths[1] > strengths[2]


def test_strengths_are_saved_with_the_sample(fitted: FittedRanker, tmp_path) -> None:  # type: ignore[no-untyped-def]
    found, _ = calibrated(fitted, SOURCES, CANDIDATES, labels(100, 0.9))
    found.save(tmp_path / "fitted.npz")
    loaded = FittedRanker.load(tmp_path / "fitted.npz", found.ranker)
    assert loaded.score(SOURCES, CANDIDATES) == found.score(SOURCES, CANDIDATES)
    assert loaded.prior() == found.prior() != fitted.prior()


def test_a_label_on_what_is_not_there_is_a_mistake(fitted: FittedRanker) -> None:
    candidates: dict[str, list[str | None]] = {"a": [None, *GOOD[1:]], "b": list(OTHER)}
    with pytest.raises(InputError, match="a label on row 0, of which a or b has none"):
        calibrated(fitted, SOURCES, candidates, [Label(0, 0, 1, 1.0)])
