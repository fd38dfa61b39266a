"""`smolkalam memory`: convert, merge, and make memories of finished builds."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from builders.run_folder.ranked_rows import ranked_rows, ranked_units, taken_by
from builders.run_folder.units import UnitFiles
from processors.errors import InputError
from processors.memory.files import write_units
from processors.memory.memory import Memory
from processors.scoring.columns import PUBLISHED


def merge(files: list[Path], output: Path, languages: str) -> None:
    """Read memories in order and write them as one, in the format that `output`'s name says."""
    source, colon, target = languages.partition(":")
    if not colon or not source or not target:
        raise InputError(f"--languages {languages}: expected SOURCE:TARGET, such as en:ar")
    for file in files:
        if not file.exists():
            raise InputError(f"{file}: does not exist")
    memory = Memory.load(files, source=source, target=target)
    _save(memory, output)


def from_build(run: Path, config: str, output: Path, min_score: float) -> None:
    """Write the chosen translations of a finished build's config as a memory."""
    recipe, ranked = ranked_units(run)
    configs = {recipe.config_name(t.name) for t in recipe.translators}
    if config not in configs:
        raise InputError(f"--config {config}: this build has {', '.join(sorted(configs))}")
    chosen = _chosen(ranked, config, min_score)
    memory = Memory.from_build(chosen, source="en", target=recipe.language.code)
    _save(memory, output)


def _chosen(units: list[UnitFiles], config: str, min_score: float) -> Iterator[tuple[list[Any], list[Any]]]:
    """Messages and translated messages of each row; custom instructions stand beside them as a system message."""
    columns = ["messages", "chat_template_kwargs", "candidates", "combined", "choices"]
    for unit in units:
        for rows in ranked_rows(unit, columns):
            for row in rows:
                chosen = taken_by(row, config)
                if chosen is not None and chosen[PUBLISHED] >= min_score:
                    yield row["messages"], chosen["messages"]
                    instructions = (row["chat_template_kwargs"] or {}).get("custom_instructions")
                    if instructions and chosen["custom_instructions"]:
                        yield _system(instructions), _system(chosen["custom_instructions"])


def _system(content: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": content}]


def _save(memory: Memory, output: Path) -> None:
    written = write_units(output, memory.units(), source=memory.source, target=memory.target)
    counts = memory.counts
    print(output)
    print(
        f"{written:,} segments written; {counts.duplicates:,} duplicates, {counts.conflicts:,} conflicts, "
        f"{counts.empty:,} empty, {counts.other_languages:,} of other languages",
        file=sys.stderr,
    )
