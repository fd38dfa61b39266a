"""What is submitted to Slurm, by an `sbatch` that only counts; `test_slurm.py` has the real one."""

from pathlib import Path

import pytest

from builders.build import run_build

SBATCH = """#!/bin/sh
echo . >> "$(dirname "$0")/jobs"
echo "Submitted batch job $(wc -l < "$(dirname "$0")/jobs")"
"""


@pytest.mark.parametrize(
    ("stop_after", "last"), [("select", "select"), ("translate", "translate/draft"), ("rank", "rank"), (None, "card")]
)
def test_only_the_stages_that_are_wanted_are_submitted(
    stop_after: str | None,
    last: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    sbatch = tmp_path / "bin" / "sbatch"
    sbatch.parent.mkdir()
    sbatch.write_text(SBATCH)
    sbatch.chmod(0o755)
    monkeypatch.setenv("PATH", f"{sbatch.parent}:/usr/bin:/bin")
    run_build("demo", output=tmp_path / "run", executor="slurm", stop_after=stop_after, finish=lambda _: None)
    submitted = [line.split(": job ")[0] for line in capfd.readouterr().err.splitlines() if ": job " in line]
    stages = ["scan", "select", "translate/reference", "translate/draft", "rank", "build", "card"]
    assert submitted == stages[: stages.index(last) + 1]
