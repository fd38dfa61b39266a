import io
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from builders.reports import bars as progress
from builders.reports.bars import Monitor
from builders.run_folder.stage_parts import StagePart
from tests.standins.processes import environment


class Rows:
    """A stage's rows as its folder would show them, and the signal that they were asked for again."""

    def __init__(self) -> None:
        self.count = 0
        self.asked = threading.Condition()
        self.times = 0

    def watch(self) -> int:
        with self.asked:
            self.times += 1
            self.asked.notify_all()
            return self.count

    def until_seen(self) -> None:
        with self.asked:
            before = self.times
            # Asked once more, and once more again: what followed the first is on the screen.
            assert self.asked.wait_for(lambda: self.times >= before + 2, timeout=30)


def plain() -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, width=120, force_terminal=False), stream


def test_a_log_has_a_line_for_each_stage_at_its_end() -> None:
    console, stream = plain()
    rows = Rows()
    with Monitor([StagePart("select"), StagePart("rank", cost=16.0)], console) as monitor:
        for name in ("select", "rank"):
            rows.count = 0
            monitor.stage(name, 40, 10, rows.watch)
            rows.count = 30
            monitor.finished(name)
    lines = stream.getvalue().splitlines()
    assert [line.split(" rows")[0] for line in lines] == ["select: 40/40", "rank: 40/40"]
    assert all("rows/s" in line and "left" not in line for line in lines)


def test_a_long_stage_tells_a_log_its_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LOG_EVERY_S", 0.0)
    monkeypatch.setattr(progress, "REFRESH_S", 0.01)
    console, stream = plain()
    rows = Rows()
    with Monitor([StagePart("translate/one")], console) as monitor:
        monitor.stage("translate/one", 1000, 0, rows.watch)
        rows.count = 100
        rows.until_seen()
        monitor.finished("translate/one")
    assert re.search(r"^translate/one: 100/1000 rows [\d,]+ rows/s \d+:\d\d left$", stream.getvalue(), re.MULTILINE)


@pytest.mark.parametrize("width", [80, 160])
def test_a_server_s_own_words_are_no_markup_and_not_cut(width: int) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=True, color_system=None)
    rows, told = Rows(), "(0.0 requests/s, 12 retries); paused: there:80: 503: [/overloaded] [red] wait a while"
    with Monitor([StagePart("translate/one")], console) as monitor:
        monitor.stage("translate/one", 40, 0, rows.watch, lambda: told)
        rows.until_seen()
        monitor.finished("translate/one")
        (_, shown) = monitor._progress.tasks
        table = Console(width=width, color_system=None)
        with table.capture() as captured:
            table.print(monitor._progress.make_tasks_table([shown]))
    # Each word is somewhere, in order, on however many lines.
    assert re.search(r"\s.*?".join(map(re.escape, told.split())), captured.get(), re.DOTALL)


def test_more_rows_than_there_are_never_show() -> None:
    console, stream = plain()
    with Monitor([StagePart("select")], console) as monitor:
        # A unit that is done and still counted as pending, for a moment.
        monitor.stage("select", 40, 10, lambda: 55)
        monitor.finished("select")
    assert stream.getvalue().startswith("select: 40/40 rows")


def test_a_stage_without_rows_and_one_that_is_done_already() -> None:
    console, stream = plain()
    with Monitor([StagePart("select"), StagePart("rank", cost=16.0)], console) as monitor:
        monitor.stage("select", 0, 0, lambda: 0)
        monitor.finished("select")
        monitor.stage("rank", 5, 5, lambda: 0)
        monitor.finished("rank")
    assert stream.getvalue().splitlines() == ["select: 0/0 rows", "rank: 5/5 rows"]


def whole_build(monitor: Monitor) -> float:
    task = monitor._progress.tasks[0]
    assert task.description == "whole build"
    return task.percentage


def test_the_whole_build_grows_and_ends_at_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "REFRESH_S", 0.01)
    console, _ = plain()
    rows, shares = Rows(), []
    stages = [
        (StagePart("scan"), 50),
        (StagePart("select"), 120),
        (StagePart("translate/one", cost=7.0), 90),
        (StagePart("translate/two", cost=7.0), 90),
        (StagePart("rank", cost=16.0), 90),
        (StagePart("build", cost=1.5, configs=("one", "two", "parallel")), 270),
    ]
    with Monitor([part for part, _ in stages], console) as monitor:
        for name, count in [(part.name, count) for part, count in stages]:
            rows.count = 0
            monitor.stage(name, count, 0, rows.watch)
            for part in (count // 2, count):
                rows.count = part
                rows.until_seen()
                shares.append(whole_build(monitor))
            monitor.finished(name)
        assert shares == sorted(shares) and shares[-1] == 100
        assert shares[0] < 50


def test_an_error_in_a_stage_ends_the_display() -> None:
    console, stream = plain()
    before = threading.active_count()
    with pytest.raises(ValueError, match="broken"), Monitor([StagePart("select")], console) as monitor:
        monitor.stage("select", 4, 0, lambda: 2)
        raise ValueError("broken")
    assert threading.active_count() == before
    assert stream.getvalue().startswith("select: 2/4 rows")


def test_brackets_in_a_message_are_no_markup() -> None:
    console, stream = plain()
    with Monitor([], console) as monitor:
        monitor.warn("split '[red]a[/red]' is missing [1]")
        monitor.say("[b]done[/b]")
    assert stream.getvalue() == "warning: split '[red]a[/red]' is missing [1]\n[b]done[/b]\n"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_terminal_sees_the_bar_move_while_a_stage_runs(
    workers: int, row: Callable[..., dict[str, Any]], write_split: Callable[..., Path], tmp_path: Path
) -> None:
    text = "Water boils at 100 degrees at sea level, and sooner in the mountains. " * 30
    source = write_split("alpha", [row(("user", f"{i}: {text}"), ("assistant", text)) for i in range(96)], shards=12)
    recipe = tmp_path / "small.yaml"
    recipe.write_text("name: small\nsource: {path: unused}\ntranslators: [{name: one, backend: pseudo}]\n")
    main = (
        "from builders.reports import bars as progress; progress.REFRESH_S = 0.02; import smolkalam; smolkalam.main()"
    )
    command = [sys.executable, "-c", main, "build", str(recipe), "--input", str(source)]
    command += ["--output", str(tmp_path / "run"), "--workers", str(workers)]
    shown, terminal = pty.openpty()
    shows = environment(TERM="xterm", COLUMNS="120")
    process = subprocess.Popen(command, env=shows, stdout=subprocess.DEVNULL, stderr=terminal)
    os.close(terminal)
    screen = b""
    while True:
        try:
            piece = os.read(shown, 65536)
        except OSError:
            break
        if not piece:
            break
        screen += piece
    os.close(shown)
    assert process.wait() == 0
    plain_text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", screen.decode())
    seen = {int(n) for n in re.findall(r"translate/one +\S+ +(\d+)/96", plain_text)}
    assert seen & set(range(1, 96)), "the bar stood still"
    assert "whole build" in plain_text and re.search(r"\d+ rows/s", plain_text)
