"""The examples run as they stand, and show what they say."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import Demo
from tests.standins.processes import ROOT


def run(example: str, *arguments: str | Path, cwd: Path) -> str:
    """What an example prints, run as a reader runs it, from a folder of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "HF_HOME": str(cwd / "home")}
    command = [sys.executable, str(ROOT / "examples" / example), *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_tested() -> None:
    text = Path(__file__).read_text("utf-8")
    assert not [path.name for path in (ROOT / "examples").glob("[!_]*.py") if f'"{path.name}"' not in text]


def test_check_two_texts(tmp_path: Path) -> None:
    said = run("check_two_texts.py", cwd=tmp_path)
    assert said.startswith("passes") and "\nvetoed" in said
    assert "hard protected" in said and "the translation exclaims" in said


def test_chunk_and_join(tmp_path: Path) -> None:
    said = run("chunk_and_join.py", cwd=tmp_path)
    assert said.startswith("think") and "'$2 + 2 = 4$'" in said and "'https://docs.python.org'" in said


def test_score_a_pair(tmp_path: Path) -> None:
    said = run("score_a_pair.py", cwd=tmp_path)
    assert said.startswith("LR 0.") and "SCR 1.000" in said and "\none [] 0." in said


def test_build_by_code(tmp_path: Path) -> None:
    said = run("build_by_code.py", tmp_path / "run", cwd=tmp_path)
    assert (tmp_path / "run" / "dataset" / "README.md").is_file() and " reference " in said


def test_read_a_config(demo: Demo, tmp_path: Path) -> None:
    said = run(
        "read_a_config.py", demo.run / "dataset", "SFT_reference_ranked", "OpenHermes_2.5_no_think", cwd=tmp_path
    )
    assert "OpenHermes_2.5_no_think/" in said and "'translator': 'draft'" in said
