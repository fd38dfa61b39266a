"""What models write, in the schemas of the Hub, against verdicts that were written by hand.

Each table holds an item, what the model says, and what that is worth, decided by reading: empty answers, answers with
an explanation, Arabic and Latin digits, words in another order, judges who say nothing. Nothing of ours or of
lm-eval's decided a verdict.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from builders.recipes.scorers import load_panel
from model_recipes.evaluation import run
from model_recipes.evaluation.asked.models import Model
from model_recipes.evaluation.benchmarks.suites import chosen
from model_recipes.evaluation.judged import marks
from model_recipes.evaluation.run import Runner
from model_recipes.evaluation.scoring.scores import ScoredItem, score
from processors.errors import InputError
from tests.standins.known_model import known_model
from tests.standins.speaking import Speaking, panel_of

# The right answers, what the model says, the share of words in common (F1, without `ال` before a word).
TYDIQA: list[tuple[list[str], str, float]] = [
    (["القاهرة"], "القاهرة", 1),
    (["القاهرة"], "قاهرة", 1),
    (["القاهرة"], "مدينة القاهرة", 2 / 3),
    (["القاهرة"], "الإسكندرية", 0),
    (["عام 1990"], "1990", 2 / 3),
    (["1990"], "١٩٩٠", 0),
    (["١٩٩٠"], "١٩٩٠", 1),
    (["القاهرة"], "", 0),
    (["القاهرة", "مدينة القاهرة"], "مدينة القاهرة", 1),
    (["نهر النيل"], "نهر النيل.", 1),
    (["نهر النيل"], "«نهر النيل»", 1),
    (["نهر النيل"], " نهر النيل\nالسؤال: ما أطول الأنهار؟", 1),
    # Two of the answer's seven words, and both of the right ones: 2 * 2/7 / (2/7 + 1).
    (["نهر النيل"], "هو نهر النيل الذي يجري في مصر", 4 / 9),
    (["أحمد شوقي"], "شوقي أحمد", 1),
    (["أحمد شوقي"], "احمد شوقي", 1 / 2),
    (["أحمد شوقي"], "حافظ إبراهيم", 0),
    (["ثلاثة"], "3", 0),
    (["خمسة خمسة"], "خمسة", 2 / 3),
    (["Paris"], "PARIS", 1),
    (["بيروت"], "الإجابة: بيروت", 2 / 3),
]

Asked = list[tuple[str, dict[str, Any]]]
# What was asked, what the model says, which of it is followed to the letter.
IFEVAL: list[tuple[Asked, str, list[int]]] = [
    ([("punctuation:no_comma", {})], "Water is wet.", [1]),
    ([("punctuation:no_comma", {})], "Well, water is wet.", [0]),
    ([("length_constraints:number_words", {"num_words": 5, "relation": "at least"})], "One two three four five", [1]),
    ([("length_constraints:number_words", {"num_words": 5, "relation": "less than"})], "One two three four five", [0]),
    ([("keywords:existence", {"keywords": ["river", "boat"]})], "The boat is on the river.", [1]),
    ([("keywords:existence", {"keywords": ["river", "boat"]})], "The boat is on the lake.", [0]),
    ([("keywords:forbidden_words", {"forbidden_words": ["cat"]})], "A dog runs.", [1]),
    ([("keywords:forbidden_words", {"forbidden_words": ["cat"]})], "My cat runs.", [0]),
    ([("detectable_format:number_bullet_lists", {"num_bullets": 3})], "* a\n* b\n* c", [1]),
    ([("detectable_format:number_bullet_lists", {"num_bullets": 3})], "* a\n* b", [0]),
    ([("startend:quotation", {})], '"All of it."', [1]),
    ([("startend:end_checker", {"end_phrase": "That is all."})], "I say this. That is all.", [1]),
    ([("detectable_format:json_format", {})], '```json\n{"a": 1}\n```', [1]),
    # Without its first line it would be JSON; to the letter it is not.
    ([("detectable_format:json_format", {})], 'Sure:\n{"a": 1}', [0]),
    ([("detectable_format:title", {}), ("punctuation:no_comma", {})], "<<A day>>\nIt was.", [1, 1]),
    (
        [("detectable_content:number_placeholders", {"num_placeholders": 2}), ("punctuation:no_comma", {})],
        "Dear [name], come to [place].",
        [1, 0],
    ),
    ([("combination:two_responses", {})], "One answer.\n******\nAnother answer.", [1]),
    (
        [("detectable_content:postscript", {"postscript_marker": "P.S."}),
         ("detectable_format:number_highlighted_sections", {"num_highlights": 1})],
        "A *word* here.\nP.S. bye",
        [1, 1],
    ),
    ([("punctuation:no_comma", {})], "", [0]),
    (
        [("length_constraints:number_paragraphs", {"num_paragraphs": 2}),
         ("keywords:frequency", {"keyword": "one", "frequency": 2, "relation": "at least"}),
         ("detectable_format:title", {})],
        "One.\n***\nTwo.",
        [1, 0, 0],
    ),
]  # fmt: skip  # 11 of 20 prompts, 15 of 25 instructions

FIVE_WORDS = "ذهب الولد إلى المدرسة صباحا"
THRICE = {"letter": "س", "let_frequency": 3, "let_relation": "at least"}
# The same in Arabic, whose commas, clitics and quotation marks are others.
IFEVAL_AR: list[tuple[Asked, str, list[int]]] = [
    ([("punctuation:no_comma", {})], "الماء سائل.", [1]),
    ([("punctuation:no_comma", {})], "نعم، الماء سائل.", [0]),
    ([("punctuation:no_comma", {})], "نعم, الماء سائل.", [0]),
    ([("length_constraints:number_words", {"num_words": 5, "relation": "at least"})], FIVE_WORDS, [1]),
    ([("length_constraints:number_words", {"num_words": 5, "relation": "less than"})], FIVE_WORDS, [0]),
    ([("keywords:existence", {"keywords": ["كتاب"]})], "قرأت الكتاب أمس.", [1]),
    ([("keywords:existence", {"keywords": ["علم"]})], "دخل المعلم.", [0]),
    ([("keywords:forbidden_words", {"forbidden_words": ["حرب"]})], "ذكر الحرب في خطبته.", [0]),
    ([("keywords:forbidden_words", {"forbidden_words": ["حرب"]})], "عاش في سلام.", [1]),
    ([("keywords:letter_frequency", THRICE)], "سمع سعيد سرا.", [1]),
    ([("keywords:letter_frequency", THRICE)], "سمع خالد خبرا.", [0]),
    ([("detectable_format:number_bullet_lists", {"num_bullets": 3})], "- أ\n- ب\n- ج", [1]),
    ([("detectable_content:postscript", {"postscript_marker": "ملاحظة"})], "النص هنا.\n\nملاحظة: وداعا", [1]),
    ([("startend:quotation", {})], "«كل شيء هنا.»", [1]),
    ([("startend:end_checker", {"end_phrase": "انتهى."})], "هذا كل شيء. انتهى.", [1]),
    ([("detectable_format:json_format", {})], '```json\n{"أ": 1}\n```', [1]),
    ([("detectable_format:json_format", {})], "{'أ': 1}", [0]),
    ([("detectable_format:title", {}), ("punctuation:no_comma", {})], "<<يوم جميل>>\nكان يوما.", [1, 1]),
    (
        [("detectable_content:number_placeholders", {"num_placeholders": 2}), ("punctuation:no_comma", {})],
        "عزيزي [الاسم]، تعال إلى [المكان].",
        [1, 0],
    ),
    ([("punctuation:no_comma", {})], "", [0]),
]  # fmt: skip  # 11 of 20 prompts, 13 of 22 instructions

# What stands in the box of the solution, what the model says, whether it is the same.
MATH: list[tuple[str, str, int]] = [
    ("24", "Final Answer: The final answer is $24$. I hope it is correct.", 1),
    ("24", "Final Answer: The final answer is $42$. I hope it is correct.", 0),
    (r"\frac{1}{2}", r"Half of it: $\boxed{0.5}$", 1),
    (r"\frac{1}{2}", r"$\boxed{\frac{2}{4}}$", 1),
    (r"\frac{1}{2}", r"$\boxed{2}$", 0),
    ("16", "", 0),
    ("16", "The answer is 16.", 1),
    ("16", r"First 4, then 12, so $\boxed{16}$.", 1),
    ("16", "I do not know.", 0),
    ("x^2+2x+1", r"$\boxed{(x+1)^2}$", 1),
    ("x^2+2x+1", r"$\boxed{(x-1)^2}$", 0),
    ("[2,5)", r"$\boxed{[2,5)}$", 1),
    ("[2,5)", r"$\boxed{(2,5)}$", 0),
    (r"-\frac{2}{3}", r"$-\frac{2}{3}$", 1),
    (r"-\frac{2}{3}", r"$\frac{2}{3}$", 0),
    ("1000", r"$\boxed{1,000}$", 1),
    (r"\sqrt{2}", r"$\boxed{\sqrt{2}}$", 1),
    (r"\sqrt{2}", r"$\boxed{1.41}$", 0),
    (r"\pi", r"$\boxed{3.14}$", 0),
    ("5", "$\\boxed{4}$\n\nProblem:\nAnother one.\n\nSolution: $\\boxed{5}$", 0),
]  # 10 of 20

# The right option of four, what a model behind an API writes, whether that names it and no other.
IN_WORDS: list[tuple[int, str, int]] = [
    (1, "1", 1),
    (2, "1", 0),
    (3, "٣", 1),
    (4, "٣", 0),
    (2, "**2**", 1),
    (2, "الإجابة الصحيحة هي: 2", 1),
    (2, "الإجابة: ٢ لأن الماء سائل", 1),
    (2, "الإجابة: 3", 0),
    (1, "لنفكر: 3 خطأ، و4 خطأ.\nالإجابة: 1", 1),
    (4, "<think>ربما 1 أو 2</think>\n4", 1),
    (1, "1 أو 2", 0),
    (1, "12", 0),
    (3, "(3) نار", 1),
    (3, "3.", 1),
    (4, "The answer is 4.", 1),
    (4, "5", 0),
    (1, "لا أعرف", 0),
    (1, "", 0),
    (2, "ماء", 0),
    (4, "٤) هواء", 1),
]  # 11 of 20

# The model's answer, what two judges say of it, the mark from 0 to 1: the mean of those that gave one.
ALRAGE: list[tuple[str, str, str, float]] = [
    ("جواب", '{"mark": 10}', '{"mark": 10}', 1.0),
    ("جواب", '{"mark": 0}', '{"mark": 0}', 0.0),
    ("جواب", '{"mark": 7}', '{"mark": 8}', 0.75),
    ("", '{"mark": 10}', '{"mark": 10}', 0.0),
    (" \n ", '{"mark": 10}', '{"mark": 10}', 0.0),
    ("جواب", '{"mark": 5}', "I cannot say.", 0.5),
    ("جواب", "لا أعرف", "", 0.0),
    ("جواب", '{"mark": 11}', '{"mark": 6}', 0.6),
    ("جواب", '{"mark": true}', '{"mark": 4}', 0.4),
    ("جواب", '{"mark": 7.5}', '{"mark": 7.5}', 0.75),
    ("جواب", '```json\n{"mark": 9}\n```', '{"mark": 9}', 0.9),
    ("جواب", 'The answer is right. {"mark": 8}', '{"mark": 8}', 0.8),
    ("جواب", '{"mark": "7"}', '{"mark": 3}', 0.3),
    ("جواب", '{"mark": ٧}', '{"mark": 2}', 0.2),
    ("جواب", '{"mark": 1}', '{"mark": 2}', 0.15),
    ("جواب", '{"mark": -1}', '{"mark": 10}', 1.0),
    ("جواب", '{"mark": 6}', '{"mark": 4}', 0.5),
    ("جواب", '{"mark": 3}', '{"mark": 3}', 0.3),
    ("جواب", '{"mark": 9}', '{"mark": 10}', 0.95),
    ("جواب", '{"mark": 0}', '{"mark": 1}', 0.05),
]  # their sum is 9.15


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(name, "1")


def write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def evaluated(name: str, folder: Path, said: Sequence[str], **more: Any) -> tuple[list[ScoredItem], float]:
    """A benchmark's items in the order of their rows, and its score, by the rows of `folder`/data."""
    runner = Runner(Model("m", "api", base_url="http://127.0.0.1:9/v1"), folder / "out", folder / "data", **more)
    # Not as an API: as a model without weights from which to know it.
    runner.model, runner._lm = Model("m"), known_model(said=lambda item, prompt: said[item])
    (benchmark,) = chosen([name])
    items = runner.run([benchmark]).items[name]
    return items, score(benchmark, items).value


@pytest.mark.train
def test_tydiqa(tmp_path: Path) -> None:
    pytest.importorskip("lm_eval")
    rows = [
        {"id": f"arabic-{n}", "title": "ع", "context": "نص", "question": f"item {n}؟",
         "answers": {"text": right, "answer_start": [0] * len(right)}}
        for n, (right, _, _) in enumerate(TYDIQA)
    ]  # fmt: skip
    # The dataset's rows of other languages are not asked.
    other = {**rows[0], "id": "english-1", "question": "item 99?"}
    write(tmp_path / "data" / "tydiqa_ar" / "secondary_task.jsonl", [other, *rows, other])
    items, value = evaluated("tydiqa_ar", tmp_path, [said for _, said, _ in TYDIQA])
    assert [item.reached[0] for item in items] == pytest.approx([worth for _, _, worth in TYDIQA])
    assert value == pytest.approx((9 + 4 * 2 / 3 + 4 / 9 + 1 / 2) / 20)


@pytest.mark.train
def test_ifeval(tmp_path: Path) -> None:
    pytest.importorskip("lm_eval")
    pytest.importorskip("langdetect")
    rows = [
        {"key": n, "prompt": f"Do this, item {n}", "instruction_id_list": [name for name, _ in asked],
         "kwargs": [given for _, given in asked]}
        for n, (asked, _, _) in enumerate(IFEVAL)
    ]  # fmt: skip
    write(tmp_path / "data" / "ifeval.jsonl", rows)
    items, value = evaluated("ifeval", tmp_path, [said for _, said, _ in IFEVAL])
    assert [item.reached for item in items] == [(all(found), sum(found)) for _, _, found in IFEVAL]
    assert [item.of[1] for item in items] == [len(found) for _, _, found in IFEVAL]
    assert value == pytest.approx((11 / 20 + 15 / 25) / 2)


@pytest.mark.train
def test_data_that_ifeval_needs_is_missed_before_a_model_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("lm_eval")
    pytest.importorskip("langdetect")
    monkeypatch.setattr("nltk.data.path", [])
    row = asked_in_arabic(0, [("length_constraints:number_sentences", {"num_sentences": 3, "relation": "at least"})])
    write(tmp_path / "data" / "ifeval.jsonl", [row])
    with pytest.raises(InputError, match=r"is missing: python -m nltk.downloader punkt_tab"):
        evaluated("ifeval", tmp_path, [])


def asked_in_arabic(n: int, asked: Asked) -> dict[str, Any]:
    names, given = [name for name, _ in asked], [given for _, given in asked]
    return {"key": n, "prompt": f"افعل هذا item {n}", "instruction_id_list": names, "kwargs": given}


@pytest.mark.train
def test_ifeval_in_arabic(tmp_path: Path) -> None:
    pytest.importorskip("lm_eval")
    rows = [asked_in_arabic(n, asked) for n, (asked, _, _) in enumerate(IFEVAL_AR)]
    letter = {"letter": "e", "let_frequency": 3, "let_relation": "at least"}
    # No answer in Arabic could follow these: they are not asked.
    english = [asked_in_arabic(99, [(name, given)]) for name, given in (
        ("change_case:english_capital", {}), ("keywords:letter_frequency", letter)
    )]  # fmt: skip
    write(tmp_path / "data" / "ifeval_ar.jsonl", [english[0], *rows, english[1]])
    items, value = evaluated("ifeval_ar", tmp_path, [said for _, said, _ in IFEVAL_AR])
    assert [item.reached for item in items] == [(all(found), sum(found)) for _, _, found in IFEVAL_AR]
    assert value == pytest.approx((11 / 20 + 13 / 22) / 2)


@pytest.mark.train
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("punctuation:no_commas", {}), r"row 2: .*'punctuation:no_commas' is not known; did you mean"),
        (("length_constraints:number_words", {"num_words": 3}), r"row 2.*length_constraints:number_words needs the"),
    ],
)
def test_instructions_that_nobody_can_check_are_told_before_a_model_is_asked(
    tmp_path: Path, asked: tuple[str, dict[str, Any]], said: str
) -> None:
    pytest.importorskip("lm_eval")
    rows = [asked_in_arabic(n, [one]) for n, one in enumerate([("punctuation:no_comma", {}), asked])]
    write(tmp_path / "data" / "ifeval_ar.jsonl", rows)
    with pytest.raises(InputError, match=said):
        evaluated("ifeval_ar", tmp_path, [])


@pytest.mark.train
def test_math(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lm_eval")
    pytest.importorskip("math_verify")
    every, parts = run.leaves, ("leaderboard_math_algebra_hard", "leaderboard_math_geometry_hard")
    monkeypatch.setattr(run, "leaves", lambda manager, name: [c for c in every(manager, name) if c["task"] in parts])
    rows = [
        {"problem": f"item {n}", "level": "Level 5", "type": "Algebra", "solution": f"It is $\\boxed{{{right}}}$."}
        for n, (right, _, _) in enumerate(MATH)
    ]
    easy = {**rows[0], "level": "Level 4", "problem": "item 99"}
    write(tmp_path / "data" / "math" / "algebra.jsonl", [easy, *rows, easy])
    write(tmp_path / "data" / "math" / "geometry.jsonl", [*rows[:1], easy])
    items, value = evaluated("math", tmp_path, [said for _, said, _ in MATH])
    assert [item.reached[0] for item in items if item.part == parts[0]] == [right for _, _, right in MATH]
    # Parts count the same: 10 of 20, and 1 of 1.
    assert value == pytest.approx((10 / 20 + 1) / 2)


def of_judge(place: int) -> Callable[[str], str]:
    return lambda asked: str(ALRAGE[int(re.findall(r"item (\d+)", asked)[-1])][1 + place])


@pytest.fixture
def judges() -> Iterator[tuple[Speaking, Speaking]]:
    with Speaking() as one, Speaking() as other:
        one.answer, other.answer = of_judge(0), of_judge(1)
        yield one, other


def test_alrage_s_marks(tmp_path: Path, judges: tuple[Speaking, Speaking]) -> None:
    records = [{"prompt": f"item {n}", "gold": "ج", "answer": said} for n, (said, *_) in enumerate(ALRAGE)]
    panel = load_panel(panel_of(tmp_path / "panel.yaml", *judges))
    assert marks(panel, records, tmp_path, yes=True) == pytest.approx([worth for *_, worth in ALRAGE])
    assert [judge.requests for judge in judges] == [18, 18]
    marks(panel, records, tmp_path, yes=True)
    assert [judge.requests for judge in judges] == [18, 18]


@pytest.mark.train
def test_options_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lm_eval")
    every = run.leaves
    monkeypatch.setattr(run, "leaves", lambda manager, name: every(manager, name)[:1])
    rows = [
        {"question": f"item {n} ما هذا؟", "choices": ["ماء", "تراب", "نار", "هواء"], "answer": right - 1}
        for n, (right, _, _) in enumerate(IN_WORDS)
    ]
    write(tmp_path / "data" / "mmlu_ht" / "abstract_algebra.jsonl", rows)
    with Speaking() as server:
        server.answer = lambda asked: IN_WORDS[int(re.findall(r"item (\d+)", asked)[-1])][1]
        runner = Runner(Model("m", "api", base_url=server.url), tmp_path / "out", tmp_path / "data")
        found = runner.run(chosen(["mmlu_ht"]))
        runner.close()
    assert [item.reached[0] for item in found.items["mmlu_ht"]] == [right for _, _, right in IN_WORDS]
    assert found.in_words == {"mmlu_ht"}


@pytest.mark.train
def test_alrage(tmp_path: Path, judges: tuple[Speaking, Speaking]) -> None:
    pytest.importorskip("lm_eval")
    rows = [{"question": f"item {n}؟", "candidates": ["نص", "نص ٢"], "gold_answer": "ج"} for n in range(len(ALRAGE))]
    write(tmp_path / "data" / "alrage.jsonl", rows)
    panel = load_panel(panel_of(tmp_path / "panel.yaml", *judges))
    items, value = evaluated("alrage", tmp_path, [said for said, *_ in ALRAGE], judges=panel)
    assert [item.reached[0] for item in items] == pytest.approx([worth for *_, worth in ALRAGE])
    assert value == pytest.approx(9.15 / 20)
