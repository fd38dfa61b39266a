import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.ranking.policy import OUTCOMES, Policy, Scored, choose, effects

NAMES = ["a", "b", "c"]
SCORES = ("LR", "SCR", "rank_score", "quality", "reward")
values = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.51, 0.9, 1.0])
scored = st.builds(
    Scored,
    translator=st.sampled_from(NAMES),
    scores=st.fixed_dictionaries(
        {
            "LR": values,
            "SCR": values,
            "rank_score": values,
            "quality": values | st.none(),
            "reward": values | st.none(),
        }
    ),
    vetoes=st.sampled_from([(), ("protected",), ("truncation", "numbers")]),
    failed=st.sampled_from([None, None, None, "finish_reason"]),
)
candidates = st.lists(scored, unique_by=lambda c: c.translator, max_size=3)
policies = st.builds(
    Policy,
    replace=st.sampled_from(["never", "vetoed", "better"]),
    order_by=st.sampled_from(["quality", "rank_score", "reward"]),
    margin=st.none() | st.floats(0, 0.4),
    limits=st.dictionaries(st.sampled_from(["LR", "SCR", "quality", "reward"]), values, max_size=2),
)


@given(candidates, policies)
def test_a_vetoed_candidate_is_never_chosen_and_a_good_one_never_left_out(found: list[Scored], policy: Policy) -> None:
    choice = choose(found, "a", policy)
    usable = {c.translator for c in found if c.failed is None and not policy.vetoes(c)}
    assert choice.translator is None or choice.translator in usable
    if policy.replace == "never":
        assert choice.translator == ("a" if "a" in usable else None)
    else:
        assert (choice.translator is None) == (not usable)
    if policy.replace == "vetoed" and "a" in usable:
        assert choice.translator == "a"
    assert choice.outcome in OUTCOMES and choice.reason
    # A decision for each candidate, and the chosen one's alone says so.
    assert len(choice.decisions) == len(found)
    for candidate, decision in zip(found, choice.decisions, strict=True):
        assert decision.startswith("chosen: ") == (candidate.translator == choice.translator)
        for veto in policy.vetoes(candidate) if candidate.failed is None else ():
            assert veto in decision


@given(candidates, policies)
def test_without_margin_and_vetoes_better_takes_the_best(found: list[Scored], policy: Policy) -> None:
    plain = Policy("better", policy.order_by, 0.0)
    sound = [Scored(c.translator, {score: c.scores[score] or 0.0 for score in SCORES}) for c in found]
    choice = choose(sound, "a", plain)
    if sound:
        best = max(c.scores[policy.order_by] for c in sound)
        chosen = next((c for c in sound if c.translator == choice.translator), None)
        assert chosen is not None and chosen.scores[policy.order_by] == best


@given(candidates, policies)
def test_effects_are_what_the_choice_would_be_without(found: list[Scored], policy: Policy) -> None:
    chosen = choose(found, "a", policy).translator
    changed = effects(found, "a", policy, chosen)
    for limit in policy.limits:
        others = {score: least for score, least in policy.limits.items() if score != limit}
        other = choose(found, "a", Policy(policy.replace, policy.order_by, policy.margin, others)).translator
        assert (limit in changed) == (other != chosen)
    if policy.order_by != "rank_score" and policy.replace != "never":
        other = choose(found, "a", Policy(policy.replace, "rank_score", None, policy.limits)).translator
        assert ("order" in changed) == (other != chosen)


def one(translator: str, **scores: float | None) -> Scored:
    return Scored(translator, scores)


def test_a_perfect_mean_does_not_save_a_vetoed_candidate() -> None:
    found = [one("a", LR=0.07, rank_score=1.0), one("b", LR=0.9, rank_score=0.6)]
    choice = choose(found, "a", Policy("vetoed", "rank_score", limits={"LR": 0.2}))
    assert (choice.translator, choice.reason) == ("b", "a vetoed: LR 0.07 < 0.2")
    assert choice.decisions == ("vetoed: LR 0.07 < 0.2", "chosen: no other usable candidate")


@pytest.mark.parametrize(
    ("order", "own", "other", "margin", "taken"),
    [
        ("rank_score", 0.80, 0.84, None, "a"),
        ("rank_score", 0.80, 0.84, 0.03, "b"),
        # Of quality the margin is of the chance that the other is the better one: 0.5455, 0.6296 and 0.7647.
        ("quality", 0.20, 0.24, None, "a"),
        ("quality", 0.20, 0.34, None, "a"),
        ("quality", 0.20, 0.34, 0.12, "b"),
        ("quality", 0.20, 0.65, None, "b"),
        ("quality", 0.20, 0.24, 0.02, "b"),
        ("quality", 0.20, 0.24, 0.1, "a"),
        ("quality", 0.40, 0.60, 0.05, "b"),
        ("quality", 0.0, 0.0, None, "a"),
        # A reward has no scale of its own, and may be negative.
        ("reward", -7.0, -6.9, None, "b"),
        ("reward", -7.0, -6.9, 0.5, "a"),
        ("reward", None, 3.0, None, "a"),
        ("reward", -3.0, None, None, "a"),
    ],
)
def test_the_primary_stays_unless_another_is_better_by_the_margin(
    order: str, own: float | None, other: float | None, margin: float | None, taken: str
) -> None:
    found = [one("a", **{order: own}), one("b", **{order: other})]
    assert choose(found, "a", Policy("better", order, margin)).translator == taken  # type: ignore[arg-type]
    assert choose(found, "a", Policy("vetoed", order, 0.0)).translator == "a"  # type: ignore[arg-type]


def test_the_orders_disagree_and_each_is_followed() -> None:
    found = [one("a", rank_score=0.5, quality=0.5, reward=-1.0), one("b", rank_score=0.9, quality=0.1, reward=-2.0)]
    found.append(one("c", rank_score=0.1, quality=0.1, reward=5.0))
    taken = {order: choose(found, "c", Policy("better", order)).translator for order in ("rank_score", "quality")}
    assert taken == {"rank_score": "b", "quality": "a"}
    assert choose(found, "a", Policy("better", "reward")).translator == "c"


def test_where_what_orders_is_missing_the_next_best_known_decides_between_others() -> None:
    found = [Scored("a", {}, ("empty",)), one("b", quality=0.3, reward=None), one("c", quality=0.7, reward=None)]
    assert choose(found, "a", Policy("vetoed", "reward")).translator == "c"
    known = one("b", quality=0.3, reward=-9.0)
    assert choose([found[0], known, found[2]], "a", Policy("vetoed", "reward")).translator == "b"


def test_a_limit_of_quality_lets_the_only_candidate_pass_and_one_of_reward_does_not() -> None:
    assert choose([one("a", quality=None)], "a", Policy(limits={"quality": 0.9})).translator == "a"
    choice = choose([one("a", reward=None)], "a", Policy(limits={"reward": -5.0}))
    assert (choice.translator, choice.decisions) == (None, ("vetoed: no reward",))


def test_a_value_just_below_a_limit_reads_as_below_it() -> None:
    choice = choose([one("a", SCR=0.79996)], "a", Policy(limits={"SCR": 0.8}))
    assert choice.reason == "a vetoed: SCR 0.79996 < 0.8"


def test_ties_go_to_the_primary_then_to_the_recipes_order() -> None:
    equal = [one(name, quality=1 / 3, rank_score=0.9) for name in "bac"]
    assert choose(equal, "a", Policy("better", margin=0.0)).translator == "a"
    vetoed = [equal[0], Scored("a", equal[1].scores, ("empty",)), equal[2]]
    assert choose(vetoed, "a", Policy("better", margin=0.0)).translator == "b"


def test_a_translator_without_candidate_is_replaced_and_says_so() -> None:
    choice = choose([Scored("a", failed="finish_reason"), one("b", rank_score=0.5)], "a", Policy())
    assert (choice.translator, choice.reason) == ("b", "a not translated: finish_reason")
    assert choice.decisions[0] == "not translated: finish_reason"
    assert choose([], "a", Policy()).translator is None


def test_decisions_name_what_decided() -> None:
    found = [one("a", quality=0.50), one("b", quality=0.52), one("c", quality=0.1)]
    near = choose(found, "a", Policy())
    assert near.translator == "a" and near.decisions == (
        "chosen: the config's own, b is not better by more than the margin: quality 0.500 to 0.520",
        "not chosen: quality 0.520 to 0.500, not above the margin",
        "not chosen: quality 0.100 to 0.500",
    )
    assert choose(found, "c", Policy()).decisions[1] == "chosen: best of those not vetoed: quality 0.520 to 0.500"
    assert choose(found, "a", Policy("never")).decisions[1] == "not chosen: a is not vetoed"
    vetoed = [Scored("a", {}, ("refusal",)), found[1]]
    assert choose(vetoed, "a", Policy("never")).decisions == (
        "vetoed: refusal",
        "not chosen: the config takes a only",
    )
