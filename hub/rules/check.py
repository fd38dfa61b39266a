"""The rules of the Hub, its viewer and `datasets`, checked on a built dataset before anybody sees it.

A folder that passes loads with `load_dataset(folder, config)` and renders; each finding says what a reader would see.
"""

from collections.abc import Container, Iterator
from pathlib import Path

from hub.rules.card import Declared, check_card
from hub.rules.files import FILE_RULES
from hub.rules.findings import Finding, error, errors, warning
from hub.rules.licences import check_licences
from hub.rules.parquet import SHARD_RULES, Footer, check_config, read_shard
from hub.rules.templates import check_templates
from processors.errors import InputError


def check_dataset(folder: Path) -> list[Finding]:
    """Everything that is wrong with a dataset's folder, errors first. Raises InputError if there is no folder."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give a run folder whose build has finished")
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if not path.is_dir()}
    findings = [finding for rule in FILE_RULES for finding in rule(files)]
    card, of_card = check_card(folder / "README.md")
    shards, of_shards = _shards(files)
    findings += [*of_card, *of_shards]
    if card is not None:
        findings += check_licences(folder, card.licence)
        findings += _configs(folder, card, files, shards)
    return errors(findings) + [finding for finding in findings if finding.severity == "warning"]


def _shards(files: dict[str, Path]) -> tuple[dict[str, Footer], list[Finding]]:
    """The footers of all Parquet files by name, and what is wrong with each file by itself."""
    shards: dict[str, Footer] = {}
    findings: list[Finding] = []
    for name, path in files.items():
        if name.endswith(".parquet"):
            shard = read_shard(path, name)
            if isinstance(shard, Finding):
                findings.append(shard)
                continue
            shards[name] = shard
            findings += [finding for rule in SHARD_RULES for finding in rule(shard)]
    return shards, findings


def _configs(folder: Path, card: Declared, files: Container[str], shards: dict[str, Footer]) -> Iterator[Finding]:
    """What is wrong with each config's files together, and files that are in no config."""
    placed: set[str] = set()
    for config, patterns in card.patterns.items():
        splits, of_patterns = _resolve(folder, config, patterns, files)
        yield from of_patterns
        names = [name for names in splits.values() for name in names]
        placed.update(names)
        whole = {s: [shards[n] for n in names if n in shards and shards[n].rows] for s, names in splits.items()}
        # Counts and sizes are wrong of necessity where a file is missing: the card may be right then.
        broken = any(f.rule == "data-files" for f in of_patterns) or any(
            n not in shards or not shards[n].rows for n in names
        )
        yield from check_config(config, whole, card.infos.get(config), counts=not broken)
        yield from check_templates(config, whole)
    for name in shards:
        if name not in placed:
            seen = "no config's data_files match it: it is stored and downloaded, and never loaded"
            yield warning("orphan-file", name, seen, "delete it, or add it to a config")


def _resolve(
    folder: Path, config: str, patterns: dict[str, list[str]], files: Container[str]
) -> tuple[dict[str, list[str]], list[Finding]]:
    """Each split's files, as `datasets` itself resolves the patterns. `files` are those that a publish sends."""
    from datasets.data_files import resolve_pattern

    findings: list[Finding] = []
    missing: list[Finding] = []
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
                missing.append(error("data-files", f"{config}/{split}", seen, "finish the build, or remove the split"))
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
    if len(missing) > 1 and not any(splits.values()):
        seen = f"none of its {len(splits)} splits has a file: its data is missing, and loading fails"
        missing = [error("data-files", config, seen, "finish the build, or copy its folder too")]
    return splits, list(dict.fromkeys([*missing, *findings]))
