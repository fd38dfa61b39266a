"""The linear merge of several experts of one base into one model.

    smolkalam train merge --config model_recipes/merge/linear.yaml --set output_dir=merged \
        --set 'experts=[{path: sft-math}, {path: sft-code}]'

Whole models or LoRA adapters, dense or of sparse experts, of any size in little memory: neither torch nor a GPU is
needed. What cannot be merged is told before anything is written; the same command again goes on after a kill.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from model_recipes.merge.card import MERGED, merged_json, write_merge_card, write_rest
from model_recipes.merge.checkpoint import read_json
from model_recipes.merge.distances import by_part, distances_table, plain, warnings_of
from model_recipes.merge.inputs import Inputs, description, open_inputs
from model_recipes.merge.settings import MergeSettings, read_merge, shard_bytes
from model_recipes.merge.stream import (
    WeightFile,
    digests,
    is_merged,
    look_for_space,
    merge_shard,
    notes_of,
    plan_shards,
    write_index,
)
from processors.atomic_files import replacing_text
from processors.errors import InputError, SmolKalamError, tell

# What a merge that is not finished keeps, inside its output folder.
_KEPT, _PLAN = ".merge", "plan.json"


def train(config: Path, overrides: Sequence[str] = ()) -> Path:
    """Merge; returns the model's folder. Raises InputError for what the user can mend."""
    settings = read_merge(config, overrides)
    folder = Path(settings.output_dir)
    if _is_whole(folder, settings):
        print(f"{folder}: merged already", file=sys.stderr)
        return folder
    inputs = open_inputs(settings)
    shards = plan_shards(inputs.source.tensors, shard_bytes(settings.max_shard_size))
    kept = _begun(folder, description(inputs, settings))
    to_do = [shard for shard in shards if not is_merged(folder, kept, shard)]
    look_for_space(folder, to_do)
    if len(to_do) < len(shards):
        print(f"going on: {len(shards) - len(to_do)} of {len(shards)} files are there", file=sys.stderr)
    with _bar(shards, to_do) as progress:
        for shard in to_do:
            progress(shard, folder, kept, inputs)
    write_index(folder, shards)
    told = write_rest(folder, inputs)
    _finish(folder, kept, shards, inputs, settings, told)
    return folder


def _is_whole(folder: Path, settings: MergeSettings) -> bool:
    """Whether this merge is there. Raises InputError where something else is."""
    if not folder.exists():
        return False
    if not folder.is_dir():
        raise InputError(f"output_dir: {folder}: is a file; choose another")
    if (folder / MERGED).is_file():
        there, asked = yaml.safe_load((folder / "settings.yaml").read_text(encoding="utf-8")), _plain(settings)
        if changed := sorted({key for key in {**there, **asked} if there.get(key) != asked.get(key)} - {"output_dir"}):
            told = ", ".join(changed)
            raise InputError(
                f"output_dir: {folder}: holds another merge ({told} differ); choose another, or delete it"
            )
        shutil.rmtree(folder / _KEPT, ignore_errors=True)
        return True
    if not (folder / _KEPT / _PLAN).is_file() and any(path.name != _KEPT for path in folder.iterdir()):
        raise InputError(f"output_dir: {folder}: is not empty, and no merge that was begun; choose another")
    return False


def _plain(settings: MergeSettings) -> dict[str, Any]:
    """The settings as they are written down: in the order of the experts' names."""
    found = settings.model_dump(exclude_none=True)
    return found | {"experts": sorted(found["experts"], key=lambda one: (one["path"], one.get("revision", "")))}


def _begun(folder: Path, described: dict[str, object]) -> Path:
    """Where what is finished is noted. Raises InputError where another merge was begun."""
    kept = folder / _KEPT
    before = read_json(kept / _PLAN)
    if before is None:
        try:
            kept.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"output_dir: {folder}: cannot be written ({error.strerror}); choose another") from None
        with replacing_text(kept / _PLAN) as stream:
            json.dump(described, stream)
    elif changed := sorted(key for key in described if described[key] != before.get(key)):
        raise InputError(
            f"output_dir: {folder}: another merge was begun there ({', '.join(changed)} differ); choose another, or "
            "delete it"
        )
    for path in (*folder.glob(".*.tmp"), *kept.glob(".*.tmp")):
        path.unlink(missing_ok=True)
    return kept


@contextmanager
def _bar(shards: Sequence[WeightFile], to_do: Sequence[WeightFile]) -> Iterator[Any]:
    """A function that merges a shard under a bar with rate and time left; in a log, a line a file."""
    console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
    )  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        total = sum(tensor.size for shard in to_do for tensor in shard.tensors.values())
        task = progress.add_task("merging", total=total)

        def run(shard: WeightFile, folder: Path, kept: Path, inputs: Inputs) -> None:
            merge_shard(folder, kept, shard, inputs, lambda size: progress.advance(task, size))
            if not console.is_terminal:
                console.print(f"merged {shard.file} ({shards.index(shard) + 1} of {len(shards)})", markup=False)

        yield run


def _finish(
    folder: Path, kept: Path, shards: list[WeightFile], inputs: Inputs, settings: MergeSettings, told: list[str]
) -> None:
    notes = list(notes_of(kept, shards))
    distances = plain(by_part((name, sums) for name, sums, _ in notes), inputs.names)
    from_base = inputs.base is not None
    warnings = warnings_of(distances["all"], settings.max_distance, from_base=from_base)
    merged = merged_json(
        inputs, settings.weights, digests(inputs, {name: found for name, _, found in notes}), distances
    )
    with replacing_text(folder / "settings.yaml") as stream:
        yaml.safe_dump(_plain(settings), stream, sort_keys=True, allow_unicode=True, width=100)
    print(distances_table(distances, from_base=from_base), file=sys.stderr)
    for line in [*told, *warnings]:
        print(f"warning: {line}", file=sys.stderr)
    write_merge_card(folder, merged, warnings)
    shutil.rmtree(kept, ignore_errors=True)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m model_recipes.merge.train", description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True, help="YAML of the settings.")
    parser.add_argument("--set", action="append", default=[], metavar="A.B=C", help="Change a setting.")
    given = parser.parse_args(words)
    try:
        folder = train(given.config, given.set)
    except SmolKalamError as error:
        tell(error)
        sys.exit(error.exit_code)
    print(f"{folder}: model, tokenizer, merge.json, settings.yaml, README.md", file=sys.stderr)


if __name__ == "__main__":
    main()
