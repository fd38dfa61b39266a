"""What a mixture is made of, as `mixture.json`: each source at its revision or digest, and its rows, exactly."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builders.mixtures.account import SplitAccount, language_shares
from builders.mixtures.find import SourceFiles
from builders.mixtures.recipe import Mixture
from processors.selection.decontamination import IndexedBenchmark

MANIFEST = "mixture.json"


@dataclass(frozen=True, slots=True)
class Mixed:
    """What a mixture's card is written from: see `hub.card.mixture`."""

    mixture: Mixture
    found: list[SourceFiles]
    accounts: list[SplitAccount]
    benchmarks: list[IndexedBenchmark]
    contaminated: dict[str, int]
    scores: list[str]
    rows: int
    bytes: int
    files: list[Path]

    @property
    def languages(self) -> dict[str, dict[str, Any]]:
        return language_shares(self.accounts)


def public(name: str) -> str:
    """A name on the Hub as it is; of a path the last part, for the rest is nobody's business."""
    return Path(name).name if Path(name).is_absolute() else name


def manifest(mixed: Mixed) -> dict[str, Any]:
    """Where each row is from and what became of the others, ready for JSON; nothing of it is of this machine."""
    mixture, sources = mixed.mixture, []
    for one in mixed.found:
        mine = {account.split: account for account in mixed.accounts if account.source == one.source.name}
        files = {split: [_file(one, name) for name in names] for split, names in one.splits.items()}
        sources.append(
            {
                "name": one.source.name,
                "path": public(one.source.path),
                "revision": one.revision,
                "config": one.config,
                "language": one.source.language,
                "license": one.licence,
                "where": one.source.where.model_dump(mode="json"),
                "splits": {split: account.plain() | {"files": files[split]} for split, account in mine.items()},
            }
        )
    benchmarks = [
        {"name": public(one.name), "items": one.items}
        | {"looked_for": one.looked_for, "rows": mixed.contaminated.get(one.name, 0)}
        for one in mixed.benchmarks
    ]
    return {
        "name": mixture.name,
        "seed": mixture.seed,
        "tokenizer": public(mixture.tokenizer),
        "deduplicated": mixture.deduplicate,
        "budget": {"tokens": mixture.tokens, "rows": mixture.rows},
        "shares": mixture.languages.model_dump(mode="json"),
        "rows": mixed.rows,
        "tokens": sum(one.tokens for one in mixed.accounts),
        "languages": mixed.languages,
        "benchmarks": benchmarks,
        "sources": sources,
    }


def _file(one: SourceFiles, name: str) -> dict[str, Any]:
    """A file's name, and its digest; a commit of the Hub says enough of what is there."""
    if one.revision is not None:
        return {"name": name}
    with one.fetched(name).open("rb") as file:
        return {"name": name, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
