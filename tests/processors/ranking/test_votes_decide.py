from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.ranking.policy import Policy, Scored, choose
from processors.ranking.votes_decide import settle

A, B, C = (Scored(name, {"quality": quality}) for name, quality in (("A", 0.5), ("B", 0.3), ("C", 0.2)))


def preference(**votes: float) -> Any:
    """`AB=1`: all votes are for A over B."""
    return lambda a, b: votes[a + b] if a + b in votes else -votes[b + a] if b + a in votes else None


def test_verdicts_go_before_scores_and_say_so() -> None:
    chosen = settle(choose([A, B, C], "A", Policy()), [A, B, C], "A", Policy(), preference(BA=1.0))
    assert (chosen.translator, chosen.outcome) == ("B", "replaced_better")
    assert chosen.reason == "B better than A: verdicts +1.00"
    assert chosen.decisions[:2] == ("not chosen: verdicts -1.00 against B", "chosen: better than A: verdicts +1.00")


def test_verdicts_can_bring_the_primary_back() -> None:
    policy = Policy(margin=0.02)
    by_scores = choose([A, B], "B", policy)
    assert by_scores.outcome == "replaced_better"
    chosen = settle(by_scores, [A, B], "B", policy, preference(BA=0.5))
    assert (chosen.translator, chosen.outcome, chosen.reason) == ("B", "primary", "primary")


@pytest.mark.parametrize(
    ("candidates", "policy", "votes"),
    [
        ([A, B], Policy(), {}),
        ([A, B], Policy(), {"AB": 1.0}),
        ([A, B], Policy(), {"AB": 0.0}),
        ([A, B], Policy("never"), {"BA": 1.0}),
        ([A, B], Policy("vetoed"), {"BA": 1.0}),
        ([A, Scored("B", {"quality": 0.3}, ("numbers",))], Policy(), {"BA": 1.0}),
        ([A, Scored("B", {"quality": 0.3, "LR": 0.1})], Policy(limits={"LR": 0.2}), {"BA": 1.0}),
        ([A, Scored("B", failed="repetition")], Policy(), {"BA": 1.0}),
        ([Scored("A", {}, ("numbers",)), Scored("B", {}, ("numbers",))], Policy(), {"BA": 1.0}),
    ],
)
def test_what_verdicts_do_not_change(candidates: list[Scored], policy: Policy, votes: dict[str, float]) -> None:
    by_scores = choose(candidates, "A", policy)
    assert settle(by_scores, candidates, "A", policy, preference(**votes)) is by_scores


def test_of_the_replacements_of_a_vetoed_primary_the_preferred_one() -> None:
    broken = Scored("A", {"quality": 0.5}, ("numbers",))
    by_scores = choose([broken, B, C], "A", Policy("vetoed"))
    chosen = settle(by_scores, [broken, B, C], "A", Policy("vetoed"), preference(CB=1.0))
    assert (by_scores.translator, chosen.translator, chosen.outcome) == ("B", "C", "replaced_vetoed")


@given(
    st.dictionaries(st.sampled_from(["AB", "AC", "BC"]), st.floats(-1, 1)),
    st.tuples(*[st.booleans()] * 3),
    st.sampled_from(["A", "B", "C"]),
)
def test_a_vetoed_candidate_is_never_chosen(votes: dict[str, float], vetoed: tuple[bool, ...], primary: str) -> None:
    candidates = [
        Scored(one.translator, one.scores, ("x",) if veto else ()) for one, veto in zip((A, B, C), vetoed, strict=True)
    ]
    chosen = settle(choose(candidates, primary, Policy()), candidates, primary, Policy(), preference(**votes))
    assert chosen.translator not in {c.translator for c in candidates if c.vetoes}
    assert len(chosen.decisions) == 3
    assert sum(decision.startswith("chosen") for decision in chosen.decisions) == (chosen.translator is not None)
