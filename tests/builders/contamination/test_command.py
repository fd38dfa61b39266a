"""`smolkalam decontaminate`: every row is kept or dropped, whatever the format, the parts and the processes."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.contamination import Against, run_decontaminate
from builders.contamination.data import look_through, parts_of
from processors.errors import InputError

ASKED = "Which river flows through the old city of Baghdad today?"
FOUNDED = "ما هي المدينة التي بناها المنصور على نهر دجلة عام 762؟"


def chat(asked: str, answered: str = "That is all.") -> dict[str, Any]:
    return {
        "messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}],
        "n": len(asked),
    }


ROWS = [
    chat("Write a poem about the sea and the sand, please."),
    chat(f"My teacher asked me: {ASKED}"),
    chat("ما رأيك في البحر؟", "البحر جميل جدا في الصيف"),
    chat("Tell me something.", "مَا هِيَ المدينة التي بناها المنصور على نهر دجلة عام ٧٦٢"),
    chat("And what is a river?"),
]


def lines(path: Path, *rows: Mapping[str, Any] | bytes) -> Path:
    text = (row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() for row in rows)
    path.write_bytes(b"".join(line + b"\n" for line in text))
    return path


@pytest.fixture
def benchmark(tmp_path: Path) -> list[Against]:
    path = lines(tmp_path / "benchmark.jsonl", {"question": ASKED}, {"question": FOUNDED})
    return [Against(str(path))]


def dropped(output: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (output / "dropped.jsonl").read_text(encoding="utf-8").splitlines()]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_lines_are_kept_as_they_stand_and_what_is_dropped_has_its_item(
    tmp_path: Path, benchmark: list[Against], capsys: pytest.CaptureFixture[str]
) -> None:
    data = lines(tmp_path / "data.jsonl", *ROWS, b"", b"{broken", b"[1]")
    found = run_decontaminate(data, benchmark, tmp_path / "out")
    assert (found.read, found.kept) == (7, 3)
    kept = (tmp_path / "out" / "kept" / "data.jsonl").read_bytes().splitlines()
    source = data.read_bytes().splitlines()
    assert kept == [source[0], source[2], source[4]]
    rows = dropped(tmp_path / "out")
    assert [(row["row"], row["reason"]) for row in rows] == [
        (1, "contaminated"), (3, "contaminated"), (5, "invalid_json"), (6, "not_an_object"),
    ]  # fmt: skip
    assert (rows[0]["item"], rows[0]["coverage"]) == ("benchmark.jsonl/1", 1.0)
    assert rows[0]["quote"].startswith("Which river flows")
    report = json.loads((tmp_path / "out" / "decontamination.json").read_text())
    assert (report["read"], report["kept"], report["benchmarks"][0]["rows"]) == (7, 3, 2)
    said = capsys.readouterr().err
    assert "7 rows read = 3 kept + 4 dropped (contaminated 2, invalid_json 1, not_an_object 1)" in said


def test_a_folder_of_parquet_keeps_its_files_and_schema(tmp_path: Path, benchmark: list[Against]) -> None:
    (tmp_path / "data" / "SFT").mkdir(parents=True)
    table = pa.Table.from_pylist(ROWS)
    for number in range(2):
        pq.write_table(table, tmp_path / "data" / "SFT" / f"s-0000{number}-of-00002.parquet", row_group_size=2)
    lines(tmp_path / "data" / "more.jsonl", *ROWS)
    (tmp_path / "data" / "README.md").write_text("a card")
    found = run_decontaminate(tmp_path / "data", benchmark, tmp_path / "out")
    assert (found.read, found.kept) == (15, 9)
    kept = tmp_path / "out" / "kept"
    assert sorted(files(kept)) == ["SFT/s-00000-of-00002.parquet", "SFT/s-00001-of-00002.parquet", "more.jsonl"]
    again = pq.read_table(kept / "SFT" / "s-00000-of-00002.parquet")
    assert again.schema.equals(table.schema)
    assert again.to_pylist() == [ROWS[0], ROWS[2], ROWS[4]]
    assert [(row["file"], row["row"]) for row in dropped(tmp_path / "out")][:3] == [
        ("SFT/s-00000-of-00002.parquet", 1), ("SFT/s-00000-of-00002.parquet", 3), ("SFT/s-00001-of-00002.parquet", 1),
    ]  # fmt: skip


def test_the_bytes_do_not_depend_on_the_parts_or_the_processes(
    tmp_path: Path, benchmark: list[Against], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = lines(tmp_path / "data.jsonl", *ROWS * 30)
    run_decontaminate(data, benchmark, tmp_path / "one")
    monkeypatch.setattr("builders.contamination.data.PART_BYTES", 700)
    monkeypatch.setattr("builders.contamination.command._SMALL", 0)
    assert len(parts_of([data])) > 10
    run_decontaminate(data, benchmark, tmp_path / "two", workers=2)
    assert files(tmp_path / "one") == files(tmp_path / "two")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 1000])
def test_a_line_belongs_to_the_part_in_which_it_begins(
    tmp_path: Path, benchmark: list[Against], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    data = lines(tmp_path / "data.jsonl", {"a": "x"}, b"", {"b": ASKED}, {"c": "y"})
    run_decontaminate(data, benchmark, tmp_path / "out")
    monkeypatch.setattr("builders.contamination.data.PART_BYTES", size)
    looked = [look_through(part, str(tmp_path / "out" / "index.npz"), ()) for part in parts_of([data])]
    assert sum(one.rows for one in looked) == 3
    assert sum(len(one.dropped) for one in looked) == 1


def test_compressed_lines_stay_compressed(tmp_path: Path, benchmark: list[Against]) -> None:
    plain = lines(tmp_path / "plain.jsonl", *ROWS)
    data = tmp_path / "data.jsonl.gz"
    data.write_bytes(gzip.compress(plain.read_bytes()))
    run_decontaminate(data, benchmark, tmp_path / "out")
    assert len(gzip.decompress((tmp_path / "out" / "kept" / "data.jsonl.gz").read_bytes()).splitlines()) == 3


def test_only_the_named_fields_are_looked_into(tmp_path: Path, benchmark: list[Against]) -> None:
    data = lines(tmp_path / "data.jsonl", {"asked": "no", "note": ASKED}, {"asked": ASKED, "note": None})
    found = run_decontaminate(data, benchmark, tmp_path / "out", fields=["asked"])
    assert [row["row"] for row in dropped(tmp_path / "out")] == [1] and found.kept == 1
    with pytest.raises(InputError, match="no field 'text'; its fields are asked, note"):
        run_decontaminate(data, benchmark, tmp_path / "other", fields=["text"])
    assert not (tmp_path / "other").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_benchmark_in_other_letters_is_told(
    tmp_path: Path, benchmark: list[Against], capsys: pytest.CaptureFixture[str]
) -> None:
    arabic = lines(tmp_path / "arabic.jsonl", *[chat("ما هي عاصمة هذا البلد الكبير", "لا أعرف ذلك يا صديقي")] * 3)
    english = lines(tmp_path / "english.jsonl", {"question": ASKED})
    run_decontaminate(arabic, [Against(str(english))], tmp_path / "out")
    assert "english.jsonl is in Latin letters and" in capsys.readouterr().err


def test_an_item_that_stands_in_many_rows_is_told(
    tmp_path: Path, benchmark: list[Against], capsys: pytest.CaptureFixture[str]
) -> None:
    data = lines(tmp_path / "data.jsonl", *[chat(ASKED)] * 1200)
    run_decontaminate(data, benchmark, tmp_path / "out")
    said = capsys.readouterr().err
    assert "item benchmark.jsonl/1 stands in 1,200 rows: is it a phrase" in said
    assert "1,200 of the first 1,200 rows are dropped" in said


def test_nothing_is_written_over(tmp_path: Path, benchmark: list[Against]) -> None:
    data = lines(tmp_path / "data.jsonl", *ROWS)
    (tmp_path / "out").mkdir()
    run_decontaminate(data, benchmark, tmp_path / "out")
    before = files(tmp_path / "out")
    with pytest.raises(InputError, match="is there already"):
        run_decontaminate(data, benchmark, tmp_path / "out")
    assert files(tmp_path / "out") == before


@pytest.mark.parametrize("name", ["nothing.jsonl", "text.txt", "folder", "bad.parquet"])
def test_data_that_cannot_be_read_is_one_line(tmp_path: Path, benchmark: list[Against], name: str) -> None:
    (tmp_path / "text.txt").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(InputError) as error:
        run_decontaminate(tmp_path / name, benchmark, tmp_path / "out")
    assert "\n" not in str(error.value) and name in str(error.value)


def test_the_folder_in_which_one_stands_is_no_output(
    tmp_path: Path, benchmark: list[Against], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = lines(tmp_path / "data.jsonl", *ROWS)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(InputError, match="give another --output"):
        run_decontaminate(data, benchmark, Path())


def test_damaged_gzip_is_one_line(tmp_path: Path, benchmark: list[Against]) -> None:
    data = tmp_path / "data.jsonl.gz"
    # A head as gzip writes it, and a block of a kind that there is none of.
    data.write_bytes(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + b"\xff" * 20)
    for rows, against in ((data, benchmark), (lines(tmp_path / "a.jsonl", *ROWS), [Against(str(data))])):
        with pytest.raises(InputError, match=r"data\.jsonl\.gz: damaged: .*; copy or download it again"):
            run_decontaminate(rows, against, tmp_path / "out")


def test_a_row_of_parquet_with_a_value_that_python_has_not_is_dropped_alone(
    tmp_path: Path, benchmark: list[Against]
) -> None:
    latin = pa.Array.from_buffers(
        pa.string(), 3, [None, pa.py_buffer(np.array([0, 1, 5, 6], "int32")), pa.py_buffer(b"acaf\xe9z")]
    )
    times = pa.array([0, 0, 10**15], pa.timestamp("ms"))
    pq.write_table(pa.table({"text": latin, "at": times}), tmp_path / "data.parquet")
    found = run_decontaminate(tmp_path / "data.parquet", benchmark, tmp_path / "out")
    assert (found.read, found.kept) == (3, 1)
    assert [(row["row"], row["reason"]) for row in dropped(tmp_path / "out")] == [
        (1, "not_utf8"), (2, "unreadable_value"),
    ]  # fmt: skip
    assert pq.read_metadata(tmp_path / "out" / "kept" / "data.parquet").num_rows == 1


def test_an_empty_file_is_kept_empty(tmp_path: Path, benchmark: list[Against]) -> None:
    found = run_decontaminate(lines(tmp_path / "data.jsonl"), benchmark, tmp_path / "out")
    assert (found.read, found.kept) == (0, 0)
    assert parts_of([tmp_path / "data.jsonl"]) == []
