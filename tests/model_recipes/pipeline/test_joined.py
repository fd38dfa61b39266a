"""Distilled, decontaminated, mixed 80 to 20, a sparse adapter, evaluated: one plan, on stand-in models.

The data alone by default; with the training `python -m pytest -m train tests/model_recipes/pipeline`, killed at each
step.
"""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from tests.builders.distillation.test_command import server_of, write_recipe
from tests.standins.pipelines import TASK, begun, ended, write_rows
from tests.standins.tiny_reward import sample_pairs
from tests.standins.tiny_sparse import write_sparse

COUNT = 60


def data_steps(folder: Path, server: Any) -> list[dict[str, Any]]:
    write_recipe(folder, server, COUNT)
    # A problem that a benchmark has too: what is distilled of it may not be trained on.
    asked = f"المسألة {COUNT}: اشترى تاجر من سوق الخضار سلالا من التين والعنب ثم باع بعضها لجاره، فكم سلة بقيت عنده؟"
    answer = str(COUNT + 7 + COUNT % 9 + 11)
    with (folder / "problems.jsonl").open("a", encoding="utf-8") as stream:
        row = {"problem": asked, "answer": answer, "domain": "كلام", "difficulty": 1, "region": "gulf"}
        stream.write("\n" + json.dumps(row, ensure_ascii=False))
    write_rows(folder / "benchmark.jsonl", [{"question": asked.partition(": ")[2], "answer": answer}])
    english = [
        {"messages": [{"role": "user", "content": f"Say it: {e}"}, {"role": "assistant", "content": e}]}
        for e, _ in sample_pairs()[:80]
    ]
    write_rows(folder / "english.jsonl", english)
    mixture = {
        "name": "joined",
        "sources": [
            {"name": "arabic", "path": "here", "language": "ar"},
            {"name": "english", "path": "english.jsonl", "language": "en"},
        ],
        "languages": {"shares": {"ar": 0.8, "en": 0.2}},
        "tokens": 1500,
    }
    (folder / "mixture.yaml").write_text(yaml.safe_dump(mixture), encoding="utf-8")
    return [
        {"name": "distilled", "do": "distil", "recipe": "recipe.yaml"},
        {"name": "clean", "do": "decontaminate", "data": "distilled", "against": ["benchmark.jsonl"]},
        {
            "name": "mixture", "do": "mix", "recipe": "mixture.yaml", "inputs": {"sources.arabic.path": "clean"},
        },
    ]  # fmt: skip


def write_plan(folder: Path, steps: list[dict[str, Any]]) -> Path:
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump({"name": "joined", "steps": steps}), encoding="utf-8")
    return path


def counts(step: Path) -> dict[str, Any]:
    return dict(json.loads((step / "done.json").read_text(encoding="utf-8"))["results"]["figures"])


def test_from_problems_to_a_mixture_of_eighty_to_twenty(tmp_path: Path) -> None:
    with server_of() as server:
        plan = write_plan(tmp_path, data_steps(tmp_path, server))
        ended(begun(plan, tmp_path / "run"))
        asked = len(server.asked)
        assert "0 of 3 steps to do" in ended(begun(plan, tmp_path / "run"))
        assert len(server.asked) == asked
    distilled = pq.read_table(tmp_path / "run" / "distilled" / "distilled" / "dataset" / "Reasoning_Teacher")
    kept = list((tmp_path / "run" / "clean" / "clean").rglob("*.parquet"))
    assert sum(pq.read_table(path).num_rows for path in kept) == distilled.num_rows - 1
    rows = [
        row
        for path in (tmp_path / "run" / "mixture" / "mixture").rglob("*.parquet")
        for row in pq.read_table(path).to_pylist()
    ]
    tokens = {
        origin: sum(row["tokens"] for row in rows if row["origin"] == origin) for origin in ("arabic", "english")
    }
    assert abs(tokens["arabic"] / sum(tokens.values()) - 0.8) < 0.05, tokens
    assert counts(tmp_path / "run" / "distilled")["verified"]["read"] > 0


@pytest.mark.train
def test_the_joined_recipe_and_the_same_when_killed_at_each_step(tmp_path: Path) -> None:
    pytest.importorskip("trl", reason="needs the extra `train`")
    pytest.importorskip("lm_eval", reason="needs the extra `evaluation`")
    base = write_sparse(tmp_path / "base", "qwen3_moe")
    pairs = sample_pairs()[:20]
    write_rows(tmp_path / "test.jsonl", [{"prompt": e[:40], "arabic": a[:40], "english": e[40:]} for e, a in pairs])
    (tmp_path / "task.yaml").write_text(TASK.format(test=tmp_path / "test.jsonl"), encoding="utf-8")
    sft = {
        "use_peft": True, "lora_r": 4, "lora_dropout": 0.0, "lora_target_modules": ["q_proj", "v_proj"],
        "lora_target_parameters": ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"], "max_length": 512,
        "per_device_train_batch_size": 4, "num_train_epochs": 1, "save_strategy": "steps", "save_steps": 2,
        "report_to": "none", "logging_steps": 1, "date": "2026-01-31", "max_left_out": 1.0,
    }  # fmt: skip
    (tmp_path / "sft.yaml").write_text(yaml.safe_dump(sft), encoding="utf-8")
    with server_of() as server:
        steps = [
            *data_steps(tmp_path, server),
            {"name": "adapter", "do": "sft", "config": "sft.yaml", "model": str(base), "data": [{"path": "mixture"}]},
            {
                "name": "oall", "do": "evaluate", "model": "adapter", "baseline": str(base),
                "suites": [str(tmp_path / "task.yaml")], "trained_on": "mixture",
            },
        ]  # fmt: skip
        plan = write_plan(tmp_path, steps)
        ended(begun(plan, tmp_path / "whole"))
        for step in steps:
            process = begun(plan, tmp_path / "killed")
            while process.poll() is None and not (tmp_path / "killed" / step["name"]).is_dir():
                time.sleep(0.05)
            assert process.poll() is None, f"{step['name']}: {process.communicate()}"
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        ended(begun(plan, tmp_path / "killed"))
    for name in ("model/adapter_model.safetensors", "mixture/mixture/SFT/train-00000-of-00001.parquet"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "killed" / name).read_bytes(), name
    card = (tmp_path / "whole" / "model" / "README.md").read_text(encoding="utf-8")
    assert all(f"### {step['name']}" in card for step in steps)
    assert "less base" in card
