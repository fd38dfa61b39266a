"""The folder of a pool's work: a folder a stage, with what it kept, what it left out and why, and its counts.

A stage reads the one before it, row by row, and is written in one step: after kill -9 it is there or it is not. What
was paid for lies in `answers/`, from where a stage that is done again takes it. A stage is done again when what it
depends on has changed, and with it all that follow.
"""

import asyncio
import hashlib
import json
import shutil
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from builders.run_folder.files import write_error
from builders.run_folder.folder import lock_folder
from processors.answers.ask_once import look_at_error
from processors.atomic_files import replacing, write_text
from processors.errors import CountError, InputError

T = TypeVar("T")
R = TypeVar("R")
Record = dict[str, Any]

# Raised when a stage's output changes for the same input.
FORMAT = 1
STAGE, KEPT, LEFT_OUT = "stage.json", "kept.jsonl", "left_out.jsonl"
# In the folder of a command's work: which command's it is.
COMMAND = ".command"
# What a command of this kind writes: the first stage, and the dataset.
FIRST, DATASET = "prompts", "dataset"
# Without a terminal a line of progress is printed so often.
LINE_S = 30.0


def say(line: str) -> None:
    """A line for people, beside what is printed for programs; a bar that is on the terminal makes room for it."""
    print(line, file=sys.stderr, flush=True)


def warn(message: str) -> None:
    say(f"warning: {message}")


@contextmanager
def work_folder(output: Path, command: str) -> Iterator[Path]:
    """The folder of a command's work, by its whole path and for this process alone; it is printed at the end.

    Raises InputError where another process has it, it is another command's, or cannot be written.
    """
    from loguru import logger

    logger.remove()
    logger.add(lambda line: print(line, end="", file=sys.stderr), level="WARNING", format="{message}")
    output = output.absolute()
    busy = f"another `smolkalam {command}` is running in this folder; wait for it or choose another -o"
    lock = lock_folder(output, busy=busy)
    try:
        take_folder(output, command)
        yield output
    except OSError as error:
        raise write_error(error, output) from error
    finally:
        lock.release()
    print(output)


def take_folder(folder: Path, command: str) -> None:
    """Mark a folder as the work of a command, for stages and the dataset take the place of what is there.

    Raises InputError where it is another command's, or has folders that no such command wrote.
    """
    mark = folder / COMMAND
    if mark.exists():
        of = mark.read_text(encoding="utf-8").strip()
        if of != command:
            raise InputError(f"{folder}: is of `smolkalam {of}`; choose another -o")
        return
    # Work that was begun before there was a mark has its first stage.
    if not (folder / FIRST / STAGE).exists():
        for name in (FIRST, DATASET):
            if (folder / name).exists():
                raise InputError(f"{folder / name}: is there already and not of this command; choose another -o")
    write_text(mark, command + "\n")


@dataclass(slots=True)
class Written:
    """Takes what a stage keeps and what it leaves out, and counts both. `read` is told of each row that comes in."""

    kept_file: Any
    left_out_file: Any
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def read(self, rows: int = 1) -> None:
        self.counts["read"] += rows

    def keep(self, record: Mapping[str, Any]) -> None:
        self.counts["kept"] += 1
        self.kept_file.write(_line(record))

    def leave_out(self, record: Mapping[str, Any], reason: str, detail: str = "") -> None:
        """`record` names the row, by `id` at least."""
        self.reasons[reason] += 1
        self.left_out_file.write(_line({**record, "reason": reason, "detail": detail}))

    def note(self, name: str, number: int = 1) -> None:
        """Count what is neither kept nor left out, by a name of its own."""
        self.counts[name] += number


class Stages:
    """The stages in `folder`; `say` hears a line of each. What was paid for is in `paid`, the folder if not given."""

    def __init__(self, folder: Path, say: Callable[[str], None], paid: Path | None = None) -> None:
        self.folder = folder
        self.paid = paid or folder
        self.say = say
        self._before = ""

    def kept(self, name: str) -> Iterator[Record]:
        """What a stage kept, in its order."""
        return read_lines(self.folder / name / KEPT)

    def left_out(self, name: str) -> Iterator[Record]:
        """What a stage left out, with `reason` and `detail`."""
        return read_lines(self.folder / name / LEFT_OUT)

    def told(self, name: str) -> Record:
        """A stage's `counts` and `left_out` by reason, and what it said beside them in `more`."""
        found: Record = json.loads((self.folder / name / STAGE).read_text(encoding="utf-8"))
        return found

    def run(self, name: str, inputs: Any, make: Callable[[Written], Record | None]) -> Record:
        """Do a stage, unless it is done: with the same `inputs`, after the same stages before it.

        `make` writes it; what it returns is kept beside its counts. Raises CountError where rows were lost.
        """
        fingerprint = _digest([FORMAT, name, self._before, inputs])
        self._before = fingerprint
        folder = self.folder / name
        if (folder / STAGE).exists() and self.told(name)["fingerprint"] == fingerprint:
            told = self.told(name)
            self.say(f"{name}: {summary(told)} (from before)")
            return told
        _look_for_others(folder)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with (
            replacing(folder / KEPT) as kept,
            replacing(folder / LEFT_OUT) as left_out,
            kept.open("w", encoding="utf-8") as kept_file,
            left_out.open("w", encoding="utf-8") as left_out_file,
        ):
            written = Written(kept_file, left_out_file)
            more = make(written)
        counts, reasons = written.counts, written.reasons
        if counts["read"] != counts["kept"] + reasons.total():
            raise CountError(
                f"{name}: {counts['read']:,} rows read, {counts['kept']:,} kept + {reasons.total():,} left out"
            )
        told = {"fingerprint": fingerprint, "counts": dict(counts), "left_out": dict(sorted(reasons.items()))}
        write_text(folder / STAGE, json.dumps(told | {"more": more or {}}, indent=1, ensure_ascii=False) + "\n")
        told = self.told(name)
        self.say(f"{name}: {summary(told)}")
        return told


def _look_for_others(folder: Path) -> None:
    """Raises InputError where a stage's folder has what no stage writes: it would be deleted."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.name not in (STAGE, KEPT, LEFT_OUT) and not path.name.endswith(".tmp"):
            raise InputError(f"{path}: is not of this command, and its folder is; move it, or choose another -o")


def summary(told: Mapping[str, Any]) -> str:
    """A stage's counts as a line.

    >>> summary({"counts": {"read": 3, "kept": 2}, "left_out": {"empty": 1}})
    '3 read = 2 kept + 1 left out (empty 1)'
    """
    counts, reasons = told["counts"], told["left_out"]
    why = f" ({', '.join(f'{reason} {number:,}' for reason, number in reasons.items())})" if reasons else ""
    return f"{counts.get('read', 0):,} read = {counts.get('kept', 0):,} kept + {sum(reasons.values()):,} left out{why}"


def emptied(told: Mapping[str, Record]) -> str:
    """Of stages in their order, the first that kept nothing: those after it have nothing to say of why.

    >>> emptied({"a": {"counts": {"read": 2, "kept": 1}}, "b": {"counts": {"read": 1}}, "c": {"counts": {}}})
    'b'
    """
    return next(name for name, one in told.items() if not one["counts"].get("kept"))


def read_lines(path: Path) -> Iterator[Record]:
    """The records of a file of JSON lines."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _line(record: Mapping[str, Any]) -> str:
    # Half of a pair of surrogates is told as its escape: the file is UTF-8.
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace").decode() + "\n"


def _digest(inputs: Any) -> str:
    text = json.dumps(inputs, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


async def in_order(
    items: Iterable[T], work: Callable[[T], Awaitable[R]], window: Callable[[], int]
) -> AsyncGenerator[tuple[T, R], None]:
    """What `work` makes of each item, in the items' order, with at most `window()` of them begun and not handed on.

    The first error that comes to its turn ends it; what is begun is cancelled then.
    """
    begun: list[tuple[T, asyncio.Task[R]]] = []

    async def one(item: T) -> R:
        return await work(item)

    waiting = iter(items)
    over = False
    try:
        while True:
            while not over and len(begun) < max(1, window()):
                try:
                    item = next(waiting)
                except StopIteration:
                    over = True
                    break
                task = asyncio.create_task(one(item))
                task.add_done_callback(look_at_error)
                begun.append((item, task))
            if not begun:
                return
            item, task = begun[0]
            result = await task
            del begun[0]
            yield item, result
    finally:
        for _, task in begun:
            task.cancel()
        await asyncio.gather(*(task for _, task in begun), return_exceptions=True)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int, str], None]]:
    """Within it the call `(done, note)` shows how far a stage is: a bar on a terminal, a line now and then else."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
    columns = (
        TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        bar, begin = bars.add_task(what, total=total, note=""), time.monotonic()
        told = begin

        def show(done: int, note: str) -> None:
            nonlocal told
            bars.update(bar, completed=done, note=note)
            now = time.monotonic()
            if not console.is_terminal and now - told > LINE_S:
                told = now
                console.print(f"{what}: {done:,} of {total:,}, {note}", markup=False)

        yield show
