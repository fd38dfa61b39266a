"""A stage is its module and its line in STAGES: run, shown, and submitted to a cluster like those that ship."""

import json
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from builders import build as building
from builders import stages
from builders.build import run_build, work_on
from builders.recipes.executors import SlurmRun
from builders.recipes.load import load_recipe
from builders.recipes.recipe import Recipe
from builders.reports.status import Watch
from builders.run_folder.folder import SELECT
from builders.run_folder.stage_parts import StagePart, made_from
from builders.run_folder.units import UnitFiles, read_unit
from builders.stages import Build, parts_of
from builders.stages.common.run_units import run_once
from processors.errors import InputError

Row = Callable[..., dict[str, Any]]
Write = Callable[..., Path]

NAME = "count_words"


def parts(recipe: Recipe) -> list[StagePart]:
    return [StagePart(NAME, after=(SELECT,), file=f"{NAME}/words.json")]


def inputs(build: Build) -> dict[str, Any]:
    return {SELECT: build.marks[SELECT]}


def run(build: Build) -> None:
    build.enter(NAME, inputs)
    names = [unit.name for unit in build.selected]
    make = partial(count, build.run.stage(SELECT), names)
    run_once(build, parts(build.recipe)[0], sum(unit.rows for unit in build.selected), make)


def count(select: Path, names: list[str]) -> int:
    found = [read_unit(UnitFiles(select, name), ["messages"])["messages"].to_pylist() for name in names]
    return sum(len(m["content"].split()) for rows in found for messages in rows for m in messages)


@pytest.fixture
def recipe(row: Row, write_split: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A recipe of twelve rows of five words each; the stages, with this module as one of them."""
    here = sys.modules[__name__]
    for module in (building, stages):
        monkeypatch.setattr(module, "STAGES", (stages.STAGES[0], here, *stages.STAGES[1:]))
    source = write_split(
        "plain", [row(("user", f"Day {n}?"), ("assistant", "Water boils sooner.")) for n in range(12)]
    )
    path = tmp_path / "recipe.yaml"
    path.write_text(
        f"name: counted\nsource: {{path: '{source}'}}\ntranslators: [{{name: one, backend: pseudo}}]\n"
        "executor: {kind: slurm, tasks: 6, lease_s: 2, stages: {count_words: {cpus_per_task: 3}}}\n"
    )
    return str(path)


def words(run: Path) -> int:
    return json.loads((run / NAME / "words.json").read_text())


def state(run: Path) -> dict[str, list[int | None]]:
    return {stage["stage"]: [stage["rows_done"], stage["rows"]] for stage in Watch(run).look()["stages"]}


def test_it_runs_here_is_shown_and_is_done_again_when_its_input_changed(
    recipe: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run, here = tmp_path / "run", partial(run_build, recipe, output=tmp_path / "run", executor="local")
    here(stop_after=NAME, finish=lambda _: None)
    assert words(run) == 12 * 5 and list(state(run).items())[:2] == [("select", [12, 12]), (NAME, [12, 12])]
    assert state(run)["translate/one"] == [0, 12]
    here(finish=lambda _: None)
    assert Watch(run).look()["state"] == "finished"
    # It is not counted twice, and what is made of another selection is.
    assert capfd.readouterr().err.count(f"{NAME}: 12/12 rows") == 2
    (run / NAME / "words.json").write_text("-1")
    here(finish=lambda _: None)
    assert words(run) == -1
    here(settings=["selection.max_rows_per_split=6"], finish=lambda _: None)
    assert words(run) == 6 * 5


def test_on_a_cluster_it_is_an_array_of_its_own_that_nothing_waits_for(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sbatch = tmp_path / "bin" / "sbatch"
    sbatch.parent.mkdir()
    sbatch.write_text('#!/bin/sh\nd=$(dirname "$0")\necho "$*" >> "$d/asked"\necho "job $(wc -l < "$d/asked")"\n')
    sbatch.chmod(0o755)
    monkeypatch.setenv("PATH", f"{sbatch.parent}:/usr/bin:/bin")
    run = run_build(recipe, output=tmp_path / "run", finish=lambda _: None) or tmp_path / "run"
    scripts = {path.parent.name: path.read_text() for path in (run / "logs" / "slurm").rglob("launch_script.slurm")}
    assert sorted(scripts) == ["build", "card", "count_words", "one", "rank", "select"]
    asked = (sbatch.parent / "asked").read_text().splitlines()
    # In the order of submission: select, count_words, translate/one, rank, build, card.
    after = [re.findall(r"afterany:([\d:]+)", line) for line in asked]
    assert after == [[], ["1"], ["1"], ["3"], ["4"], ["5"]]
    # One task, for it is one file; of as many cores as `executor.stages` gives it.
    assert "--array=0-0" in scripts[NAME] and "--cpus-per-task=3" in scripts[NAME]
    assert "--array=0-5" in scripts["one"]
    for name in ("select", "translate/one", "rank", "build"):
        work_on(run, only=name, wait=False, finish=lambda _: None)
    assert not (run / NAME / "words.json").exists() and Watch(run).look()["state"] == "stopped"
    work_on(run, only=NAME, wait=False, finish=lambda _: None)
    assert words(run) == 12 * 5
    with pytest.raises(InputError, match=r"executor.stages: this build has no stage 'ranks'; expected .*, rank, "):
        run_build(recipe, output=run, settings=["executor.stages={ranks: {tasks: 2}}"], finish=lambda _: None)


def test_what_is_made_from_a_translator_s_rows_is_known_by_its_parts() -> None:
    recipe = load_recipe("demo")
    every = parts_of(recipe)
    assert [part.name for part in every] == [
        "scan", "select", "translate/reference", "translate/draft", "rank", "build",
    ]  # fmt: skip
    assert [part.name for part in made_from(every, "translate/draft")] == ["rank", "build"]
    assert [part.name for part in parts_of(recipe, ["select"])] == ["scan", "select"]


def test_a_cluster_s_resources_are_those_of_the_part_or_of_all() -> None:
    own, all_others = {"partition": "gpu", "tasks": 2}, {"kind": "slurm", "partition": "cpu", "tasks": 9}
    where = SlurmRun.model_validate(all_others | {"translators": {"one": own}, "reward": own, "stages": {"rank": own}})
    settings = ["ranking.reward={model: a}", "translators.reference.name=one", "outputs.parallel=false"]
    found = {part.name: part.slurm_jobs(where).partition for part in parts_of(load_recipe("demo", settings))}
    assert found == {
        "scan": "cpu", "select": "cpu", "translate/one": "gpu", "translate/draft": "cpu", "score/reward": "gpu",
        "rank": "gpu", "build": "cpu",
    }  # fmt: skip
