from pathlib import Path

import pytest

from builders.run_folder.folder import Run, enter_stage
from builders.run_folder.units import UnitFiles
from processors.errors import InputError


def unit(folder: Path) -> UnitFiles:
    files = UnitFiles(folder, "a")
    files.counts.parent.mkdir(parents=True, exist_ok=True)
    files.counts.write_text("{}")
    return files


def test_the_same_inputs_keep_what_is_done(tmp_path: Path) -> None:
    said: list[str] = []
    enter_stage(tmp_path / "rank", {"a": 1}, say=said.append)
    files = unit(tmp_path / "rank")
    enter_stage(tmp_path / "rank", {"a": 1}, say=said.append)
    assert files.done() and not said


def test_other_inputs_empty_the_stage_and_say_which(tmp_path: Path) -> None:
    said: list[str] = []
    enter_stage(tmp_path / "rank", {"ranking": {"margin": 1}}, say=said.append)
    files = unit(tmp_path / "rank")
    enter_stage(tmp_path / "rank", {"ranking": {"margin": 2}}, say=said.append)
    assert not files.done()
    assert said == ["rank: done again, for this changed: ranking.margin"]


def test_units_of_a_folder_without_fingerprint_are_not_trusted(tmp_path: Path) -> None:
    files = unit(tmp_path / "rank")
    enter_stage(tmp_path / "rank", {"a": 1}, say=print)
    assert not files.done()


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "3", '{"inputs": {}}'])
def test_units_of_a_folder_whose_fingerprint_is_damaged_are_done_again(text: str, tmp_path: Path) -> None:
    said: list[str] = []
    enter_stage(tmp_path / "rank", {"a": 1}, say=said.append)
    files = unit(tmp_path / "rank")
    (tmp_path / "rank" / "stage.json").write_text(text)
    mark = enter_stage(tmp_path / "rank", {"a": 1}, say=said.append)
    assert not files.done() and said == ["rank: done again, for stage.json is damaged"]
    assert enter_stage(tmp_path / "rank", {"a": 1}, say=said.append) == mark and len(said) == 1


def test_one_build_at_a_time(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    lock = run.lock()
    with pytest.raises(InputError, match="another build is running"):
        run.lock()
    lock.release()
    run.lock().release()


def test_an_output_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        Run(tmp_path / "file" / "run").lock()
