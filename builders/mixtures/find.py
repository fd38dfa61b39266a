"""Where a mixture's rows are: each source's files by split, and whether they have what the recipe asks of them.

Names and columns are looked at before a row is read or, on the Hub, a file is fetched. A folder is understood by its
card's `configs`, else by its files' names: `<config>/<split>-00000-of-00001.parquet`, or a split for each other file.
"""

import difflib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from fractions import Fraction
from pathlib import Path
from typing import Any

from builders.imports.hub_rows import hub_id
from builders.licences import PROVENANCE
from builders.mixtures.recipe import Mixture, MixtureSource, exactly
from processors.errors import InputError, one_line

_ENDINGS = (".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv")
_SHARD = re.compile(r"(?P<split>.+?)-\d{5}-of-\d{5}(-\w+)?\.parquet")
_FRONT = re.compile(r"\A\s*---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.S)
# What stands beside a dataset's files and holds no rows of it.
_BESIDE = re.compile(
    r"(left_out|dropped)\.jsonl|(import|provenance|manifest|decontamination|mixture|preferences|dataset_infos)\.json|"
    r"(statistics|plots)/.*"
)


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """A source's files: `splits` are names in its place by split, `weights` how often each split's rows are taken.

    `revision` is the commit on the Hub, None on a disk; `fetched` is the file of a name, fetched where it is not here;
    `opened` is for who needs a few bytes of it. `provenance` is what a dataset of ours says of its own sources.
    """

    source: MixtureSource
    key: str
    config: str | None
    splits: dict[str, list[str]]
    weights: dict[str, Fraction]
    revision: str | None
    licence: str | None
    provenance: Mapping[str, Any]
    fetched: Callable[[str], Path]
    opened: Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class _Listing:
    """Files of a folder or of a repository, and how one is fetched, and opened without fetching it."""

    names: list[str]
    card: Mapping[str, Any]
    revision: str | None
    fetched: Callable[[str], Path]
    opened: Callable[[str], Any]


def find_sources(mixture: Mixture) -> list[SourceFiles]:
    """The files of all sources. Raises InputError, which begins with the recipe's key, for what is not there."""
    return [_find(mixture, source, f"sources[{number}]") for number, source in enumerate(mixture.sources)]


def _find(mixture: Mixture, source: MixtureSource, key: str) -> SourceFiles:
    place = _place(source, key)
    config, files = _config(source, place, key)
    chosen: dict[str, list[str]] = {}
    for pattern in source.splits:
        fitting = [split for split in files if fnmatchcase(split, pattern)]
        if not fitting:
            raise InputError(f"{key}.splits ({source.name}): no split '{pattern}'; {_instead(pattern, files)}")
        chosen |= {split: files[split] for split in fitting}
    for pattern in source.split_weights:
        if not any(fnmatchcase(split, pattern) for split in chosen):
            raise InputError(f"{key}.split_weights ({source.name}): no split '{pattern}'; {_instead(pattern, chosen)}")
    # In the order of the dataset, whatever the order of the patterns.
    splits = {split: names for split, names in files.items() if split in chosen}
    weights = {split: mixture.weight(source, _split_weight(source, split)) for split in splits}
    licence = source.terms.license if source.terms else place.card.get("license")
    said = licence if isinstance(licence, str) else None
    provenance = _provenance(place)
    return SourceFiles(
        source, key, config, splits, weights, place.revision, said, provenance, place.fetched, place.opened
    )


def _provenance(place: _Listing) -> Mapping[str, Any]:
    if PROVENANCE not in place.names:
        return {}
    try:
        found = json.loads(place.fetched(PROVENANCE).read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _split_weight(source: MixtureSource, split: str) -> Fraction:
    fitting = (weight for pattern, weight in source.split_weights.items() if fnmatchcase(split, pattern))
    return exactly(next(fitting, 1.0))


def _instead(name: str, there: Iterable[str]) -> str:
    names = sorted(there)
    near = difflib.get_close_matches(name, names, n=1)
    listed = ", ".join(names)
    return (f"did you mean '{near[0]}'? " if near else "") + f"it has {listed if len(listed) < 300 else listed[:300]}"


def _place(source: MixtureSource, key: str) -> _Listing:
    path = Path(source.path).expanduser()
    if path.exists():
        if source.revision is not None:
            raise InputError(f"{key}.revision ({source.name}): {path}: a disk has no revisions; leave it out")
        if path.is_file():
            return _Listing([path.name], {}, None, lambda name: path, lambda name: path)
        if (path / "dataset").is_dir():
            if not (path / "dataset" / "README.md").is_file():
                raise InputError(f"{key}.path ({source.name}): {path}: a build has not finished its dataset")
            path = path / "dataset"
        names = sorted(
            str(file.relative_to(path))
            for file in path.rglob("*")
            if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
        )
        card = path / "README.md"
        text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
        return _Listing(names, _front(text), None, lambda name: path / name, lambda name: path / name)
    repository = hub_id(source.path)
    if repository is None:
        raise InputError(
            f"{key}.path ({source.name}): {source.path}: no such file or folder, and no id of a dataset such as "
            "user/name"
        )
    return _on_the_hub(repository, source, key)


def _on_the_hub(repository: str, source: MixtureSource, key: str) -> _Listing:
    from huggingface_hub import HfApi, HfFileSystem, hf_hub_download

    def fetched(name: str) -> Path:
        with _reaching(repository, source, key):
            return Path(hf_hub_download(repository, name, repo_type="dataset", revision=commit))

    def opened(name: str) -> Any:
        with _reaching(repository, source, key):
            return HfFileSystem().open(f"datasets/{repository}@{commit}/{name}", "rb")

    with _reaching(repository, source, key):
        info = HfApi().dataset_info(repository, revision=source.revision)
    commit = str(info.sha)
    names = sorted(file.rfilename for file in info.siblings or ())
    card = fetched("README.md").read_text(encoding="utf-8", errors="replace") if "README.md" in names else ""
    return _Listing(names, _front(card), commit, fetched, opened)


@contextmanager
def _reaching(repository: str, source: MixtureSource, key: str) -> Iterator[None]:
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError

    try:
        yield
    except (HfHubHTTPError, httpx2.HTTPError, OSError, ValueError) as error:
        at = f"@{source.revision}" if source.revision else ""
        raise InputError(
            f"{key}.path ({source.name}): {repository}{at}: neither on this disk nor readable on the Hub "
            f"({type(error).__name__}: {one_line(error)}); check the name, the revision, the network and HF_TOKEN"
        ) from None


def _front(card: str) -> Mapping[str, Any]:
    """A card's front matter; empty where it has none that can be read."""
    import yaml

    match = _FRONT.match(card.replace("\r\n", "\n"))
    try:
        found = yaml.safe_load(match[1]) if match else {}
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _config(source: MixtureSource, place: _Listing, key: str) -> tuple[str | None, dict[str, list[str]]]:
    """The config that is meant, and its files by split."""
    if Path(source.path).expanduser().is_file():
        if source.config is not None:
            raise InputError(f"{key}.config ({source.name}): a file has no config; leave it out")
        return None, {"train": place.names}
    configs, default = _of_card(place), None
    if configs:
        default = next((one["config_name"] for one in place.card["configs"] if one.get("default")), None)
    else:
        configs = _of_names(place)
    if not configs:
        raise InputError(
            f"{key}.path ({source.name}): {source.path}: has no file named {', '.join(_ENDINGS)} (or .gz)"
        )
    wanted = source.config
    if wanted is None:
        wanted = default or (next(iter(configs)) if len(configs) == 1 else "default")
        if wanted not in configs:
            raise InputError(
                f"{key}.config ({source.name}): missing, and there are several; name one of {', '.join(configs)}"
            )
    if wanted not in configs:
        raise InputError(f"{key}.config ({source.name}): no config '{wanted}'; {_instead(wanted, configs)}")
    return wanted, configs[wanted]


def _of_card(place: _Listing) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    configs = place.card.get("configs")
    for config in configs if isinstance(configs, list) else ():
        entries = config.get("data_files") if isinstance(config, dict) else None
        if isinstance(entries, str):
            entries = [entries]
        splits: dict[str, list[str]] = {}
        for entry in entries if isinstance(entries, list) else ():
            patterns = entry["path"] if isinstance(entry, dict) else entry
            split = entry["split"] if isinstance(entry, dict) else "train"
            for pattern in [patterns] if isinstance(patterns, str) else patterns:
                splits.setdefault(str(split), []).extend(n for n in place.names if fnmatchcase(n, pattern))
        if splits and "config_name" in config:
            found[str(config["config_name"])] = splits
    return found


def _of_names(place: _Listing) -> dict[str, dict[str, list[str]]]:
    data = [n for n in place.names if n.lower().removesuffix(".gz").endswith(_ENDINGS) and not _BESIDE.fullmatch(n)]
    # Beside Parquet files others tell of them.
    data = [name for name in data if name.endswith(".parquet")] or data
    found: dict[str, dict[str, list[str]]] = {}
    for name in data:
        folder, _, file = name.rpartition("/")
        shard = _SHARD.fullmatch(file)
        split = shard["split"] if shard else file.partition(".")[0]
        found.setdefault(folder or "default", {}).setdefault(split, []).append(name)
    return found


def fetch(found: Sequence[SourceFiles], say: Callable[[str], None]) -> None:
    """Fetch what is on the Hub, so that it is read from the disk, as often as it must be."""
    for one in found:
        if one.revision is not None:
            names = [name for files in one.splits.values() for name in files]
            say(f"{one.source.name}: fetching {len(names)} files of {one.source.path} at {one.revision[:12]}")
            for name in names:
                one.fetched(name)
