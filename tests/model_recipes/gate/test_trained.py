"""The gate with models that are trained: a planted capability, and kills at every step.

By construction: whether a number is even, asked in Arabic and in English. The base teaches it in English; `good` adds
the same in Arabic, `spoiling` too but with English answers that are false.
"""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.standins.even_numbers import pair, write_model, write_task
from tests.standins.processes import command_line, kill_when, start_command
from tests.standins.processes import environment as plain
from tests.standins.tiny_learner import TRAINING

pytest.importorskip("lm_eval")
pytest.importorskip("trl")
pytestmark = [pytest.mark.train, pytest.mark.timeout(3600)]


def rows_for(name: str, numbers: list[int]) -> list[dict[str, Any]]:
    """Of each number the row or rows of a dataset."""
    found = []
    for number in numbers:
        english, arabic = pair(number)
        if name == "base":
            found.append(english)
        else:
            found.append(arabic)
        if name == "spoiling":
            found.append(pair(number + 1000, said=number % 2 == 1)[0])
    return found


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def plan_in(folder: Path, *, rows: int, steps: int, seeds: int, candidates: list[str], tolerance: float) -> Path:
    """A plan with its models, rows and benchmarks."""
    numbers = random.Random(20260731).sample(range(100, 1000), rows)
    write(folder / "base.jsonl", rows_for("base", numbers))
    for name in candidates:
        write(folder / f"{name}.jsonl", rows_for(name, numbers))
    asked = sorted(set(range(100, 1000)) - set(numbers))[:200]
    for name, side in (("even_numbers", 1), ("even_in_english", 0)):
        shown = [{"prompt": pair(n)[side]["messages"][0]["content"], "target": n % 2} for n in asked]
        write(folder / f"{name}.rows.jsonl", shown)
        write_task(folder, name, folder / f"{name}.rows.jsonl", side)
    model = write_model(folder / "model")
    (folder / "sft.yaml").write_text(TRAINING.format(model=model, steps=steps), encoding="utf-8")
    plan: dict[str, Any] = {
        "name": "gate",
        "mixture": {
            "name": "base",
            "tokenizer": "approximate",
            "sources": [{"name": "english", "path": "base.jsonl", "language": "en"}],
        },
        "candidates": [{"name": name, "path": f"{name}.jsonl", "language": "ar"} for name in candidates],
        "train": "sft.yaml",
        "seeds": seeds,
        "benchmarks": {"ar": ["even_numbers.yaml"], "en": ["even_in_english.yaml"]},
        "critical": ["even_numbers"],
        "tolerance": tolerance,
        "batch_size": 64,
        "machine": {"gpu": "CPU", "gpus": 2, "usd_per_hour": 0.0},
    }
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(plan, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def environment(folder: Path) -> dict[str, str]:
    return plain() | {
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_HOME": str(folder),
        "OMP_NUM_THREADS": "1",
    }


def command(path: Path, output: Path) -> list[str]:
    return command_line("gate", path, "--output", output)


def run(path: Path, output: Path) -> subprocess.CompletedProcess[str]:
    home = environment(path.parent)
    done = subprocess.run(command(path, output), env=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def test_over_five_seeds_the_good_is_kept_and_the_bad_is_not_though_it_is_killed(tmp_path: Path) -> None:
    path = plan_in(tmp_path, rows=400, steps=240, seeds=5, candidates=["good", "spoiling"], tolerance=10.0)
    out = tmp_path / "run"
    models = out / "models"
    signs = [out / "mix" / "good", models / "base_seed2" / "training.json", models / "good_seed4" / "trained.json"]
    kill_at(signs, path, out)
    done = run(path, out)
    print(done.stdout)
    found = json.loads((out / "gate.json").read_text())
    assert [(one["candidate"], one["kept"]) for one in found] == [("good", True), ("spoiling", False)]
    assert "fell on even_in_english" in found[1]["why"]
    mixture = yaml.safe_load((out / "mixture.yaml").read_text())
    assert [one["name"] for one in mixture["sources"]] == ["english", "good"]


def kill_at(signs: list[Path], path: Path, output: Path) -> None:
    """Start the gate and kill it when each of these has just come into being; what it has started goes on alone."""
    for sign in signs:
        process = start_command("gate", path, "--output", output, env=environment(path.parent))
        # As long as trainings take on a busy machine.
        assert kill_when(process, sign.exists, seconds=1800), f"ended before {sign}"


def decided(folder: Path) -> list[tuple[str, Any]]:
    records = [json.loads(line) for line in (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(one["what"], one["figures"]) for one in records if one["event"] == "decided"]


def test_a_kill_at_every_step_changes_no_decision(tmp_path: Path) -> None:
    path = plan_in(tmp_path, rows=64, steps=2, seeds=2, candidates=["good"], tolerance=100.0)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    run(path, whole)
    base, good = killed / "models" / "base_seed2", killed / "models" / "good_seed1"
    signs = [
        killed / "items" / "begun.json", killed / "mix" / "good" / "data", killed / "needs" / "base" / "begun.json",
        base / "begun.json", base / "training.json", good / "trained.json", good / "evaluation" / "items",
    ]  # fmt: skip
    kill_at(signs, path, killed)
    run(path, killed)
    for name in ("gate.json", "gate.md", "gate.png"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()
    assert decided(killed) == decided(whole) and len(decided(whole)) == 1
    records = [json.loads(line) for line in (killed / "journal.jsonl").read_text(encoding="utf-8").splitlines()]
    ended = [one["step"] for one in records if one["event"] == "done"]
    assert len(ended) == len(set(ended)) == 9
