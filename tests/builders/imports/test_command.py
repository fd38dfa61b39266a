"""Five files as people have them, with their oddities: every row is built, or left out with its line and reason."""

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.imports.command import LEFT_OUT, REPORT, run_import
from processors.errors import InputError

Run = Callable[..., CompletedProcess[str]]


def openai(*contents: Any, **more: Any) -> dict[str, Any]:
    roles = ("user", "assistant")
    return {"messages": [{"role": roles[i % 2], "content": c} for i, c in enumerate(contents)]} | more


def lines(path: Path, *rows: Any) -> Path:
    """Rows as JSON lines; bytes stand as they are."""
    path.write_bytes(b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows))
    return path


CALL = {"id": "1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1, "b": 2}'}}
TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}


def chats(folder: Path) -> Path:
    """11 rows: 5 to take, and 6 not."""
    called = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Add 1"}, {"type": "text", "text": "and 2."}]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "function", "name": "add", "content": "3"},
        {"role": "assistant", "content": "It is 3."},
    ]
    thought = openai("How long does tea steep?", "Three minutes.")
    thought["messages"][1]["reasoning_content"] = "Black tea, most likely."
    wrong = openai("Add.", "x")
    wrong["messages"][1] |= {"content": None, "tool_calls": [{"function": {"name": "add", "arguments": "{a"}}]}
    return lines(
        folder / "chats.jsonl",
        b"\xef\xbb\xbf" + json.dumps(openai("What is dew?", "Water from the air.", id=7, topic="weather")).encode(),
        {"messages": called, "tools": [TOOL], "id": "calls"},
        thought | {"topic": ["tea", 1]},
        openai("What is fog?", "A cloud on the ground.", tokens=12),
        b"",
        openai("half \ud83d", "a pair"),
        openai([{"type": "image_url", "image_url": {"url": "x"}}], "A cat."),
        wrong,
        b'{"messages": [{"role": "user", "content": "caf\xe9"}]}',
        b"not json",
        [1],
        openai("What is rain?", "Water that falls.", id=None),
    )


def sharegpt(folder: Path) -> Path:
    """6 rows in an array, of several lines each: 3 to take."""
    plain = [{"from": "human", "value": "What is snow?"}, {"from": "gpt", "value": "Frozen water."}]
    called = [
        {"from": "system", "value": "You have tools."},
        {"from": "human", "value": "Add."},
        {"from": "function_call", "value": '{"name": "add", "arguments": {}}'},
        {"from": "observation", "value": "0"},
        {"from": "gpt", "value": "0."},
    ]
    rows = [
        {"conversations": plain, "id": "s1"},
        {"conversations": called, "system": "unused, for there is one", "tools": json.dumps([TOOL])},
        {"conversations": plain, "system": "Be kind."},
        {"conversations": []},
        {"conversations": [{"from": "narrator", "value": "Once"}]},
        {"conversations": [{"from": "human", "value": "no answer"}]},
    ]
    path = folder / "share.json"
    path.write_text(json.dumps(rows, indent=2))
    return path


def alpaca(folder: Path) -> Path:
    """5 rows under a key, compressed: 2 to take."""
    rows = [
        {"instruction": "Name a planet.", "input": "", "output": "Mars."},
        {"instruction": "Add.", "input": "1 and 2", "output": "3", "history": [["Hello.", "Hello!"]]},
        {"instruction": "Name a star.", "input": "", "output": "  "},
        {"instruction": "Name a moon.", "output": 5},
        {"instruction": "Name a comet."},
    ]
    path = folder / "alpaca.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"data": rows}).encode()))
    return path


def table(folder: Path) -> Path:
    """5 rows of CSV with semicolons, one over two lines: 2 to take."""
    path = folder / "table.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerows([["prompt", "completion", "topic"], ["What is ice?\nBriefly.", "Cold water.", "water"]])
        writer.writerow(["What is steam?", "Hot water."])
        writer.writerow(["What is hail?", "", "weather"])
        writer.writerow(["What is sleet?", "Wet snow.", ""])
    with path.open("ab") as raw:
        raw.write(b"caf\xe9;x;y\r\n")
    return path


def columns(folder: Path) -> Path:
    """4 rows of Parquet: 2 to take; a struct's missing fields are null there."""
    message = pa.struct([("role", pa.string()), ("content", pa.string()), ("tool_calls", pa.string())])
    rows = [
        openai("What is wind?", "Air that moves.", id=1) | {"score": 0.5},
        openai("What is a gale?", "Strong wind.", id=2),
        openai("What is a storm?", None, id=3),
        {"messages": None, "id": 4},
    ]
    schema = pa.schema([("messages", pa.list_(message)), ("id", pa.int64()), ("score", pa.float64())])
    path = folder / "columns.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema), path)
    return path


def test_five_files_are_imported_built_and_loaded_and_the_counts_add_up(tmp_path: Path, smolkalam: Run) -> None:
    from datasets import load_dataset

    files = [write(tmp_path) for write in (chats, sharegpt, alpaca, table, columns)]
    done = smolkalam("import", *files, "-o", tmp_path / "data", "--keep", "topic", "--keep", "tokens")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path / 'data'}\n"
    report = json.loads((tmp_path / "data" / REPORT).read_text())
    counts = {Path(one["file"]).name: (one["read"], one["written"]) for one in report["files"]}
    assert counts == {
        "chats.jsonl": (11, 5),
        "share.json": (6, 3),
        "alpaca.json.gz": (5, 2),
        "table.csv": (5, 2),
        "columns.parquet": (4, 2),
    }
    left = [json.loads(line) for line in (tmp_path / "data" / LEFT_OUT).read_text().splitlines()]
    assert len(left) == 31 - 14 and "31 rows read = 14 written + 17 left out" in done.stderr
    share = (tmp_path / "share.json").read_text().splitlines()
    begins = [number for number, line in enumerate(share, 1) if line == "  {"]
    assert [(Path(one["file"]).name, one["line"], one["reason"]) for one in left] == [
        ("chats.jsonl", 6, "invalid_unicode"),
        ("chats.jsonl", 7, "not_text"),
        ("chats.jsonl", 8, "wrong_tool_call"),
        ("chats.jsonl", 9, "not_utf8"),
        ("chats.jsonl", 10, "invalid_json"),
        ("chats.jsonl", 11, "not_an_object"),
        ("share.json", begins[3], "empty"),
        ("share.json", begins[4], "unknown_role"),
        ("share.json", begins[5], "empty"),
        ("alpaca.json.gz", 1, "empty"),
        ("alpaca.json.gz", 1, "wrong_type"),
        ("alpaca.json.gz", 1, "unknown_shape"),
        ("table.csv", 4, "wrong_cells"),
        ("table.csv", 5, "missing_field"),
        ("table.csv", 7, "not_utf8"),
        ("columns.parquet", 3, "missing_field"),
        ("columns.parquet", 4, "missing_field"),
    ]

    recipe = tmp_path / "mine.yaml"
    carry = report["carry"]
    assert carry == ["source_id", "topic", "source_tokens"]
    recipe.write_text(
        f"name: mine\nsource: {{path: data, carry: {json.dumps(carry)}}}\n"
        "translators: [{name: one, backend: pseudo}]\n"
    )
    run = tmp_path / "run"
    built = smolkalam("build", recipe, "--output", run)
    assert built.returncode == 0, built.stderr
    assert smolkalam("check", run).returncode == 0
    for config in ("SFT_one_ranked", "parallel"):
        rows = load_dataset(str(run / "dataset"), config, split="train", cache_dir=str(tmp_path / "cache"))
        assert len(rows) == 14
        assert rows["source_id"][:3] == ["7", "calls", None] and rows["source_id"][-2:] == ["1", "2"]
        assert rows["topic"][:4] == ["weather", None, '["tea", 1]', None]
        assert rows["source_tokens"][3] == "12"
    english = [row["messages"] for row in rows]
    assert [message["role"] for message in english[1]] == ["system", "user", "assistant", "tool", "assistant"]
    assert english[1][1]["content"] == "Add 1\nand 2."
    assert english[1][2]["content"] == '<tool_call>{"name": "add", "arguments": {"a": 1, "b": 2}}</tool_call>'
    assert json.loads(rows[1]["chat_template_kwargs"]["xml_tools"][0]) == TOOL["function"]
    assert english[2][1]["content"] == "<think>\nBlack tea, most likely.\n</think>\nThree minutes."
    assert rows[2]["chat_template_kwargs"]["enable_thinking"]
    assert english[6][2]["content"] == '<tool_call>{"name": "add", "arguments": {}}</tool_call>'
    assert english[7][0] == {"role": "system", "content": "Be kind."}
    assert [message["content"] for message in english[9]] == ["Hello.", "Hello!", "Add.\n\n1 and 2", "3"]
    assert rows[0]["source"] == "chats.jsonl"


def test_it_says_what_it_made_of_each_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_import([str(chats(tmp_path))], tmp_path / "data", keep=["tokens"])
    said = {line.split()[0]: line for line in capsys.readouterr().err.splitlines() if line.startswith("  ")}
    assert "source_id" in said["id"] and "chat_template_kwargs.xml_tools" in said["tools"]
    assert "--keep topic" in said["topic"] and "source_tokens" in said["tokens"]
    assert "<tool_call>" in said["messages[].tool_calls"] and "left out" in said["messages[].name"]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", "x", "expected a file of rows, such as chats, named .jsonl"),
        ("a.jsonl", "", "no row could be taken (no rows in it)"),
        ("a.jsonl", '{"text": "x"}', "no row could be taken (unknown_shape 1)"),
        ("a.json", '[{"messages": []},\n{"messages": ', "a.json:2: not valid JSON from here on"),
        ("a.json", '[{"messages": []}', "the list is never closed"),
        ("a.csv", "prompt,prompt\na,b\n", "two columns are named 'prompt'"),
        ("a.parquet", "no parquet", "damaged after row 0"),
        ("a.jsonl.gz", "no gzip", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_and_leaves_nothing(
    name: str, content: str, expected: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError) as error:
        run_import([str(tmp_path / name)], tmp_path / "data")
    assert expected in str(error.value) and "\n" not in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_column_to_keep_that_no_row_has_is_told_with_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no column 'topics', which --keep .* names; it has .*topic") as told:
        run_import([str(chats(tmp_path))], tmp_path / "data", keep=["topics"])
    assert len(str(told.value).splitlines()) == 1 and not (tmp_path / "data").exists()


def test_a_file_that_is_not_there_is_not_looked_for_on_the_hub(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data/chats.jsonl: no such file"):
        run_import(["data/chats.jsonl"], tmp_path / "data")


def test_the_folder_that_one_stands_in_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"prompt": "a", "completion": "b"}\n')
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(InputError, match="is there already"):
        run_import([str(rows)], Path())
    assert not list((tmp_path / "empty").iterdir())


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine").touch()
    with pytest.raises(InputError, match="is there already"):
        run_import([str(chats(tmp_path))], tmp_path / "data")


def test_names_that_are_nothing_are_told_before_anything_is_read(tmp_path: Path) -> None:
    for name, expected in (("nowhere.jsonl", "no such file"), (str(tmp_path), "a folder; give its files")):
        with pytest.raises(InputError, match=expected):
            run_import([name], tmp_path / "data")
    with pytest.raises(InputError, match="--split a b"):
        run_import([str(chats(tmp_path))], tmp_path / "data", split="a b")
    with pytest.raises(
        InputError, match=r"^--config SFT: .*\.jsonl is a file, which has no configs; leave --config out$"
    ):
        run_import([str(chats(tmp_path))], tmp_path / "data", config="SFT")
    assert not (tmp_path / "data").exists()


def test_smoltalk2s_own_rows_come_through_as_they_are(
    tmp_path: Path, row: Callable[..., dict[str, Any]], write_split: Callable[..., Path]
) -> None:
    rows = [row(("user", "a"), ("assistant", "<think>\nb\n</think>\nc"), instructions="d", source="e")]
    shard = next((write_split("alpha", rows) / "SFT").iterdir())
    run_import([str(shard)], tmp_path / "data", split="alpha")
    (made,) = pq.read_table(tmp_path / "data" / "SFT" / shard.name).to_pylist()
    assert made == rows[0] | {"source_id": None}


def test_tools_that_stand_in_both_places_are_taken_once() -> None:
    """As a dataset that was built here has them: in `chat_template_kwargs`, and as OpenAI's JSON."""
    from builders.imports.shapes import converted

    other = {"name": "subtract", "parameters": {}}
    said = json.dumps([TOOL, {"type": "function", "function": other}, other])
    for known in (json.dumps(TOOL), json.dumps(TOOL["function"], indent=1)):
        row = openai("Add.", "3") | {"chat_template_kwargs": {"xml_tools": [known, "no JSON"]}, "tools": said}
        made = converted(row, {}, "x").row["chat_template_kwargs"]["xml_tools"]
        assert made == [known, "no JSON", json.dumps(other), json.dumps(other)]
