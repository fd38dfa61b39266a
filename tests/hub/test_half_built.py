"""A dataset in which a build was stopped holds files of two builds, and is neither checked nor published."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.build import run_build
from builders.stages.common.context import Build
from hub.card.write import write_card
from hub.commands import run_check, run_publish
from processors.errors import InputError

Row = Callable[..., dict[str, Any]]
RECIPE = """
name: small
source: {path: unused}
translators: [{name: one, backend: pseudo}, {name: two, backend: pseudo}]
"""


class Stopped(Exception):
    """What a kill is to a build: nothing comes after it."""


def stop(_: Build) -> None:
    raise Stopped


def test_a_dataset_is_whole_when_its_card_is_written(
    write_split: Callable[..., Path], row: Row, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_split("alpha_think", [row(("user", f"Question {i}?"), ("assistant", "It is so.")) for i in range(8)])
    source = write_split("beta_think", [row(("user", "What is it?"), ("assistant", "A tree.")) for _ in range(5)])
    recipe, run = tmp_path / "small.yaml", tmp_path / "run"
    recipe.write_text(RECIPE)

    def build(*settings: str, finish: Callable[[Build], None] = write_card, **more: Any) -> None:
        run_build(str(recipe), source_path=str(source), output=run, settings=[*settings], finish=finish, **more)

    build()
    run_check(run)
    # Stopped before a file of the dataset changes, it is the old one.
    build("ranking.alpha=1.4", stop_after="rank")
    run_check(run)
    with pytest.raises(Stopped):
        build("ranking.alpha=1.4", finish=stop)
    for command in (run_check, lambda run: run_publish(run, "user/name")):
        with pytest.raises(InputError, match="has not finished its dataset; run it again"):
            command(run)
    build("ranking.alpha=1.4")
    run_check(run)
    # A file that is made again, of the same settings.
    (run / "dataset" / "parallel" / "beta_think-00000-of-00001.parquet").unlink()
    with pytest.raises(Stopped):
        build("ranking.alpha=1.4", finish=stop)
    with pytest.raises(InputError, match="has not finished"):
        run_check(run)
    build("ranking.alpha=1.4")
    capsys.readouterr()
    run_check(run)
    assert "no errors" in capsys.readouterr().out
