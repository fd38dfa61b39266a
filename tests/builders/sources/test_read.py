from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datatrove.data import Document
from hypothesis import given
from hypothesis import strategies as st

from builders.recipes.recipe import Source
from builders.run_folder import schemas
from builders.run_folder.unit_writer import DROPPED
from builders.run_folder.units import Unit, share
from builders.sources.find import Shard, find_shards, plan_units, row_id
from builders.sources.read import ShardReader
from processors.errors import InputError

Row = Callable[..., dict[str, Any]]
Write = Callable[..., Path]


def rows(make: Row, count: int, name: str = "q") -> list[dict[str, Any]]:
    return [make(("user", f"{name} {i}: ما هو {i}؟"), ("assistant", f"answer {i} 🙂")) for i in range(count)]


def find(folder: Path | str, **source: Any) -> tuple[list[Shard], list[str], list[str]]:
    return find_shards(Source(path=str(folder), **source))


def read(folder: Path | str, units: list[Unit], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
    return ShardReader(Source(path=str(folder)), units).run(rank=rank, world_size=world_size)


def questions(documents: Iterator[Document]) -> list[str]:
    return [document.metadata["messages"][0]["content"] for document in documents]


def test_splits_and_shards_come_in_order_with_the_number_of_their_first_row(row: Row, write_split: Write) -> None:
    write_split("b_think", rows(row, 7), shards=3)
    folder = write_split("a_no_think", rows(row, 2))
    shards, warnings, left_out = find(folder)
    assert [(s.split, s.file, s.first, s.rows) for s in shards] == [
        ("a_no_think", "SFT/a_no_think-00000-of-00001.parquet", 0, 2),
        ("b_think", "SFT/b_think-00000-of-00003.parquet", 0, 2),
        ("b_think", "SFT/b_think-00001-of-00003.parquet", 2, 2),
        ("b_think", "SFT/b_think-00002-of-00003.parquet", 4, 3),
    ]
    assert not warnings and not left_out


def test_what_is_wanted_and_missing_is_warned_of_and_what_is_not_wanted_is_told(row: Row, write_split: Write) -> None:
    for split in ("a_think", "b_think", "c_no_think"):
        folder = write_split(split, rows(row, 1))
    shards, warnings, left_out = find(folder, keep=["*_think", "d_think"], drop=["c_*"])
    assert [shard.split for shard in shards] == ["a_think", "b_think"]
    assert len(warnings) == 1 and "'d_think'" in warnings[0]
    assert left_out == ["c_no_think"]
    with pytest.raises(InputError, match="leave no split of: a_think, b_think, c_no_think"):
        find(folder, keep=["z"])


def test_two_uploads_of_a_split_mixed_are_refused(row: Row, write_split: Write) -> None:
    write_split("alpha", rows(row, 6), shards=3)
    folder = write_split("alpha", rows(row, 6), shards=2)
    with pytest.raises(InputError, match="split 'alpha' has shards of two uploads"):
        find(folder)


def test_other_files_in_the_folder_are_no_shards(row: Row, write_split: Write) -> None:
    folder = write_split("alpha", rows(row, 1))
    for name in ("README.md", "alpha.parquet", "alpha-00000-of-00001.parquet.lock"):
        (folder / "SFT" / name).write_text("no shard")
    assert [shard.split for shard in find(folder)[0]] == ["alpha"]


def test_row_ids_count_over_the_shards_of_a_split(row: Row, write_split: Write) -> None:
    given_rows = rows(row, 11)
    folder = write_split("alpha", given_rows, shards=4)
    documents = list(read(folder, plan_units(find(folder)[0], {})))
    assert [d.id for d in documents] == [f"alpha/{i:07d}" for i in range(11)]
    assert [d.metadata["messages"] for d in documents] == [r["messages"] for r in given_rows]
    assert {d.metadata["into"] for d in documents} == {"alpha"}


def shard(rows: int, size: int, name: str = "a", first: int = 0) -> Shard:
    return Shard(name, f"SFT/{name}", first, rows, size, (), "")


@given(st.lists(st.tuples(st.integers(0, 9000), st.integers(1, 10**10)), min_size=1, max_size=5))
def test_units_hold_every_row_once_in_order(sizes: list[tuple[int, int]]) -> None:
    shards, first = [], 0
    for number, (count, size) in enumerate(sizes):
        shards.append(Shard("a", f"SFT/{number}", first, count, size, (), ""))
        first += count
    units = plan_units(shards, {"a": "b"})
    covered = [(u.file, n) for u in units for n in range(u.offset, u.offset + u.rows)]
    assert covered == [(s.file, n) for s in shards for n in range(s.rows)]
    assert [u.first for u in units] == sorted(u.first for u in units)
    assert len({u.name for u in units}) == len(units) and {u.into for u in units} <= {"b"}
    assert all(0 < u.rows <= 2000 for u in units)


def test_units_are_cut_by_bytes_where_rows_are_long() -> None:
    assert [u.rows for u in plan_units([shard(5000, 5000)], {})] == [2000, 2000, 1000]
    assert max(u.rows for u in plan_units([shard(5000, 5000 * 320_000)], {})) == 100
    # Fifty at least: a file for each 5 MB row would be worse than a large unit.
    assert max(u.rows for u in plan_units([shard(5000, 5000 * 50_000_000)], {})) == 50


@given(st.integers(0, 60), st.integers(1, 12))
def test_tasks_share_the_units_whole_and_in_order(count: int, tasks: int) -> None:
    units = plan_units([shard(50, 50 * 10**7, f"s{i}") for i in range(count)], {})
    parts = [share(units, rank, tasks) for rank in range(tasks)]
    assert [unit for part in parts for unit in part] == units
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_any_tasks_read_the_same_documents(row: Row, write_split: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builders.sources.find.UNIT_ROWS", 50)
    write_split("alpha", rows(row, 330), shards=2, row_group_size=70)
    folder = write_split("beta", rows(row, 120, "b"))
    units = plan_units(find(folder)[0], {})
    assert len(units) == 11
    whole = [(d.id, d.metadata) for d in read(folder, units)]
    assert len(whole) == 450
    for tasks in (2, 3, 11, 20):
        assert [(d.id, d.metadata) for rank in range(tasks) for d in read(folder, units, rank, tasks)] == whole


def test_a_resumed_build_reads_only_the_row_groups_and_rows_that_are_missing(
    row: Row, write_split: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builders.sources.find.UNIT_ROWS", 50)
    folder = write_split("alpha", rows(row, 1000), row_group_size=300)
    units = plan_units(find(folder)[0], {})
    asked: list[list[int]] = []
    made = 0
    iterate, to_pylist = pq.ParquetFile.iter_batches, pa.RecordBatch.to_pylist

    def iter_batches(self: Any, *args: Any, row_groups: list[int], **kwargs: Any) -> Any:
        asked.append(row_groups)
        for batch in iterate(self, *args, row_groups=row_groups, **kwargs):
            yield Counting(batch)

    class Counting:
        def __init__(self, batch: pa.RecordBatch) -> None:
            self.batch, self.num_rows = batch, batch.num_rows

        def slice(self, *args: int) -> "Counting":
            return Counting(self.batch.slice(*args))

        def to_pylist(self) -> list[dict[str, Any]]:
            nonlocal made
            made += self.num_rows
            return to_pylist(self.batch)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", iter_batches)
    # Units 5 and 11, 12 are missing: rows 250..299 and 550..649.
    found = questions(read(folder, [units[5], units[11], units[12]]))
    assert found == [r["messages"][0]["content"] for r in rows(row, 1000)[250:300] + rows(row, 1000)[550:650]]
    assert asked == [[0], [1, 2]]
    # The rows before the first wanted one are never made into Python objects, nor are batches after the last.
    assert made < 150 + 256


def test_an_empty_shard_among_others_and_a_split_of_empty_ones(row: Row, write_split: Write) -> None:
    folder = write_split("alpha", rows(row, 2), shards=3)
    assert [s.rows for s in find(folder)[0]] == [0, 1, 1]
    assert len(list(read(folder, plan_units(find(folder)[0], {})))) == 2
    write_split("beta", [], shards=2)
    shards, warnings, _ = find(folder)
    assert warnings == ["split 'beta' has no rows"]
    assert {unit.split for unit in plan_units(shards, {})} == {"alpha"}
    with pytest.raises(InputError, match="no row in any shard of the splits beta"):
        find(folder, keep=["beta"])


def test_other_orders_extra_columns_and_large_types_are_read_all_the_same(row: Row, write_split: Write) -> None:
    given_rows = rows(row, 3)
    folder = write_split("alpha", given_rows)
    strings = pa.large_list(pa.large_string())
    kwargs = pa.struct(
        [
            ("xml_tools", strings),
            ("python_tools", strings),
            ("extra", pa.int64()),
            ("enable_thinking", pa.bool_()),
            ("custom_instructions", pa.large_string()),
        ]
    )
    turn = pa.struct([("role", pa.large_string()), ("content", pa.large_string())])
    schema = pa.schema(
        [
            ("score", pa.float64()),
            ("source", pa.dictionary(pa.int32(), pa.string())),
            ("chat_template_kwargs", kwargs),
            ("messages", pa.large_list(turn)),
        ]
    )
    path = folder / "SFT" / "alpha-00000-of-00001.parquet"
    pq.write_table(pa.Table.from_pylist([r | {"score": 0.5} for r in given_rows], schema), path)
    documents = list(read(folder, plan_units(find(folder)[0], {})))
    for document, source in zip(documents, given_rows, strict=True):
        assert document.metadata["messages"] == source["messages"]
        assert document.metadata["source"] == "test"
        assert document.metadata["chat_template_kwargs"].items() >= source["chat_template_kwargs"].items()
        assert "score" not in document.metadata
        pa.Table.from_pylist(
            [{"id": document.id} | {k: document.metadata[k] for k in source}], schema=schemas.selected()
        )
    assert len(find(folder)[1]) == 1 and find(folder)[1][0].endswith(": score, chat_template_kwargs.extra")


def test_rows_of_messages_alone_are_read_and_what_a_message_has_besides_is_told(row: Row, write_split: Write) -> None:
    folder = write_split("alpha", rows(row, 1))
    path = folder / "SFT" / "alpha-00000-of-00001.parquet"
    calls = [{"name": "f"}]
    messages = [
        m | {"name": None, "tool_calls": calls} for m in row(("user", "Hi."), ("assistant", "Hm."))["messages"]
    ]
    pq.write_table(pa.Table.from_pylist([{"messages": messages}]), path)
    shards, warnings, _ = find(folder)
    assert len(warnings) == 1 and warnings[0].endswith(": messages[].name, messages[].tool_calls")
    (document,) = read(folder, plan_units(shards, {}))
    assert document.metadata["chat_template_kwargs"] is None and document.metadata["source"] is None
    assert [m["content"] for m in document.metadata["messages"]] == ["Hi.", "Hm."]
    pq.write_table(pa.Table.from_pylist([{"conversations": messages}]), path)
    with pytest.raises(
        InputError, match=r"no column 'messages', a list of \{role, content\}; .* found conversations$"
    ):
        find(folder)


def test_null_template_arguments_are_kept_as_null(row: Row, write_split: Write) -> None:
    given_rows = rows(row, 3)
    given_rows[1]["chat_template_kwargs"] = None
    folder = write_split("alpha", given_rows)
    documents = list(read(folder, plan_units(find(folder)[0], {})))
    assert [d.metadata["chat_template_kwargs"] is None for d in documents] == [False, True, False]
    path = folder / "SFT" / "alpha-00000-of-00001.parquet"
    table = pq.read_table(path)
    pq.write_table(table.set_column(1, "chat_template_kwargs", pa.nulls(len(table))), path)
    documents = list(read(folder, plan_units(find(folder)[0], {})))
    assert [d.metadata["chat_template_kwargs"] for d in documents] == [None, None, None]


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("messages", [["Hi."]], r"expected a list of \{content: string, role: string\}"),
        ("messages", [[{"role": "user", "text": "Hi."}]], r"expected a list of \{content: string, role: string\}"),
        ("chat_template_kwargs", ["{}"], "column 'chat_template_kwargs' is string; expected a struct"),
    ],
)
def test_a_column_of_the_wrong_type(
    column: str, values: list[Any], expected: str, row: Row, write_split: Write
) -> None:
    folder = write_split("alpha", rows(row, 1))
    path = folder / "SFT" / "alpha-00000-of-00001.parquet"
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.schema.get_field_index(column), column, pa.array(values)), path)
    with pytest.raises(InputError, match=expected):
        find(folder)


def test_invalid_utf8_is_one_row_even_where_it_is_the_least_of_its_column(row: Row, write_split: Write) -> None:
    marker = b"QQQQ-marker"
    given_rows = [row(("user", f"a {i}"), ("assistant", "b"), source=f"r{i}") for i in range(4)]
    given_rows[2]["source"] = marker.decode()
    folder = write_split("alpha", given_rows, compression="none", use_dictionary=False)
    path = folder / "SFT" / "alpha-00000-of-00001.parquet"
    path.write_bytes(path.read_bytes().replace(marker, b"\xff\xfe" + marker[2:]))
    documents = list(read(folder, plan_units(find(folder)[0], {})))
    assert ["invalid_utf8" in d.metadata for d in documents] == [False, False, True, False]
    assert [d.metadata["messages"][0]["content"] for d in documents if d.metadata["messages"]] == [
        "a 0",
        "a 1",
        "a 3",
    ]


def test_the_digest_tells_versions_of_a_shard_apart_but_not_copies(row: Row, write_split: Write) -> None:
    folder = write_split("alpha", rows(row, 5))
    first = find(folder)[0][0].digest
    write_split("alpha", rows(row, 5))
    assert find(folder)[0][0].digest == first
    changed = rows(row, 5)
    changed[2]["messages"][1]["content"] += " more"
    write_split("alpha", changed)
    assert find(folder)[0][0].digest != first


def test_a_shard_damaged_after_its_footer_was_read_is_one_line(row: Row, write_split: Write) -> None:
    folder = write_split("alpha", rows(row, 200))
    units = plan_units(find(folder)[0], {})
    path = folder / "SFT" / "alpha-00000-of-00001.parquet"
    data = bytearray(path.read_bytes())
    data[4:400] = bytes(396)
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"alpha-00000-of-00001\.parquet: damaged: .*download it again"):
        list(read(folder, units))


def test_any_file_system_of_fsspec_will_do(row: Row, write_split: Write) -> None:
    """As `hf://` does: the same calls, on a file system that is not this machine's."""
    folder = write_split("alpha", rows(row, 5), shards=2)
    memory = fsspec.filesystem("memory")
    memory.put(str(folder), "/test-shards", recursive=True)
    try:
        there, here = find("memory://test-shards"), find(folder)
        assert there == here
        units = plan_units(there[0], {})
        assert questions(read("memory://test-shards", units)) == questions(read(folder, units))
        with pytest.raises(InputError, match="no shards SFT/"):
            find("memory://nothing-here")
    finally:
        memory.rm("/test-shards", recursive=True)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("gopher://shards", "Protocol not known: gopher"),
        ("no/such/folder", "there is no such folder"),
        ("mine.jsonl", "that is a file: `smolkalam import {folder}/mine.jsonl -o FOLDER` makes a folder of it"),
        ("my lines.jsonl", "`smolkalam import '{folder}/my lines.jsonl' -o FOLDER`"),
        ("plain.txt", "{folder}/plain.txt: expected a folder, or a file of rows, such as chats, named .jsonl, "),
        ("source/SFT", "give {folder}/source, the folder around it"),
        ("flat", "put the shards into {folder}/flat/SFT"),
        ("lines", "SFT holds train.jsonl: name a Parquet file such as SFT/train-00000-of-00001.parquet"),
        (".", "give --input a folder laid out as the Hub repository"),
        (".", "or as source.config what is there: flat"),
    ],
)
def test_a_path_that_is_no_folder_of_shards_is_one_line(
    path: str, told: str, tmp_path: Path, row: Row, write_split: Write
) -> None:
    shard = write_split("alpha", rows(row, 1)) / "SFT" / "alpha-00000-of-00001.parquet"
    for name in ("mine.jsonl", "my lines.jsonl", "plain.txt"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "flat").mkdir()
    (tmp_path / "flat" / shard.name).write_bytes(shard.read_bytes())
    (tmp_path / "lines" / "SFT").mkdir(parents=True)
    (tmp_path / "lines" / "SFT" / "train.jsonl").write_text("{}")
    with pytest.raises(InputError) as caught:
        find(path if "://" in path else tmp_path / path)
    assert told.format(folder=tmp_path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_two_formats_of_a_path_name_the_same_shards(row: Row, write_split: Write) -> None:
    folder = write_split("alpha", rows(row, 5))
    assert find(f"{folder}/") == find(folder)


def test_a_column_to_carry_is_there_and_not_the_datasets_own(row: Row, write_split: Write) -> None:
    folder = write_split("alpha", rows(row, 1))
    for name, told in (("topic", "no column 'topic', which source.carry names; it has none"), ("tokens", "own")):
        with pytest.raises(InputError, match=told):
            find_shards(Source(path=str(folder), carry=[name]))


class EveryThird:
    """Leaves out what is not a third row of the split `cut`, and all rows from 24 to 35."""

    def knows(self, unit: Unit) -> bool:
        return unit.split == "cut"

    def wanted(self, unit: Unit) -> list[bool]:
        return [row_id(unit.split, n) not in self.reasons(unit) for n in range(unit.first, unit.first + unit.rows)]

    def reasons(self, unit: Unit) -> dict[str, tuple[str, str]]:
        numbers = range(unit.first, unit.first + unit.rows) if self.knows(unit) else ()
        return {row_id(unit.split, n): ("not_sampled", f"{n}") for n in numbers if n % 3 or 24 <= n < 36}


@pytest.mark.parametrize("tasks", [1, 2, 5])
@pytest.mark.parametrize("size", [4, 7, 100])
def test_rows_that_are_left_out_already_come_out_marked_and_unread(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tasks: int, size: int
) -> None:
    (tmp_path / "SFT").mkdir()
    for split in ("cut", "whole"):
        table = pa.Table.from_pylist(rows(row, 50, split), schema=schemas.source())
        pq.write_table(table, tmp_path / "SFT" / f"{split}-00000-of-00001.parquet", row_group_size=5)
    units = [
        Unit(
            f"{split}-{first}",
            split,
            split,
            f"SFT/{split}-00000-of-00001.parquet",
            first,
            first,
            min(size, 50 - first),
        )
        for split in ("cut", "whole")
        for first in range(0, 50, size)
    ]
    plain = [d for rank in range(tasks) for d in read(tmp_path, units, rank, tasks)]
    opened: list[int] = []
    iterate = pq.ParquetFile.iter_batches

    def watched(self: pq.ParquetFile, **asked: Any) -> Any:
        opened.extend(asked["row_groups"] if len(asked["row_groups"]) == 1 else [])
        return iterate(self, **asked)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", watched)
    reader = ShardReader(Source(path=str(tmp_path)), units, left_out=EveryThird())
    found = [d for rank in range(tasks) for d in reader.run(rank=rank, world_size=tasks)]
    assert [d.id for d in found] == [d.id for d in plain] and len(found) == 100
    for document, before in zip(found, plain, strict=True):
        number = int(document.id.rpartition("/")[2])
        if document.metadata["split"] == "cut" and (number % 3 or 24 <= number < 36):
            assert document.metadata[DROPPED] == ("not_sampled", f"{number}")
            assert document.metadata["messages"] is None and document.metadata["unit"] == before.metadata["unit"]
        else:
            assert document.metadata == before.metadata
    # Rows 25 to 34 are two row groups of which nothing is taken.
    if tasks == 1:
        assert not {5, 6} & set(opened) and {0, 4, 7, 9} <= set(opened)
