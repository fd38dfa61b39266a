"""A model's or an adapter's folder: its configuration, and where each of its tensors lies."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model_recipes.merge.tensors import StoredTensor, read_header
from processors.errors import InputError, one_line

ADAPTER = "adapter_config.json"
_INDEX = "model.safetensors.index.json"
_FETCHED = ("*.json", "*.safetensors", "*.jinja", "*.txt", "*.model", "*.py")


@dataclass
class Checkpoint:
    """`name` is what the user calls it."""

    name: str
    folder: Path
    config: dict[str, Any]
    is_adapter: bool
    tensors: dict[str, StoredTensor] = field(repr=False)

    @property
    def tied(self) -> bool:
        """Whether the head is the embeddings; then it is not stored, or stored twice."""
        return bool(self.config.get("tie_word_embeddings"))


def open_checkpoint(name: str, revision: str | None = None) -> Checkpoint:
    """A folder, or a model of the Hub, which is fetched. Raises InputError, which begins with its name."""
    folder = _folder(name, revision)
    is_adapter = (folder / ADAPTER).is_file()
    config = read_json(folder / (ADAPTER if is_adapter else "config.json"))
    if config is None:
        raise InputError(f"{name}: no model: there is neither config.json nor {ADAPTER}")
    one = folder / ("adapter_model.safetensors" if is_adapter else "model.safetensors")
    index = None if is_adapter else read_json(folder / _INDEX)
    if index is not None:
        return Checkpoint(name, folder, config, is_adapter, _indexed(folder, index.get("weight_map") or {}))
    if not one.is_file():
        raise InputError(f"{name}: no {one.name}; weights are read from safetensors only")
    return Checkpoint(name, folder, config, is_adapter, read_header(one))


def _indexed(folder: Path, places: dict[str, str]) -> dict[str, StoredTensor]:
    found: dict[str, StoredTensor] = {}
    for name in sorted(set(places.values())):
        found |= read_header(folder / name)
    if missing := sorted(set(places) - set(found)):
        raise InputError(f"{folder}: {_INDEX} names what no file holds: {some(missing)}")
    if more := sorted(set(found) - set(places)):
        raise InputError(f"{folder}: its files hold what {_INDEX} does not name: {some(more)}")
    return found


def _folder(name: str, revision: str | None) -> Path:
    folder = Path(name)
    if folder.is_dir():
        if revision is not None:
            raise InputError(f"{name}: a folder has no revision {revision}; leave it out")
        return folder
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        # The Hub has no model of such a name.
        raise InputError(f"{name}: no such folder")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(_FETCHED)))
    except Exception as error:
        # huggingface_hub raises many kinds for what is always the same to the user: it cannot be had.
        raise InputError(f"{name}: neither a folder nor a model that can be fetched ({one_line(error)})") from None


def read_json(path: Path) -> Any:
    """What a file says; None where there is none. Raises InputError where it is no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({one_line(error)})") from None


def some(names: Collection[str]) -> str:
    """A few names, and how many more there are.

    >>> some("abcde")
    'a, b, c and 2 more'
    """
    shown = ", ".join(list(names)[:3])
    return f"{shown} and {len(names) - 3:,} more" if len(names) > 3 else shown
