"""A source as the stages read it: shards. What is laid out otherwise is written as shards first, once.

JSON and CSV have neither types nor a place to begin reading at, which units of work need: so they become Parquet in
the run folder, whence a killed build goes on, and machines of a cluster read the same. Equal files give equal shards.
Parquet files under other names stay where they are, but for a single one, which has no folder of its own.
"""

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from builders.imports.command import LEFT_OUT, REPORT, import_rows
from builders.imports.readers import read_file
from builders.imports.shapes import ID
from builders.imports.tables import DataFile, copy_tables, write_tables
from builders.recipes.recipe import Source
from builders.sample import write_shards
from builders.sources.find import other_files, reaching
from builders.sources.layouts import PARQUET, DataFiles, repository
from processors.atomic_files import new_folder
from processors.conversations.sides import SIDES
from processors.selection.choose_rows import choose_splits

# Another way of writing them makes other shards of the same files.
_VERSION = 1


def prepared(source: Source, folder: Path, warn: Callable[[str], None]) -> Source:
    """The source whose `path` has shards, written into `folder` where they are not there yet.

    Raises InputError for a file that cannot be read, or of which a line is no row.
    """
    if source.path == "sample":
        write_shards(folder, source.config)
        return source.model_copy(update={"path": str(folder)})
    found = other_files(source)
    if found is None or (found.kind == PARQUET and not (_is_file(source, found) or _card_says_more(source, found))):
        return source
    files = {split: [_here(file) for file in of] for split, of in found.splits.items()}
    place = folder / _name(source, found, files)
    if not place.is_dir():
        with new_folder(place) as made:
            _write(source, found, files, made)
        # What was written of the files as they were before.
        for other in set(folder.glob("*/")) - {place}:
            shutil.rmtree(other, ignore_errors=True)
    _tell_left_out(source, place, warn)
    _tell_empty(source, found, place, warn)
    return source.model_copy(update={"path": str(place)})


@contextmanager
def opened(source: Source, warn: Callable[[str], None]) -> Iterator[Source]:
    """As `prepared`, for as long as the block lasts: for who looks at a source without a run folder."""
    with tempfile.TemporaryDirectory() as folder:
        # The file that it names will be gone: a build keeps it.
        yield prepared(source, Path(folder), lambda text: warn(text.partition("; each with its line in ")[0]))


def _card_says_more(source: Source, found: DataFiles) -> bool:
    """Whether a card gives features (names of classes, and the like) that its Parquet files do not say themselves.

    Of chats nothing but messages is read, which need none.
    """
    import fsspec
    import pyarrow as pa
    import pyarrow.parquet as pq
    from datasets import Features

    if found.features is None or not source.fields:
        return False
    first = next(file for of in found.splits.values() for file in of)
    try:
        with reaching(first), fsspec.open(first, "rb") as file:
            return bool(Features.from_arrow_schema(pq.read_schema(file)) != found.features)
    except pa.ArrowException:
        # It is told where all files are looked at.
        return False


def _is_file(source: Source, found: DataFiles) -> bool:
    return found.splits == {"train": (source.path,)}


def _here(file: str) -> DataFile:
    """A file on this disk: of the Hub in its client's cache."""
    if "://" not in file:
        return DataFile(file, Path(file))
    from huggingface_hub import hf_hub_download

    with reaching(file):
        name, revision, inside = repository(file)
        path = hf_hub_download(name, inside, repo_type="dataset", revision=revision)
    return DataFile(file, Path(path))


def _name(source: Source, found: DataFiles, files: Mapping[str, Sequence[DataFile]]) -> str:
    """Tells one set of files, and one way to read them, from another; a folder's name, and no part of any file."""
    of = {
        split: [(one.name, one.path.stat().st_size, one.path.stat().st_mtime_ns) for one in some]
        for split, some in files.items()
    }
    said: dict[str, Any] = {
        "version": _VERSION,
        "files": of,
        "options": dict(found.options),
        "features": found.features and found.features.to_dict(),
        "source": source.model_dump(mode="json", include={"config", "pairs", "carry", "fields"}),
    }
    return hashlib.blake2b(json.dumps(said, sort_keys=True, default=str).encode(), digest_size=8).hexdigest()


def _write(source: Source, found: DataFiles, files: Mapping[str, Sequence[DataFile]], folder: Path) -> None:
    if found.kind == PARQUET and (source.fields or source.pairs or _has_messages(files)):
        copy_tables(found, files, folder / source.config)
        return
    if source.fields or source.pairs:
        write_tables(source, found, files, folder / source.config)
        return
    # Chats come in many shapes, of which `smolkalam import` makes SmolTalk2's.
    rows = [(one.name, split, read_file(one.path)) for split, some in files.items() for one in some]
    keep = [name for name in source.carry if name != ID]
    import_rows(rows, folder, keep=keep, config=source.config, own_id=ID in source.carry)


def _has_messages(files: Mapping[str, Sequence[DataFile]]) -> bool:
    """Whether Parquet has conversations or pairs as they are read; prompts and completions, say, are imported."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(next(one.path for some in files.values() for one in some))
    except pa.ArrowException:
        # It is told where it is copied.
        return True
    if all(side in schema.names for side in SIDES):
        return True
    item = getattr(schema.field("messages").type, "value_type", None) if "messages" in schema.names else None
    return item is not None and pa.types.is_struct(item) and {"role", "content"} <= {one.name for one in item}


def _tell_left_out(source: Source, place: Path, warn: Callable[[str], None]) -> None:
    if not (place / REPORT).is_file():
        return
    told = json.loads((place / REPORT).read_text(encoding="utf-8"))["files"]
    reasons = sum((Counter(one["left_out"]) for one in told), Counter[str]())
    if reasons:
        why = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())
        read = sum(one["read"] for one in told)
        warn(
            f"{source.path}: {reasons.total():,} of {read:,} rows are no conversations and left out ({why}); each "
            f"with its line in {place / LEFT_OUT}"
        )


def _tell_empty(source: Source, found: DataFiles, place: Path, warn: Callable[[str], None]) -> None:
    """Of a split without rows nothing is written, by which it could be told later."""
    names = [file.name.rpartition("-of-")[0] for file in (place / source.config).glob("*.parquet")]
    written = {name.rpartition("-")[0] for name in names}
    for split in choose_splits(found.splits, source.keep, source.drop).kept if written else ():
        if split not in written:
            warn(f"split '{split}' has no rows")
