"""Going on from the last checkpoint of the same training, and of no other."""

import json
import sys
from pathlib import Path
from typing import Any

from processors.errors import InputError

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
)
# In the output folder: what the training is, to know it again and for the model's card.
TRAINING = "training.json"


def decisive(args: Any, model: Any, *more: str) -> dict[str, Any]:
    """What decides of a trainer's arguments and a ModelConfig, beside the data; `more` names the trainer's own."""
    values = {name: getattr(args, name) for name in (*DECISIVE, *more)}
    # An enumeration as its value, as JSON takes it.
    plain = {name: getattr(value, "value", value) for name, value in values.items()}
    return {**plain, "lora_r": model.lora_r if model.use_peft else None}


def loaded_as(model: Any, given: dict[str, Any] | None) -> dict[str, Any]:
    """The arguments that a trainer loads its model with, of a ModelConfig; what is `given` beside it counts more."""
    chosen = {"revision": model.model_revision, "attn_implementation": model.attn_implementation, "dtype": model.dtype}
    return chosen | (given or {})


def described_before(folder: Path) -> dict[str, Any]:
    """What an earlier start wrote; empty where there was none."""
    path = folder / TRAINING
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def last_checkpoint(folder: Path, described: dict[str, Any]) -> str | None:
    """The last checkpoint in `folder`. Raises InputError if it is of a training that is `described` differently."""
    from transformers.trainer_utils import get_last_checkpoint

    if not folder.is_dir() or (last := get_last_checkpoint(str(folder))) is None:
        return None
    before, now = described_before(folder), json.loads(json.dumps(described))
    if changed := [name for name in {**before, **now} if before.get(name) != now.get(name)]:
        raise InputError(
            f"{folder}: holds checkpoints of another training ({', '.join(changed)} differ); choose another "
            "output_dir, or delete it"
        )
    print(f"going on from {last}", file=sys.stderr)
    return str(last)
