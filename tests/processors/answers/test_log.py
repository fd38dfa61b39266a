"""Records, their places and a log of them, for any bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.answers.log import Log, Record, Table


@given(st.lists(st.binary(min_size=1, max_size=20), unique=True, max_size=300))
def test_table_finds_every_place(keys: list[bytes]) -> None:
    table = Table(places=4)
    for place, name in enumerate(keys, start=1):
        table.add(name, place)
    assert all(place in table.find(name) for place, name in enumerate(keys, start=1))


@given(st.binary(max_size=255), st.binary(max_size=6000), st.binary(max_size=255), st.integers(0, 2**32 - 1))
def test_records_of_any_bytes_come_back(
    tmp_path_factory: pytest.TempPathFactory, name: bytes, text: bytes, reason: bytes, tokens: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "a.log"
    record = Record(name, text, reason, tokens, 0)
    path.write_bytes(b"answers1" + record.pack() * 2)
    log = Log(path)
    assert log.look() and log.get(name) == record and log.first(name) == 8
    log.close()
