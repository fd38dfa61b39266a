"""A build leaves rows out in which a benchmark's item stands, before and after translation, and says so everywhere."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from builders.build import run_build
from builders.estimates.command import run_plan
from builders.recipes.load import dump_recipe, load_recipe
from builders.recipes.recipe import shipped_recipes
from hub.card.write import write_card
from processors.errors import InputError

# Of s1k_1.1_think/0000000 and, in the reference's Arabic, of /0000002; one of a split that is cut.
ENGLISH = {"question": "How many zeros does the number $100!$ end with? Put the final answer in a box."}
ARABIC = {"question": "رُمي حجرا نرد متزنان. ما احتمال ألا يقل المجموع عن 10؟"}
SHORT = {"question": "A"}


def recipe(folder: Path, *rows: dict[str, Any], **more: Any) -> Path:
    """The demo with one split and a benchmark of these rows beside it."""
    data = yaml.safe_load(shipped_recipes()["demo"].read_text(encoding="utf-8"))
    memories = shipped_recipes()["demo"].parent
    for translator in data["translators"]:
        translator["memory"] = [str((memories / file).resolve()) for file in translator["memory"]]
    data["source"]["keep"] = ["s1k_1.1_think"]
    data["selection"] = {"cuts": []} | more
    (folder / "benchmark.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data["decontamination"] = {"against": [{"path": "benchmark.jsonl"}]}
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


def build(recipe: Path, output: Path) -> Path:
    run_build(str(recipe), output=output, workers=1, finish=write_card)
    return output


def dropped(run: Path, stage: str) -> dict[str, str]:
    lines = [line for path in sorted(run.glob(f"{stage}/dropped/*.jsonl")) for line in path.read_text().splitlines()]
    rows = [json.loads(line) for line in lines]
    return {row["id"]: row["detail"] for row in rows if row["reason"] == "contaminated"}


def test_both_sides_are_looked_at_and_counted(tmp_path: Path) -> None:
    run = build(recipe(tmp_path, ENGLISH, ARABIC, SHORT), tmp_path / "run")
    before, after = dropped(run, "select"), dropped(run, "rank")
    assert list(before) == ["s1k_1.1_think/0000000"]
    assert list(after) == ["s1k_1.1_think/0000002"]
    assert "benchmark.jsonl, item benchmark.jsonl/1, by its question" in before["s1k_1.1_think/0000000"]
    card = (run / "dataset" / "README.md").read_text(encoding="utf-8")
    assert "| benchmark.jsonl | 3 | 2 | 1 | 1 |" in card
    assert str(tmp_path) not in card
    asked = [path.read_text() for path in run.glob("translate/*/dropped/*.jsonl")]
    assert not any("0000000" in text for text in asked)


def test_a_row_that_is_cut_away_is_looked_at_in_the_scan(tmp_path: Path) -> None:
    run = build(recipe(tmp_path, ENGLISH, max_rows_per_split=2), tmp_path / "run")
    assert list(dropped(run, "select")) == ["s1k_1.1_think/0000000"]
    assert "| benchmark.jsonl | 1 | 1 | 1 | 0 |" in (run / "dataset" / "README.md").read_text(encoding="utf-8")


def test_another_benchmark_makes_another_selection(tmp_path: Path) -> None:
    run = build(recipe(tmp_path, ARABIC), tmp_path / "run")
    assert not dropped(run, "select")
    build(recipe(tmp_path, ENGLISH), run)
    assert list(dropped(run, "select")) == ["s1k_1.1_think/0000000"] and not dropped(run, "rank")


def test_plan_knows_it(tmp_path: Path) -> None:
    plan = run_plan(str(recipe(tmp_path, ENGLISH)), source_path=None, output=None, settings=[], as_json=True)
    assert plan["left_out"]["contaminated"]["rows"] == 1


def test_a_benchmark_that_cannot_be_looked_for_ends_a_build_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of its 1 items can be looked for"):
        build(recipe(tmp_path, SHORT), tmp_path / "run")


def test_a_recipe_without_the_block_is_written_as_before() -> None:
    assert "decontamination" not in dump_recipe(load_recipe("demo"))


def test_paths_are_those_beside_the_recipe_and_ids_stay(tmp_path: Path) -> None:
    path = recipe(tmp_path, ENGLISH)
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    data["decontamination"]["against"].append({"path": "user/arabic-mmlu:all@v1", "options": ["A", "B"]})
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    found = load_recipe(str(path)).decontamination
    assert found is not None
    assert [one.path for one in found.against] == [str(tmp_path / "benchmark.jsonl"), "user/arabic-mmlu:all@v1"]
