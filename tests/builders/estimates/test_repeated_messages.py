from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.estimates.repeated_messages import rows_with, text_key
from builders.recipes.recipe import Source
from builders.sources.find import find_shards
from processors.errors import InputError

Row = Callable[..., dict[str, Any]]
Write = Callable[..., Path]


def test_rows_with_a_message_are_counted_once_each(row: Row, write_split: Write) -> None:
    rows = [row(("system", "Be brief."), ("user", f"Question {i % 3} عربي"), ("assistant", "")) for i in range(30)]
    # Twice in one row, once with a space more, once as a part of another.
    rows += [row(("user", "Be brief."), ("assistant", "Be brief.")), row(("user", "Be brief. "), ("assistant", "No."))]
    folder = write_split("alpha", rows, shards=2, row_group_size=4)
    source = Source(path=str(folder))
    shards, _, _ = find_shards(source)
    texts = ["Be brief.", "Question 1 عربي", "nowhere", "No."]
    keys = np.array([text_key(text.encode()) for text in texts], dtype=np.uint64)
    assert rows_with(source, shards, keys).tolist() == [31, 10, 0, 1]
    assert rows_with(source, shards[:1], keys).tolist() == [16, 5, 0, 0]
    assert rows_with(source, shards, keys[:0]).tolist() == []


def test_a_text_that_is_no_utf8_is_passed_over_and_a_damaged_shard_is_one_line(row: Row, write_split: Write) -> None:
    folder = write_split("alpha", [row(("user", "a" * 3), ("assistant", "fine")) for _ in range(5)])
    path = folder / "SFT" / "alpha-00000-of-00001.parquet"
    table = pq.read_table(path)
    storage = table.schema.field("messages").type.value_type.field("content").type
    assert storage == pa.string()
    data = path.read_bytes().replace(b"aaa", b"\xff\xfea")
    path.write_bytes(data)
    source = Source(path=str(folder))
    shards, _, _ = find_shards(source)
    keys = np.array([text_key(b"fine")], dtype=np.uint64)
    assert rows_with(source, shards, keys).tolist() == [5]
    path.write_bytes(data[:4] + bytes(300) + data[304:])
    with pytest.raises(InputError, match=r"damaged: .*download it again"):
        rows_with(source, shards, keys)
