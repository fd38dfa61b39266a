import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from datatrove.data import Document

from builders.run_folder.unit_writer import UnitWriter, drop
from builders.run_folder.units import UnitFiles, read_counts, read_dropped, read_unit
from processors.errors import CountError


def schema() -> Any:
    return pa.schema([("id", pa.string())])


def writer(folder: Path, expected: dict[str, int]) -> UnitWriter:
    return UnitWriter(folder, schema, lambda d: {"id": d.id}, expected, progress=folder / "progress")


def documents(unit: str, count: int) -> list[Document]:
    return [Document("", f"{unit}/{i:07d}", metadata={"unit": unit, "counters": {"n": 1}}) for i in range(count)]


def test_units_are_written_in_order_whatever_the_order_of_arrival(tmp_path: Path) -> None:
    arriving = documents("a", 30) + documents("b", 20)
    random.Random(0).shuffle(arriving)
    drop(next(d for d in arriving if d.id == "a/0000003"), "han_characters", "there")
    list(writer(tmp_path / "s", {"a": 30, "b": 20}).run(iter(arriving)))
    kept = read_unit(UnitFiles(tmp_path / "s", "a"))["id"].to_pylist()
    assert kept == sorted(kept) and len(kept) == 29
    assert [d.reason for d in read_dropped(UnitFiles(tmp_path / "s", "a"))] == ["han_characters"]
    assert read_counts(UnitFiles(tmp_path / "s", "b"))["extra"] == {"n": 20}


def test_the_first_reason_stays() -> None:
    document = Document("", "a/0")
    drop(document, "first")
    drop(document, "second")
    assert document.metadata["dropped"] == ("first", "")


def test_a_lost_row_fails_the_stage_and_commits_nothing(tmp_path: Path) -> None:
    with pytest.raises(CountError, match="4 of 5 rows arrived"):
        list(writer(tmp_path / "s", {"a": 5}).run(iter(documents("a", 4))))
    assert not UnitFiles(tmp_path / "s", "a").done()


def test_a_doubled_row_fails_the_stage(tmp_path: Path) -> None:
    twice = documents("a", 4)
    with pytest.raises(CountError, match="row a/0000000 came out twice"):
        list(writer(tmp_path / "s", {"a": 5}).run(iter([*twice, twice[0]])))


def test_more_rows_than_the_unit_has_fail_the_stage(tmp_path: Path) -> None:
    with pytest.raises((CountError, KeyError)):
        list(writer(tmp_path / "s", {"a": 3}).run(iter(documents("a", 7))))
