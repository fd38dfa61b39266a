"""`smolkalam mix`: from a mixture's recipe to a dataset, its manifest and its card.

What is asked for is looked for before anything is read, and what it comes to is shown before anything is written. The
same recipe and data give the same bytes, whatever the number of processes, and an interrupted mixture goes on.
"""

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from builders.contamination import Against, read_against
from builders.executors.this_machine import in_processes
from builders.mixtures.account import SplitAccount, gather, lines_of, plan_table, take
from builders.mixtures.decide import final_order
from builders.mixtures.find import fetch, find_sources
from builders.mixtures.look import Looked, Looker, look_at
from builders.mixtures.manifest import MANIFEST, Mixed, manifest
from builders.mixtures.needs import look_at_columns, look_at_rows, score_columns
from builders.mixtures.progress import watched
from builders.mixtures.read import MixturePart, parts_of
from builders.mixtures.recipe import COLUMN_OF_TOKENS, Mixture, load_mixture
from builders.mixtures.write import Order, Origin, put_aside, shard_starts, write_shard
from builders.reports.bars import table_console
from builders.run_folder.files import write_error
from builders.run_folder.folder import lock_folder
from processors.atomic_files import look_for_room, new_folder, write_text
from processors.conversations.tokenizers import load_tokenizer
from processors.errors import CountError, InputError
from processors.selection.decontamination import IndexedBenchmark, save

if TYPE_CHECKING:
    from rich.console import Console

# Less is looked at by this process itself: others take half a second to start.
_SMALL = 20_000_000
# Raised when what is found of a row, or how it is put aside, changes: earlier work in a folder is done again.
_FORMAT = 2


Finish = Callable[[Path, Mixed], None]


def run_mix(
    recipe: str,
    output: Path | None,
    settings: Sequence[str] = (),
    *,
    dry_run: bool = False,
    workers: int = 1,
    finish: Finish | None = None,
) -> list[SplitAccount]:
    """Mix by a recipe (its path or the name of one that ships) into the folder `output`; returns the accounts.

    `finish` writes the card. With `dry_run` nothing is written but, beside `output` where it is given, what was found
    of each row, from which the mixture then goes on. Raises InputError for what the user can mend.
    """
    mixture, where = load_mixture(recipe, settings)
    if output is None:
        if not dry_run:
            raise InputError("--output: missing; give the folder to write, or --dry-run")
        with TemporaryDirectory() as folder:
            return _Mixing(mixture, where, Path(folder), workers).plan(table_console())
    look_for_room(output)
    output = output.absolute()
    work = output.with_name(f".{output.name}.mix")
    lock = lock_folder(work, busy="another mixture is being written to this folder")
    try:
        mixing = _Mixing(mixture, where, work, workers)
        accounts = mixing.plan(table_console(stderr=not dry_run))
        if not dry_run:
            mixing.write(output, finish)
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise write_error(error, output) from error
    finally:
        if not any(work.glob("look-*/*.npz")):
            # Nothing to go on from.
            shutil.rmtree(work, ignore_errors=True)
        lock.release()
    return accounts


class _Mixing:
    """A mixture on its way, with what is decided of it; `work` is the folder of what others need not see."""

    def __init__(self, mixture: Mixture, where: str, work: Path, workers: int) -> None:
        self.mixture, self.where, self.work, self.workers = mixture, where, work, workers
        self.benchmarks: list[IndexedBenchmark] = []

    def plan(self, console: "Console") -> list[SplitAccount]:
        """Find, look at and decide; says what it comes to."""
        mixture = self.mixture
        with _named(self.where):
            _look_at_tokenizer(mixture.tokenizer)
            self.found = find_sources(mixture)
            look_at_columns(mixture, self.found)
        index = self._index()
        fetch(self.found, _say)
        self.parts = parts_of(self.found)
        with _named(self.where):
            look_at_rows(mixture, self.found, self.parts)
        self._look(index)
        with _named(self.where):
            self.gathered = gather(mixture, self.found, self.parts, self.looked)
            self.accounts, self.pools, self.decision, self.numbers = take(mixture, self.gathered)
        console.print(plan_table(self.accounts))
        for line in lines_of(self.accounts):
            console.print(line, markup=False)
        return self.accounts

    def _index(self) -> str | None:
        """The benchmarks' index as a file, by its digest; None where the recipe names none."""
        if self.mixture.decontamination is None:
            return None
        named = self.mixture.decontamination.against
        index, warnings = read_against([Against(o.path, o.question, tuple(o.options), o.split) for o in named])
        for warning in warnings:
            _say(f"warning: {warning}")
        self.benchmarks = list(index.benchmarks)
        made = self.work / "benchmarks.npz"
        save(index, made)
        digest = hashlib.sha256(made.read_bytes()).hexdigest()[:16]
        # A name of its own: processes remember the index of a file that they have read.
        return str(made.replace(self.work / f"benchmarks-{digest}.npz"))

    def _look(self, index: str | None) -> None:
        mixture = self.mixture
        looker = Looker(
            tuple(one.source.name for one in self.found),
            tuple(one.source.where for one in self.found),
            mixture.tokenizer,
            index,
            mixture.deduplicate == "near",
        )
        tokenizer = Path(mixture.tokenizer)
        tokenizer = tokenizer / "tokenizer.json" if tokenizer.is_dir() else tokenizer
        counted_by = hashlib.sha256(tokenizer.read_bytes()).hexdigest() if tokenizer.is_file() else mixture.tokenizer
        files = {part.file: [(stat := Path(part.file).stat()).st_size, stat.st_mtime_ns] for part in self.parts}
        wheres = [where.model_dump() for where in looker.wheres]
        benchmarks = Path(index).name if index else None
        inputs = [
            looker.origins,
            wheres,
            counted_by,
            benchmarks,
            looker.near,
            files,
            [asdict(part) for part in self.parts],
        ]
        folder = self._folder("look", inputs)
        known = [part.rows for part in self.parts if part.rows is not None]
        results = [folder / f"{number:06d}.npz" for number in range(len(self.parts))]
        work = partial(_look_at_some, self.parts, looker, folder)
        self._in_processes("looking", work, results, sum(known) if len(known) == len(self.parts) else None)
        self.looked = [Looked.read(path) for path in results]

    def _folder(self, name: str, inputs: Any) -> Path:
        """The folder of what depends on these inputs; that of others is removed."""
        text = json.dumps([_FORMAT, inputs], sort_keys=True, default=str)
        folder = self.work / f"{name}-{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}"
        for other in self.work.glob(f"{name}-*"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _in_processes(
        self, what: str, work: Callable[[int, int], None], results: Sequence[Path], rows: int | None
    ) -> None:
        """`work(first, step)` does every step-th part or shard from the first on; each leaves a file of `results`."""
        sizes = (
            [self.parts[number].bytes for number in range(len(results))] if what != "writing" else [1] * len(results)
        )
        waiting = {number for number, path in enumerate(results) if not path.exists()}
        if not waiting:
            return
        if len(waiting) < len(results):
            _say(f"{what}: {len(results) - len(waiting)} of {len(results)} parts are there from before")

        def done() -> int:
            waiting.difference_update([number for number in sorted(waiting) if results[number].exists()])
            return sum(size for number, size in enumerate(sizes) if number not in waiting)

        with watched(what, sum(sizes), done, rows):
            tasks = min(self.workers * 8, len(results))
            if self.workers == 1 or tasks == 1 or sum(part.bytes for part in self.parts) < _SMALL:
                work(0, 1)
            else:
                in_processes(partial(_strided, work, tasks), tasks, self.workers)

    def write(self, output: Path, finish: Finish | None) -> None:
        """Write the dataset, its manifest and its card, and put the folder in its place."""
        mixture, outputs = self.mixture, self.mixture.outputs
        scores = score_columns(self.found)
        order = self._order(scores)
        shards = range(len(order.shards) - 1)
        origins = [Origin(one.source.name, one.source.language) for one in self.found]
        asides = [order.aside(number).with_suffix(".json") for number in range(len(self.parts))]
        self._in_processes("reading", partial(_put_some_aside, self.parts, origins, order, scores), asides, None)
        paths = [order.folder / f"{outputs.split}-{shard:05d}-of-{len(shards):05d}.parquet" for shard in shards]
        work = partial(_write_some, paths, len(self.parts), order, outputs.row_group_bytes)
        self._in_processes("writing", work, [path.with_suffix(".json") for path in paths], order.shards[-1])
        told = [json.loads(path.with_suffix(".json").read_bytes()) for path in paths]
        rows, written = sum(one["rows"] for one in told), sum(one.written for one in self.accounts)
        if rows != written:
            raise CountError(f"{written} rows are to be written, and {rows} are")
        contaminated: dict[str, int] = {}
        for one in self.looked:
            for name, count in one.found.items():
                contaminated[name] = contaminated.get(name, 0) + count
        with new_folder(output) as folder:
            (folder / outputs.config).mkdir()
            for path in paths:
                path.with_suffix(".json").unlink()
                path.replace(folder / outputs.config / path.name)
            files = [folder / outputs.config / path.name for path in paths]
            size = sum(one["bytes"] for one in told)
            mixed = Mixed(mixture, self.found, self.accounts, self.benchmarks, contaminated, scores, rows, size, files)
            write_text(folder / MANIFEST, json.dumps(manifest(mixed), indent=1, ensure_ascii=False) + "\n")
            if finish is not None:
                finish(folder, mixed)

    def _order(self, scores: list[str]) -> Order:
        """Where each row goes, on disk for all processes."""
        gathered, outputs = self.gathered, self.mixture.outputs
        ordered = final_order(self.pools, self.decision.times, self.mixture.seed)
        row = np.concatenate([of[rows] for of, (rows, _, _) in zip(self.numbers, ordered, strict=True)])
        copy, place = (np.concatenate([one[which] for one in ordered]) for which in (1, 2))
        arrays = {"row": row, "copy": copy, "place": place}
        arrays |= {"tokens": gathered.tokens[row], "bytes": gathered.bytes[row]}
        by_place = np.empty(len(row), np.int64)
        by_place[place] = arrays["bytes"]
        shards = shard_starts(by_place, outputs.shard_bytes)
        split_starts = {(one.source.name, split): start for one, split, start, _ in gathered.splits}
        first_rows = [
            gathered.starts[number] - split_starts[self.found[part.source].source.name, part.split]
            for number, part in enumerate(self.parts)
        ]
        digest = hashlib.blake2b(digest_size=16)
        for array in arrays.values():
            digest.update(array.tobytes())
        languages = [one.source.language for one in self.found]
        inputs = [digest.hexdigest(), scores, languages, outputs.split, outputs.row_group_bytes, shards]
        folder = self._folder("order", [*inputs, [asdict(part) for part in self.parts]])
        order = Order(folder, tuple(gathered.starts), tuple(first_rows), tuple(shards))
        order.save(arrays)
        return order


def _look_at_some(parts: list[MixturePart], looker: Looker, folder: Path, first: int, step: int) -> None:
    for number in range(first, len(parts), step):
        path = folder / f"{number:06d}.npz"
        if not path.exists():
            look_at(parts[number], looker).save(path)


def _put_some_aside(
    parts: list[MixturePart], origins: list[Origin], order: Order, scores: list[str], first: int, step: int
) -> None:
    for number in range(first, len(parts), step):
        put_aside(number, parts[number], origins[parts[number].source], order, scores)


def _write_some(paths: list[Path], parts: int, order: Order, group_bytes: int, first: int, step: int) -> None:
    for number in range(first, len(paths), step):
        write_shard(number, parts, order, paths[number], group_bytes)


def _strided(work: Callable[[int, int], None], tasks: int, rank: int) -> None:
    work(rank, tasks)


def _look_at_tokenizer(name: str) -> None:
    if name != COLUMN_OF_TOKENS:
        try:
            load_tokenizer(name)
        except InputError as error:
            raise InputError(f"tokenizer: {error}") from None


@contextmanager
def _named(where: str) -> Iterator[None]:
    """Names the recipe's file before its key, with which a mistake begins."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _say(message: str) -> None:
    print(message, file=sys.stderr)
