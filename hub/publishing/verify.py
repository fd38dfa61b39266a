"""Loading a revision with the real `datasets` before anybody is shown it."""

import tempfile
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from hub.publishing.remote import PublishError, patiently
from processors.scrub import excerpt

if TYPE_CHECKING:
    from huggingface_hub import HfApi

# Footers read at a time.
THREADS = 8


def verify_loading(api: "HfApi", repo: str, commit: str, others: Collection[str] = ()) -> None:
    """Load every config of `repo` at `commit` but `others`: its splits, each file's row count, and a first row.

    The files' bytes are those of the folder, by their digests; what is asked here is whether a reader gets at them. So
    of each file only the footer is read, over the network, and of each config one row of its smallest split.

    Raises:
        PublishError: a config does not load, or has other splits or rows than the card says.
    """
    from datasets import get_dataset_config_names
    from datasets.exceptions import DatasetsError
    from pyarrow import ArrowException

    def verify() -> None:
        with tempfile.TemporaryDirectory() as cache:
            names = get_dataset_config_names(repo, revision=commit, token=api.token)
            for config in sorted(set(names).difference(others)):
                _verify_config(api, repo, commit, config, cache)

    try:
        patiently(f"loading {repo} at {commit[:12]}", verify)
    except (ValueError, KeyError, ArrowException, DatasetsError) as problem:
        reason = excerpt((str(problem).strip().splitlines() or [type(problem).__name__])[0], 300)
        raise PublishError(f"{repo} at {commit[:12]} does not load with `datasets`: {reason}") from problem


def _verify_config(api: "HfApi", repo: str, commit: str, config: str, cache: str) -> None:
    from datasets import load_dataset_builder

    builder = load_dataset_builder(repo, config, revision=commit, token=api.token, cache_dir=cache)
    files = builder.config.data_files or {}
    declared = builder.info.splits or {}
    if set(files) != set(declared):
        raise ValueError(f"{config}: its files make the splits {sorted(files)}, its card has {sorted(declared)}")
    places = [(split, str(path)) for split, paths in files.items() for path in paths]
    with ThreadPoolExecutor(THREADS) as threads:
        counts = list(threads.map(lambda place: _rows(api, place[1]), places))
    for split, info in declared.items():
        rows = sum(count for (name, _), count in zip(places, counts, strict=True) if name == split)
        if rows != info.num_examples:
            raise ValueError(f"{config}/{split}: {rows} rows in its files, {info.num_examples} in its card")
    smallest = min(declared, key=lambda split: declared[split].num_bytes)
    if next(iter(builder.as_streaming_dataset(smallest)), None) is None:
        raise ValueError(f"{config}/{smallest}: no row can be read")


def _rows(api: "HfApi", path: str) -> int:
    """Rows that the footer of a file says it has; only its end is fetched."""
    import pyarrow.parquet as pq
    from huggingface_hub import HfFileSystem

    files = HfFileSystem(token=api.token)
    with files.open(path, cache_type="none") as file:
        return pq.read_metadata(file).num_rows
