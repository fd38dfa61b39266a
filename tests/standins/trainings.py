"""A training started as a user starts it, on a model made on the spot, without a way to the Hub."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from tests.standins.processes import ROOT

# The least that a training on the CPU is told; each step logged and checkpoints often, so that a kill falls between.
SMALL = {
    "date": "2026-01-31",
    "max_length": 1024,
    "per_device_train_batch_size": 4,
    "logging_steps": 1,
    "save_steps": 10,
    "report_to": "none",
    "disable_tqdm": True,
}


def write_settings(folder: Path, model: Path, datasets: list[dict[str, Any]], **more: Any) -> Path:
    """A YAML of a training of `model` into `folder/out`, with `more` in place of what stands here."""
    given = {"model_name_or_path": str(model), "output_dir": str(folder / "out"), "datasets": datasets, **SMALL}
    file = folder / "settings.yaml"
    file.write_text(yaml.safe_dump(given | more), encoding="utf-8")
    return file


def start(recipe: str, config: Path, *words: str) -> "subprocess.Popen[str]":
    """Begin `smolkalam train`; threads cost such a small model more than they give."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "HF_HOME": str(config.parent / "hf")}
    command = [sys.executable, "-m", "smolkalam", "train", recipe, "--config", str(config), *words]
    return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdout=-1, stderr=-1)


def run(recipe: str, config: Path, *words: str) -> tuple[int, str]:
    """Its exit code and all that it said."""
    process = start(recipe, config, *words)
    said = process.communicate()
    return process.returncode, said[1] + said[0]


def kill_after(process: "subprocess.Popen[str]", checkpoint: Path) -> None:
    """Kill -9 a training once it has written `checkpoint`."""
    try:
        while process.poll() is None and not checkpoint.is_dir():
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL, "it was over before it could be killed"


def losses(folder: Path) -> list[float]:
    """The loss of each logged step of a training that is over."""
    history = json.loads((folder / "trainer_state.json").read_text())["log_history"]
    return [entry["loss"] for entry in history if "loss" in entry]
