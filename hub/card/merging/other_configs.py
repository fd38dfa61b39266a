"""Configs that somebody else pushed to the repository: their entries in the front matter stay beside ours.

`datasets` writes a config that is pushed into the card's `configs` and `dataset_info`; a card without these entries
hides the config, though its files are there.
"""

from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Any


def named_entries(entries: Any) -> dict[str, dict[str, Any]]:
    """Entries of `configs` or `dataset_info` by the config's name: a list, or one alone (`datasets` writes both)."""
    listed = entries if isinstance(entries, list) else [entries]
    return {str(entry.get("config_name", "default")): entry for entry in listed if isinstance(entry, dict)}


def data_patterns(entry: dict[str, Any]) -> list[str]:
    """Patterns of the files of an entry of `configs`: `data_files` is a path, a list, or a list by split."""
    if "data_dir" in entry and not entry.get("data_files"):
        return [f"{str(entry['data_dir']).strip('/')}/*"]
    patterns: list[str] = []
    waiting = [entry.get("data_files")]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += list(one.values()) if "path" not in one else [one["path"]]
        elif isinstance(one, list):
            waiting += one
        elif one is not None:
            patterns.append(str(one).removeprefix("./"))
    return patterns


def other_configs(front: dict[str, Any], ours: Collection[str], files: Collection[str]) -> list[str]:
    """Names of the configs of a card on `main` that are somebody else's.

    Args:
        front: the front matter on `main`.
        ours: names of the configs that are published now.
        files: paths on `main` that no publish of ours wrote: a config of which none is left was ours, or is gone.
    """
    return [
        name
        for name, entry in named_entries(front.get("configs")).items()
        if name not in ours and any(fnmatchcase(path, pattern) for pattern in data_patterns(entry) for path in files)
    ]


def with_other_configs(ours: dict[str, Any], theirs: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Front matter of ours with the entries of the configs `names` of `theirs` after our own.

    Ours stays the default where we have one: `load_dataset(repo)` must go on giving what it gave.
    """
    joined: dict[str, Any] = {}
    for key in ("configs", "dataset_info"):
        own, other = named_entries(ours.get(key)), named_entries(theirs.get(key))
        more = [entry for name, entry in other.items() if name in names and name not in own]
        if not more:
            continue
        if any(entry.get("default") for entry in own.values()):
            more = [{k: v for k, v in entry.items() if k != "default"} for entry in more]
        joined[key] = [*own.values(), *more]
    return ours | joined
