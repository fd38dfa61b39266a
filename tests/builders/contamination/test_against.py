"""Benchmarks as people have them: by their columns' names, by numbers, as chats; and what cannot be looked for."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from builders.contamination.against import Against, item_of, read_against
from processors.errors import InputError
from processors.selection.decontamination import save

ASKED = "Which river flows through the old city of Baghdad today?"


def lines(path: Path, *rows: Mapping[str, Any]) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("row", "options"),
    [
        ({"question": ASKED, "choices": ["Nile", "Tigris"]}, ("Nile", "Tigris")),
        ({"Question": ASKED, "A": "Nile", "B": "Tigris", "Answer": "B"}, ("Nile", "Tigris")),
        ({"question": ASKED, "choices": {"text": ["Nile", "Tigris"], "label": ["A", "B"]}}, ("Nile", "Tigris")),
        ({"problem": ASKED, "option_a": "Nile", "option_b": 7}, ("Nile", "7")),
        ({"query": ASKED, "options": '["Nile", "Tigris"]'}, ("Nile", "Tigris")),
        ({"goal": ASKED, "sol1": "Nile", "sol2": "Tigris", "label": 1}, ("Nile", "Tigris")),
        ({"id": "a", "prompt": ASKED}, ()),
        ({"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": ASKED}]}, ()),
        ({"conversations": [{"from": "human", "value": ASKED}, {"from": "gpt", "value": "Tigris"}]}, ()),
    ],
)
def test_columns_are_known_by_the_names_that_benchmarks_have(row: dict[str, Any], options: tuple[str, ...]) -> None:
    item = item_of(row, "test/1", Against("made.jsonl"))
    assert (item.question, item.options) == (ASKED, options)


def test_a_file_without_a_header_is_read_by_numbers(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    path.write_text(f"{ASKED},Nile,Tigris,B\nWhat did the caliph al-Mansur found by it in 762?,Fez,Baghdad,B\n")
    index, warnings = read_against([Against(str(path), "1", ("2", "3"))])
    assert (index.benchmarks[0].items, index.names, warnings) == (2, ["plain.csv/1", "plain.csv/2"], [])
    with pytest.raises(InputError, match="no column is known to be a question's; its columns are Which river"):
        read_against([Against(str(path))])


def test_a_folder_is_one_benchmark_and_an_index_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "b" / "test").mkdir(parents=True)
    lines(tmp_path / "b" / "test" / "one.jsonl", {"question": ASKED})
    lines(tmp_path / "b" / "two.jsonl", {"question": "What did the caliph al-Mansur found by it in 762?"})
    (tmp_path / "b" / "README.md").write_text("no data")
    index, _ = read_against([Against(str(tmp_path / "b"))])
    assert index.names == ["test/one.jsonl/1", "two.jsonl/1"]
    save(index, tmp_path / "index.npz")
    other = lines(tmp_path / "other.jsonl", {"question": "Name the first book that was printed in Fez."})
    both, _ = read_against([Against(str(tmp_path / "index.npz")), Against(other)])
    assert [one.looked_for for one in both.benchmarks] == [2, 1]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"question": letter} for letter in "ABCD"], "none of its 4 items can be looked for (4 have too few words)"),
        ([{"question": ""}], "none of its 1 items"),
        ([], "has no item"),
        ([{"name": "x", "value": 1}], "its columns are name, value: name it with --question"),
    ],
)
def test_what_cannot_be_looked_for_is_one_line(tmp_path: Path, rows: list[dict[str, Any]], said: str) -> None:
    path = lines(tmp_path / "bad.jsonl", *rows)
    with pytest.raises(InputError) as error:
        read_against([Against(path)])
    assert said in str(error.value) and "\n" not in str(error.value) and "bad.jsonl" in str(error.value)


def test_a_column_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    path = lines(tmp_path / "b.jsonl", {"question": ASKED})
    for wanted in (Against(path, "frage"), Against(path, None, ("A",))):
        with pytest.raises(InputError, match=r"no column '(frage|A)'; its columns are question"):
            read_against([wanted])


def test_a_broken_row_and_a_name_of_nothing_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text('{"question": "x"}\n{\n')
    with pytest.raises(InputError, match=r"b\.jsonl, row 2: invalid_json") as error:
        read_against([Against(str(tmp_path / "b.jsonl"))])
    assert str(error.value).count("b.jsonl") == 1
    with pytest.raises(InputError, match=r"b\.jsonl, row 2: invalid_json"):
        read_against([Against(str(tmp_path))])
    with pytest.raises(InputError, match=r"^nothing\.npz: no such file$"):
        read_against([Against("nothing.npz")])
    with pytest.raises(InputError, match="no such file or folder, and not the id"):
        read_against([Against("nothing")])


def test_many_items_that_are_too_short_are_told(tmp_path: Path) -> None:
    path = lines(tmp_path / "b.jsonl", {"question": ASKED}, {"question": "yes"}, {"question": "no"})
    _, (warning,) = read_against([Against(path)])
    assert "1 of 3 items are looked for: 2 have too few words" in warning


def test_a_dataset_of_the_hub_is_read_at_its_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    from builders.imports.readers import Row

    asked: list[Any] = []

    def splits(*arguments: Any) -> dict[str, Any]:
        asked.append(arguments)
        return {"test": iter([Row(1, {"question": ASKED})])}

    monkeypatch.setattr("builders.contamination.against.hub_splits", splits)
    index, _ = read_against([Against("user/arabic-mmlu:all@v1.0", split="test"), Against("hf://datasets/user/b")])
    assert index.names == ["test/1", "test/1"]
    assert asked == [("user/arabic-mmlu", "all", "test", "v1.0"), ("user/b", None, None, None)]
