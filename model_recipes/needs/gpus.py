"""The GPUs that an estimate can be made for."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import yaml

from processors.errors import InputError

TABLE = Path(__file__).with_name("gpus.yaml")


@dataclass(frozen=True, slots=True)
class Gpu:
    """`memory` in GB (of 10^9 bytes), None where it is not the device's; `teraflops` dense, at its best."""

    name: str
    memory: float | None
    teraflops: float
    bf16: bool = True


def find_gpu(name: str) -> Gpu:
    """The GPU of that name, however it is written: `rtx 4090`, `RTX-4090`. Raises InputError."""
    table = {key: Gpu(key, **values) for key, values in yaml.safe_load(TABLE.read_text(encoding="utf-8")).items()}
    plain = {_plain(key): gpu for key, gpu in table.items()}
    if found := plain.get(_plain(name)):
        return found
    near = get_close_matches(_plain(name), plain, 1, 0.5)
    hint = f"did you mean {plain[near[0]].name}? " if near else ""
    raise InputError(f"--gpu {name}: not known; {hint}known are {', '.join(table)}")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
