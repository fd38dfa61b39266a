"""Rules about a dataset's files: their names, sizes and number, whatever is in them."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hub.rules.findings import Finding, error, warning

# huggingface.co/docs/hub/storage-limits
MAX_FILE_BYTES = 50_000_000_000
MAX_FILES_A_FOLDER = 10_000
MAX_FILES = 100_000

_TEMPORARY = (".tmp", ".temp", ".part", ".partial", ".incomplete", ".lock", ".swp", "~", ".crc")


def _scripts(files: dict[str, Path]) -> Iterator[Finding]:
    for name in files:
        if len(Path(name).parts) == 1 and name.endswith(".py"):
            seen = "in a repository of the same name `datasets` takes it for a loading script, and loads nothing"
            yield warning("script", name, seen, "give it another name, or put it into a folder")


def _temporary(files: dict[str, Path]) -> Iterator[Finding]:
    for name in files:
        parts = Path(name).parts
        hidden = any(part.startswith(".") for part in parts) and name != ".gitattributes"
        if hidden or "__pycache__" in parts or name.endswith(_TEMPORARY):
            seen = "a hidden or temporary file: `datasets` does not see it, and readers would download it"
            yield error("temporary-file", name, seen, "delete it; if a build was interrupted, run it again first")


def _links_and_sizes(files: dict[str, Path]) -> Iterator[Finding]:
    for name, path in files.items():
        if not path.exists():
            yield error("broken-link", name, "it links to a file that is not there", "delete or mend it")
        elif path.stat().st_size > MAX_FILE_BYTES:
            seen = f"{path.stat().st_size:,} bytes; the Hub takes no file of more than {MAX_FILE_BYTES:,}"
            yield error("file-bytes", name, seen, "build with a smaller outputs.shard_bytes")


def _numbers(files: dict[str, Path]) -> Iterator[Finding]:
    for folder, number in Counter(str(Path(name).parent) for name in files).items():
        if number > MAX_FILES_A_FOLDER:
            seen = f"{number:,} files; the Hub takes at most {MAX_FILES_A_FOLDER:,} a folder"
            yield error("too-many-files", folder, seen, "build with a larger outputs.shard_bytes")
    if len(files) > MAX_FILES:
        seen = f"{len(files):,} files in all; the Hub is slow above {MAX_FILES:,}"
        yield warning("too-many-files", ".", seen, "build with a larger outputs.shard_bytes")


# Each is given every file of the dataset, by its path in it.
FILE_RULES = (_scripts, _temporary, _links_and_sizes, _numbers)
