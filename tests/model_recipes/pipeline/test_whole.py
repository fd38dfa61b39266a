"""A whole recipe on small models: experts, merged, preferences, evaluated; killed at each step it is the same.

`python -m pytest -m train tests/model_recipes/pipeline`
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.standins.pipelines import TASK, says, write_rows
from tests.standins.tiny_reward import sample_pairs, write_base

pytestmark = pytest.mark.train
pytest.importorskip("trl", reason="needs the extra `train`")
pytest.importorskip("lm_eval", reason="needs the extra `evaluation`")

STEPS = ("experts/one", "experts/two", "merged", "preferred", "table")


def begun(*words: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "smolkalam", *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=environment, start_new_session=True,
    )  # fmt: skip


def run(*words: str) -> str:
    process = begun(*words)
    out, err = process.communicate()
    assert process.returncode == 0, err[-3000:]
    return out + err


def plan(folder: Path) -> Path:
    pairs = sample_pairs()[:60]
    write_base(folder / "base", [text for pair in pairs for text in pair], hidden=64, layers=1, vocabulary=500)
    for name, part in (("one", pairs[:30]), ("two", pairs[30:])):
        write_rows(folder / f"{name}.jsonl", [{"messages": [says("user", e), says("assistant", a)]} for e, a in part])
    write_rows(
        folder / "pairs.jsonl",
        [
            {"prompt": [says("user", e)], "chosen": [says("assistant", a)], "rejected": [says("assistant", e)]}
            for e, a in pairs[:30]
        ],
    )
    write_rows(folder / "test.jsonl", [{"prompt": e[:40], "arabic": a[:40], "english": e[40:]} for e, a in pairs[:20]])
    (folder / "task.yaml").write_text(TASK.format(test=folder / "test.jsonl"), encoding="utf-8")
    small = {
        "max_length": 256, "per_device_train_batch_size": 8, "learning_rate": 1e-3, "num_train_epochs": 2,
        "save_strategy": "steps", "save_steps": 2, "report_to": "none", "logging_steps": 1, "date": "2026-01-31",
        "max_left_out": 1.0,
    }  # fmt: skip
    (folder / "sft.yaml").write_text(yaml.safe_dump(small), encoding="utf-8")
    (folder / "dpo.yaml").write_text(yaml.safe_dump({**small, "beta": 0.3, "learning_rate": 1e-4}), encoding="utf-8")
    expert = {"do": "sft", "config": "sft.yaml", "model": str(folder / "base")}
    steps: list[dict[str, Any]] = [
        {"name": "experts/one", **expert, "data": [{"path": str(folder / "one.jsonl")}]},
        {"name": "experts/two", **expert, "data": [{"path": str(folder / "two.jsonl")}]},
        {"name": "merged", "do": "merge", "experts": ["experts/one", "experts/two"], "base": str(folder / "base")},
        {
            "name": "preferred", "do": "dpo", "config": "dpo.yaml", "model": "merged",
            "data": [{"path": str(folder / "pairs.jsonl")}],
        },
        {
            "name": "table", "do": "evaluate", "model": "preferred", "baseline": str(folder / "base"),
            "suites": [str(folder / "task.yaml")],
        },
    ]  # fmt: skip
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump({"name": "whole", "steps": steps}), encoding="utf-8")
    return path


def test_the_whole_in_one_command_and_the_same_when_killed_at_each_step(tmp_path: Path) -> None:
    path = plan(tmp_path)
    run("pipeline", str(path), "--output", str(tmp_path / "whole"))
    whole = tmp_path / "whole"
    card = (whole / "model" / "README.md").read_text(encoding="utf-8")
    assert all(f"### {name}" in card for name in STEPS)
    assert "| preferred | items | less base |" in card
    weights = (whole / "model" / "model.safetensors").read_bytes()

    killed = tmp_path / "killed"
    for name in STEPS:
        process = begun("pipeline", str(path), "--output", str(killed))
        while process.poll() is None and not (killed / name).is_dir():
            time.sleep(0.05)
        assert process.poll() is None, f"{name}: ended before it was killed: {process.communicate()}"
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    run("pipeline", str(path), "--output", str(killed))
    assert (killed / "model" / "model.safetensors").read_bytes() == weights
    scores = [
        json.loads((place / "table" / "table" / "evaluation.json").read_text(encoding="utf-8"))["benchmarks"]
        for place in (whole, killed)
    ]
    assert scores[0] == scores[1]

    said = run("pipeline", str(path), "--output", str(killed))
    assert "0 of 5 steps to do" in said
    said = run("pipeline", str(path), "--output", str(killed), "--set", "steps.preferred.set=[beta=0.2]", "--dry-run")
    assert "2 of 5 steps to do" in said


def test_what_was_merged_answers(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path = plan(tmp_path)
    run("pipeline", str(path), "--output", str(tmp_path / "whole"))
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "whole" / "model")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "whole" / "model")
    ids = tokenizer("مرحبا", return_tensors="pt").input_ids
    with torch.inference_mode():
        assert model.generate(ids, max_new_tokens=4, do_sample=False).shape[1] > ids.shape[1]
