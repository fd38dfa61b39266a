"""Sources of preference pairs: what is read of them, and what is told of one that is none."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.recipes.recipe import Source
from builders.run_folder import schemas
from builders.sources.find import find_shards, plan_units
from builders.sources.read import ShardReader
from processors.conversations.sides import Sides
from processors.errors import InputError
from tests.builders.fifty_pairs import SPLITS, fifty_pairs, schema, write_pairs


def source(folder: Path, **more: Any) -> Source:
    return Source(path=str(folder), config="Preference", **({"pairs": True} | more))


def test_all_fifty_are_read_and_their_sides_are_those_of_the_source(tmp_path: Path) -> None:
    shards, warnings, _ = find_shards(source(write_pairs(tmp_path)))
    assert not warnings and {shard.split for shard in shards} == set(SPLITS)
    documents = list(ShardReader(source(tmp_path), plan_units(shards, {})).run())
    assert len(documents) == 50
    found = []
    for document in documents:
        sides, messages = Sides.of(document.metadata), document.metadata["messages"]
        assert sides is not None
        chosen, rejected = sides.conversations(messages)
        found.append((chosen, rejected))
    expected = [(row["chosen"], row["rejected"]) for row in fifty_pairs()]
    assert sorted(map(str, found)) == sorted(map(str, expected))


def test_pairs_without_the_setting_and_the_setting_without_pairs_are_told(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    with pytest.raises(InputError, match="`pairs: true` under source"):
        find_shards(source(tmp_path, pairs=False))
    (tmp_path / "chats" / "Preference").mkdir(parents=True)
    pq.write_table(
        pa.Table.from_pylist([], schemas.source()),
        tmp_path / "chats/Preference/a-00000-of-00001.parquet",
    )
    with pytest.raises(InputError, match=r"no column 'chosen'.*leave source.pairs out"):
        find_shards(source(tmp_path / "chats"))


def test_a_column_of_another_type_and_one_that_is_not_carried_are_told(tmp_path: Path) -> None:
    file = tmp_path / "Preference" / "a-00000-of-00001.parquet"
    file.parent.mkdir()
    rows = [row | {"chosen": "text"} for row in fifty_pairs()[:1]]
    pq.write_table(pa.Table.from_pylist(rows), file)
    with pytest.raises(InputError, match="column 'chosen' is string"):
        find_shards(source(tmp_path))
    rows = [row | {"margin": 0.5} for row in fifty_pairs()[:1]]
    pq.write_table(pa.Table.from_pylist(rows, pa.schema([*schema(), ("margin", pa.float64())])), file)
    assert "margin" in find_shards(source(tmp_path))[1][0]
    assert not find_shards(source(tmp_path, carry=["margin"]))[1]
    with pytest.raises(InputError, match="'rejected' is a column of the dataset's own"):
        find_shards(source(tmp_path, carry=["rejected"]))
