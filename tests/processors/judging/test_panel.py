import json

import pytest

from processors.judging.panel import (
    CandidatePair,
    JudgedPair,
    Winner,
    agreements,
    audit,
    combine,
    judge_reports,
    majorities,
    majority,
    share,
)
from processors.judging.rubric import CRITERIA, Better, Judgement

PAIR = CandidatePair("s/0", "SeedX", "Gemma3", "Hello", "مرحبا", "أهلا")


def judgement(better: Better, first: int = 5, second: int = 3) -> Judgement:
    return Judgement(better, dict.fromkeys(CRITERIA, first), dict.fromkeys(CRITERIA, second), "")


def verdict(judge: str, winner: Winner | None, row: str = "s/0", **more: object) -> JudgedPair:
    orders = (winner, winner)
    scores = {"a": dict.fromkeys(CRITERIA, 4.0), "b": dict.fromkeys(CRITERIA, 4.0 - (winner == "a"))}
    failure = None if winner else "no_judgement: prose"
    fields = {"verdict": winner, "orders": orders, "scores": scores, "failure": failure} | more
    return JudgedPair(row, "SeedX", "Gemma3", judge, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("forward", "backward", "winner", "flipped"),
    [
        ("first", "second", "a", False),
        ("second", "first", "b", False),
        ("tie", "tie", "tie", False),
        ("first", "first", "tie", True),
        ("second", "second", "tie", True),
        ("first", "tie", "tie", False),
    ],
)
def test_only_what_both_orders_say_counts(forward: Better, backward: Better, winner: str, flipped: bool) -> None:
    found = combine(PAIR, "j", judgement(forward), judgement(backward))
    assert (found.verdict, found.flipped) == (winner, flipped)
    assert json.loads(found.to_json())["verdict"] == winner


def test_scores_are_of_the_translation_and_not_of_its_place() -> None:
    found = combine(PAIR, "j", judgement("first", 5, 2), judgement("second", 1, 4))
    assert found.scores["a"]["adequacy"] == 4.5
    assert found.scores["b"]["adequacy"] == 1.5


def test_one_order_without_an_answer_is_no_verdict() -> None:
    found = combine(PAIR, "j", judgement("first"), "request_failed: 500")
    assert (found.verdict, found.failure, found.orders) == (None, "request_failed: 500", ("a", None))


# Wilson score intervals as R's prop.test(x, n, correct = FALSE) gives them.
@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (9, 10, 0.5958, 0.9821), (50, 100, 0.4038, 0.5962), (1, 1, 0.2065, 1.0)],
)
def test_wilson_interval(hits: int, of: int, low: float, high: float) -> None:
    found = share(hits, of)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_majority() -> None:
    assert majority([verdict("x", "a"), verdict("y", "a"), verdict("z", "b")]) == "a"
    assert majority([verdict("x", "a"), verdict("y", "b")]) == "tie"
    assert majority([verdict("x", "b"), verdict("y", "tie"), verdict("z", None)]) == "b"
    assert majority([verdict("x", None)]) is None


def test_reports_name_bias_and_failures() -> None:
    verdicts = [
        verdict("fair", "a", "s/0"), verdict("biased", "tie", "s/0", orders=("a", "b"), flipped=True),
        verdict("fair", "b", "s/1"), verdict("biased", "tie", "s/1", orders=("b", "a"), flipped=True),
        verdict("fair", None, "s/2"), verdict("biased", "a", "s/2"),
    ]  # fmt: skip
    reports = judge_reports(verdicts)
    assert reports["fair"].flips.hits == 0 and reports["fair"].judged == 2
    assert reports["fair"].failures == {"no_judgement: prose": 1}
    assert (reports["biased"].flips.hits, reports["biased"].flips.of, reports["biased"].flips_to_first) == (2, 3, 1)
    assert reports["biased"].ties == 0
    # Nobody else decided on the only pair that it decides.
    assert reports["biased"].with_others.of == 0


def test_audit_counts_only_where_both_decide() -> None:
    panel = majorities([verdict("x", w, f"s/{i}") for i, w in enumerate(("a", "b", "tie", "a"))])  # type: ignore[arg-type]
    scores = {
        (f"s/{i}", "SeedX", "Gemma3"): pair for i, pair in enumerate([(0.9, 0.1), (0.9, 0.1), (0.9, 0.1), (0.5, 0.5)])
    }
    found = audit(panel, scores)
    assert (found.hits, found.of) == (1, 2)


def test_agreement_of_two_who_agree_and_one_who_does_not() -> None:
    agreed = [verdict(j, w, f"s/{i}") for i, w in enumerate(("a", "b", "a")) for j in ("x", "y")]  # type: ignore[arg-type]
    assert agreements(agreed)["verdict, nominal"] == 1
    against = [*agreed, *(verdict("z", w, f"s/{i}") for i, w in enumerate(("b", "a", "b")))]  # type: ignore[arg-type]
    alpha = agreements(against)["verdict, nominal"]
    assert alpha is not None and alpha < 0
    assert agreements([verdict("x", "a")])["verdict, nominal"] is None
