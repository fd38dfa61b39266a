"""The review's files only grow: what was acknowledged is there, what was torn was never acknowledged."""

import os
from pathlib import Path

import pytest

from hub.review.journal import Journal
from processors.errors import InputError


def journal(folder: Path) -> Journal:
    return Journal(folder / "said.jsonl", ("id",))


def test_what_was_appended_is_read_again_whatever_its_characters(tmp_path: Path) -> None:
    lines = [{"id": "مرحبا\u2028\x85"}, {"id": "\ud800"}, {"id": "x" * 100_000}]
    journal(tmp_path).append(lines[:2])
    journal(tmp_path).append(lines[2:])
    assert journal(tmp_path).open() == lines


@pytest.mark.parametrize("length", range(1, 12))
def test_a_torn_last_line_is_cut_off_and_the_next_one_whole(tmp_path: Path, length: int) -> None:
    file = journal(tmp_path)
    file.append([{"id": 1}, {"id": 2}])
    whole = file.path.read_bytes()
    os.truncate(file.path, len(whole) - length)
    # Of the last line only its line feed is torn, or more.
    left = [{"id": 1}, {"id": 2}] if length == 1 else [{"id": 1}]
    assert file.open() == left
    file.append([{"id": 3}])
    assert file.open() == [*left, {"id": 3}]


def test_a_damaged_line_in_between_is_told(tmp_path: Path) -> None:
    file = journal(tmp_path)
    file.path.write_text('{"id": 1}\n{"other": 2}\n{"id": 3}\n')
    with pytest.raises(InputError, match=r"said\.jsonl, line 2: expected a JSON object with id"):
        file.open()


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = journal(tmp_path)
    file.append([{"id": 1}])
    before, write = file.path.read_bytes(), os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) < 5:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        file.append([{"id": 2}])
    monkeypatch.undo()
    assert file.path.read_bytes() == before


def test_what_is_not_synced_is_not_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    sync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: (synced.append(os.fstat(descriptor).st_size), sync(descriptor))
    )
    file = journal(tmp_path)
    file.append([{"id": 1}])
    assert synced[0] == file.path.stat().st_size
