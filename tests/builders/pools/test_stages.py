"""The folder of a pool's work: nothing that another wrote is deleted."""

from pathlib import Path

import pytest

from builders.pools.dataset import new_dataset
from builders.pools.stages import Stages, Written, take_folder
from processors.errors import InputError


def empty(written: Written) -> None:
    """A stage that reads nothing."""


def test_a_folder_of_another_command_or_of_other_files_is_not_taken(tmp_path: Path) -> None:
    take_folder(tmp_path, "arbitrate")
    take_folder(tmp_path, "arbitrate")
    with pytest.raises(InputError, match="is of `smolkalam arbitrate`; choose another -o"):
        take_folder(tmp_path, "distil")
    for name in ("prompts", "dataset"):
        mine = tmp_path / name / name / "mine.jsonl"
        mine.parent.mkdir(parents=True)
        mine.write_text("mine")
        with pytest.raises(InputError, match=f"{name}: is there already and not of this command"):
            take_folder(mine.parent.parent, "arbitrate")
        assert mine.read_text() == "mine"


def test_work_without_a_mark_is_taken_over(tmp_path: Path) -> None:
    Stages(tmp_path, print).run("prompts", 1, empty)
    (tmp_path / "dataset").mkdir()
    take_folder(tmp_path, "distil")


def test_a_stage_does_not_delete_what_it_did_not_write(tmp_path: Path) -> None:
    mine = tmp_path / "rewards" / "mine.jsonl"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(InputError, match="is not of this command, and its folder is"):
        Stages(tmp_path, print).run("rewards", 1, empty)
    assert mine.read_text() == "mine"
    mine.unlink()
    # What a kill leaves of a stage is no one else's.
    (tmp_path / "rewards" / ".kept.jsonl.abc.tmp").touch()
    (tmp_path / "rewards" / "kept.jsonl").touch()
    Stages(tmp_path, print).run("rewards", 1, empty)


def test_a_dataset_that_a_kill_left_beside_the_old_one_is_made_anew(tmp_path: Path) -> None:
    left = tmp_path / "dataset.new" / "part"
    left.parent.mkdir()
    left.touch()
    with new_dataset(tmp_path) as folder:
        (folder / "whole").touch()
    assert [path.name for path in (tmp_path / "dataset").iterdir()] == ["whole"]
    assert not left.parent.exists()
