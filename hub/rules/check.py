"""The rules of the Hub, its viewer and `datasets`, checked on a built dataset before anybody sees it.

A folder that passes loads with `load_dataset(folder, config)` and renders; each finding says what a reader would see.
"""

from collections import Counter
from collections.abc import Container, Iterator
from pathlib import Path

from hub.rules.card import check_card
from hub.rules.findings import Finding, error, errors, warning
from hub.rules.parquet import Shard, check_config, check_shard, read_shard
from processors.errors import InputError

# huggingface.co/docs/hub/storage-limits
MAX_FILE_BYTES = 50_000_000_000
MAX_FILES_A_FOLDER = 10_000
MAX_FILES = 100_000

_TEMPORARY = (".tmp", ".temp", ".part", ".partial", ".incomplete", ".lock", ".swp", "~", ".crc")


def check_dataset(folder: Path) -> list[Finding]:
    """Everything that is wrong with a dataset's folder, errors first. Raises InputError if there is no folder."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give a run folder whose build has finished")
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if not path.is_dir()}
    findings = list(_files(files))
    card, of_card = check_card(folder / "README.md")
    findings += of_card
    shards: dict[str, Shard] = {}
    for name, path in files.items():
        if name.endswith(".parquet"):
            shard = read_shard(path, name)
            if isinstance(shard, Finding):
                findings.append(shard)
                continue
            shards[name] = shard
            findings += check_shard(shard)
    if card is not None:
        placed: set[str] = set()
        for config, patterns in card.patterns.items():
            splits, of_patterns = _resolve(folder, config, patterns, files)
            findings += of_patterns
            placed.update(name for names in splits.values() for name in names)
            whole = {s: [shards[n] for n in names if n in shards and shards[n].rows] for s, names in splits.items()}
            # Counts and sizes are wrong of necessity where a file is missing: the card may be right then.
            broken = any(f.rule == "data-files" for f in of_patterns) or any(
                n not in shards or not shards[n].rows for names in splits.values() for n in names
            )
            findings += check_config(config, whole, card.infos.get(config), counts=not broken)
        for name in shards:
            if name not in placed:
                seen = "no config's data_files match it: it is stored and downloaded, and never loaded"
                findings.append(warning("orphan-file", name, seen, "delete it, or add it to a config"))
    return errors(findings) + [finding for finding in findings if finding.severity == "warning"]


def _files(files: dict[str, Path]) -> Iterator[Finding]:
    """Rules about names, sizes and numbers of files."""
    for name, path in files.items():
        parts = Path(name).parts
        if len(parts) == 1 and name.endswith(".py"):
            seen = "in a repository of the same name `datasets` takes it for a loading script, and loads nothing"
            yield warning("script", name, seen, "give it another name, or put it into a folder")
        hidden = any(part.startswith(".") for part in parts) and name != ".gitattributes"
        if hidden or "__pycache__" in parts or name.endswith(_TEMPORARY):
            seen = "a hidden or temporary file: `datasets` does not see it, and readers would download it"
            yield error("temporary-file", name, seen, "delete it; if a build was interrupted, run it again first")
        if not path.exists():
            yield error("broken-link", name, "it links to a file that is not there", "delete or mend it")
            continue
        if path.stat().st_size > MAX_FILE_BYTES:
            seen = f"{path.stat().st_size:,} bytes; the Hub takes no file of more than {MAX_FILE_BYTES:,}"
            yield error("file-bytes", name, seen, "build with a smaller outputs.shard_bytes")
    folders = Counter(str(Path(name).parent) for name in files)
    for folder, number in folders.items():
        if number > MAX_FILES_A_FOLDER:
            seen = f"{number:,} files; the Hub takes at most {MAX_FILES_A_FOLDER:,} a folder"
            yield error("too-many-files", folder, seen, "build with a larger outputs.shard_bytes")
    if len(files) > MAX_FILES:
        seen = f"{len(files):,} files in all; the Hub is slow above {MAX_FILES:,}"
        yield warning("too-many-files", ".", seen, "build with a larger outputs.shard_bytes")


def _resolve(
    folder: Path, config: str, patterns: dict[str, list[str]], files: Container[str]
) -> tuple[dict[str, list[str]], list[Finding]]:
    """Each split's files, as `datasets` itself resolves the patterns. `files` are those that a publish sends."""
    from datasets.data_files import resolve_pattern

    findings: list[Finding] = []
    splits: dict[str, list[str]] = {}
    owner: dict[str, str] = {}
    base = folder.resolve()
    for split, paths in patterns.items():
        names: list[str] = []
        for pattern in paths:
            if "://" in pattern or pattern.startswith("/") or ".." in Path(pattern).parts:
                seen = f"'{pattern}' points out of the repository: what it finds here is not published with it"
                findings.append(error("data-files", f"{config}/{split}", seen, "write it relative to the card"))
                continue
            try:
                matched = [str(Path(path).relative_to(base)) for path in resolve_pattern(pattern, str(base))]
            except (FileNotFoundError, ValueError):
                seen = f"'{pattern}' matches no file: the split is missing or empty, and loading fails"
                findings.append(
                    error("data-files", f"{config}/{split}", seen, "finish the build, or remove the split")
                )
                continue
            names += matched
        splits[split] = names
        for name in names:
            if name not in files:
                seen = f"{name} lies behind a link to a folder, which a publish does not follow: it would be missing"
                findings.append(error("data-files", f"{config}/{split}", seen, "put the folder there in its place"))
            other = owner.setdefault(name, split)
            if other != split or names.count(name) > 1:
                where = f"of '{other}' too" if other != split else "twice"
                seen = f"{name} is matched {where}: its rows are loaded more than once"
                findings.append(error("overlapping-files", f"{config}/{split}", seen, "narrow the patterns"))
            if not name.endswith(".parquet"):
                seen = f"{name} is matched and is no Parquet file; `datasets` guesses one format for the config"
                findings.append(error("data-files", f"{config}/{split}", seen, "narrow the pattern"))
    return splits, list(dict.fromkeys(findings))
