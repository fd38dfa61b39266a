"""Rows of a dataset on the Hub, streamed by `datasets`: nothing is downloaded as a whole."""

import re
from collections.abc import Iterator
from typing import Any

from builders.imports.readers import Row
from processors.errors import InputError, one_line

_ID = re.compile(r"(?:hf://datasets/)?([\w.-]+/[\w.-]+)")
# A file that is not there is told as such, where the Hub would be asked for half a minute for one of its name.
_FILE = re.compile(r"(?!hf://).*\.(?:jsonl?|ndjson|csv|tsv|parquet)(?:\.gz)?", re.IGNORECASE)


def hub_id(name: str) -> str | None:
    """The repository's id, where `name` is one: `user/name` or `hf://datasets/user/name`.

    >>> hub_id("hf://datasets/user/name"), hub_id("user/name"), hub_id("data/chats.jsonl")
    ('user/name', 'user/name', None)
    """
    found = _ID.fullmatch(name)
    return found[1] if found and not _FILE.fullmatch(name) else None


def hub_splits(
    repository: str, config: str | None, split: str | None, revision: str | None = None
) -> dict[str, Iterator[Row]]:
    """The rows of each split, in the Hub's order. Raises InputError where there is no such dataset or split."""
    import httpx2
    from datasets import load_dataset
    from datasets.exceptions import DatasetsError
    from huggingface_hub.errors import HfHubHTTPError

    try:
        found = load_dataset(repository, config, revision=revision, streaming=True)
    except (DatasetsError, HfHubHTTPError, httpx2.HTTPError, OSError, ValueError) as error:
        reason = one_line(error, 300)
        raise InputError(
            f"{repository}: cannot be read from the Hub ({type(error).__name__}: {reason}); check the name, --config, "
            "the network and, for a private repository, HF_TOKEN"
        ) from None
    if split is not None and split not in found:
        raise InputError(f"--split {split}: {repository} has {', '.join(found)}")
    return {name: _rows(rows) for name, rows in found.items() if split in (None, name)}


def _rows(rows: Any) -> Iterator[Row]:
    for number, row in enumerate(rows, 1):
        yield Row(number, dict(row))
