"""How far a pass over a mixture's parts is: a bar with rate and time left on a terminal, a line now and then else."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from processors.watcher import watched_by

_EVERY_S, _LOG_EVERY_S = 0.3, 30.0


@contextmanager
def watched(what: str, total: int, done: Callable[[], int], rows: int | None = None) -> Iterator[None]:
    """Within it, `done()` of `total` bytes is shown as it grows; `rows`: how many rows these are, if it is known."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from builders.run_folder.forecast import duration

    console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
    columns = (
        TextColumn("{task.description:<10}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        begin, before = time.monotonic(), done()
        told = begin
        bar = progress.add_task(what, total=max(total, 1), completed=before, rate="")

        def look() -> None:
            nonlocal told
            now, here = time.monotonic(), done()
            rate = (here - before) / max(now - begin, 1e-3)
            shown = f"{rate * rows / max(total, 1):,.0f} rows/s" if rows else f"{rate / 1e6:,.1f} MB/s"
            progress.update(bar, completed=here, rate=shown)
            if not console.is_terminal and now - told > _LOG_EVERY_S and here < total:
                told = now
                left = f", {duration((total - here) / rate)} left" if rate else ""
                console.print(f"{what}: {here / max(total, 1):.0%}, {shown}{left}", markup=False)

        with watched_by(look, _EVERY_S):
            yield
