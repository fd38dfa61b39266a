from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.preferences.pairs import REASONS, PairPlan, is_test, make_pairs, normalise, schema
from builders.preferences.sources import Benchmark, PreferenceSource, ReferenceTexts
from builders.recipes.scorers import Reward
from processors.judging.votes import Votes
from processors.memory.memory import Memory
from tests.builders.small_run import candidate, hard, message, row, small_recipe

NAMES = ("SeedX", "Gemma3", "NLLB")
SOURCE = ["Where is the library?", "It is behind the school, next to the market."]
GOOD = ("أين المكتبة؟", "إنها خلف المدرسة، بجوار السوق.")
FAIR = ("أين هي المكتبة؟", "هي وراء المدرسة وبجانب السوق.")
POOR = ("المكتبة أين تكون؟", "هو يكون خلف ال school.")


def plan(source: PreferenceSource, task: Any = "ranker", **more: Any) -> PairPlan:
    settled = {"tie": source.tie, "scale": source.scale, "largest": False, "test_share": 0.1, "seed": 42} | more
    return PairPlan(task=task, by="benchmark", source=source, **({"recipe": small_recipe(NAMES)} | settled))


def benchmark(**scores: float) -> Benchmark:
    return Benchmark(scores, [name for name in NAMES if name in scores])


def three() -> dict[str, Any]:
    return row(1, SOURCE, candidate("SeedX", *GOOD), candidate("Gemma3", *FAIR), candidate("NLLB", *POOR))


def test_a_benchmark_orders_every_pair_of_a_row() -> None:
    pairs, left_out = make_pairs(three(), plan(benchmark(SeedX=44.0, Gemma3=41.2, NLLB=30.0)))
    assert not left_out
    found = {(pair["chosen_translator"], pair["rejected_translator"]): pair for pair in pairs}
    assert set(found) == {("SeedX", "Gemma3"), ("SeedX", "NLLB"), ("Gemma3", "NLLB")}
    pair = found["SeedX", "Gemma3"]
    assert (pair["margin"], pair["difference"]) == (0.28, 2.8)
    assert found["SeedX", "NLLB"]["margin"] == 1.0
    assert pair["source_id"] == "s1k_1.1_think/0000001" and pair["split"] == "s1k_1.1_think"
    assert SOURCE[0] in pair["prompt"][0]["content"] and "Arabic" in pair["prompt"][0]["content"]
    assert GOOD[1] in pair["chosen"][0]["content"] and FAIR[1] in pair["rejected"][0]["content"]
    assert set(pair) == set(schema("ranker").names)


def test_pairs_of_a_run_with_a_reward_model_say_what_it_scored() -> None:
    recipe = small_recipe(NAMES)
    ranking = recipe.ranking.model_copy(update={"reward": Reward(model="reward")})
    scored = plan(benchmark(SeedX=44.0, Gemma3=41.2), recipe=recipe.model_copy(update={"ranking": ranking}))
    one, other = candidate("SeedX", *GOOD) | {"reward": -1.5}, candidate("Gemma3", *FAIR) | {"reward": 2.0}
    [pair], _ = make_pairs(row(1, SOURCE, one, other), scored)
    assert (pair["chosen_reward"], pair["rejected_reward"]) == (-1.5, 2.0)
    assert set(pair) == set(schema("ranker", rewards=True).names)


def test_only_the_largest_difference() -> None:
    pairs, left_out = make_pairs(three(), plan(benchmark(SeedX=44.0, Gemma3=41.2, NLLB=30.0), largest=True))
    assert [(p["chosen_translator"], p["rejected_translator"]) for p in pairs] == [("SeedX", "NLLB")]
    assert [left.reason for left in left_out] == ["not_largest", "not_largest"]


def test_the_assistants_answers_share_the_better_prompt() -> None:
    [pair], _ = make_pairs(
        row(1, SOURCE, candidate("SeedX", *FAIR), candidate("Gemma3", *GOOD, custom_instructions="كن موجزًا.")),
        plan(benchmark(SeedX=40, Gemma3=44), "assistant"),
    )
    assert pair["prompt"] == [message("user", GOOD[0])]
    assert pair["chosen"] == [message("assistant", GOOD[1])]
    assert pair["rejected"] == [message("assistant", FAIR[1])]
    assert pair["chat_template_kwargs"]["custom_instructions"] == "كن موجزًا."
    assert set(pair) == set(schema("assistant").names)


@pytest.mark.parametrize(
    ("seedx", "gemma", "reason"),
    [
        (candidate("SeedX"), candidate("Gemma3", *FAIR), "not_translated"),
        (candidate("SeedX", *GOOD), candidate("Gemma3", *GOOD), "same_text"),
        # Vowel marks, tatweel and spaces: the same words.
        (
            candidate("SeedX", "أين المكتبة؟", "خلف المدرسة"),
            candidate("Gemma3", "أَيْنَ المكتبة؟", "خلف  المدرســة"),
            "same_text",
        ),
        (
            candidate("SeedX", GOOD[0], "تقع المكتبة خلف المدرسة القديمة بجوار السوق الكبير في وسط المدينة. " * 8),
            candidate("Gemma3", GOOD[0], "تقع المكتبه خلف المدرسة القديمة بجوار السوق الكبير في وسط المدينة. "
                      + "تقع المكتبة خلف المدرسة القديمة بجوار السوق الكبير في وسط المدينة. " * 7),
            "near_duplicate",
        ),
        (candidate("SeedX", *POOR), candidate("Gemma3", *FAIR, checks=hard("protected")), "better_is_vetoed"),
    ],
)  # fmt: skip
def test_what_is_no_pair_says_why(seedx: dict[str, Any], gemma: dict[str, Any], reason: str) -> None:
    pairs, [left] = make_pairs(row(1, SOURCE, seedx, gemma), plan(benchmark(SeedX=40, Gemma3=44)))
    assert not pairs and left.reason == reason


def test_a_vetoed_candidate_may_be_rejected() -> None:
    rejected = candidate("SeedX", *POOR, checks=hard("repetition"))
    [pair], _ = make_pairs(row(1, SOURCE, rejected, candidate("Gemma3", *GOOD)), plan(benchmark(SeedX=40, Gemma3=44)))
    assert pair["rejected_translator"] == "SeedX"


def test_a_check_that_the_recipe_lets_pass_vetoes_no_better_candidate() -> None:
    candidates = candidate("SeedX", *FAIR), candidate("Gemma3", *GOOD, checks=hard("numbers"))
    source = benchmark(SeedX=40, Gemma3=44)
    _, [left] = make_pairs(row(1, SOURCE, *candidates), plan(source))
    assert (left.reason, left.detail) == ("better_is_vetoed", "Gemma3: numbers")
    lenient = small_recipe(NAMES, ranking={"veto": {"numbers": False}})
    assert len(make_pairs(row(1, SOURCE, *candidates), plan(source, recipe=lenient))[0]) == 1


def test_the_recipes_limits_in_the_rows_split_veto_too() -> None:
    ranking = {"min_LR": 0.95, "min_quality": 0.9, "splits": [{"match": "cut", "min_LR": 0.5, "min_SCR": 0.95}]}
    cut = {"cuts": [{"split": "s1k_1.1_think", "into": "cut", "rows": 5}]}
    strict = plan(benchmark(SeedX=40, Gemma3=44), recipe=small_recipe(NAMES, ranking=ranking, selection=cut))
    candidates = candidate("SeedX", *FAIR, quality=0.1), candidate("Gemma3", *GOOD, quality=0.1)
    _, [left] = make_pairs(row(1, SOURCE, *candidates), strict)
    assert (left.reason, left.detail) == ("better_is_vetoed", "Gemma3: SCR 0.90 < 0.95")
    _, [left] = make_pairs(row(1, SOURCE, *candidates, split="other"), strict)
    assert (left.reason, left.detail) == ("better_is_vetoed", "Gemma3: LR 0.90 < 0.95")
    # What a model thinks of a candidate vetoes nothing here.
    loose = plan(
        benchmark(SeedX=40, Gemma3=44), recipe=small_recipe(NAMES, ranking={"min_quality": 0.9}, selection=cut)
    )
    [pair], _ = make_pairs(row(1, SOURCE, *candidates), loose)
    assert pair["split"] == "cut"


def test_a_difference_up_to_the_tie_is_none() -> None:
    candidates = (candidate("SeedX", *GOOD), candidate("Gemma3", *FAIR))
    _, [left] = make_pairs(row(1, SOURCE, *candidates), plan(benchmark(SeedX=44.5, Gemma3=44)))
    assert (left.reason, left.detail) == ("tie", "0.5 points of the benchmark")


def test_without_an_answer_of_the_assistant_there_is_nothing_to_train() -> None:
    source = plan(benchmark(SeedX=40, Gemma3=44), "assistant")
    only_user = row(1, SOURCE[:1], candidate("SeedX", GOOD[0]), candidate("Gemma3", FAIR[0]))
    empty = row(2, SOURCE, candidate("SeedX", GOOD[0], " "), candidate("Gemma3", *FAIR))
    for given_row in (only_user, empty):
        assert [left.reason for left in make_pairs(given_row, source)[1]] == ["no_answer"]


def memory(*pairs: tuple[str, str]) -> Memory:
    made = Memory()
    for source, target in pairs:
        made.add(source, target)
    return made


def test_references_prefer_what_is_nearer_to_them() -> None:
    references = ReferenceTexts(list(NAMES), memory(*zip(SOURCE, GOOD, strict=True)))
    pairs, _ = make_pairs(three(), plan(references))
    ranking = {(pair["chosen_translator"], pair["rejected_translator"]) for pair in pairs}
    assert ranking == {("SeedX", "Gemma3"), ("SeedX", "NLLB"), ("Gemma3", "NLLB")}


def test_a_row_of_which_a_message_has_no_reference_has_no_preference() -> None:
    references = ReferenceTexts(list(NAMES), memory((SOURCE[0], GOOD[0])))
    _, left_out = make_pairs(three(), plan(references))
    assert {left.reason for left in left_out} == {"no_preference"}


def test_a_memory_of_segments_is_a_reference_of_longer_messages() -> None:
    """As `smolkalam memory from-build` and CAT tools write them; what is never translated needs no segment."""
    call = '<tool_call>\n{"name": "find", "arguments": {"what": "library"}}\n</tool_call>'
    source = [SOURCE[0], f"<think>\n{SOURCE[0]}\n</think>\n\n{SOURCE[1]}\n{SOURCE[0]}\n\n{call}"]
    good, poor = (
        [texts[0], f"<think>\n{texts[0]}\n</think>\n\n{texts[1]}\n{texts[0]}\n\n{call}"] for texts in (GOOD, POOR)
    )
    references = ReferenceTexts(list(NAMES[:2]), memory(*zip(SOURCE, GOOD, strict=True)))
    assert references.reference(row(1, source)["messages"], "") == "\n".join(good)
    [pair], _ = make_pairs(row(1, source, candidate("SeedX", *poor), candidate("Gemma3", *good)), plan(references))
    assert pair["chosen_translator"] == "Gemma3"


def test_a_translator_can_be_the_reference_and_takes_part_in_no_pair() -> None:
    references = ReferenceTexts(["Gemma3", "NLLB"], translator="SeedX")
    [pair], left_out = make_pairs(three(), plan(references))
    assert (pair["chosen_translator"], pair["rejected_translator"]) == ("Gemma3", "NLLB") and not left_out


# sacrebleu 2.6.0: CHRF().sentence_score(hypothesis, [reference]).score
@pytest.mark.parametrize(
    ("hypothesis", "reference", "score"),
    [
        ("ذهب الولد إلى المدرسة صباحًا.", "ذهب الولد إلى المدرسة في الصباح.", 71.9088),
        ("شغّل `pip install x` 🙂 ثم أعد المحاولة", "شغل الأمر `pip install x` ثم حاول مجددًا 🙂", 48.6341),
        ("مرحبا", "أهلا وسهلا بكم", 5.6604),
    ],
)
def test_differences_are_of_sacrebleus_chrf(hypothesis: str, reference: str, score: float) -> None:
    source = ReferenceTexts(["SeedX", "Gemma3"], memory(("Text.", reference)), tie=0.0)
    candidates = (candidate("SeedX", reference), candidate("Gemma3", hypothesis))
    [pair], _ = make_pairs(row(1, ["Text."], *candidates), plan(source))
    assert pair["difference"] == pytest.approx(100 - score, abs=1e-4)


def votes(*given: tuple[str, str, str, float]) -> Votes:
    made = Votes(list(NAMES))
    for voter, a, b, vote in given:
        made.add("s1k_1.1_think/0000001", a, b, voter, vote)
    return made


def test_votes_count_for_and_against() -> None:
    source = votes(
        ("x", "Gemma3", "SeedX", 1), ("y", "SeedX", "Gemma3", -1), ("z", "SeedX", "Gemma3", 1),
        ("x", "SeedX", "NLLB", 1), ("y", "SeedX", "NLLB", -1),
    )  # fmt: skip
    [pair], left_out = make_pairs(three(), plan(source))
    assert (pair["chosen_translator"], pair["rejected_translator"]) == ("Gemma3", "SeedX")
    assert pair["margin"] == pytest.approx(1 / 3, abs=1e-6)
    assert {(left.translators, left.reason) for left in left_out} == {
        (("SeedX", "NLLB"), "tie"),
        (("Gemma3", "NLLB"), "no_preference"),
    }


def test_a_voter_may_change_his_mind() -> None:
    source = votes(("x", "SeedX", "Gemma3", 1), ("x", "SeedX", "Gemma3", -1))
    assert source.difference("s1k_1.1_think/0000001", "SeedX", "Gemma3", {}) == -1


def test_a_vote_of_less_weight_makes_less_of_a_margin() -> None:
    [pair], _ = make_pairs(three(), plan(votes(("x", "Gemma3", "SeedX", 0.2))))
    assert (pair["chosen_translator"], pair["margin"]) == ("Gemma3", 0.2)
    [pair], _ = make_pairs(three(), plan(votes(("x", "Gemma3", "SeedX", 0.2), ("y", "SeedX", "Gemma3", 1))))
    assert (pair["chosen_translator"], pair["margin"]) == ("SeedX", pytest.approx(0.4))


TEXTS = st.sampled_from(["", " ", "أهلا", "أهلًا", "🙂", "```py\nx\n```", "a" * 3000, *GOOD, *FAIR, *POOR])
CANDIDATES = st.one_of(st.none(), st.tuples(TEXTS, TEXTS))


@settings(max_examples=150)
@given(
    texts=st.tuples(CANDIDATES, CANDIDATES, CANDIDATES),
    vetoed=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    scores=st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)),
    task=st.sampled_from(["ranker", "assistant"]),
    largest=st.booleans(),
)
def test_every_pair_is_kept_or_left_out_once(
    texts: tuple[Any, ...], vetoed: tuple[bool, ...], scores: tuple[int, ...], task: str, largest: bool
) -> None:
    candidates = [
        candidate(name, *(contents or ()), checks=hard("x") if veto else [])
        for name, contents, veto in zip(NAMES, texts, vetoed, strict=True)
    ]
    source = benchmark(**dict(zip(NAMES, map(float, scores), strict=True)))
    pairs, left_out = make_pairs(row(1, SOURCE, *candidates), plan(source, task, largest=largest))
    seen = [frozenset((p["chosen_translator"], p["rejected_translator"])) for p in pairs]
    seen += [frozenset(left.translators) for left in left_out]
    assert sorted(map(sorted, seen)) == [["Gemma3", "NLLB"], ["Gemma3", "SeedX"], ["NLLB", "SeedX"]]
    assert all(left.reason in REASONS for left in left_out)
    for pair in pairs:
        assert not vetoed[NAMES.index(pair["chosen_translator"])]
        assert source.scores[pair["chosen_translator"]] > source.scores[pair["rejected_translator"]]
        assert 0 < pair["margin"] <= 1
        assert pair["chosen"] != pair["rejected"]


@given(st.lists(st.text(max_size=20), min_size=1, max_size=3), st.integers(0, 5))
def test_equal_sources_are_on_one_side(contents: list[str], seed: int) -> None:
    messages = [message("user", content) for content in contents]
    same = [message("user", f"  {content.upper().lower()}\n") for content in contents]
    if [normalise(m["content"]) for m in messages] == [normalise(m["content"]) for m in same]:
        assert is_test(messages, 0.5, seed) == is_test(same, 0.5, seed)
    # `think` and `no_think` rows share the request and not the answer.
    assert is_test(messages, 0.5, seed) == is_test([*messages, message("assistant", "42")], 0.5, seed)


def test_the_share_of_test_is_about_what_was_asked_for() -> None:
    rows = [[message("user", f"Question {number}")] for number in range(4000)]
    found = sum(is_test(messages, 0.1, 42) for messages in rows)
    assert 340 < found < 460
    assert [is_test(m, 0.1, 42) for m in rows] != [is_test(m, 0.1, 43) for m in rows]
    assert not any(is_test(m, 0.0, 42) for m in rows) and all(is_test(m, 1.0, 42) for m in rows)
