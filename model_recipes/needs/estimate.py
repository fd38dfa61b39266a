"""Steps, memory and hours of a training: arithmetic only, each line with its formula.

Steps and tokens are exact (tests/model_recipes/test_smoke.py holds them against trainings). Memory and hours are
estimates: no GPU was at hand to measure them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from model_recipes.needs.gpus import Gpu
from model_recipes.needs.shape import ModelShape

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "float64": 8}
# Bytes of an optimizer's state a trained value; Adam keeps two moments in the value's own type.
_STATE = {"sgd": 0, "adafactor": 0, "adamw_bnb_8bit": 2, "adamw_8bit": 2, "paged_adamw_8bit": 2, "lion_8bit": 1}
# The share of a GPU's teraflops that training reaches; 35 to 50 % is what is reported of dense models of 3B to 30B.
UTILISATION = 0.4
# What CUDA itself holds, in GB, and what fragments waste.
CONTEXT_GB = 1.0
FRAGMENTS = 0.1


@dataclass(frozen=True, slots=True)
class Schedule:
    """Steps of the optimizer, and how often the data is passed."""

    steps: int
    epochs: float
    formula: str


@dataclass(frozen=True, slots=True)
class GpuMemory:
    """GB (10^9 bytes) on each GPU: name, formula and size of each part, and their sum with what is lost."""

    parts: Sequence[tuple[str, str, float]]
    total: float


def schedule(rows: int, *, batch: int, gpus: int, accumulate: int, epochs: float, max_steps: int) -> Schedule:
    """How many steps transformers' trainer takes; `rows` are what it sees, packed ones where rows are packed."""
    batches = ceil(rows / (batch * gpus))
    updates = max(1, ceil(batches / accumulate))
    if max_steps > 0:
        return Schedule(max_steps, max_steps / updates, f"max_steps; {updates:,} are an epoch")
    formula = (
        f"ceil(ceil({rows:,} rows / ({batch} a GPU × {gpus} GPUs)) / {accumulate} accumulated) × {epochs:g} epochs"
    )
    return Schedule(ceil(updates * epochs), epochs, formula)


def memory(
    shape: ModelShape,
    *,
    dtype: str | None,
    autocast: bool,
    optimizer: str,
    checkpointing: bool,
    batch_tokens: int,
    reference: bool,
    gpus: int = 1,
    sharded: bool = False,
) -> GpuMemory:
    """GB on each GPU. `dtype` is the loaded weights' (None: the configuration's), `autocast` whether a float32 model
    computes in bf16, `batch_tokens` the longest batch of one GPU, `reference` a second model beside it, and `sharded`
    whether FSDP or ZeRO-3 spreads weights, gradients and moments over the GPUs."""
    loaded = BYTES.get(dtype or shape.dtype, BYTES.get(shape.dtype, 4))
    # peft keeps an adapter in float32, whatever the model is in.
    learnt = 4 if shape.adapter else loaded
    share, over = (gpus, f" / {gpus} GPUs") if sharded else (1, "")
    state = _STATE.get(optimizer, 2 * learnt)
    p, t = shape.parameters, shape.trained
    parts = [
        ("weights", f"{_count(p)} × {loaded} bytes{over}", p * loaded / share),
        *([("adapter", f"{_count(t)} × 4 bytes{over}", t * 4 / share)] if shape.adapter else []),
        ("gradients", f"{_count(t)} × {learnt} bytes{over}", t * learnt / share),
        (f"state of {optimizer}", f"{_count(t)} × {state} bytes{over}", t * state / share),
    ]
    if autocast and loaded == 4:
        # Autocast keeps the weights that it has cast; where they are sharded, of the layer at work alone.
        cast = shape.parameters // shape.layers if sharded else shape.parameters
        parts.append(("weights in bf16, as autocast keeps them", f"{_count(cast)} × 2 bytes", cast * 2))
    if reference:
        parts.append(("reference model", f"{_count(p)} × {loaded} bytes{over}", p * loaded / share))
    # Of one layer: about ten vectors of the attention's width and three of the feed-forward layer's a token.
    layer = 10 * shape.hidden + 3 * shape.inner
    kept = shape.layers * shape.hidden + layer if checkpointing else shape.layers * layer
    what = f"{shape.layers} layers × {shape.hidden} + {layer:,}" if checkpointing else f"{shape.layers} × {layer:,}"
    # Without autocast the values are in the weights' own type.
    wide = 2 if autocast or loaded == 2 else loaded
    parts.append(("activations", f"{batch_tokens:,} tokens × ({what}) × {wide} bytes", batch_tokens * kept * wide))
    sizes = [(name, formula, size / 1e9) for name, formula, size in parts]
    return GpuMemory(sizes, sum(size for *_, size in sizes) * (1 + FRAGMENTS) + CONTEXT_GB)


def step_flops(
    shape: ModelShape, lengths: Sequence[int], *, checkpointing: bool, references: int = 0, passes: int | None = None
) -> tuple[float, str]:
    """Operations of one epoch over sequences of these lengths, forward and back, and the formula.

    A token is multiplied with each value twice (multiply, add) forward, twice for the gradient of what went in, and,
    where the value is trained, twice for its own. `references` are passes of a reference model, forward alone.
    `passes` are given where it is not trained.
    """
    back = 1 if shape.adapter else 2
    passes = passes or 1 + back + checkpointing + references
    tokens, squares = sum(lengths), sum(length * length for length in lengths)
    # Causal attention: a token looks at half of its sequence, by two products.
    attention = 2 * shape.attention * shape.layers * squares
    formula = (
        f"{passes} passes (forward 1, back {back}, again for gradient checkpointing {int(checkpointing)}, reference "
        f"{references}) × (2 × {_count(shape.multiplied)} × {tokens:,} tokens + attention 2 × {shape.attention:,} × "
        f"{shape.layers} layers × {squares:,} tokens²)"
    )
    return passes * (2.0 * shape.multiplied * tokens + attention), formula


def hours(flops: float, gpu: Gpu, gpus: int) -> float:
    """Hours for so many operations at the share of the GPU that training reaches."""
    return flops / (gpu.teraflops * 1e12 * UTILISATION * gpus) / 3600


def _count(values: int) -> str:
    """1.5 billion, 24.3 million, 120,000."""
    for unit, size in (("billion", 1e9), ("million", 1e6)):
        if values >= size:
            return f"{values / size:.3g} {unit}"
    return f"{values:,}"
