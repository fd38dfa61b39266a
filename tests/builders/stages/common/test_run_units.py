import json
import os
from pathlib import Path
from typing import Any

import pytest

from builders.executors import this_machine
from builders.stages.common import run_units
from builders.stages.common.run_units import WrittenRows


def test_a_watch_counts_what_is_written_and_what_tasks_hold(tmp_path: Path) -> None:
    items = {f"unit-{number}": tmp_path / f"{number % 2}" / "counts" / f"{number}.json" for number in range(10)}
    progress = tmp_path / "progress"
    watch = WrittenRows(items, {name: number + 1 for number, name in enumerate(items)}, 1, progress)
    assert watch() == -1, "nothing is there, not even a folder"
    for path in items.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    for number in (0, 5):
        items[f"unit-{number}"].write_text("{}")
        # A clock too coarse to tell two writes apart.
        os.utime(items[f"unit-{number}"].parent, ns=(number, number + 1))
    progress.mkdir()
    (progress / "00000.json").write_text(json.dumps({"rows": 3}))
    (progress / "00001.json").write_text("half of a fil")
    (tmp_path / "0" / "counts" / "of-another-source.json").write_text("{}")
    os.utime(tmp_path / "0" / "counts", ns=(0, 77))
    assert watch() == 1 + 6 - 1 + 3


def test_a_folder_that_has_not_changed_is_not_listed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[Path] = []

    def names(folder: Path) -> set[str]:
        listed.append(folder)
        return this_machine.names_in(folder)

    monkeypatch.setattr(run_units, "names_in", names)
    items = {str(number): tmp_path / f"{number}.json" for number in range(1000)}
    watch = WrittenRows(items, dict.fromkeys(items, 2), 0, None)
    for count in (1, 2, 3):
        items[str(count)].write_text("{}")
        os.utime(tmp_path, ns=(count, count))
        assert [watch() for _ in range(20)] == [2 * count] * 20
    assert len(listed) == 3


def test_what_is_missing_is_asked_of_folders_and_not_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items = {str(number): tmp_path / "counts" / f"{number}.json" for number in range(1000)}
    assert this_machine.missing_items(items) == list(items)
    (tmp_path / "counts").mkdir()
    for number in range(0, 1000, 2):
        items[str(number)].write_text("{}")

    def never(*_: Any) -> None:
        raise AssertionError("a file was looked at")

    monkeypatch.setattr(Path, "stat", never)
    monkeypatch.setattr(Path, "exists", never)
    assert this_machine.missing_items(items) == [str(number) for number in range(1, 1000, 2)]
