"""A source that is read by its fields: what is wrong with it or its recipe is one line, before a row is read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.recipes.recipe import Recipe, Source
from builders.sources.find import find_shards, plan_units
from builders.sources.read import ShardReader, read_rows
from processors.errors import InputError

ROWS = [{"id": 1, "question": "Who is it?", "options": ["Ann", "Bob"]}, {"id": 2, "question": " ", "options": None}]
SCHEMA = pa.schema([("id", pa.int32()), ("question", pa.string()), ("options", pa.list_(pa.string()))])
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def one(split: str = "test", rows: list[dict[str, Any]] = ROWS, schema: pa.Schema = SCHEMA) -> Path:
        (tmp_path / "main").mkdir(exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, schema), tmp_path / "main" / f"{split}-00000-of-00001.parquet")
        return tmp_path

    return one


def of(folder: Path, *fields: str, verbatim: tuple[str, ...] = ()) -> Source:
    return Source(path=str(folder), config="main", fields=list(fields), verbatim=list(verbatim))


def test_rows_become_messages_by_their_places(write: Write) -> None:
    source = of(write(), "question", "options.*")
    shards, warnings, _ = find_shards(source)
    documents = list(ShardReader(source, plan_units(shards, {})).run())

    assert warnings == []
    assert [document.metadata["messages"] for document in documents] == [
        [
            {"content": "Who is it?", "role": "question"},
            {"content": "Ann", "role": "options[0]"},
            {"content": "Bob", "role": "options[1]"},
        ],
        [],
    ]
    (alone,) = read_rows(source, shards[0], [0])
    assert alone.metadata["messages"] == documents[0].metadata["messages"]


def test_what_is_no_utf8_in_any_column_is_told_of_its_row_only(write: Write, tmp_path: Path) -> None:
    source = of(write(rows=[ROWS[0], ROWS[0] | {"question": "QQQQ"}, ROWS[0]]), "options.*")
    path = tmp_path / "main" / "test-00000-of-00001.parquet"
    table = pq.ParquetFile(path).read()
    pq.write_table(table, path, compression="none", use_dictionary=False, write_statistics=False)
    path.write_bytes(path.read_bytes().replace(b"QQQQ", b"\xff\xfe\xff\xfe"))
    shards, _, _ = find_shards(source)
    found = [document.metadata for document in ShardReader(source, plan_units(shards, {})).run()]

    assert ["invalid_utf8" in row for row in found] == [False, True, False]
    assert [len(row["messages"] or ()) for row in found] == [2, 0, 2]


def test_a_text_that_is_carried_and_translated_elsewhere_is_counted(write: Write) -> None:
    schema = SCHEMA.append(pa.field("answer", pa.string()))
    source = of(write(rows=[ROWS[0] | {"answer": "Bob"}, ROWS[0] | {"answer": "A"}], schema=schema), "options.*")
    shards, _, _ = find_shards(source)
    found = [document.metadata.get("counters") for document in ShardReader(source, plan_units(shards, {})).run()]

    assert found == [{"stays_english/answer": 1}, None]


def told(source: Source) -> str:
    with pytest.raises(InputError) as caught:
        find_shards(source)
    assert "\n" not in str(caught.value) and caught.value.exit_code == 2
    return str(caught.value)


def test_a_path_that_leads_nowhere_is_told_with_the_file(write: Write) -> None:
    folder = write()

    assert told(of(folder, "qestion")).startswith(
        f"{folder}/main/test-00000-of-00001.parquet: source.fields: there is no column 'qestion'; the nearest is"
    )
    assert "test-00000-of-00001.parquet: source.fields: 'id' is int32, expected text" in told(of(folder, "id"))
    assert "'question' is in source.fields and in source.verbatim" in told(
        of(folder, "question", verbatim=("question",))
    )


def test_a_column_that_one_split_has_not_is_told_with_its_file(write: Write) -> None:
    folder = write("dev", [{"id": 1}], pa.schema([("id", pa.int32())]))
    write("test")

    assert "main/dev-00000-of-00001.parquet: source.fields: there is no column 'question'" in told(
        of(folder, "question")
    )


def test_splits_of_two_types_are_told_with_both_files(write: Write) -> None:
    folder = write("dev")
    write("test", schema=SCHEMA.set(0, pa.field("id", pa.int64())))

    assert told(of(folder, "question")) == (
        f"{folder}/main/test-00000-of-00001.parquet: column 'id' is int64, and int32 in "
        "main/dev-00000-of-00001.parquet; write both with the same columns and types, or leave a split out with "
        "source.drop"
    )


def test_conversations_are_told_to_be_chat_unless_they_are_carried(write: Write) -> None:
    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    folder = write(schema=SCHEMA.append(pa.field("messages", pa.list_(message))))

    assert "column 'messages' has conversations; leave source.fields out" in told(of(folder, "question"))
    assert find_shards(of(folder, "question", verbatim=("messages",)))[0]


def test_chat_without_messages_is_told_of_fields(write: Write) -> None:
    assert "in source.fields the texts of rows that are no chat" in told(Source(path=str(write()), config="main"))


def test_a_column_called_as_ours_is_told(write: Write) -> None:
    folder = write(schema=SCHEMA.append(pa.field("kalam_LR", pa.float64())))

    assert "column 'kalam_LR' is called as the columns that a build adds (kalam_...); rename it" in told(
        of(folder, "question")
    )


def test_a_type_that_datasets_has_not_is_told(write: Write) -> None:
    folder = write(schema=SCHEMA.append(pa.field("span", pa.map_(pa.string(), pa.int32()))))

    assert "`datasets` has no feature for the type of a column" in told(of(folder, "question"))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"verbatim": ["id"]}, "verbatim: is for a source that is read by its fields"),
        ({"fields": ["question"], "carry": ["topic"]}, "carry: with fields all columns are carried"),
        ({"fields": ["question"], "pairs": True}, "pairs: with fields all columns are carried"),
        ({"fields": ["choices..text"]}, "fields: 'choices..text' is no path"),
    ],
)
def test_a_recipe_that_contradicts_itself_is_told(source: dict[str, Any], said: str) -> None:
    translators = [{"name": "one", "backend": "pseudo"}]
    with pytest.raises(ValueError, match="Value error") as caught:
        Recipe.model_validate({"name": "x", "source": {"path": "here"} | source, "translators": translators})
    assert said in str(caught.value)
