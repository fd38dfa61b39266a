"""What a training needs, held against sums done by hand."""

from dataclasses import replace

import pytest

from model_recipes.needs import Gpu, ModelShape, find_gpu, hours, memory, schedule, step_flops
from processors.errors import InputError

# Two billion values in ten layers of width 1,000 with feed-forward layers of width 3,000.
SHAPE = ModelShape(
    parameters=2_000_000_000,
    trained=2_000_000_000,
    adapter=0,
    multiplied=1_800_000_000,
    layers=10,
    hidden=1_000,
    inner=3_000,
    attention=1_000,
    dtype="bfloat16",
)
ADAPTED = replace(SHAPE, trained=20_000_000, adapter=20_000_000)
USUAL = {"dtype": None, "autocast": True, "optimizer": "adamw_torch", "checkpointing": True, "reference": False}


@pytest.mark.parametrize(
    ("rows", "batch", "gpus", "accumulate", "epochs", "max_steps", "steps"),
    [
        (60, 4, 1, 1, 3, -1, 45),
        (61, 4, 1, 1, 3, -1, 48),
        # 61 rows are 8 batches of 2 × 4, which are 3 updates of 3.
        (61, 2, 4, 3, 2, -1, 6),
        (60, 4, 1, 8, 0.5, -1, 1),
        (3, 8, 8, 16, 1, -1, 1),
        (60, 4, 1, 1, 3, 7, 7),
    ],
)
def test_steps(rows: int, batch: int, gpus: int, accumulate: int, epochs: float, max_steps: int, steps: int) -> None:
    plan = schedule(rows, batch=batch, gpus=gpus, accumulate=accumulate, epochs=epochs, max_steps=max_steps)
    assert plan.steps == steps


def test_a_number_of_steps_is_told_in_epochs() -> None:
    assert schedule(60, batch=4, gpus=1, accumulate=1, epochs=3, max_steps=30).epochs == 2


def sizes(shape: ModelShape, **changes: object) -> dict[str, float]:
    needs = memory(shape, **{**USUAL, "batch_tokens": 4_000, **changes})  # type: ignore[arg-type]
    assert needs.total == pytest.approx(sum(size for *_, size in needs.parts) * 1.1 + 1)
    return {name: size for name, _, size in needs.parts}


def test_memory_of_full_training() -> None:
    assert sizes(SHAPE) == pytest.approx(
        # 4,000 tokens × (10 layers × 1,000 + 10 × 1,000 + 3 × 3,000) × 2 bytes
        {"weights": 4, "gradients": 4, "state of adamw_torch": 8, "activations": 0.232}
    )
    found = sizes(SHAPE, dtype="float32", reference=True)
    assert found["weights"] == found["gradients"] == found["reference model"] == 8
    assert found["state of adamw_torch"] == 16 and found["weights in bf16, as autocast keeps them"] == 4
    assert sizes(SHAPE, optimizer="adamw_bnb_8bit")["state of adamw_bnb_8bit"] == 4
    # 4,000 tokens × 10 layers × 19,000 × 2 bytes
    assert sizes(SHAPE, checkpointing=False)["activations"] == pytest.approx(1.52)


def test_memory_of_an_adapter() -> None:
    assert sizes(ADAPTED) == pytest.approx(
        {"weights": 4, "adapter": 0.08, "gradients": 0.08, "state of adamw_torch": 0.16, "activations": 0.232}
    )


def test_what_is_sharded_is_shared_by_the_gpus() -> None:
    found = sizes(SHAPE, dtype="float32", gpus=8, sharded=True)
    assert (found["weights"], found["gradients"], found["state of adamw_torch"]) == (1, 1, 2)
    assert found["weights in bf16, as autocast keeps them"] == pytest.approx(0.4)
    assert found["activations"] == pytest.approx(0.232)
    assert sizes(SHAPE, gpus=8)["weights"] == 4


def test_hours() -> None:
    # Forward, back twice, forward again: 4 × (2 × 1.8e9 × 3,000 tokens + 2 × 1,000 × 10 × (1,000² + 2,000²)).
    flops, formula = step_flops(SHAPE, [1_000, 2_000], checkpointing=True)
    assert flops == pytest.approx(4 * (1.08e13 + 1e11)) and "3,000 tokens" in formula
    assert step_flops(SHAPE, [1_000, 2_000], checkpointing=False)[0] == pytest.approx(3 * 1.09e13)
    assert step_flops(ADAPTED, [1_000, 2_000], checkpointing=True)[0] == pytest.approx(3 * 1.09e13)
    assert step_flops(SHAPE, [1_000, 2_000], checkpointing=True, references=1)[0] == pytest.approx(5 * 1.09e13)
    # 1e18 operations at 40 % of 100 teraflops: 25,000 seconds; on ten GPUs a tenth.
    assert hours(1e18, Gpu("x", 80, 100), 1) == pytest.approx(25_000 / 3600)
    assert hours(1e18, Gpu("x", 80, 100), 10) == pytest.approx(2_500 / 3600)


@pytest.mark.parametrize("name", ["RTX-4090", "rtx 4090", "rtx4090"])
def test_a_gpu_is_found_however_it_is_written(name: str) -> None:
    assert find_gpu(name) == Gpu("RTX-4090", 24, 165)


def test_a_gpu_that_is_not_known_is_one_line() -> None:
    with pytest.raises(InputError, match=r"--gpu A100-8: not known; did you mean A100-\d0\? known are A10, "):
        find_gpu("A100-8")
