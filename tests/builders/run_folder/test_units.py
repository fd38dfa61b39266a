import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.run_folder.units import (
    Dropped,
    UnitFiles,
    all_counts,
    read_counts,
    read_dropped,
    read_unit,
    total_counts,
    write_unit,
)
from processors.errors import CountError, InputError, SmolKalamError

SCHEMA = pa.schema([("id", pa.string()), ("n", pa.int64())])


def test_a_unit_comes_back_with_its_drops_and_counts(tmp_path: Path) -> None:
    files = UnitFiles(tmp_path / "select", "a-00000000")
    dropped = [Dropped("a/1", "han_characters", "U+4F60 你"), Dropped("a/2", "han_characters", "\ud800")]
    write_unit(files, SCHEMA, 3, [{"id": "a/0", "n": 5}], dropped, {"hits": 2})
    assert read_unit(files).to_pylist() == [{"id": "a/0", "n": 5}]
    assert [d.id for d in read_dropped(files)] == ["a/1", "a/2"]
    assert read_counts(files) == {"read": 3, "kept": 1, "dropped": {"han_characters": 2}, "extra": {"hits": 2}}
    totals = total_counts(tmp_path / "select", ["a-00000000"])
    assert (totals.read, totals.kept, totals.dropped["han_characters"], totals.extra["hits"]) == (3, 1, 2, 2)


def test_a_row_that_is_neither_kept_nor_dropped_is_an_error(tmp_path: Path) -> None:
    files = UnitFiles(tmp_path / "select", "a")
    with pytest.raises(CountError, match="3 rows read, but 1 kept \\+ 0 dropped"):
        write_unit(files, SCHEMA, 3, [{"id": "a/0", "n": 5}], [])
    assert not files.done()


def test_type_drift_names_the_row_and_the_field_and_leaves_nothing(tmp_path: Path) -> None:
    files = UnitFiles(tmp_path / "select", "a")
    rows = [{"id": "a/0", "n": 5}, {"id": "a/1", "n": "five"}]
    with pytest.raises(SmolKalamError, match="row a/1: field 'n' does not fit int64"):
        write_unit(files, SCHEMA, 2, rows, [])
    assert not list(tmp_path.rglob("*.parquet")) and not list(tmp_path.rglob(".*tmp"))


def test_a_missing_unit_or_a_wrong_count_is_found_when_adding_up(tmp_path: Path) -> None:
    files = UnitFiles(tmp_path / "rank", "a")
    write_unit(files, SCHEMA, 1, [{"id": "a/0", "n": 5}], [])
    with pytest.raises(CountError, match="rank/b: the unit is missing"):
        total_counts(tmp_path / "rank", ["a", "b"])
    files.counts.write_text(json.dumps({"read": 2, "kept": 1, "dropped": {}}))
    with pytest.raises(CountError, match="2 rows read, but 1 kept \\+ 0 dropped"):
        total_counts(tmp_path / "rank", ["a"])


def test_damaged_counts_say_what_to_do(tmp_path: Path) -> None:
    files = UnitFiles(tmp_path / "rank", "a")
    write_unit(files, SCHEMA, 1, [{"id": "a/0", "n": 5}], [])
    files.counts.write_bytes(b'{"read": \xff')
    for look in (
        lambda: read_counts(files),
        lambda: all_counts(files.folder),
        lambda: total_counts(files.folder, "a"),
    ):
        with pytest.raises(
            InputError, match=r"counts/a\.json: damaged .*delete it, and the next build does that unit"
        ):
            look()


def test_a_damaged_unit_says_what_to_do(tmp_path: Path) -> None:
    files = UnitFiles(tmp_path / "rank", "a")
    write_unit(files, SCHEMA, 1, [{"id": "a/0", "n": 5}], [])
    files.kept.write_bytes(files.kept.read_bytes()[:40])
    with pytest.raises(SmolKalamError, match=r"damaged or missing.*run again"):
        read_unit(files)


def test_a_small_unit_is_read_once_and_again_when_it_is_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Half a dozen readers of each small file were a tenth of the demo's time.
    opened: list[Path] = []

    class Counting(pq.ParquetFile):
        def __init__(self, source: Path) -> None:
            opened.append(source)
            super().__init__(source)

    monkeypatch.setattr(pq, "ParquetFile", Counting)
    files, large = UnitFiles(tmp_path / "rank", "a"), UnitFiles(tmp_path / "rank", "b")
    for text in ("x", "y"):
        write_unit(files, SCHEMA, 1, [{"id": text, "n": 5}], [])
        assert read_unit(files).to_pylist() == [{"id": text, "n": 5}]
        assert read_unit(files, ["n", "gone"]).to_pylist() == [{"n": 5}]
        assert read_unit(files, ["n", "id"]).column_names == ["id", "n"]
    assert opened == [files.kept] * 2
    rows = [{"id": f"{n**9}", "n": n} for n in range(20_000)]
    write_unit(large, SCHEMA, len(rows), rows, [])
    assert read_unit(large, ["n"]).column_names == read_unit(large, ["n"]).column_names == ["n"]
    assert opened[2:] == [large.kept] * 2
    assert pq.read_metadata(large.kept).row_group(0).column(0).compression == "ZSTD"
    files.kept.unlink()
    with pytest.raises(SmolKalamError, match="damaged or missing"):
        read_unit(files)
