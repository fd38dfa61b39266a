"""The registry, the papers' columns, and prompts in the schema that each benchmark has on the Hub."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model_recipes.evaluation.benchmarks.suites import TASKS, chosen, published, suites
from model_recipes.evaluation.benchmarks.tasks import documents
from processors.errors import InputError


def test_the_suites_are_the_papers() -> None:
    assert [one.title for one in chosen(["oall"])] == [
        "AlGhafa-Native", "ArabicMMLU", "EXAMS", "MadinahQA", "AraTrust", "ALRAGE", "MMLU-HT",
    ]  # fmt: skip
    assert list(suites()) == ["arabic", "english", "oall"]
    assert len(chosen(["arabic", "alghafa"])) == 5


def test_every_task_of_ours_has_its_file() -> None:
    named = {one.task for suite in [*suites(), "mmlu_mt", "acva"] for one in chosen([suite])}
    ours = {name for name in named if name.startswith("smolkalam_")}
    written = "\n".join(file.read_text("utf-8") for file in TASKS.glob("*.yaml"))
    assert all(f": {name}\n" in written for name in ours)


def test_the_papers_tables_are_whole() -> None:
    assert {len(scores) for scores in published(chosen(["arabic"])).values()} == {5}
    english = published(chosen(["english"]))
    assert english["Command R7B Arabic"]["math"] == 19.6 and len(english) == 6
    assert not published(chosen(["exams"]))


@pytest.mark.parametrize(("name", "near"), [("arabik", "arabic"), ("mmlu_pr", "mmlu_pro")])
def test_an_unknown_suite_names_the_nearest(name: str, near: str) -> None:
    with pytest.raises(InputError, match=f"did you mean {near}"):
        chosen([name])


OPTIONS = {"Option 1": "ماء", "Option 2": "نار", "Option 3": "هواء", "Option 4": None, "Option 5": None}


@pytest.mark.parametrize(
    ("prompt", "row", "shown"),
    [
        ("arabic_mmlu", {"Question": "ما؟", "Answer Key": "C", **OPTIONS}, ["ما؟\nأ. ماء\nب. نار\nج. هواء\nالإجابة:"]),
        ("madinah_qa", {"Context": "نص", "Question": "؟", "Answer Key": "A", **OPTIONS}, ["السياق:\nنص\n", "ب. نار"]),
        ("mmlu_ht", {"question": "ما؟", "choices": ["أول", "ثان"], "answer": 1}, ["1. أول\n2. ثان\nالإجابة:"]),
        ("alghafa", {"query": "ما؟", "sol1": "نعم", "sol2": "لا", "label": "1"}, ["السؤال: ما؟\n0) نعم\n1) لا\n"]),
        ("ara_trust", {"Question": "ما؟", "A": "أ) نعم", "B": "ب) لا", "C": "ج) ربما", "Answer": "ب"}, ["أ) نعم\nب)"]),
        (
            "exams",
            {"subject": "Social_Studies", "question": "ما؟", "A": "1", "B": "2", "C": "3", "D": "4", "answer": "D"},
            ["حول Social Studies.", " د) 4\n\nالإجابة:"],
        ),
        ("mmlu_mt", {"question": "ما؟", "A": "1", "B": "2", "C": "3", "D": "4", "answer": "D"}, ["د. 4\nالإجابة:"]),
        ("alrage", {"question": "ما؟", "candidates": ["أول", "", "ثان"], "gold_answer": "ج"}, ["أول, ثان"]),
        ("alrage", {"question": "ما؟", "candidates": "نص أول\n\nنص ثان", "gold_answer": "ج"}, ["نص أول, نص ثان"]),
        (
            "faith_counterfactual",
            {"context": "نص", "question": "؟", "answerKey": "B", "choices": {"label": ["A", "B"], "text": ["1", "2"]}},
            ["السياق:\nنص", "A. 1\nB. 2\n"],
        ),
        ("faith_unanswerable", {"context": "نص", "question": "ما؟"}, ["غير معروف", "نص"]),
    ],
)  # fmt: skip
def test_a_row_is_asked_as_the_leaderboard_asks_it(prompt: str, row: dict[str, Any], shown: list[str]) -> None:
    text = getattr(documents, prompt)(row)
    assert all(part in text for part in shown), text


def test_answers_are_found_among_the_options_that_are_there() -> None:
    row = {"Answer Key": "C", **OPTIONS}
    assert documents.option_letters(row) == ["أ", "ب", "ج"] and documents.option_answer(row) == 2
    # A hole among the options: letters follow the options that are there.
    assert documents.option_answer({**row, "Option 2": None}) == 1
    assert documents.alghafa_answer({"label": "1"}) == 1
    assert documents.ara_trust_answer({"Answer": "ج"}) == 2
    assert documents.latin_answer({"answer": "D"}) == 3
    assert documents.faith_answer({"answerKey": "B", "choices": {"label": ["A", "B"], "text": ["", ""]}}) == 1


@pytest.mark.parametrize(
    ("answer", "unknown", "conflict"),
    [
        ("غير معروف.", 1, 0),
        ("غَيْرُ مَعْرُوفٍ", 1, 0),
        ("لا يمكن معرفة ذلك من السياق", 1, 0),
        ("هناك تعارض بين إجابتين", 0, 1),
        ("Unknown", 1, 0),
        ("باريس", 0, 0),
        ("", 0, 0),
    ],
)
def test_what_faith_eval_takes_for_unknown_and_conflict(answer: str, unknown: int, conflict: int) -> None:
    assert documents.says_unknown({}, [answer]) == {"acc": unknown}
    assert documents.says_conflict({}, [answer]) == {"acc": conflict}


def test_a_task_of_ones_own_is_read_by_its_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("task: my_task\ndoc_to_text: !function utils.text\nmetric_list:\n  - metric: acc\n")
    (one,) = chosen([str(file)])
    assert (one.name, one.task, one.metric, one.file) == ("mine", "my_task", ["acc"], str(file))
    file.write_text("task: my_task\n")
    with pytest.raises(InputError, match="not a task of lm-eval's"):
        chosen([str(file)])
    file.write_text("task: [\n")
    with pytest.raises(InputError, match=r"not a task of lm-eval's .*line 2") as caught:
        chosen([str(file)])
    assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(InputError, match="cannot be read"):
        chosen([str(tmp_path / "none.yaml")])


IFEVAL = {
    "prompt": "اكتب ثلاث كلمات بلا فواصل.",
    "instruction_id_list": ["length_constraints:number_words", "punctuation:no_comma"],
    "kwargs": [{"num_words": 3, "relation": "at least", "letter": None}, {"letter": None}],
}


def test_ifeval_is_checked_by_rules_for_arabic() -> None:
    """A comma of Arabic counts, vowel marks break no word, and a first line may be left out loosely."""
    found = documents.instructions_followed(IFEVAL, ["إليك الكلمات، كما طلبت:\nصَبْرٌ جَمِيلٌ دائمًا"])
    assert found == {
        "prompt_level_strict_acc": False,
        "inst_level_strict_acc": [True, False],
        "prompt_level_loose_acc": True,
        "inst_level_loose_acc": [True, True],
    }
    assert documents.instructions_followed(IFEVAL, [""])["inst_level_loose_acc"] == [False, False]


class Rows(list[dict[str, Any]]):
    """What of a dataset the task asks."""

    def filter(self, keeps: Callable[[dict[str, Any]], bool]) -> "Rows":
        return Rows(filter(keeps, self))


def test_rows_of_ifeval_that_ask_for_english_letters_are_left_out() -> None:
    def row(name: str, **given: Any) -> dict[str, Any]:
        return {"prompt": "", "instruction_id_list": [name], "kwargs": [given]}

    often = {"let_frequency": 2, "let_relation": "at least"}
    kept = [IFEVAL, row("keywords:letter_frequency", letter="ق", **often)]
    rows = Rows([*kept, row("change_case:english_capital"), row("keywords:letter_frequency", letter="q", **often)])
    assert documents.asked_of_arabic(rows) == kept
    with pytest.raises(InputError, match="row 1: instruction 'change_case:capital' is not known"):
        documents.asked_of_arabic(Rows([row("change_case:capital")]))
