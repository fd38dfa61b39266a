"""What a publish has to change: the folder's files against those of a revision."""

import hashlib
from collections.abc import Container
from dataclasses import dataclass

from hub.publishing.remote import LocalFile, Revision


@dataclass(frozen=True, slots=True)
class Change:
    """What makes a revision equal to the folder."""

    send: list[str]
    remove: list[str]
    left: list[str]  # files of the repository that are none of ours, and stay

    def __bool__(self) -> bool:
        return bool(self.send or self.remove)


def compare(files: dict[str, LocalFile], revision: Revision, owned: Container[str]) -> Change:
    """What to send and to remove. Removed are files that are `owned`, by `manifest.owned`, and of no use now.

    A config, a licence, a note or a picture that somebody put beside the data stays; old shards and plots go.
    """
    extra = [path for path in sorted(revision.files) if path not in files]
    remove = [path for path in extra if path in owned]
    send = [p for p, file in files.items() if p not in revision.files or not revision.files[p].holds(file)]
    # The card last: it must not tell of files that are not there yet.
    send.sort(key=lambda path: (path == "README.md", not path.endswith(".parquet"), path))
    return Change(send, remove, [path for path in extra if path not in set(remove) and path != ".gitattributes"])


def changed_by_others(
    files: dict[str, LocalFile], before: Revision, after: Revision, owned: Container[str]
) -> list[str]:
    """Paths that differ between two revisions, are ours to write or remove, and are not as we want them."""
    change = compare(files, after, owned)
    unwanted = {*change.send, *change.remove}
    return sorted(path for path in unwanted if before.files.get(path) != after.files.get(path))


def content_digest(files: dict[str, LocalFile]) -> str:
    """A digest of all that is published: two pull requests with the same one are the same publish."""
    lines = "".join(f"{path}\0{file.sha256}\n" for path, file in sorted(files.items()))
    return hashlib.sha256(lines.encode("utf-8")).hexdigest()[:16]


def some(paths: list[str]) -> str:
    return ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")
