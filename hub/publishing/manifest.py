"""Which files of a repository are ours: those that the last publish wrote, by the manifest that it left beside them.

People push configs of their own to a published dataset (`push_to_hub(config_name="my_eval")`). What to remove cannot
be told from names or folders, so a publish removes only what an earlier one lists here, and what our card would read.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase

from hub.card.merging.kept_sections import front_matter
from hub.card.merging.other_configs import data_patterns, named_entries
from hub.publishing.remote import LocalFile

MANIFEST = "manifest.json"


def write_manifest(files: dict[str, LocalFile]) -> LocalFile:
    """The manifest of what is published: SHA-256 by path, of all but the card, which people edit on the Hub."""
    digests = {path: file.sha256 for path, file in sorted(files.items()) if path not in ("README.md", MANIFEST)}
    return LocalFile((json.dumps({"files": digests}, ensure_ascii=False, indent=1) + "\n").encode("utf-8"))


def read_manifest(text: str) -> frozenset[str]:
    """Paths that an earlier publish wrote; none where there is no manifest, or somebody else's file bears its name."""
    try:
        files = json.loads(text or "{}")["files"]
    except (ValueError, KeyError, TypeError):
        return frozenset()
    return frozenset(files) | {MANIFEST} if isinstance(files, dict) else frozenset()


@dataclass(frozen=True, slots=True)
class Owned:
    """Paths that a publish may remove: `path in owned`."""

    listed: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()

    def __contains__(self, path: object) -> bool:
        return path in self.listed or any(fnmatchcase(str(path), pattern) for pattern in self.patterns)


def owned(card: str, manifest: str, others: Collection[str]) -> Owned:
    """What is ours of a repository: what `manifest` lists, and what `datasets` would read as rows of our configs.

    Args:
        card: text of the card that is published.
        manifest: text of the manifest on `main`; empty where there is none.
        others: names of the configs in the card that are not ours.
    """
    ours = [entry for name, entry in named_entries(front_matter(card).get("configs")).items() if name not in others]
    return Owned(read_manifest(manifest), tuple(pattern for entry in ours for pattern in data_patterns(entry)))
