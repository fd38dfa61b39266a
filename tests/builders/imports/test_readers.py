"""Files are read in pieces: rows over their borders, and lines that are counted."""

import json
from pathlib import Path
from typing import Any

import pytest

from builders.imports import readers
from builders.imports.readers import read_file


def read(path: Path) -> list[tuple[int, Any]]:
    return [(row.line, row.values or row.reason) for row in read_file(path)]


@pytest.mark.parametrize("piece", [1, 2, 7, 64, 1 << 20])
@pytest.mark.parametrize("indent", [None, 1])
def test_an_array_is_read_the_same_in_pieces_of_any_size(
    piece: int, indent: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"messages": [{"role": "user", "content": "é" * n}]} for n in range(5)]
    (tmp_path / "a.json").write_text(json.dumps([*rows, 12345], indent=indent, ensure_ascii=False))
    monkeypatch.setattr(readers, "_PIECE", piece)
    found = read(tmp_path / "a.json")
    assert [values for _, values in found] == [*rows, "not_an_object"]
    assert [line for line, _ in found] == ([1] * 6 if indent is None else [2, 10, 18, 26, 34, 42])


def test_json_lines_and_objects_one_after_another_under_the_name_of_json(tmp_path: Path) -> None:
    (tmp_path / "lines.json").write_text('{"a": 1}\n\nx\n{"a": 2}\n')
    assert read(tmp_path / "lines.json") == [(1, {"a": 1}), (3, "invalid_json"), (4, {"a": 2})]
    (tmp_path / "pretty.json").write_text('{\n "a": 1\n}\n{\n "a": 2\n}\n')
    assert read(tmp_path / "pretty.json") == [(1, {"a": 1}), (4, {"a": 2})]


def test_one_row_of_messages_is_a_row_and_not_a_list_of_rows(tmp_path: Path) -> None:
    row = {"messages": [{"role": "user", "content": "a"}]}
    (tmp_path / "one.json").write_text(json.dumps(row, indent=1))
    assert read(tmp_path / "one.json") == [(1, row)]
    (tmp_path / "data.json").write_text('{"data":\n[\n{"a": 1},\n{"a": 2}]}')
    assert read(tmp_path / "data.json") == [(3, {"a": 1}), (4, {"a": 2})]


def test_a_line_that_is_too_long_is_left_out_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "MAX_ROW", 100)
    (tmp_path / "a.jsonl").write_text(json.dumps({"a": "x" * 500}) + '\n{"a": 1}\n')
    assert read(tmp_path / "a.jsonl") == [(1, "too_long"), (2, {"a": 1})]


def test_deep_nesting_is_a_reason_of_its_row(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("[" * 200_000 + '\n{"a": 1}\n')
    assert read(tmp_path / "a.jsonl") == [(1, "invalid_json"), (2, {"a": 1})]


def test_a_table_tells_the_line_on_which_a_row_begins(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text('a\tb\n"x\ny"\t2\n\n3\t\n')
    assert read(tmp_path / "a.tsv") == [(2, {"a": "x\ny", "b": "2"}), (5, {"a": "3", "b": None})]


def test_without_a_header_the_first_line_is_a_row(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    path.write_text('"a, b",x,x\nc,d,e\n')
    rows = [row.values for row in read_file(path, header=False)]
    assert rows == [{"1": "a, b", "2": "x", "3": "x"}, {"1": "c", "2": "d", "3": "e"}]


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_quotation_mark_that_nobody_closed_swallows_no_rows_in_silence(tmp_path: Path, end: str) -> None:
    (tmp_path / "a.csv").write_text('prompt,completion\n"a\nb",c\nd,"e\nf,g\nh,i' + end)
    rows = list(read_file(tmp_path / "a.csv"))
    assert [(row.line, row.reason) for row in rows] == [(2, ""), (4, "unclosed_quote")]
