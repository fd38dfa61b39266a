"""What is submitted to Slurm, by an `sbatch` that only counts; `test_slurm.py` has the real one."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.build import run_build, work_on
from builders.run_folder.units import all_counts
from tests.conftest import tree
from tests.standins.standin_llm import running

SBATCH = """#!/bin/sh
echo . >> "$(dirname "$0")/jobs"
echo "Submitted batch job $(wc -l < "$(dirname "$0")/jobs")"
"""
STAGES = ["scan", "select", "translate/reference", "translate/draft", "rank", "build", "card"]


@pytest.fixture
def submitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., list[str]]:
    """Builds with Slurm; returns the stages that were submitted."""
    sbatch = tmp_path / "bin" / "sbatch"
    sbatch.parent.mkdir()
    sbatch.write_text(SBATCH)
    sbatch.chmod(0o755)
    monkeypatch.setenv("PATH", f"{sbatch.parent}:/usr/bin:/bin")

    def build(recipe: str, run: Path, **options: Any) -> list[str]:
        capfd.readouterr()
        run_build(recipe, output=run, executor="slurm", finish=_card, **options)
        said = capfd.readouterr()
        assert said.out == f"{run}\n"
        return [line.split(": job ")[0] for line in said.err.splitlines() if ": job " in line]

    return build


def _card(build: Any) -> None:
    (build.run.dataset / "README.md").write_text("the card")


@pytest.mark.parametrize(
    ("stop_after", "last"), [("select", "select"), ("translate", "translate/draft"), ("rank", "rank"), (None, "card")]
)
def test_only_the_stages_that_are_wanted_are_submitted(
    stop_after: str | None, last: str, submitted: Callable[..., list[str]], tmp_path: Path
) -> None:
    assert submitted("demo", tmp_path / "run", stop_after=stop_after) == STAGES[: STAGES.index(last) + 1]


RECIPE = """
name: retried
source: {{path: {source}}}
translators:
  - {{name: Bad, backend: endpoint, model: stand-in, base_url: "{bad}", concurrency: 8}}
  - {{name: Good, backend: endpoint, model: stand-in, base_url: "{good}", concurrency: 8}}
  - {{name: none, backend: pseudo}}
executor: {{kind: slurm, tasks: 2, lease_s: 2}}
"""
AGAIN = ["translate/Bad", "rank", "build", "card"]


def failed(run: Path) -> int:
    return sum(sum(counts["dropped"].values()) for counts in all_counts(run / "translate" / "Bad").values())


def test_a_retry_submits_what_has_failed_rows_and_what_follows_from_it(
    submitted: Callable[..., list[str]],
    row: Callable[..., dict[str, Any]],
    write_split: Callable[..., Path],
    tmp_path: Path,
) -> None:
    """Round by round the same as on one machine; an interrupted one goes on and gives no further chance."""
    rows = [row(("user", f"What is it on day {n}?"), ("assistant", f"The river runs on day {n}.")) for n in range(60)]
    source = write_split("plain", rows)
    faults = ("--fault", "empty=0.75", "--seed", "4")
    with running(*faults) as of_one_machine, running(*faults) as of_cluster, running() as good:
        recipes = {}
        for name, bad in (("local", of_one_machine), ("run", of_cluster)):
            recipes[name] = tmp_path / f"{name}.yaml"
            recipes[name].write_text(RECIPE.format(source=source, bad=bad.url, good=good.url))
        local, run, recipe = tmp_path / "local", tmp_path / "run", str(recipes["run"])

        def build_here(**options: Any) -> None:
            run_build(str(recipes["local"]), output=local, executor="local", finish=_card, **options)

        def work(*stages: str) -> None:
            for stage in stages:
                work_on(run, only=stage, wait=False, finish=_card)

        def retry() -> list[str]:
            return submitted(recipe, run, retry_failed=True)

        build_here()
        assert submitted(recipe, run) == ["select", "translate/Bad", "translate/Good", "translate/none", *AGAIN[1:]]
        # Nothing has been done yet: it is a whole build that tries again what will have failed.
        assert retry()[:2] == ["select", "translate/Bad"]
        assert submitted(recipe, run)[0] == "select"
        work("select", "translate/Bad", "translate/Good", "translate/none", *AGAIN[1:])
        left = [failed(run)]
        assert failed(local) == left[0] > 10 and tree(run / "dataset") == tree(local / "dataset")

        for _ in range(2):
            build_here(retry_failed=True)
            asked = good.stats()["asked"]
            assert retry() == AGAIN
            # Submitted, and not begun.
            assert retry() == AGAIN
            work("translate/Bad")
            left.append(failed(run))
            assert left[-1] > 0 and not (run / "translate/Bad/retry.json").exists()
            answered = of_cluster.stats()["answered"]
            # Killed after it: those that failed again wait for the next round.
            assert retry() == AGAIN[1:]
            work(*AGAIN[1:])
            assert good.stats()["asked"] == asked and of_cluster.stats()["answered"] == answered
            assert tree(run / "dataset") == tree(local / "dataset")
        assert left[0] > left[1] > left[2] == failed(local)

        of_cluster.control(faults={})
        assert retry() == AGAIN
        work(*AGAIN)
        assert failed(run) == 0
        assert retry() == []
        assert (run / "plan" / "card.json").exists()
        # What a changed recipe needs beside that is submitted too.
        shutil.copytree(run, tmp_path / "changed")
        assert submitted(recipe, tmp_path / "changed", retry_failed=True, settings=["seed=7"])[0] == "select"
