"""Files of answers and local data: of which model they are, what is damaged, what is missing."""

import json
from pathlib import Path

import pytest

from model_recipes.evaluation.asked.models import Model
from model_recipes.evaluation.benchmarks.data import local_data
from model_recipes.evaluation.benchmarks.suites import chosen
from model_recipes.evaluation.command import _checkpoints
from model_recipes.evaluation.report.model_card import write_section
from model_recipes.evaluation.report.plot import write_plot
from model_recipes.evaluation.report.table import made, plain, text
from model_recipes.evaluation.scoring.answers import read_answers, write_answers
from model_recipes.evaluation.scoring.evaluation import Evaluation
from model_recipes.evaluation.scoring.scores import ScoredItem
from processors.errors import InputError

RECORD = {"id": "x-1", "reached": [1.0], "of": [1.0], "chance": 0.25, "gold": "أ", "answer": "أ"}


def test_answers_of_another_key_are_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "items" / "t.jsonl"
    assert read_answers(path, "k") is None
    write_answers(path, {"key": "k"}, [RECORD])
    assert read_answers(path, "k") == [RECORD] == read_answers(path)
    assert read_answers(path, "other") is None


@pytest.mark.parametrize("damage", ["", '{"key": "k", "items": 2}\n', '{"key": "k", "items": 1}\n{"id"', "[]\n"])
def test_a_damaged_file_is_one_line(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(damage)
    with pytest.raises(InputError, match=r"damaged.*remove it"):
        read_answers(path, "k")


def test_local_rows_are_found_by_part_or_alone(tmp_path: Path) -> None:
    config = {"dataset_name": "Arabic Language (General)", "test_split": "test", "fewshot_split": "dev"}
    assert local_data(tmp_path, "madinah_qa", "t", config) is None
    folder = tmp_path / "madinah_qa"
    folder.mkdir()
    with pytest.raises(InputError, match=r"no file Arabic Language \(General\).jsonl \(found nothing\)"):
        local_data(tmp_path, "madinah_qa", "t", config)
    (folder / "arabic_language_general.jsonl").write_text("{}\n")
    found = local_data(tmp_path, "madinah_qa", "t", config)
    assert found and found.changes["dataset_path"] == "json" and found.changes["num_fewshot"] == 0
    assert set(found.changes["dataset_kwargs"]["data_files"]) == {"test", "dev"}
    (folder / "arabic_language_general.fewshot.jsonl").write_text("{}\n")
    found = local_data(tmp_path, "madinah_qa", "t", config)
    assert found and "num_fewshot" not in found.changes
    (tmp_path / "exams.parquet").touch()
    alone = local_data(tmp_path, "exams", "t", {"dataset_name": "default", "test_split": "test"})
    assert alone and alone.changes["dataset_path"] == "parquet"


def test_a_model_trained_further_is_another(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(bytes(5_000_000))
    before = Model(str(tmp_path)).identity()
    assert Model(str(tmp_path)).identity() == before
    (tmp_path / "model.safetensors").write_bytes(b"\1" * 5_000_000)
    assert Model(str(tmp_path)).identity() != before
    with pytest.raises(InputError, match="no model there"):
        (tmp_path / "empty").mkdir()
        Model(str(tmp_path / "empty")).identity()
    with pytest.raises(InputError, match="not the id of a model"):
        Model("nothing").identity()


def test_checkpoints_are_those_with_a_step(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no checkpoint-\* folders"):
        _checkpoints(Model(str(tmp_path)))
    for name in ("checkpoint-100", "checkpoint-20", "checkpoint-best"):
        (tmp_path / name).mkdir()
    assert [Path(one.name).name for one in _checkpoints(Model(str(tmp_path)))] == ["checkpoint-20", "checkpoint-100"]


def test_the_table_says_what_was_and_was_not_asked() -> None:
    arabic = chosen(["arabic"])
    found = Evaluation(
        items={
            "alghafa": [ScoredItem(part, str(n), (float(n < 8),), (1.0,), 0.25) for part in "ab" for n in range(10)],
            "arabic_mmlu": [ScoredItem("c", str(n), (float(n % 4 == 0),), (1.0,), 0.25) for n in range(40)],
        },
        left_out={"ifeval_ar": "no data on the Hub; give it by --data"},
        in_words={"alghafa"},
    )
    other = Evaluation(items={"arabic_mmlu": [ScoredItem("c", str(n), (0.0,), (1.0,), 0.25) for n in range(40)]})
    table = made("Mine", arabic, found, ("Base", other))
    words = text(table)
    assert "| AlGhafa-Native | 80.0 [" in words and "82.2" in words and "average of the 2 with a score" in words
    assert "+25.0 [" in words and "not above guessing (25.0)" in words and "asked in words" in words
    assert "IFEval in Arabic: no data on the Hub" in words
    assert json.dumps(plain(table)) and plain(table)["benchmarks"]["tydiqa_ar"]["score"] is None


def test_a_baseline_that_was_asked_other_items_is_said() -> None:
    exams = chosen(["exams"])
    mine = [ScoredItem("p", str(n), (1.0,), (1.0,), 0.25) for n in range(10)]
    for shared, told in (
        (10, ""),
        (4, "of 10 items the baseline was asked 4"),
        (0, "of 10 items the baseline was asked 0"),
    ):
        other = [ScoredItem("p", str(n + 10 - shared), (0.0,), (1.0,), 0.25) for n in range(10)]
        table = made("M", exams, Evaluation(items={"exams": mine}), ("B", Evaluation(items={"exams": other})))
        assert told in text(table) and ("the baseline was asked" in text(table)) == bool(told)
        assert (table.rows[0].difference is None) == (shared == 0)


def test_a_benchmark_of_one_item_says_that_its_interval_says_little() -> None:
    found = Evaluation(items={"exams": [ScoredItem("p", "1", (1.0,), (1.0,), 0.25)]})
    assert "an interval of 1 items says little" in text(made("M", chosen(["exams"]), found))


def test_a_picture_has_every_score_and_none_is_drawn_of_nothing(tmp_path: Path) -> None:
    mine = [ScoredItem("p", str(n), (float(n < 6),), (1.0,), 0.25) for n in range(10)]
    base = ("B", Evaluation(items={"exams": mine[:5]}))
    assert write_plot(tmp_path / "a.png", made("M", chosen(["exams"]), Evaluation(items={"exams": mine}), base))
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert not write_plot(tmp_path / "b.png", made("M", chosen(["exams"]), Evaluation()))
    assert not (tmp_path / "b.png").exists()
    write_section(tmp_path, "| a |", None, "a.png")
    assert "![Scores with their intervals](a.png)\n\n| a |" in (tmp_path / "README.md").read_text()


def test_a_card_keeps_what_others_wrote(tmp_path: Path) -> None:
    write_section(tmp_path, "| a |", None)
    card = tmp_path / "README.md"
    card.write_text(card.read_text() + "\nMine.\n")
    write_section(tmp_path, "| b |", 5)
    assert "| a |" not in card.read_text() and "| b |" in card.read_text()
    assert card.read_text().endswith("\nMine.\n") and card.read_text().count("## Evaluation") == 1
    assert "first 5 items" in card.read_text()
