"""A pipeline's plan: which steps use which, what is told before anything runs, and what the card says."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from model_recipes.on_policy.settings import OnPolicyPlan
from model_recipes.pipeline.card import story, write_card
from model_recipes.pipeline.command import PipelinePlan, run_pipeline, used_by
from model_recipes.plans import load_plan
from processors.errors import InputError, SmolKalamError

RECIPES = Path(__file__).parents[3] / "model_recipes"
SFT = {"do": "sft", "config": "sft.yaml", "model": "user/base", "data": [{"path": "user/data"}]}


def written(folder: Path, *steps: dict[str, Any], **more: Any) -> Path:
    (folder / "sft.yaml").write_text("learning_rate: 1.0e-4\n", encoding="utf-8")
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump({"name": "whole", "steps": list(steps), **more}), encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted((RECIPES / "pipeline").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_plan_is_whole(path: Path) -> None:
    plan = load_plan(path, PipelinePlan)
    for number, step in enumerate(plan.steps):
        used_by(plan.steps[:number], step, path)
        for key, file in step.files().items():
            assert Path(file).is_file() or "/" in file or key.startswith("prompts"), (step.name, key, file)


def test_the_shipped_rounds_are_whole() -> None:
    plan = load_plan(RECIPES / "on_policy" / "armath.yaml", OnPolicyPlan)
    assert Path(plan.dpo).is_file()


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([{"name": "a", **SFT}, {"name": "b", **SFT, "model": "aa"}], "no step 'aa' before it.*did you mean a"),
        ([{"name": "b", **SFT, "model": "later"}, {"name": "later", **SFT}], "steps before it: none"),
        ([{"name": "a", **SFT}, {"name": "a", **SFT}], "a: is there twice"),
        ([{"name": "a", **SFT}, {"name": "a/b", **SFT}], "a/b: one folder would lie in the other's, that of a"),
        ([{"name": "start", **SFT}, {"name": "Start", **SFT}], "Start: is there twice, as start.*more than case"),
        ([{"name": "Model", **SFT}], "Model: the plan's own Model has this name"),
        ([{"name": "a/b", **SFT}, {"name": "a", **SFT}], "a: one folder would lie in the other's, that of a/b"),
        ([{"name": "model", **SFT}], "model: the plan's own model has this name"),
        ([{"name": "earlier/a", **SFT}], "earlier/a: the plan's own earlier has this name"),
        ([{"name": "a", **SFT, "set": ["output_dir=x"]}], "output_dir is made by the plan"),
        ([{"name": "a", **SFT, "set": ["learning_rat=1"]}], "learning_rat.*did you mean 'learning_rate'"),
        ([{"name": "a", **SFT, "config": "none.yaml"}], "none.yaml"),
        ([{"name": "../a", **SFT}], "it names a folder"),
        ([{"name": "a", **SFT, "do": "sftt"}], "sftt"),
        (
            [
                {"name": "e", "do": "evaluate", "model": "user/base", "suites": ["acva"]},
                {"name": "a", **SFT, "model": "e"},
            ],
            "e makes a table",
        ),
        ([{"name": "e", "do": "evaluate", "model": "user/base", "suites": ["arabicc"]}], "arabicc"),
        ([{"name": "m", "do": "merge", "experts": ["user/a", "user/b"], "importance": [1.0]}], "1 weights for 2"),
    ],
)
def test_a_mistake_is_told_before_anything_runs(tmp_path: Path, steps: list[dict[str, Any]], told: str) -> None:
    pytest.importorskip("trl", reason="needs the extra `train`")
    if any(step["do"] == "evaluate" for step in steps):
        pytest.importorskip("lm_eval", reason="needs the extra `evaluation`")
    with pytest.raises(SmolKalamError, match=told):
        run_pipeline(written(tmp_path, *steps), [], output=tmp_path / "out", dry_run=True)
    assert not (tmp_path / "out").exists()


MESSAGES = [{"role": "user", "content": "س"}, {"role": "assistant", "content": "ج"}]


@pytest.mark.parametrize(
    ("do", "rows", "told"),
    [
        ("sft", [], "a: datasets: .*rows.parquet: is empty"),
        ("dpo", [{"messages": MESSAGES}], "a: datasets: .*rows.parquet, train: no column 'chosen'"),
        ("distil", [{"prompt": " "}], "a: .*rows.parquet: has no row that is a prompt"),
        ("arbitrate", [{"prompt": "سؤال"}], "a: .*\n.*recipe.yaml:2: pol: unknown key; did you mean 'pool'"),
    ],
)
def test_rows_and_recipes_on_the_disk_are_looked_at_before_the_first_step(
    do: str, rows: list[dict[str, Any]], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("trl", reason="needs the extra `train`")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    data = tmp_path / "rows.parquet"
    table = pa.Table.from_pylist(rows) if rows else pa.table({"messages": pa.array([], pa.list_(pa.string()))})
    pq.write_table(table, data)
    teacher = {"name": "T", "backend": "endpoint", "model": "m", "base_url": "http://localhost:9/v1"}
    recipe: dict[str, Any] = {"name": "r", "source": {"path": "rows.parquet"}}
    recipe |= {"distil": {"teacher": teacher, "problems": {"kind": "mathematics"}}, "arbitrate": {"pol": []}}.get(
        do, {}
    )
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    trained = {**SFT, "do": do, "data": [{"path": str(data)}]}
    step = {"name": "a", **(trained if do in ("sft", "dpo") else {"do": do, "recipe": "recipe.yaml"})}
    with pytest.raises(SmolKalamError, match=told):
        run_pipeline(written(tmp_path, step), [], output=tmp_path / "out", dry_run=True)


def test_a_result_that_no_step_makes_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="result: b: is no step that makes a model; those are a"):
        run_pipeline(written(tmp_path, {"name": "a", **SFT}, result="b"), [], dry_run=True)


def test_the_card_tells_every_step_and_leaves_the_step_s_own_as_it_is(tmp_path: Path) -> None:
    plan = load_plan(written(tmp_path, {"name": "a", **SFT}), PipelinePlan)
    model = tmp_path / "run" / "a" / "output"
    (model / "checkpoint-10").mkdir(parents=True)
    (model / "model.safetensors").write_bytes(b"weights")
    (model / "README.md").write_text("---\nlibrary_name: transformers\n---\n\n# output\n", encoding="utf-8")
    found = {"a": {"output": "a/output", "told": "40 rows, 3 steps."}}
    place = write_card(tmp_path / "run", "whole", plan.steps, found, "a")
    card = (place / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlibrary_name: transformers\n---\n\n# whole\n")
    assert "40 rows, 3 steps." in card
    assert "| a | sft | user/base, user/data |" in card
    assert (place / "model.safetensors").samefile(model / "model.safetensors")
    assert not (place / "checkpoint-10").exists()
    assert (model / "README.md").read_text(encoding="utf-8").endswith("# output\n")
    assert story(plan.steps, found, "a") in (tmp_path / "run" / "plan.md").read_text(encoding="utf-8")
    write_card(tmp_path / "run", "whole", plan.steps, found, "a")
