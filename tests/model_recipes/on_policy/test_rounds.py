"""Two rounds of a small model on its own answers: a planted preference is learnt, and a kill changes nothing.

`python -m pytest -m train tests/model_recipes/on_policy`
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

from tests.standins.standin_models import models
from tests.standins.tiny_reward import sample_pairs, write_base

pytestmark = pytest.mark.train
pytest.importorskip("trl", reason="needs the extra `train`")

# The model is trained to say either; what is preferred is the second's word.
SAID = ("الجواب خطأ تماما.", "الجواب صحيح تماما.")
WANTED = "صحيح"


def command(*words: str, **more: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "smolkalam", *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}, start_new_session=True, **more,
    )  # fmt: skip


def run(*words: str) -> str:
    process = command(*words)
    out, err = process.communicate()
    assert process.returncode == 0, err[-3000:]
    return out + err


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 0.3M values that answers either way."""
    folder = tmp_path_factory.mktemp("start")
    asked = [english for english, _ in sample_pairs()[:120]]
    base = write_base(folder / "base", [*asked, *SAID * 40], hidden=96, layers=2, vocabulary=600)
    rows = [
        {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": SAID[n % 2]}]}
        for n, text in enumerate([*asked] * 2)
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    settings = {
        "model_name_or_path": str(base), "datasets": [{"path": str(folder / "rows.jsonl")}],
        "output_dir": str(folder / "sft"), "max_length": 256, "per_device_train_batch_size": 16,
        "learning_rate": 3e-3, "num_train_epochs": 6, "save_strategy": "no", "report_to": "none",
    }  # fmt: skip
    (folder / "sft.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    run("train", "sft", "--config", str(folder / "sft.yaml"))
    return folder / "sft"


def plan(folder: Path, start: Path, **over: Any) -> Path:
    prompts = [
        {
            "messages": [{"role": "user", "content": english}],
            "instruction_id_list": ["keywords:existence"],
            "kwargs": [{"keywords": [WANTED]}],
        }
        for english, _ in sample_pairs()[:100]
    ]
    (folder / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in prompts), encoding="utf-8")
    dpo = {
        "loss_type": ["sigmoid"], "beta": 0.3, "learning_rate": 4e-4, "per_device_train_batch_size": 8,
        "max_length": 256, "num_train_epochs": 2, "save_strategy": "steps", "save_steps": 3, "report_to": "none",
        "logging_steps": 1,
    }  # fmt: skip
    (folder / "dpo.yaml").write_text(yaml.safe_dump(dpo), encoding="utf-8")
    about = {
        "name": "rounds", "model": str(start), "prompts": [{"path": "prompts.jsonl"}], "rounds": 2,
        "prompts_a_round": 40, "held_prompts": 20, "sampling": {"samples": 4, "max_tokens": 24, "batch_size": 10},
        "reward": {"kind": "instructions"}, "dpo": "dpo.yaml", "seed": 1, **over,
    }  # fmt: skip
    (folder / "plan.yaml").write_text(yaml.safe_dump(about), encoding="utf-8")
    return folder / "plan.yaml"


def test_two_rounds_raise_the_reward_of_a_planted_preference_and_a_kill_at_each_step_changes_nothing(
    start: Path, tmp_path: Path
) -> None:
    path = plan(tmp_path, start)
    told = run("iterate", str(path), "--output", str(tmp_path / "whole"))
    whole = json.loads((tmp_path / "whole" / "result.json").read_text(encoding="utf-8"))
    rewards = [one["reward"] for one in whole["watched"]]
    assert 0.2 < rewards[0] < 0.8, told
    assert rewards[0] + 0.05 < rewards[1] < rewards[2], rewards
    assert rewards[2] > rewards[0] + 0.15, rewards
    assert whole["best"] == 2
    assert (tmp_path / "whole" / "model" / "model.safetensors").exists()

    killed = tmp_path / "killed"
    for name in ("start", "round_1/pairs", "round_1/train", "round_2/pairs", "round_2/watch"):
        process = command("iterate", str(path), "--output", str(killed))
        while process.poll() is None and not (killed / name).is_dir():
            time.sleep(0.05)
        assert process.poll() is None, f"{name}: ended before it was killed"
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    run("iterate", str(path), "--output", str(killed))
    assert json.loads((killed / "result.json").read_text(encoding="utf-8"))["watched"] == whole["watched"]
    for name in ("round_1/pairs/pairs.jsonl", "round_2/pairs/pairs.jsonl", "model/model.safetensors"):
        assert (killed / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def test_a_round_is_sampled_by_an_api_that_is_asked_for_each_round_s_model(start: Path, tmp_path: Path) -> None:
    def says(body: dict[str, Any]) -> str:
        return SAID[body["seed"] % 2]

    first, then = str(start), str(tmp_path / "run" / "round_1" / "train" / "model")
    with models(**{first: says, then: says}) as server:
        sampling = {"samples": 4, "max_tokens": 24, "engine": "endpoint", "base_url": f"{server.url}/v1"}
        path = plan(tmp_path, start, rounds=1, sampling=sampling)
        run("iterate", str(path), "--output", str(tmp_path / "run"))
        # Of the start what is watched and what is trained on, of the round what is watched.
        assert (len(server.asked_of(first)), len(server.asked_of(then))) == (4 * (20 + 40), 4 * 20)
    result = json.loads((tmp_path / "run" / "result.json").read_text(encoding="utf-8"))
    assert [one["reward"] for one in result["watched"]] == [0.5, 0.5]


def test_a_round_by_an_adapter_leaves_a_whole_model(start: Path, tmp_path: Path) -> None:
    lora = ["use_peft=true", "lora_r=4", "lora_alpha=8", "lora_target_modules=[q_proj, v_proj]", "learning_rate=1e-3"]
    path = plan(tmp_path, start, rounds=1, dpo_settings=lora)
    run("iterate", str(path), "--output", str(tmp_path / "run"))
    model = tmp_path / "run" / "round_1" / "train" / "model"
    assert (model / "model.safetensors").exists()
    assert not (model / "adapter_config.json").exists()
    assert (model / "model.safetensors").read_bytes() != (start / "model.safetensors").read_bytes()
