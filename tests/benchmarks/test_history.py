"""The guard of speed: what a benchmark found stands in a file, and a run says how it differs from the latest ones."""

import pytest

from benchmarks.history import HISTORY, difference, entries, record

RATIO, SPEED = "build / filters", "MB a second"


def test_a_run_is_compared_with_the_latest_ones_of_its_benchmark_by_commit(tmp_path):
    history = tmp_path / "history.tsv"
    assert difference("build", {RATIO: 0.5}, history) == ["no entry of build in history.tsv yet: --record writes one"]
    record("build", {RATIO: 0.25}, history, "aaa")
    record("ranking", {RATIO: 9.0}, history, "bbb")
    record("build", {RATIO: 0.5, SPEED: 0.07}, history, "ccc+")
    # Twice at one commit are two runs.
    record("build", {RATIO: 0.4}, history, "ccc+")

    assert [(entry.commit, entry.figures) for entry in entries("build", history)] == [
        ("aaa", {RATIO: 0.25}),
        ("ccc+", {RATIO: 0.5, SPEED: 0.07}),
        ("ccc+", {RATIO: 0.4}),
    ]
    names, ratio, speed = difference("build", {RATIO: 0.5, SPEED: 0.14}, history)
    assert names.split() == ["now", "aaa", "ccc+", "ccc+"]
    assert ratio.removeprefix(RATIO).split() == ["0.5", "0.25", "+100.0%", "0.5", "+0.0%", "0.4", "+25.0%"]
    assert speed.removeprefix(SPEED).split() == ["0.14", "-", "0.07", "+100.0%", "-"]


def test_a_line_that_is_none_is_told_with_its_number(tmp_path):
    history = tmp_path / "history.tsv"
    record("build", {RATIO: 0.25}, history, "aaa")
    history.write_text(history.read_text(encoding="utf-8") + "2026-11-29\tbbb\tbuild\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="line 3: 3 columns, expected date, commit"):
        entries("build", history)


def test_the_history_that_is_kept_can_be_read():
    assert entries("ranking_speed", HISTORY)
