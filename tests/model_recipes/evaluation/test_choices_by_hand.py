"""Multiple choice in the schemas of the Hub, against verdicts that were written by hand.

Each table holds, of an item, the right option, what the model makes of each option (its log-likelihood), and whether
that counts, decided by reading: of equal options the first is taken, and where a benchmark counts by the likelihood
of a character, a longer label needs less of each. Nothing of ours or of lm-eval's decided a verdict.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from model_recipes.evaluation import run
from model_recipes.evaluation.asked.models import Model
from model_recipes.evaluation.benchmarks.suites import chosen
from model_recipes.evaluation.run import Runner
from model_recipes.evaluation.scoring.answers import read_answers
from model_recipes.evaluation.scoring.scores import ScoredItem, score
from tests.standins.known_model import known_model

pytest.importorskip("lm_eval")
pytestmark = [pytest.mark.train, pytest.mark.timeout(600)]

Row = dict[str, Any]
Likes = tuple[float, ...]
NEVER = -math.inf

# The right option, the likelihoods of four options whose labels are equally long, whether it counts.
FOUR: list[tuple[int, Likes, int]] = [
    (0, (-1, -2, -3, -4), 1),
    (1, (-1, -2, -3, -4), 0),
    (2, (-9, -8, -1, -7), 1),
    (3, (-4, -3, -2, -1), 1),
    (3, (-1, -3, -2, -4), 0),
    (0, (-1, -1, -3, -4), 1),
    (1, (-1, -1, -3, -4), 0),
    (0, (-5, -5, -5, -5), 1),
    (3, (-5, -5, -5, -5), 0),
    (2, (-3, -3, -2, -2), 1),
    (3, (-3, -3, -2, -2), 0),
    (1, (-0.5, -0.25, -0.75, -1), 1),
    (0, (-100.5, -100.25, -100.75, -101), 0),
    (1, (NEVER, -40, NEVER, NEVER), 1),
    (0, (NEVER, -40, NEVER, NEVER), 0),
    (2, (-0.001, -0.002, -0.0005, -3), 1),
    (2, (-0.001, -0.002, -0.003, -3), 0),
    (1, (-2, -1.999, -2, -2), 1),
    (3, (-700, -800, -900, -600), 1),
    (0, (-700, -800, -900, -600), 0),
]  # 11 of 20

# Arabic letters, of which the fifth has two characters (هـ): it is taken at less than twice another's distance.
LETTERED: list[tuple[int, Likes, int]] = [
    (4, (-2, -9, -9, -9, -3), 1),
    (0, (-2, -9, -9, -9, -3), 0),
    (4, (-2, -9, -9, -9, -5), 0),
    (0, (-2, -9, -9, -9, -5), 1),
    (0, (-2, -9, -9, -9, -4), 1),
    (4, (-2, -9, -9, -9, -4), 0),
    (1, (-4, -3.9, -4, -4), 1),
    (0, (-4, -3.9, -4, -4), 0),
    (2, (-3, -2, -1), 1),
    (1, (-3, -2, -1), 0),
    (1, (-3, -2), 1),
    (0, (-3, -2), 0),
    (0, (-1, -1), 1),
    (1, (-1, -1), 0),
    (3, (-8, -8, -8, -7.5, -15.5), 1),
    (3, (-8, -8, -8, -7.5, -14.5), 0),
    (4, (-8, -8, -8, -7.5, -14.5), 1),
    (2, (-1, -2, -0.5, -4), 1),
    (2, (-1, -2, -1, -4), 0),
    (0, (-1, -2, -1, -4), 1),
]  # 11 of 20

# "False" has five characters and "True" four: of -5 and -4.4 the first says -1 a character, the second -1.1.
BOOLEAN: list[tuple[int, Likes, int]] = [
    (0, (-5, -4.4), 1), (1, (-5, -4.4), 0), (1, (-5, -3.9), 1), (0, (-5, -3.9), 0), (0, (-5, -4), 1),
    (1, (-5, -4), 0), (0, (-1, -9), 1), (1, (-1, -9), 0), (1, (-9, -1), 1), (0, (-9, -1), 0),
    (1, (-9, -1), 1), (1, (-9, -2), 1), (1, (-9, -3), 1), (1, (-9, -4), 1), (0, (-1, -4), 1),
    (0, (-2, -4), 1), (0, (-3, -4), 1), (0, (-4, -4), 1), (1, (-4, -4), 0), (1, (-6, -4.9), 0),
]  # fmt: skip  # 13 of 20
# "Yes" and "No": at -3 and -2 they are equal.
NAVIGATE: list[tuple[int, Likes, int]] = [
    (0, (-3, -2), 1), (1, (-3, -2), 0), (1, (-3, -1.9), 1), (0, (-2.9, -2), 1), (1, (-2.9, -2), 0),
    *[(0, (-9.0, -1.0), 0)] * 8, *[(1, (-1.0, -9.0), 0)] * 7,
]  # fmt: skip  # 3 of 20
# Whole words as options: "Ann" (3 characters), "Bartholomew" (11).
NAMES: list[tuple[int, Likes, int]] = [
    (1, (-3, -10), 1), (0, (-3, -10), 0), (0, (-3, -12), 1), (1, (-3, -12), 0), (0, (-3, -11), 1),
    (1, (-3, -11), 0), (1, (-6, -11), 1), (1, (-9, -11), 1), (1, (-9, -30), 1), (1, (-9, -34), 0),
    (0, (-1, -3), 0), (1, (-1, -3), 1), (0, (-1, -4), 1), (0, (-1, -5), 1), (0, (-1, -6), 1),
    (0, (-1, -7), 1), (0, (-1, -8), 1), (0, (-1, -9), 1), (0, (-1, NEVER), 1), (1, (-1, NEVER), 0),
]  # fmt: skip  # 14 of 20
# Ten options as MMLU-Pro has them, or fewer; what is liked best, and how many there are.
TEN: list[tuple[int, int, int, int]] = [
    (9, 9, 10, 1), (9, 8, 10, 0), (0, 0, 10, 1), (1, 0, 10, 0), (4, 4, 10, 1), (5, 5, 10, 1), (6, 6, 10, 1),
    (7, 7, 10, 1), (8, 9, 10, 0), (2, 2, 10, 1), (3, 2, 10, 0), (3, 3, 10, 1), (0, 9, 10, 0), (9, 0, 10, 0),
    (0, 0, 10, 1), (1, 1, 10, 1), (3, 3, 4, 1), (2, 3, 4, 0), (1, 1, 4, 1), (0, 3, 4, 0),
]  # fmt: skip  # 12 of 20; a guess: (16 * 1/10 + 4 * 1/4) / 20 = 0.13
RIGHT_AND_WRONG = [1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1]  # 13 of 20


@pytest.fixture(scope="module", autouse=True)
def offline() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
            patch.setenv(name, "1")
        yield


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[str]], None]:
    """Leave only these parts of a benchmark, in this order."""

    def keep(parts: Sequence[str]) -> None:
        every = run.leaves
        monkeypatch.setattr(
            run, "leaves", lambda manager, name: [c for p in parts for c in every(manager, name) if c["task"] == p]
        )

    return keep


def write(path: Path, rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def evaluated(name: str, folder: Path, model: Any) -> tuple[list[ScoredItem], float]:
    """A benchmark's items in the order of their rows, and its score, by the rows of `folder`/data."""
    runner = Runner(Model("m", "api", base_url="http://127.0.0.1:9/v1"), folder / "out", folder / "data")
    # Not as an API: by likelihoods, and without weights from which to know the model.
    runner.model, runner._lm = Model("m"), model
    (benchmark,) = chosen([name])
    items = runner.run([benchmark]).items[name]
    for path in (folder / "out" / "items").glob("*.jsonl"):
        for one in read_answers(path) or []:
            assert (one["answer"] == one["gold"]) == bool(one["reached"][0])
    return items, score(benchmark, items).value


def reached(items: Sequence[ScoredItem], part: str) -> list[float]:
    return [item.reached[0] for item in items if item.part == part]


def by_place(tables: Mapping[str, Sequence[tuple[int, Likes, int]]], options: Callable[[int, str], list[str]]) -> Any:
    """A model that likes the options of an item as its table has it; the part is named in the prompt."""

    def liked(item: int, prompt: str, option: str) -> float:
        part = next(name for name in tables if name in prompt)
        return tables[part][item][1][options(item, part).index(option)]

    return known_model(liked)


def verdicts(table: Sequence[tuple[Any, ...]]) -> list[int]:
    return [row[-1] for row in table]


def test_mmlu_ht(tmp_path: Path, only: Callable[[Sequence[str]], None]) -> None:
    """Labels 1 to 4, in a prompt whose options hold digits of both kinds; parts count the same."""
    parts = ["abstract_algebra", "anatomy", "virology"]
    only([f"smolkalam_mmlu_ht_{part}" for part in parts])
    tables = {"abstract_algebra": FOUR, "anatomy": FOUR[:1], "virology": FOUR[1:3]}
    for part, table in tables.items():
        rows = [
            {"question": f"{part} item {n} ما ناتج ٢ + 3؟", "subject": part, "choices": ["٥", "5", "٢٣", "23"],
             "answer": gold}
            for n, (gold, _, _) in enumerate(table)
        ]  # fmt: skip
        write(tmp_path / "data" / "mmlu_ht" / f"{part}.jsonl", rows)
    # `virology` begins with the table's second item.
    model = by_place({**tables, "virology": FOUR[1:3]}, lambda item, part: ["1", "2", "3", "4"])
    items, value = evaluated("mmlu_ht", tmp_path, model)
    assert reached(items, "smolkalam_mmlu_ht_abstract_algebra") == verdicts(FOUR)
    assert value == pytest.approx((11 / 20 + 1 / 1 + 1 / 2) / 3)


@pytest.mark.parametrize("form", ["oall", "lm_eval"])
def test_arabic_mmlu(form: str, tmp_path: Path, only: Callable[[Sequence[str]], None]) -> None:
    """The leaderboard's, by the likelihood of a character with Arabic letters; and lm-eval's, with Latin ones."""
    name, stem = ("oall_arabic_mmlu", "smolkalam_arabic_mmlu_") if form == "oall" else ("arabic_mmlu", "arabicmmlu_")
    only([f"{stem}driving_test", f"{stem}law_professional"])
    table = LETTERED if form == "oall" else FOUR
    tables = {"Driving Test": table, "Law (Professional)": table[:4]}
    for part, found in tables.items():
        rows = []
        for n, (gold, likes, _) in enumerate(found):
            options = {f"Option {k}": f"خيار {k}" if k <= len(likes) else None for k in range(1, 6)}
            # Of the dataset's columns those that no prompt has are there too.
            about = {"ID": n, "Source": "https://example.org", "Country": None, "Group": "Other", "Subject": part,
                     "Level": None, "Context": None, "is_few_shot": 0}  # fmt: skip
            rows.append({**about, "Question": f"{part} item {n}", "Answer Key": "ABCDE"[gold], **options})
        write(tmp_path / "data" / name / f"{part}.jsonl", rows)
    letters = ["أ", "ب", "ج", "د", "هـ"] if form == "oall" else list("ABCDE")
    items, value = evaluated(name, tmp_path, by_place(tables, lambda item, part: letters))
    assert reached(items, f"{stem}driving_test") == verdicts(table)
    # 11 of 20 and 2 of 4; in lm-eval's 11 of 20 and 3 of 4, where items count and not parts.
    assert value == pytest.approx((11 / 20 + 2 / 4) / 2 if form == "oall" else (11 + 3) / 24)


def test_bbh(tmp_path: Path, only: Callable[[Sequence[str]], None]) -> None:
    """Each part above its own chance, which is 0 where a model is below it."""
    options = {"boolean": ["False", "True"], "navigate": ["Yes", "No"], "date": [f"({c})" for c in "ABCDEF"]}
    wide = [(gold, (*likes, NEVER, NEVER), right) for gold, likes, right in FOUR]
    tables: dict[str, Sequence[tuple[int, Likes, int]]] = {"boolean": BOOLEAN, "navigate": NAVIGATE, "date": wide}
    names = {"boolean": "boolean_expressions", "navigate": "navigate", "date": "date_understanding"}
    only([f"leaderboard_bbh_{name}" for name in names.values()])
    for part, table in tables.items():
        rows = [
            {"input": f"{part} item {n} is", "target": options[part][gold]} for n, (gold, _, _) in enumerate(table)
        ]
        write(tmp_path / "data" / "bbh" / f"{names[part]}.jsonl", rows)

    def liked(item: int, prompt: str, option: str) -> float:
        part = next(name for name in tables if f"{name} item" in prompt)
        return tables[part][item][1][options[part].index(option)]

    model = known_model(liked)
    items, value = evaluated("bbh", tmp_path, model)
    for part, table in tables.items():
        assert reached(items, f"leaderboard_bbh_{names[part]}") == verdicts(table)
    # (13/20 - 1/2) / (1/2); 3 of 20 is below a half; (11/20 - 1/6) / (5/6).
    assert value == pytest.approx((0.3 + 0.0 + 0.46) / 3)
    # The three examples that the benchmark shows stand in its configuration, not among its rows.
    assert all(prompt.count("Q: ") == 4 for prompt in model.asked)


def test_musr(tmp_path: Path, only: Callable[[Sequence[str]], None]) -> None:
    """Options are words of a list that is written as text; each by the likelihood of a character."""
    people = ["Ann", "Bartholomew"]
    options = {"murder_mysteries": people, "object_placements": [*people, "desk", "shelf"], "team_allocation": people}
    long = [(gold, (*likes, NEVER, NEVER), right) for gold, likes, right in NAMES]
    tables: dict[str, Sequence[tuple[int, Likes, int]]] = {
        "murder_mysteries": NAMES,
        "object_placements": long,
        "team_allocation": NAMES[:2],
    }
    for part, table in tables.items():
        rows = [
            {"narrative": "It was night.", "question": f"{part} item {n}: who?", "choices": str(options[part]),
             "answer_index": gold, "answer_choice": options[part][gold]}
            for n, (gold, _, _) in enumerate(table)
        ]  # fmt: skip
        write(tmp_path / "data" / "musr" / f"leaderboard_musr_{part}.jsonl", rows)
    items, value = evaluated("musr", tmp_path, by_place(tables, lambda item, part: options[part]))
    for part, table in tables.items():
        assert reached(items, f"leaderboard_musr_{part}") == verdicts(table)
    # (14/20 - 1/2) / (1/2); (14/20 - 1/4) / (3/4); one of two is chance.
    assert value == pytest.approx((0.4 + 0.6 + 0.0) / 3)


def test_gpqa(tmp_path: Path) -> None:
    """Options stand in an order that is drawn: what is liked is told by the text behind a letter."""
    parts = {"gpqa_diamond": RIGHT_AND_WRONG, "gpqa_extended": [1, 0, 0], "gpqa_main": [1, 1, 0]}
    for part, right in parts.items():
        rows = [
            {"Question": f"{part} item {n}", "Correct Answer": f"right {n}\n", "Incorrect Answer 1": f"wrong {n} [1]",
             "Incorrect Answer 2": f"other {n} [title]", "Incorrect Answer 3": f"third {n}", "Subdomain": "x"}
            for n in range(len(right))
        ]  # fmt: skip
        write(tmp_path / "data" / "gpqa" / f"{part}.jsonl", rows)

    def liked(item: int, prompt: str, option: str) -> float:
        part = next(name for name in parts if name in prompt)
        behind = next(line for line in prompt.splitlines() if line.startswith(option))
        return -1.0 if ("right" if parts[part][item] else "third") in behind else -2.0

    items, value = evaluated("gpqa", tmp_path, known_model(liked))
    assert reached(items, "leaderboard_gpqa_diamond") == RIGHT_AND_WRONG
    # 13 + 1 + 2 of 26 items, above a chance of a quarter.
    assert value == pytest.approx((16 / 26 - 1 / 4) / (3 / 4))


def test_gpqa_asks_every_model_the_same_items(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """lm-eval draws the order of the options anew in every process: a baseline would be asked other items."""
    import random

    found = []
    for seed in (1, 2):
        folder = tmp_path / str(seed)
        monkeypatch.setenv("HF_DATASETS_CACHE", str(folder / "cache"))
        monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", folder / "cache")
        for part in ("gpqa_diamond", "gpqa_extended", "gpqa_main"):
            rows = [
                {"Question": f"item {n}", "Correct Answer": "a", "Incorrect Answer 1": "b", "Incorrect Answer 2": "c",
                 "Incorrect Answer 3": "d"}
                for n in range(6)
            ]  # fmt: skip
            write(folder / "data" / "gpqa" / f"{part}.jsonl", rows)
        random.seed(seed)
        items, _ = evaluated("gpqa", folder, known_model(lambda item, prompt, option: -1.0))
        found.append([(item.part, item.key) for item in items])
    assert found[0] == found[1]


def test_mmlu_pro(tmp_path: Path) -> None:
    """Up to ten options, five examples shown, above the chance of each item's own options."""
    rows = [
        {"question_id": n, "question": f"item {n}?", "options": [f"o{k}" for k in range(many)],
         "answer": "ABCDEFGHIJ"[gold], "answer_index": gold, "cot_content": "", "category": "law", "src": "x"}
        for n, (gold, _, many, _) in enumerate(TEN)
    ]  # fmt: skip
    write(tmp_path / "data" / "mmlu_pro.jsonl", rows)
    write(tmp_path / "data" / "mmlu_pro.fewshot.jsonl", [{**row, "question": "an example"} for row in rows[:5]])
    model = known_model(lambda item, prompt, option: -1.0 if option == "ABCDEFGHIJ"[TEN[item][1]] else -2.0)
    items, value = evaluated("mmlu_pro", tmp_path, model)
    assert reached(items, "leaderboard_mmlu_pro") == verdicts(TEN)
    assert value == pytest.approx((12 / 20 - 0.13) / 0.87)
    assert all(prompt.count("an example") == 5 for prompt in model.asked)
