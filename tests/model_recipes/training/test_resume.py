"""Which checkpoint a training goes on from: the last that was written to its end, of the same training."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from model_recipes.training.resume import described_before, digest_of, last_checkpoint
from processors.errors import InputError


def test_a_checkpoint_that_a_kill_left_in_half_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "training.json").write_text('{"seed": 1}')
    assert last_checkpoint(tmp_path, {"seed": 2}) is None
    for step, state in ((9, "{}"), (10, "{}"), (20, '{"log_hist'), (30, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state is not None:
            (folder / "trainer_state.json").write_text(state)
    assert last_checkpoint(tmp_path, {"seed": 1}) == str(tmp_path / "checkpoint-10")
    with pytest.raises(InputError, match=r"holds checkpoints of another training \(seed differ\)"):
        last_checkpoint(tmp_path, {"seed": 2})


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00"])
def test_a_damaged_description_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "training.json").write_text(text)
    with pytest.raises(InputError, match=r"training\.json: is damaged \(.*choose another output_dir, or delete it$"):
        described_before(tmp_path)
    assert described_before(tmp_path / "elsewhere") == {}


def test_the_same_rows_in_another_order_are_other_data() -> None:
    datasets = pytest.importorskip("datasets")

    def made(ids: list[list[int]], margins: list[float | None]) -> Any:
        return datasets.Dataset(pa.table({"input_ids": ids, "margin": margins}), fingerprint=f"{ids}{margins}")

    rows = made([[1, 2], [3], []], [0.5, None, 1.0])
    again = datasets.concatenate_datasets([rows.select([0]), rows.select([1, 2])])
    assert digest_of(rows) == digest_of(again) == digest_of(rows.select([2, 1, 0]).select([2, 1, 0]))
    for other in (
        rows.select([1, 0, 2]),
        rows.select([0, 1]),
        made([[1], [2, 3], []], [0.5, None, 1.0]),
        made([[1, 2], [3], []], [0.5, None, 2.0]),
    ):
        assert digest_of(other) != digest_of(rows)
