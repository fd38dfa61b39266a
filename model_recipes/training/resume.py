"""Going on from the last checkpoint of the same training, and of no other."""

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from processors.errors import InputError, one_line

# What a checkpoint must have been trained with to be gone on from, whatever the trainer.
DECISIVE = (
    "learning_rate",
    "lr_scheduler_type",
    "num_train_epochs",
    "max_steps",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "max_length",
    "weight_decay",
    "bf16",
    "seed",
    "data_seed",
    "optim",
    "warmup_steps",
    "max_grad_norm",
    "lr_scheduler_kwargs",
    "neftune_noise_alpha",
)
# The same of an adapter.
_ADAPTER = (
    "lora_alpha",
    "lora_dropout",
    "lora_target_modules",
    "lora_target_parameters",
    "lora_modules_to_save",
    "use_rslora",
    "use_dora",
)
# In the output folder: what the training is, to know it again and for the model's card.
TRAINING = "training.json"


def decisive(args: Any, model: Any, *more: str) -> dict[str, Any]:
    """What decides of a trainer's arguments and a ModelConfig, beside the data; `more` names the trainer's own."""
    values = {name: getattr(args, name) for name in (*DECISIVE, *more)}
    values["lora_r"] = model.lora_r if model.use_peft else None
    values |= {name: getattr(model, name, None) for name in _ADAPTER if model.use_peft}
    # An enumeration as its value, as JSON takes it; without what is empty, as most is.
    plain = {name: getattr(value, "value", value) for name, value in values.items()}
    return {name: value for name, value in plain.items() if value not in ({}, [])}


def digest_of(rows: Any) -> str:
    """Of a `datasets.Dataset` of tokens: what is in it and in which order, whatever files it lies in.

    The accounts say how many rows and tokens there are, which other rows, or these in another order, may have too.
    """
    # Lengths apart from values: neither may depend on the pieces that the rows come in.
    found = {(name, what): sha256() for name in sorted(rows.column_names) for what in ("lengths", "values")}
    for batch in rows.with_format("arrow").iter(10_000):
        for name in batch.column_names:
            for chunk in batch.column(name).chunks:
                if hasattr(chunk, "value_lengths"):
                    found[name, "lengths"].update(_bytes(chunk.value_lengths()))
                    found[name, "values"].update(_bytes(chunk.flatten()))
                else:
                    found[name, "values"].update("".join(f"{value!r}\n" for value in chunk.to_pylist()).encode())
    return sha256("".join(f"{key} {one.hexdigest()}\n" for key, one in found.items()).encode()).hexdigest()[:32]


def _bytes(numbers: Any) -> bytes:
    return bytes(numbers.to_numpy(zero_copy_only=False).astype("int64").tobytes())


def loaded_as(model: Any, given: dict[str, Any] | None) -> dict[str, Any]:
    """The arguments that a trainer loads its model with, of a ModelConfig; what is `given` beside it counts more."""
    chosen = {"revision": model.model_revision, "attn_implementation": model.attn_implementation, "dtype": model.dtype}
    return chosen | (given or {})


def described_before(folder: Path) -> dict[str, Any]:
    """What an earlier start wrote; empty where there was none. Raises InputError where it cannot be read."""
    path = folder / TRAINING
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{path}: is damaged ({one_line(error, 80)}), so what its checkpoints were trained on cannot be known; "
            "choose another output_dir, or delete it"
        ) from None


def _is_whole(checkpoint: Path) -> bool:
    """Whether it was written to its end: the trainer's state is what transformers (5.23) writes last of it.

    transformers' own search takes the last one there is, of which a training killed while it wrote may lack half.
    """
    try:
        return isinstance(json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8")), dict)
    except (OSError, ValueError):
        return False


def last_checkpoint(folder: Path, described: dict[str, Any]) -> str | None:
    """The last whole checkpoint in `folder`. Raises InputError if it is of a training `described` differently."""
    whole = [path for path in folder.glob("checkpoint-*") if path.name[11:].isdigit() and _is_whole(path)]
    if not whole:
        return None
    last = max(whole, key=lambda path: int(path.name[11:]))
    before, now = described_before(folder), json.loads(json.dumps(described))
    if changed := [name for name in {**before, **now} if before.get(name) != now.get(name)]:
        raise InputError(
            f"{folder}: holds checkpoints of another training ({', '.join(changed)} differ); choose another "
            "output_dir, or delete it"
        )
    print(f"going on from {last}", file=sys.stderr)
    return str(last)
