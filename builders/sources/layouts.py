"""Sources that are not laid out as SmolTalk2's repository: their files by config and split, as `datasets` finds them.

Which files are a split's is said by a card's `configs`, by names (`test.jsonl`, `data/test-00000-of-00001.parquet`) or
by folders; `datasets` knows these rules, and what it would load is what is read here. Only a single file is no dataset
to it: that is a split `train`.
"""

import logging
import os
import posixpath
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from builders.recipes.recipe import Source
from processors.errors import InputError, one_line

if TYPE_CHECKING:
    from datasets import Features

PARQUET, JSON, CSV = "parquet", "json", "csv"
# By the ending of a single file, with what its reader is told.
_ENDINGS: dict[str, tuple[str, dict[str, Any]]] = {
    ".parquet": (PARQUET, {}),
    ".jsonl": (JSON, {}),
    ".ndjson": (JSON, {}),
    ".json": (JSON, {}),
    ".csv": (CSV, {}),
    ".tsv": (CSV, {"sep": "\t"}),
}
# What is said of any other file.
FILE_OF_ROWS = "a file of rows, such as chats, named .jsonl, .ndjson, .json, .csv, .tsv or .parquet (or .gz)"
# What the name of a config is where a dataset has none, and what a recipe's is where it gives none.
UNNAMED, _UNSAID = "default", ("default", "SFT")
# What a card may say of how its files are to be read, and this reader does; another wish is told.
_KNOWN: dict[str, set[str]] = {
    PARQUET: set(),
    JSON: {"field"},
    CSV: {"sep", "delimiter", "names", "column_names", "header"},
}
_HUB = "hf://"


@dataclass(frozen=True, slots=True)
class DataFiles:
    """The files of a config by split, as paths or `hf://` addresses at a commit, all of one `kind`.

    `options` is what the card says of reading them, `features` what it says is in them.
    """

    kind: str
    splits: Mapping[str, tuple[str, ...]]
    options: Mapping[str, Any] = field(default_factory=dict)
    features: "Features | None" = None


def data_files(source: Source) -> DataFiles | None:
    """What `datasets` finds in a folder, a file or on the Hub; None where it looks at no such place, or finds nothing.

    Raises InputError for a config that is not there, files of a kind that is not read here, and what the Hub says.
    """
    on_hub = source.path.startswith(_HUB)
    if "://" in source.path and not on_hub:
        return None
    if is_read(source.path) and (on_hub or Path(source.path).is_file()):
        kind, options = _ENDINGS[_suffix(source.path)]
        return DataFiles(kind, {"train": (source.path,)}, options)
    if not on_hub and not Path(source.path).is_dir():
        return None
    with _reading(source.path):
        found = _of_dataset(source, on_hub)
    return found if found is None or found.kind in _KNOWN else _refused(source, found)


def has_configs(folder: Path) -> bool:
    """Whether a folder's card says which files are whose."""
    card = folder / "README.md"
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    return text.startswith("---") and "\nconfigs:" in text.replace("\r\n", "\n").partition("\n---")[0]


def is_read(file: str) -> bool:
    """Whether a single file's name tells how it is to be read."""
    return _suffix(file) in _ENDINGS


def within(source: Source, file: str) -> str:
    """A data file's name as from the folder `source.path` on."""
    if not file.startswith(_HUB):
        return os.path.relpath(file, Path(source.path).resolve())
    _, _, inside = repository(source.path)
    return posixpath.relpath(repository(file)[2], inside or ".")


def _suffix(path: str) -> str:
    return Path(path.lower().removesuffix(".gz")).suffix


def _of_dataset(source: Source, on_hub: bool) -> DataFiles | None:
    from datasets import get_dataset_config_names, load_dataset_builder
    from datasets.data_files import EmptyDatasetError
    from datasets.exceptions import DataFilesNotFoundError

    path, revision, inside = repository(source.path) if on_hub else (source.path, None, "")
    try:
        names = [] if inside else get_dataset_config_names(path, revision=revision)
        if source.config in names or (names == [UNNAMED] and not _folder(source, on_hub)):
            if source.config not in (*names, *_UNSAID):
                raise InputError(
                    f"source.config {source.config}: {source.path} has no configs; leave it out or write {UNNAMED}"
                )
            chosen = source.config if source.config in names else UNNAMED
            builder = load_dataset_builder(path, chosen, revision=revision)
        elif inside or _folder(source, on_hub):
            data_dir = "/".join(part for part in (inside, "" if inside else source.config) if part)
            builder = load_dataset_builder(path, data_dir=data_dir, revision=revision)
        else:
            raise InputError(f"source.config {source.config}: {source.path} has {', '.join(names)}; give one of these")
    except (EmptyDatasetError, DataFilesNotFoundError):
        return None
    kind = type(builder).__module__.rpartition(".")[2]
    splits = {str(split): tuple(map(str, files)) for split, files in (builder.config.data_files or {}).items()}
    return DataFiles(kind, splits, _options(source, kind, builder.config), builder.info.features)


def _folder(source: Source, on_hub: bool) -> bool:
    """Whether the config is a folder of the dataset."""
    if not on_hub:
        return (Path(source.path) / source.config).is_dir()
    from huggingface_hub import HfFileSystem

    return bool(HfFileSystem().isdir(f"{source.path.rstrip('/')}/{source.config}"))


def repository(path: str) -> tuple[str, str | None, str]:
    """The repository of an address on the Hub, its revision if one is said, and the folder or file in it."""
    from huggingface_hub import HfFileSystem
    from huggingface_hub.hf_file_system import HfFileSystemResolvedRepositoryPath

    found = HfFileSystem().resolve_path(path)
    if not isinstance(found, HfFileSystemResolvedRepositoryPath) or found.repo_type != "dataset":
        raise InputError(f"{path}: no dataset of the Hub; write hf://datasets/user/name")
    return found.repo_id, found.revision if "@" in path else None, found.path_in_repo.strip("/")


def _options(source: Source, kind: str, config: Any) -> dict[str, Any]:
    """What the card says of reading the files, other than the usual."""
    usual = vars(type(config)())
    said = {name: value for name, value in vars(config).items() if name in usual and value != usual[name]}
    for name in ("name", "version", "data_dir", "data_files", "description", "features", "chunksize", "block_size"):
        said.pop(name, None)
    if strange := sorted(said.keys() - _KNOWN.get(kind, said.keys())):
        raise InputError(
            f"{source.path}: its card reads config '{config.name}' with {', '.join(strange)}, which is not done here; "
            "load it with `datasets`, write it as Parquet (`to_parquet`) and give that"
        )
    return said


def _refused(source: Source, found: DataFiles) -> DataFiles:
    first = next((file for files in found.splits.values() for file in files), found.kind)
    raise InputError(
        f"{source.path}: {first.rpartition('/')[2]} is read by `datasets` as '{found.kind}'; here as "
        f"{', '.join(_KNOWN)}: write it as one of these and give that"
    )


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """Turn what `datasets` and the Hub's client raise into one line; what they log of the same is not shown twice."""
    import httpx2
    from datasets.exceptions import DatasetsError
    from yaml import YAMLError

    # What a card says may be of any kind, and is not looked at before it is used.
    of_card = (ValueError, TypeError, AttributeError, KeyError, YAMLError, BadZipFile)
    logs = [logging.getLogger(name) for name in ("datasets", "huggingface_hub.repocard")]
    before = [log.disabled for log in logs]
    for log in logs:
        log.disabled = True
    try:
        yield
    except (DatasetsError, httpx2.HTTPError, OSError, *of_card) as error:
        hint = "check the name, the network and, for a private dataset, HF_TOKEN" if path.startswith(_HUB) else ""
        raise InputError(
            f"{path}: `datasets` cannot tell its splits ({type(error).__name__}: {one_line(error, 300)}); "
            f"{hint or 'mend its card or its files'}"
        ) from None
    finally:
        for log, was in zip(logs, before, strict=True):
            log.disabled = was
