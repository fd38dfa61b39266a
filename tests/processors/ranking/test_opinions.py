"""Further models' scores: what is usual is taken off, their worth is learnt, and a random one is worth nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from processors.ranking.calibration import Compared, Label, calibrated, learn
from processors.ranking.model import FittedRanker, Ranker
from processors.ranking.opinions import BEHIND, Opinions
from tests.processors.ranking.test_calibration import DIFFERING
from tests.processors.ranking.test_model import GOOD, OTHER, SOURCES

ROWS = len(SOURCES)


def scores(better: np.ndarray, noise: float, seed: int = 0) -> np.ndarray:
    """Of two translators, by one scorer that favours the second by 5, in units of a tenth."""
    rng = np.random.default_rng(seed)
    found = rng.normal(size=(len(better), 2, 1)) * noise
    found[:, 0, 0] += better
    return np.asarray(10 * found + [[0], [5]])


@pytest.fixture(scope="module")
def fitted() -> FittedRanker:
    return Ranker.load().fit_batch(SOURCES, {"a": GOOD, "b": OTHER})


def test_what_labels_agree_with_counts(fitted: FittedRanker) -> None:
    better = np.random.default_rng(2).choice([-1.0, 1.0], ROWS)
    said = scores(better, 0.5)
    seen = replace(fitted, opinions=Opinions.seen(["judge_score"], said))
    both = {"a": GOOD, "b": OTHER}
    labels = [Label(row, 0, 1, float(np.sign(better[row]))) for row in DIFFERING]
    found, told = calibrated(seen, SOURCES, both, labels, opinions=said)
    assert told.worth[0] > 2 * told.doubt[0] > 0
    ranks = found.score(SOURCES, both, opinions=said)
    assert np.mean([(ranks[row]["a"].quality > 0.5) == (better[row] > 0) for row in DIFFERING]) > 0.8


def test_what_a_ranker_was_trained_to_take_of_rewards_is_not_learnt_again(fitted: FittedRanker) -> None:
    better = np.random.default_rng(2).choice([-1.0, 1.0], ROWS)
    said, both = scores(better, 0.5), {"a": GOOD, "b": OTHER}
    labels = [Label(row, 0, 1, float(np.sign(better[row]))) for row in DIFFERING]
    worths = []
    for weight in (0.0, 1.0):
        ranker = replace(fitted.ranker, pair=replace(fitted.ranker.pair, reward=weight))
        seen = replace(fitted, ranker=ranker, opinions=Opinions.seen(["reward"], said))
        worths.append(float(calibrated(seen, SOURCES, both, labels, opinions=said)[1].worth[0]))
    assert worths[1] < worths[0] / 2


@pytest.mark.parametrize(("agrees", "least", "most"), [(0.0, 0.0, 0.5), (0.5, 1.0, 9.0), (-0.5, 0.0, 0.0)])
def test_a_random_scorer_is_drawn_towards_nothing(
    fitted: FittedRanker, agrees: float, least: float, most: float
) -> None:
    """200 verdicts on as many rows, of which each says little of the two; the mean of twenty draws."""
    seen = replace(fitted, opinions=Opinions.seen(["judge_score"], scores(np.zeros(50), 1.0)))
    worths, doubts = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        ahead, verdicts = rng.normal(size=(200, 1)), rng.choice([-1.0, 1.0], 200)
        ahead[:, 0] += agrees * verdicts
        inputs = np.tile([1.0, -1.0], (200, 1))
        _, told = learn(seen, Compared(inputs, rng.normal(size=200), ahead), verdicts.tolist())
        worths.append(float(told.worth[0]))
        doubts.append(float(told.doubt[0]))
    assert least <= np.mean(worths) <= most and min(doubts) > 0
    # One that likes what is worse counts for nothing, and so does a random one in every other draw.
    assert np.mean(np.array(worths) == 0) >= (0 if agrees > 0 else 0.3)


def test_without_labels_a_score_changes_nothing(fitted: FittedRanker) -> None:
    said = scores(np.ones(ROWS), 1.0)
    seen = replace(fitted, opinions=Opinions.seen(["judge_score"], said))
    both = {"a": GOOD, "b": OTHER}
    assert seen.score(SOURCES, both, opinions=said) == fitted.score(SOURCES, both)


def test_what_is_usual_is_taken_off_and_unknown_scores_say_nothing() -> None:
    said = scores(np.zeros(2000), 1.0)
    opinions = Opinions.seen(["judge_score"], said)
    assert opinions.usual[0, 1, 0] == pytest.approx(5, abs=1) and opinions.scales[0] == pytest.approx(14, abs=1)
    apart = opinions.apart(np.array([[[0.0], [5.0]], [[0.0], [np.nan]]]))
    assert abs(apart[0, 0, 1, 0]) < 0.1 and not apart[1].any()
    same = Opinions.seen(["judge_score"], np.full((30, 2, 1), 80.0))
    assert same.scales[0] == 0 and not same.apart(np.array([[[1.0], [99.0]]])).any()
    nothing = Opinions.seen(["judge_score"], np.zeros((0, 2, 1)))
    assert not nothing.apart(np.array([[[1.0], [99.0]]])).any()


def test_who_falls_behind_each_other_is_named() -> None:
    rng = np.random.default_rng(3)
    usual = Opinions.seen(["likelihood", "judge_score"], rng.normal(size=(500, 3, 2)))
    row = np.zeros((1, 3, 2))
    assert usual.behind(row, (0, 1, 2)) == [{}]
    row[0, 1, 1] = -2 * BEHIND
    ((place, (scorer, by)),) = usual.behind(row, (0, 1, 2))[0].items()
    assert (place, scorer) == (1, 1) and by > BEHIND
    # Behind one of the others only: nobody knows which of the two is the odd one.
    row[0, 2, 1] = -2 * BEHIND
    assert usual.behind(row, (0, 1, 2)) == [{}]
    assert usual.behind(row[:, [0, 1]], (0, 1)) != [{}] and usual.behind(row[:, [1]], (1,)) == [{}]


def test_it_is_saved_with_the_fit(fitted: FittedRanker, tmp_path: Path) -> None:
    said = scores(np.ones(ROWS), 1.0)
    seen = replace(fitted, opinions=Opinions.seen(["judge_score"], said).worth_of(np.array([1.5])))
    seen.save(tmp_path / "fitted.npz")
    again = FittedRanker.load(tmp_path / "fitted.npz", fitted.ranker)
    both = {"a": GOOD, "b": OTHER}
    assert again.score(SOURCES, both, opinions=said) == seen.score(SOURCES, both, opinions=said)
    assert again.opinions and again.opinions.columns == ("judge_score",)
    fitted.save(tmp_path / "without.npz")
    assert FittedRanker.load(tmp_path / "without.npz", fitted.ranker).opinions is None
