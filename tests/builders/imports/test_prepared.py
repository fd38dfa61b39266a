"""Sources as people and the Hub have them become shards: every value as it is written, or a line that says why not."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Features, Value, load_dataset

from builders.imports.prepared import prepared
from builders.recipes.recipe import Source
from builders.sources.find import find_shards
from processors.errors import InputError

KWARGS = [{}, {"num_words": 300, "relation": "at least"}, {"keywords": ["ساعة", "day"]}]
# IFEval's schema as its file has it: an object of kwargs has what its instruction needs.
IFEVAL = [
    {"key": 1000 + n, "prompt": f"Write {n} words.\n", "instruction_id_list": ["a:b"], "kwargs": [KWARGS[n % 3]]}
    for n in range(20)
]
ODD: dict[str, list[Any]] = {
    "text": ["", "ع\u200fر\u0651بي", "None", "line\r\nbreak"],
    "number": [1, -(2**63), 2**63 - 1, None],
    "large": [2**64 - 1, 0, 1, 2],
    "larger": [2**70, -1, None, 0],
    "float": [0.1, 1e300, -0.0, 3],
    "truth": [True, None, False, True],
    "nothing": [None, None, None, None],
    "date": ["2020-01-01T00:00:00", "2020-01-01", "x", None],
    "code": ["007", "7", "", "1e5"],
    "choices": [{"text": ["a", "b"], "label": []}, {"text": [], "label": ["A"]}, None, {"text": None, "label": [""]}],
    "turns": [[{"a": 1}, {"b": "x"}], [], None, [{}]],
    "mixed": [1, "1", [1], {"a": None}],
    "a.b": ["x", "y", "z", ""],
    "split": ["x", "y", "z", ""],
}


def rows() -> list[dict[str, Any]]:
    return [{name: of[number] for name, of in ODD.items()} for number in range(4)]


def jsonl(of: list[Any]) -> bytes:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in of).encode()


def shards(tmp_path: Path, path: Path | str, fields: list[str], **more: Any) -> tuple[Source, dict[str, pa.Table]]:
    """The source as the stages read it, and its rows by split."""
    warned: list[str] = []
    source = prepared(Source(path=str(path), fields=fields, **more), tmp_path / "made", warned.append)
    tables: dict[str, pa.Table] = {}
    for shard in find_shards(source)[0]:
        table = pq.ParquetFile(Path(source.path) / shard.file).read()
        tables[shard.split] = pa.concat_tables([tables[shard.split], table]) if shard.split in tables else table
    assert not warned
    return source, tables


def loaded(source: Source) -> list[dict[str, Any]]:
    """Rows as `datasets` gives them of the shards."""
    files = sorted(map(str, Path(source.path).glob("*/*.parquet")))
    return list(load_dataset("parquet", data_files=files, split="train", streaming=True))


def write(folder: Path, **files: bytes) -> Path:
    for name, data in files.items():
        path = folder / name.replace("__", "/").replace("DOT", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def test_ifeval_as_it_is_published_has_the_features_and_the_rows_that_datasets_gives(tmp_path: Path) -> None:
    folder = write(tmp_path / "google", ifeval_input_dataDOTjsonl=jsonl(IFEVAL))
    source, found = shards(tmp_path, folder, ["prompt"])
    there = load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert list(found) == list(there) == ["train"]
    assert Features.from_arrow_schema(found["train"].schema) == there["train"].features
    assert loaded(source) == list(there["train"]) == IFEVAL


@pytest.mark.parametrize("form", ["lines", "windows", "zipped", "array", "indented", "one list"])
def test_every_value_of_json_is_held_as_it_is_written(tmp_path: Path, form: str) -> None:
    lines, name = (
        jsonl(rows()),
        {"lines": "x.jsonl", "windows": "x.ndjson", "zipped": "x.jsonl.gz"}.get(form, "x.json"),
    )
    data = {
        "lines": lines,
        "windows": b"\xef\xbb\xbf" + lines.replace(b"\n", b"\r\n") + b"\r\n",
        "zipped": gzip.compress(lines),
        "array": json.dumps(rows()).encode(),
        "indented": json.dumps(rows(), indent=2).encode(),
        "one list": json.dumps({"data": rows()}).encode(),
    }[form]
    (tmp_path / name).write_bytes(data)
    source, found = shards(tmp_path, tmp_path / name, ["text", "choices.text.*"])
    for row, before in zip(loaded(source), rows(), strict=True):
        assert row == before
    kinds = {one.name: str(one.type) for one in found["train"].schema}
    assert kinds["number"] == "int64" and kinds["large"] == "uint64" and kinds["larger"] == "decimal128(38, 0)"
    assert kinds["float"] == "double" and kinds["date"] == kinds["code"] == kinds["nothing"] == "string"
    assert kinds["mixed"] == "extension<arrow.json>"


def test_a_path_goes_into_objects_that_differ(tmp_path: Path) -> None:
    turns = [[{"role": "user", "said": "x"}, {"said": "y", "tool": "t"}], None]
    (tmp_path / "a.jsonl").write_bytes(jsonl([{"turns": one} for one in turns]))
    _, found = shards(tmp_path, tmp_path / "a.jsonl", ["turns.*.said"])
    assert found["train"]["turns"].to_pylist() == [
        [{"role": "user", "said": "x", "tool": None}, {"role": None, "said": "y", "tool": "t"}],
        None,
    ]


CSV = "id,q,A,B,answer,weight,done,code,q\u200cx\r\n"
CELLS = [
    ["1", 'a, b\r\nc "d"', "None", "NA", "0", "0.5", "True", "001", "ع"],
    ["2", "x", "", "null", "", "", "FALSE", "010", " "],
    ["9223372036854775808", "٣", "7", "8", "3", "1e-3", "", "7", "y"],
]


@pytest.mark.parametrize(("ending", "delimiter"), [("csv", ","), ("csv", ";"), ("tsv", "\t"), ("CSV", ",")])
def test_every_cell_is_held_as_it_is_written(tmp_path: Path, ending: str, delimiter: str) -> None:
    import csv
    import io

    made = io.StringIO()
    csv.writer(made, delimiter=delimiter).writerows([CSV.strip().split(","), *CELLS])
    (tmp_path / f"a.{ending}").write_bytes(b"\xef\xbb\xbf" + made.getvalue().encode())
    _, found = shards(tmp_path, tmp_path / f"a.{ending}", ["q", "A", "B"])
    assert [list(row.values()) for row in found["train"].to_pylist()] == [
        [1, 'a, b\r\nc "d"', "None", "NA", 0, 0.5, True, "001", "ع"],
        [2, "x", None, "null", None, None, False, "010", " "],
        [2**63, "٣", "7", "8", 3, 0.001, None, "7", "y"],
    ]
    assert [str(one) for one in found["train"].schema.types][4:7] == ["int64", "double", "bool"]


def test_splits_are_those_that_datasets_finds(tmp_path: Path) -> None:
    one = jsonl([{"q": "a"}])
    for name, files in {
        "named": {"testDOTjsonl": one, "devDOTjsonl": one},
        "folders": {"test__aDOTjsonl": one, "train__bDOTjsonl": one, "train__aDOTjsonl": one},
        "sharded": {"data__validation_matched-00000-of-00001DOTjsonl": one},
        "without_train": {"validation_matchedDOTjsonl": one, "READMEDOTmd": b"# nothing"},
    }.items():
        folder = write(tmp_path / name, **files)
        there = {
            str(split): of.num_rows for split, of in load_dataset(str(folder), cache_dir=str(tmp_path / "c")).items()
        }
        assert {split: of.num_rows for split, of in shards(tmp_path, folder, ["q"])[1].items()} == there


def test_a_card_says_configs_files_and_features(tmp_path: Path) -> None:
    card = """---
configs:
- config_name: hard
  data_files: [{split: test_a, path: "x/*.csv"}]
  sep: ";"
- config_name: easy
  data_files: "y.csv"
dataset_info:
- config_name: hard
  features:
  - {name: q, dtype: string}
  - {name: label, dtype: {class_label: {names: {'0': 'no', '1': 'yes'}}}}
  - {name: n, dtype: int32}
---
"""
    folder = write(
        tmp_path / "d", READMEDOTmd=card.encode(), yDOTcsv=b"q\nb\n", x__1DOTcsv=b"q;label;n\na, b;yes;3\nNA;no;\n"
    )
    _, found = shards(tmp_path, folder, ["q"], config="hard")
    assert list(found) == ["test_a"]
    assert Features.from_arrow_schema(found["test_a"].schema) == {
        "q": Value("string"), "label": ClassLabel(names=["no", "yes"]), "n": Value("int32"),
    }  # fmt: skip
    assert found["test_a"].to_pylist() == [{"q": "a, b", "label": 1, "n": 3}, {"q": "NA", "label": 0, "n": None}]
    with pytest.raises(InputError, match=r"source\.config default: .* has hard, easy; give one of these"):
        shards(tmp_path, folder, ["q"])


@pytest.mark.parametrize(
    ("said", "name", "data", "rows"),
    [
        ("names: [q, n]", "a.csv", b"x,1\ny,2\n", [{"q": "x", "n": 1}, {"q": "y", "n": 2}]),
        ("names: [q, n], header: 0", "a.csv", b"old,other\nx,1\n", [{"q": "x", "n": 1}]),
        ("delimiter: '|'", "a.csv", b"q|n\nx, y|1\n", [{"q": "x, y", "n": 1}]),
        ("field: rows", "a.json", b'{"version": 1, "rows": [{"q": "x"}, {"q": null}]}', [{"q": "x"}, {"q": None}]),
        ("default: true", "a.csv", b",q\n0,x\n1,y\n", [{"Unnamed: 0": 0, "q": "x"}, {"Unnamed: 0": 1, "q": "y"}]),
    ],
)
def test_how_a_card_reads_its_files_is_how_they_are_read(
    tmp_path: Path, said: str, name: str, data: bytes, rows: list[dict[str, Any]]
) -> None:
    card = f"---\nconfigs: [{{config_name: default, data_files: {name}, {said}}}]\n---\n"
    folder = write(tmp_path / "d", READMEDOTmd=card.encode(), **{name.replace(".", "DOT"): data})
    _, found = shards(tmp_path, folder, ["q"])
    assert found["train"].to_pylist() == rows
    assert list(load_dataset(str(folder), split="train", streaming=True)) == rows


@pytest.mark.parametrize(
    "name", ["data/test-00000-of-00001.parquet", "test.parquet", "default/test.parquet", "one.parquet"]
)
def test_parquet_under_other_names_is_read_where_it_lies(tmp_path: Path, name: str) -> None:
    path = tmp_path / "d" / name
    path.parent.mkdir(parents=True)
    features = Features({"q": Value("large_string"), "label": ClassLabel(names=["a", "b"]), "n": Value("float32")})
    table = pa.Table.from_pylist([{"q": "x", "label": 1, "n": 0.5}], schema=features.arrow_schema)
    pq.write_table(table, path)
    one = name == "one.parquet"
    source, found = shards(tmp_path, path if one else tmp_path / "d", ["q"])
    assert found == {"train" if one else "test": table}
    assert found["train" if one else "test"].schema.equals(table.schema, check_metadata=True)
    assert (source.path == str(tmp_path / "d")) is not one


def test_features_that_only_a_card_gives_to_parquet_are_those_of_the_dataset(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    (folder / "data").mkdir(parents=True)
    for number in range(2):
        pq.write_table(
            pa.table({"q": ["a"], "label": [number]}), folder / "data" / f"test-0000{number}-of-00002.parquet"
        )
    card = """---
dataset_info:
  features:
  - {name: q, dtype: string}
  - {name: label, dtype: {class_label: {names: {'0': no, '1': yes}}}}
---
"""
    (folder / "README.md").write_text(card.replace("no,", "'no',").replace(": yes}", ": 'yes'}"))
    _, found = shards(tmp_path, folder, ["q"])
    there = load_dataset(str(folder), split="test", streaming=True)
    assert Features.from_arrow_schema(found["test"].schema) == there.features
    assert found["test"].to_pylist() == list(there)
    (folder / "README.md").write_text(card.replace("dtype: string", "dtype: {list: int32}"))
    with pytest.raises(InputError, match="not as the card's features say"):
        shards(tmp_path, folder, ["q"])


CHAT = [{"content": "Who?", "role": "user"}, {"content": "He.", "role": "assistant"}]
BROKEN: dict[str, tuple[bytes, str]] = {
    "a.jsonl": (b'{"q": "a"}\n\n{"q": "b"\n', "a.jsonl:3: invalid json: .*; mend that line"),
    "b.jsonl": (b'{"q": "a"}\n{"q": "\xe9"}\n', "b.jsonl:2: not utf8: byte 0xe9"),
    "c.jsonl": (b'{"q": "a"}\n["a"]\n', "c.jsonl:2: not an object"),
    "d.jsonl": (b'{"q": "a"}\n{"q": "\\ud83d"}\n', r"d.jsonl:2: half a character \(U\+D83D\)"),
    "e.json": (b'[{"q": "a"},\n {"q": }]', "e.json:2: not valid JSON from here on"),
    "f.csv": (b'q,a\n"x\ny",1\nz\n', "f.csv:4: wrong cells: 1 cells, expected 2"),
    "g.jsonl": (b"", "g.jsonl: no row in it"),
    "h.jsonl": (b'{"q": 1}\n', "'q' is int64, expected text"),
    "n.jsonl": (b'{"q": "a"}\n{"q": 1}\n', "'q' is JSON of several kinds, expected text"),
    "i.jsonl": (b'{"q": "a", "n": [1, "x", 1180591620717411303424]}\n', "column 'n': integers of more than 64 bits"),
    "j.jsonl": (b'{"q": "a", "kalam_LR": 1}\n', "column 'kalam_LR' is called as the columns that a build adds"),
    "k.jsonl": (b'{"p": "a"}\n', "k.jsonl: source.fields: there is no column 'q'; there is p"),
    "l.csv": (b"q,q\n1,2\n", "two columns are named 'q'"),
    "m.jsonl.gz": (gzip.compress(jsonl(IFEVAL))[:-9], "m.jsonl.gz: cut short"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_row_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BROKEN[name][0])
    with pytest.raises(InputError, match=BROKEN[name][1]) as caught:
        shards(tmp_path, tmp_path / name, ["q"])
    assert len(str(caught.value).splitlines()) == 1
    assert not any((tmp_path / "made").glob("*/*"))


@pytest.mark.parametrize("columns", [{"prompt": ["Who?"], "completion": ["He."]}, {"messages": [json.dumps(CHAT)]}])
def test_chats_of_other_shapes_in_parquet_are_taken_as_import_takes_them(
    tmp_path: Path, columns: dict[str, list[str]]
) -> None:
    pq.write_table(pa.table(columns), tmp_path / "mine.parquet")
    made = prepared(Source(path=str(tmp_path / "mine.parquet")), tmp_path / "made", print)
    (shard,) = Path(made.path).glob("SFT/*.parquet")
    assert pq.read_table(shard)["messages"].to_pylist() == [CHAT]


def test_parquet_without_a_row_and_of_no_shape_names_the_file(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"a.parquet: no row could be taken \(unknown_shape 1\)"):
        prepared(Source(path=str(tmp_path / "a.parquet")), tmp_path / "made", print)
    pq.write_table(pa.table({"q": pa.array([], pa.string())}), tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"b.parquet: no row in it"):
        prepared(Source(path=str(tmp_path / "b.parquet"), fields=["q"]), tmp_path / "made", print)


def test_what_datasets_reads_in_other_ways_is_one_line(tmp_path: Path) -> None:
    skipping = b"---\nconfigs: [{config_name: default, data_files: a.csv, skiprows: 2}]\n---\n"
    for name, data, told in (
        ("a", {"trainDOTtxt": b"x"}, "is read by `datasets` as 'text'; here as parquet, json, csv"),
        ("b", {"READMEDOTmd": skipping, "aDOTcsv": b"q\n"}, "skiprows, which is not done here"),
        ("c", {"READMEDOTmd": b"---\nconfigs: 3\n---\n", "aDOTcsv": b"q\n"}, "cannot tell its splits"),
        ("e", {"READMEDOTmd": b"---\nconfigs: [3]\n---\n", "aDOTcsv": b"q\n"}, "cannot tell its splits"),
        ("f", {"READMEDOTmd": b"---\nconfigs: [{\n---\n", "aDOTcsv": b"q\n"}, "cannot tell its splits"),
        ("g", {"aDOTzip": b"PK"}, "cannot tell its splits"),
        ("h", {"trainDOTcsv": b"q\n", "testDOTjsonl": b"{}"}, "cannot tell its splits"),
        ("i", {"TESTDOTJSONL": b"{}"}, "put Parquet, JSON lines, JSON or CSV there"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=told):
            shards(tmp_path, write(tmp_path / name, **data), ["q"])


def test_what_was_written_before_is_not_written_again_and_what_changed_is(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(jsonl(IFEVAL))
    first, _ = shards(tmp_path, path, ["prompt"])
    (shard,) = Path(first.path).glob("*/*.parquet")
    before = shard.stat().st_mtime_ns, shard.read_bytes()
    assert shards(tmp_path, path, ["prompt"])[0] == first and shard.stat().st_mtime_ns == before[0]
    path.write_bytes(jsonl(IFEVAL[1:]))
    second, found = shards(tmp_path, path, ["prompt"])
    assert second.path != first.path and found["train"].num_rows == 19
    assert list((tmp_path / "made").iterdir()) == [Path(second.path)]
    path.write_bytes(jsonl(IFEVAL))
    third, _ = shards(tmp_path, path, ["prompt"])
    assert next(Path(third.path).glob("*/*.parquet")).read_bytes() == before[1]


def test_chats_are_taken_as_import_takes_them_and_who_is_left_out_is_said(tmp_path: Path) -> None:
    asked = {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}], "topic": "t"}
    folder = write(tmp_path / "d", testDOTjsonl=jsonl([asked, asked]), trainDOTjsonl=jsonl([asked]) + b"{\n")
    warned: list[str] = []
    source = prepared(Source(path=str(folder), carry=["topic"]), tmp_path / "made", warned.append)
    found, warnings, _ = find_shards(source)
    assert {one.split: one.rows for one in found} == {"train": 1, "test": 2}
    assert not warnings
    assert len(warned) == 1 and "1 of 4 rows are no conversations and left out (invalid_json 1)" in warned[0]


def test_pairs_of_json_lines_are_read_as_those_of_parquet(tmp_path: Path) -> None:
    asked = {"role": "user", "content": "Hi"}
    pair = {
        "chosen": [asked, {"role": "assistant", "content": "Hello", "name": "x"}],
        "rejected": [asked, {"role": "assistant", "content": "No"}],
        "prompt": "Hi",
    }
    (tmp_path / "a.jsonl").write_bytes(jsonl([pair, pair]))
    source = prepared(Source(path=str(tmp_path / "a.jsonl"), pairs=True), tmp_path / "made", lambda text: None)
    (shard,) = find_shards(source)[0]
    assert shard.rows == 2 and shard.columns == ("chosen", "rejected", "prompt")


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    ("name", "full", "empty"),
    [("DOTjsonl", jsonl([{"q": "What?"}]), b""), ("DOTcsv", b"q,n\nWhat?,1\n", b"q,n\n")],
)
def test_a_split_whose_file_has_no_row_is_told_and_not_lost_in_silence(
    tmp_path: Path, name: str, full: bytes, empty: bytes
) -> None:
    place = write(tmp_path / "data", **{f"train{name}": full, f"test{name}": empty, f"validation{name}": empty})
    source = Source(path=str(place), fields=["q"], drop=["valid*"])
    for _ in range(2):  # What is written already is told again: a build that goes on says it too.
        warned: list[str] = []
        prepared(source, tmp_path / "made", warned.append)
        assert warned == ["split 'test' has no rows"]
