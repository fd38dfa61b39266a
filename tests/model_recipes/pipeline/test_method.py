"""Command R7B Arabic's way in one plan, on stand-in engines and tiny models; killed at each step it is the same.

Arbitrage, gate, mixture, experts, merge, offline preferences, rounds of its own answers, merge, table:
`python -m pytest -m train tests/model_recipes/pipeline/test_method.py`
"""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.builders.arbitrage.test_command import server_of, write_recipe
from tests.standins.pipelines import TASK, begun, ended, says, write_rows
from tests.standins.tiny_reward import sample_pairs, write_base

pytestmark = [pytest.mark.train, pytest.mark.timeout(3600)]
pytest.importorskip("trl", reason="needs the extra `train`")
pytest.importorskip("lm_eval", reason="needs the extra `evaluation`")

# The start says either; what is preferred in its own rounds is the second's word.
SAID = ("الجواب خطأ تماما.", "الجواب صحيح تماما.")


def write_yaml(path: Path, about: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(about, allow_unicode=True, sort_keys=False), encoding="utf-8")


def write_files(folder: Path, server: Any) -> None:
    """Prompts and models of the arbitrage, rows, tasks and the settings of each step."""
    write_recipe(folder, server)
    pairs = sample_pairs()[:120]
    english = [e for e, _ in pairs]
    write_base(folder / "base", [*english, *SAID * 40], hidden=96, layers=2, vocabulary=600)
    said = [{"messages": [says("user", e), says("assistant", SAID[n % 2])]} for n, e in enumerate(english * 2)]
    write_rows(folder / "said.jsonl", said)
    write_rows(folder / "english.jsonl", [{"messages": [says("user", e), says("assistant", e)]} for e in english[:40]])
    write_rows(folder / "arabic.jsonl", [{"messages": [says("user", e), says("assistant", a)]} for e, a in pairs[:40]])
    following = {"instruction_id_list": ["keywords:existence"], "kwargs": [{"keywords": ["صحيح"]}]}
    write_rows(folder / "asked.jsonl", [{"messages": [says("user", e)], **following} for e in english[:60]])
    write_rows(folder / "test.jsonl", [{"prompt": e[:40], "arabic": a[:40], "english": e[40:]} for e, a in pairs[:20]])
    (folder / "task.yaml").write_text(TASK.format(test=folder / "test.jsonl"), encoding="utf-8")
    small = {
        "max_length": 256, "per_device_train_batch_size": 16, "save_strategy": "steps", "save_steps": 10,
        "report_to": "none", "logging_steps": 1, "date": "2026-01-31", "max_left_out": 1.0,
    }  # fmt: skip
    write_yaml(folder / "sft.yaml", {**small, "learning_rate": 1e-5, "num_train_epochs": 1})
    write_yaml(folder / "gate_sft.yaml", {**small, "model_name_or_path": str(folder / "base"), "max_steps": 2})
    write_yaml(folder / "dpo.yaml", {**small, "beta": 0.3, "learning_rate": 1e-6, "num_train_epochs": 1})
    gate = {
        "name": "gate",
        "mixture": {
            "name": "base",
            "tokenizer": "approximate",
            "sources": [{"name": "english", "path": "english.jsonl", "language": "en"}],
        },
        "candidates": [{"name": "chat", "path": "here", "config": "SFT_arbitrage", "language": "ar"}],
        "train": "gate_sft.yaml", "seeds": 2, "benchmarks": {"ar": ["task.yaml"]}, "critical": ["task"],
        "tolerance": 100.0, "machine": {"gpu": "CPU"},
    }  # fmt: skip
    write_yaml(folder / "gate.yaml", gate)
    rounds = {
        "name": "rounds", "model": str(folder / "base"), "prompts": [{"path": "asked.jsonl"}], "rounds": 2,
        "prompts_a_round": 24, "held_prompts": 12, "reward": {"kind": "instructions"}, "dpo": "dpo.yaml", "seed": 1,
        "sampling": {"samples": 4, "max_tokens": 24, "batch_size": 12}, "pairs": {"least_pairs": 4},
        "dpo_settings": ["learning_rate=4e-4", "num_train_epochs=2"],
        "guards": {"reward_fall": 1.0, "longer": 9.0, "cut": 1.0},
    }  # fmt: skip
    write_yaml(folder / "rounds.yaml", rounds)


def write_plan(folder: Path) -> tuple[Path, list[str]]:
    base = str(folder / "base")
    start = ["learning_rate=3e-3", "num_train_epochs=6"]
    sft: dict[str, Any] = {"do": "sft", "config": "sft.yaml"}
    steps: list[dict[str, Any]] = [
        {"name": "arbitrated", "do": "arbitrate", "recipe": "recipe.yaml"},
        {"name": "gated", "do": "gate", "plan": "gate.yaml", "inputs": {"candidates.chat.path": "arbitrated"}},
        {"name": "mixture", "do": "mix", "gate": "gated"},
        {"name": "begun", **sft, "model": base, "data": [{"path": str(folder / "said.jsonl")}], "set": start},
        {"name": "experts/general", **sft, "model": "begun", "data": [{"path": "mixture"}]},
        {"name": "experts/arabic", **sft, "model": "begun", "data": [{"path": str(folder / "arabic.jsonl")}]},
        {"name": "merged", "do": "merge", "experts": ["experts/general", "experts/arabic"], "base": "begun"},
        {
            "name": "preferred", "do": "dpo", "config": "dpo.yaml", "model": "merged",
            "data": [{"path": "arbitrated", "name": "Preference_arbitrage"}],
        },
        {"name": "iterated", "do": "iterate", "plan": "rounds.yaml", "model": "preferred"},
        {"name": "final", "do": "merge", "experts": ["preferred", "iterated"]},
        {
            "name": "table", "do": "evaluate", "model": "final", "baseline": base,
            "suites": [str(folder / "task.yaml")],
        },
    ]  # fmt: skip
    write_yaml(folder / "plan.yaml", {"name": "method", "steps": steps, "result": "final"})
    return folder / "plan.yaml", [step["name"] for step in steps]


def test_the_whole_method_in_one_command_and_the_same_when_killed_at_each_step(tmp_path: Path) -> None:
    with server_of() as server:
        write_files(tmp_path, server)
        plan, names = write_plan(tmp_path)
        ended(begun(plan, tmp_path / "whole"))
        asked = len(server.asked)
        for name in names:
            process = begun(plan, tmp_path / "killed")
            while process.poll() is None and not (tmp_path / "killed" / name).is_dir():
                time.sleep(0.05)
            assert process.poll() is None, f"{name}: {process.communicate()}"
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        ended(begun(plan, tmp_path / "killed"))
        # What was in flight when it was killed is asked again, and nothing else.
        assert len(server.asked) <= 2 * asked + 40
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for name in ("model/model.safetensors", "gated/gated/gate.json", "iterated/iterated/rounds.md"):
        assert (whole / name).read_bytes() == (killed / name).read_bytes(), name
    result = json.loads((whole / "iterated" / "iterated" / "result.json").read_text(encoding="utf-8"))
    rewards = [one["reward"] for one in result["watched"]]
    assert len(rewards) == 3 and rewards[2] > rewards[0], rewards
    card = (whole / "model" / "README.md").read_text(encoding="utf-8")
    assert all(f"### {name}" in card for name in names)
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(whole / "model")
    tokenizer = AutoTokenizer.from_pretrained(whole / "model")
    ids = tokenizer("مرحبا", return_tensors="pt").input_ids
    assert model.generate(ids, max_new_tokens=4, do_sample=False).shape[1] > ids.shape[1]
