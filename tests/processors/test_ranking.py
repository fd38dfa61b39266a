from hypothesis import given
from hypothesis import strategies as st

from processors.ranking import Policy, Scored, choose

NAMES = ["a", "b", "c"]
candidates = st.lists(
    st.builds(
        Scored,
        translator=st.sampled_from(NAMES),
        rank_score=st.floats(0, 1),
        vetoes=st.sampled_from([(), ("protected",), ("truncation", "numbers")]),
    ),
    unique_by=lambda c: c.translator,
    max_size=3,
)
policies = st.builds(Policy, replace=st.sampled_from(["never", "vetoed", "better"]), margin=st.floats(0, 1))


@given(candidates, policies)
def test_a_vetoed_candidate_is_never_chosen_and_a_good_one_never_left_out(found: list[Scored], policy: Policy) -> None:
    choice = choose(found, "a", policy)
    vetoed = {c.translator for c in found if c.vetoes}
    usable = {c.translator for c in found} - vetoed
    assert choice.translator not in vetoed
    if policy.replace != "never":
        assert (choice.translator is None) == (not usable)
    elif choice.translator is not None:
        assert choice.translator == "a"
    assert choice.reason


def test_a_perfect_mean_does_not_save_a_vetoed_candidate() -> None:
    found = [Scored("a", 1.0, ("LR 0.07 < 0.2",)), Scored("b", 0.6)]
    assert choose(found, "a", Policy()).translator == "b"


def test_the_primary_stays_unless_another_is_better_by_the_margin() -> None:
    found = [Scored("a", 0.80), Scored("b", 0.84)]
    assert choose(found, "a", Policy("better", 0.05)).translator == "a"
    assert choose(found, "a", Policy("better", 0.03)).translator == "b"
    assert choose(found, "a", Policy("vetoed", 0.0)).translator == "a"


def test_ties_go_to_the_primary_then_to_the_recipes_order() -> None:
    equal = [Scored("b", 0.9), Scored("a", 0.9), Scored("c", 0.9)]
    assert choose(equal, "a", Policy("better", 0.0)).translator == "a"
    vetoed = [Scored("b", 0.9), Scored("a", 0.9, ("empty",)), Scored("c", 0.9)]
    assert choose(vetoed, "a", Policy("better", 0.0)).translator == "b"


def test_a_translator_without_candidate_is_replaced_and_says_so() -> None:
    choice = choose([Scored("b", 0.5)], "a", Policy())
    assert (choice.translator, choice.reason) == ("b", "a has no candidate")
    assert choose([], "a", Policy()).translator is None
