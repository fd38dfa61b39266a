"""A build on a Ray cluster of this machine."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import tree

Run = Callable[..., subprocess.CompletedProcess[str]]

pytest.importorskip("ray")


@pytest.mark.slow
def test_the_demo_by_workers_on_ray(smolkalam: Run, tmp_path: Path) -> None:
    local, run = tmp_path / "local", tmp_path / "run"
    assert smolkalam("build", "demo", "--output", local, "--workers", 1).returncode == 0
    executor = "executor={kind: ray, tasks: 2, mem_per_cpu_gb: 0.2, lease_s: 5}"
    done = smolkalam("build", "demo", "--output", run, "--workers", 1, "--set", executor)
    assert done.returncode == 0, done.stderr
    assert tree(run / "dataset") == tree(local / "dataset")
    # Both tasks came to their end, and left nothing to the process that started them.
    assert len(list((run / "logs" / "ray" / "stats").iterdir())) == 2
