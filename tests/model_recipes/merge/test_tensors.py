"""Numbers in and out of safetensors, exactly, without torch."""

import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_recipes.merge.tensors import CHUNK, StoredTensor, read_header, to_bytes, to_floats, write_header
from processors.errors import InputError
from tests.standins.tiny_checkpoint import dense, write_safetensors

BITS = st.integers(0, 0xFFFF).filter(lambda bits: bits & 0x7F80 != 0x7F80)


@given(st.lists(BITS, min_size=1, max_size=8))
def test_every_bfloat16_comes_back_as_it_was(bits: list[int]) -> None:
    raw = np.array(bits, "<u2").tobytes()
    assert to_bytes(to_floats(raw, "BF16"), "BF16") == raw


@given(st.floats(min_value=1e-30, max_value=1e30), st.booleans(), st.booleans())
def test_a_number_becomes_the_nearest_bfloat16_ties_to_even(value: float, negative: bool, tie: bool) -> None:
    low = int(np.array([value], np.float32).view(np.uint32)[0] >> 16)
    below, above = (to_floats(np.array([bits], "<u2").tobytes(), "BF16")[0] for bits in (low, low + 1))
    # Between two, or the tiniest step beside it, which a float32 cannot hold.
    exact = (below + above) / 2 * (1 + 2.0**-50) if tie else value
    sign = -1.0 if negative else 1.0
    found = to_floats(to_bytes(np.array([sign * exact]), "BF16"), "BF16")[0] * sign
    distances = {number: abs(Fraction(exact) - Fraction(number)) for number in (below, above)}
    if distances[below] == distances[above]:
        assert found == (below if low % 2 == 0 else above)
    elif below <= exact <= above:
        assert found == min(distances, key=lambda number: distances[number])


def test_what_is_too_large_or_no_number_stays_so() -> None:
    values = np.array([np.inf, -np.inf, np.nan, 1e39, 0.0, -0.0])
    found = to_floats(to_bytes(values, "BF16"), "BF16")
    assert found[0] == np.inf and found[1] == -np.inf and np.isnan(found[2]) and found[3] == np.inf
    assert np.signbit(found).tolist()[4:] == [False, True]


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_rows_are_read_where_they_lie(tmp_path: Path, dtype: str) -> None:
    tensors = dense(0)
    write_safetensors(tmp_path / "m.safetensors", tensors, dtype)
    found = read_header(tmp_path / "m.safetensors")
    assert list(found) == list(tensors)
    for name, stored in found.items():
        values = np.concatenate([stored.floats(first, last) for first, last in stored.chunks()])
        assert values.shape == (stored.rows, stored.width)
        assert np.allclose(values.reshape(stored.shape), tensors[name], rtol=0.01)
        assert (stored.floats(0, 1) == values[:1]).all()


def test_chunks_are_small_and_leave_no_row_out() -> None:
    stored = StoredTensor(Path("m"), "BF16", (5, 1000, 300), 0)
    spans = list(stored.chunks())
    assert spans[0][0] == 0 and spans[-1][1] == 5000
    assert all(one[1] == other[0] for one, other in itertools.pairwise(spans))
    assert max(last - first for first, last in spans) * 300 <= CHUNK
    wide = StoredTensor(Path("m"), "BF16", (2, 2 * CHUNK), 0)
    assert list(wide.chunks()) == [(0, 1), (1, 2)]


def test_a_header_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    write_safetensors(path, dense(0), "BF16")
    before = read_header(path)
    with (tmp_path / "again").open("wb") as stream:
        write_header(stream, before)
        assert stream.tell() % 8 == 0
        for stored in before.values():
            stream.write(stored.read(0, stored.rows))
    after = read_header(tmp_path / "again")
    assert {n: (t.dtype, t.shape) for n, t in after.items()} == {n: (t.dtype, t.shape) for n, t in before.items()}
    assert all((after[name].floats() == before[name].floats()).all() for name in before)


@pytest.mark.parametrize("content", [b"", b"\x05", b"\xff" * 20, b"\x02\0\0\0\0\0\0\0[]", b"\x04\0\0\0\0\0\0\0{..}"])
def test_what_is_no_such_file_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.safetensors").write_bytes(content)
    with pytest.raises(InputError, match=r"m\.safetensors: no safetensors file, or not whole"):
        read_header(tmp_path / "m.safetensors")


def test_a_file_that_was_cut_off_is_told(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    write_safetensors(path, dense(0))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match="not whole; fetch the file again"):
        read_header(path)
