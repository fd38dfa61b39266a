"""What a build shows while it runs: a bar with rate and time left on a terminal, a line now and then in a log."""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from builders.run_folder.activity import STOPPING
from builders.run_folder.forecast import duration
from builders.run_folder.stage_parts import StagePart

# A log of a day then has 2,880 lines of progress; a bar that moves four times a second looks alive.
LOG_EVERY_S = 30.0
REFRESH_S = 0.25
# A table's width in a log or a pipe, where nobody says how wide a line may be: no name is cut apart.
PIPE_WIDTH = 160


def table_console(*, stderr: bool = False) -> Console:
    """For tables, as wide as the terminal or as COLUMNS says; as wide as they need, up to 160, where neither is."""
    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal and not os.environ.get("COLUMNS"):
        console.width = PIPE_WIDTH
    return console


class Monitor:
    """Observes a build (see `builders.stages.common.context.Observer`) on stderr; stdout stays for data.

    `parts` are those of the build, in order; the last that has begun sets the number of rows of those to come. None,
    for work that is no build's: then there is no bar for the whole. What each is of the whole, its `cost` says; where
    a model is slower than that, its own rate corrects the estimate.
    """

    def __init__(self, parts: Sequence[StagePart], console: Console | None = None) -> None:
        # This stream itself, not whatever is sys.stderr later: a task that runs in this process has its own.
        self.console = console or Console(file=sys.stderr, highlight=False, soft_wrap=True)
        self.parts = {part.name: part for part in parts}
        self._live = self.console.is_terminal
        self._progress = Progress(
            TextColumn("{task.description:<24}"),
            BarColumn(),
            MofNCompleteColumn(),
            # Not markup: it may hold a server's own words. Folded, for their end says what is wrong.
            TextColumn("{task.fields[rate]}", markup=False, table_column=Column(overflow="fold")),
            TimeElapsedColumn(),
            console=self.console,
            disable=not self._live,
        )
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._whole: TaskID | None = None
        self._started = time.monotonic()
        self._done_weight = 0.0
        self._skipped_weight = 0.0
        self._begun_weight = 0.0
        self._to_come = 0.0
        self._rows = 0
        self._share = 0.0

    def __enter__(self) -> "Monitor":
        self._progress.start()
        if self.parts:
            self._whole = self._progress.add_task("whole build", total=None, rate="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_thread()
        self._progress.stop()

    def say(self, message: str) -> None:
        self.console.print(message, markup=False)

    def warn(self, message: str) -> None:
        self.console.print(f"warning: {message}", style="yellow", markup=False)

    def stage(
        self, name: str, rows: int, done: int, watch: Callable[[], int], detail: Callable[[], str] = str
    ) -> None:
        """A stage begins, with `done` of its `rows` on disk already; `watch` says how many this run has added.

        `detail` says what else there is to know beside the rate, or nothing.
        """
        part = self.parts.get(name, StagePart(name, cost=0.0))
        # The dataset's splits hold every row once a config.
        self._rows = max(rows // max(len(part.configs), 1), 1)
        task = self._progress.add_task(name, total=rows, completed=done, rate="")
        self._stop = threading.Event()
        weight = part.cost * (self._rows / rows if rows else 0)
        self._skipped_weight += weight * done
        self._begun_weight += weight * rows
        names = list(self.parts)
        later = names[names.index(name) + 1 :] if name in self.parts else []
        self._to_come = sum(self.parts[other].cost for other in later) * self._rows
        self._thread = threading.Thread(
            target=self._follow, args=(self._stop, task, name, rows, done, weight, watch, detail), daemon=True
        )
        self._thread.start()

    def finished(self, name: str) -> None:
        self._end_thread()

    def _end_thread(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _follow(
        self,
        stop: threading.Event,
        task: TaskID,
        name: str,
        rows: int,
        done: int,
        weight: float,
        watch: Callable[[], int],
        detail: Callable[[], str],
    ) -> None:
        began, logged, base = time.monotonic(), time.monotonic(), self._done_weight
        new, stopping = 0, False
        while True:
            last = stop.wait(REFRESH_S)
            # What tasks hold is not on disk, and they let go of it when they stop: the figure does not fall for that.
            new = max(new, min(watch(), rows - done))
            now = time.monotonic()
            rate = new / max(now - began, 1e-3)
            left = f"{duration((rows - done - new) / rate)} left" if rate and new < rows - done else ""
            shown = f"{rate:,.{1 if rate < 10 else 0}f} rows/s {left}" if new else ""
            if told := detail():
                shown = f"{shown.rstrip()} {told}".lstrip()
            self._progress.update(task, completed=done + new, rate=shown)
            self._done_weight = base + weight * (done + new)
            self._show_whole(now)
            begins_to_stop = told.startswith(STOPPING) and not stopping
            stopping |= begins_to_stop
            if not self._live and (now - logged > LOG_EVERY_S or last or begins_to_stop):
                logged = now
                self.say(f"{name}: {done + new}/{rows} rows {shown}".rstrip())
            if last:
                return

    def _show_whole(self, now: float) -> None:
        total = self._begun_weight + self._to_come
        worked = self._done_weight - self._skipped_weight
        if self._whole is None or total <= 0:
            return
        # A scan sees only some of the rows, so what is left may grow after it; the bar does not go back for that.
        share = self._share = max(self._share, min(1.0, self._done_weight / total))
        left = ""
        if worked > 0 and share < 1:
            left = f"{duration((now - self._started) * (total - self._done_weight) / worked)} left"
        self._progress.update(self._whole, total=100, completed=int(share * 100), rate=left)
