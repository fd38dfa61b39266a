"""Going on from the last checkpoint of the same training, and of no other."""

import json
import sys
from pathlib import Path
from typing import Any

from processors.errors import InputError

# In the output folder: what the training is, to know it again and for the model's card.
TRAINING = "training.json"


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
