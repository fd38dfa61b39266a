import doctest
import json
import pickle
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from builders.run_folder import activity as engine_files
from builders.run_folder.activity import EngineFile, RequestsSince, endpoint_troubles, read_engines, total_counters
from processors.clients.pacing import Trouble


@pytest.fixture(autouse=True)
def a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_files, "_processes", {})


def test_tasks_of_a_process_add_up_in_one_file(tmp_path: Path) -> None:
    pristine = EngineFile(tmp_path / "engines")
    for task in (deepcopy(pristine), pickle.loads(pickle.dumps(pristine))):
        task({"answers": 3, "requests": 4, "in_flight": 2, "limit": 8.5})
        task({"answers": 10, "requests": 12, "retry_429": 2, "in_flight": 0, "limit": 8.0})
    (state,) = read_engines(tmp_path / "engines").values()
    assert state.counters == {"answers": 20, "requests": 24, "retry_429": 4}
    assert state.now == {"in_flight": 0, "limit": 8.0} and state.beat == 4
    assert not list((tmp_path / "engines").glob("*.tmp"))


def test_a_process_that_began_again_has_a_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    EngineFile(tmp_path)({"answers": 3})
    monkeypatch.setattr(engine_files, "_processes", {})
    EngineFile(tmp_path)({"answers": 4})
    states = read_engines(tmp_path)
    assert len(states) == 2 and total_counters(states)["answers"] == 7


def test_rates_are_by_the_writers_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(engine_files.time, "monotonic", lambda: clock[0])
    tell = EngineFile(tmp_path)
    for second, answers in ((0, 0), (10, 100), (40, 100), (50, 400)):
        clock[0] = 100.0 + second
        tell({"answers": answers, "completion_tokens": 2 * answers})
    (state,) = read_engines(tmp_path).values()
    # Of the last 30 seconds and what they began with: 300 answers in 10 s after a pause of 30.
    assert state.seconds == 50 and state.per_second["answers"] == pytest.approx(30.0)
    assert state.per_second["completion_tokens"] == pytest.approx(60.0)


def test_what_cannot_be_read_or_written_is_passed_over(tmp_path: Path) -> None:
    EngineFile(tmp_path)({"answers": 3})
    (tmp_path / "half.json").write_text('{"host": "a", "pid"')
    (tmp_path / "other.json").write_text(json.dumps({"rows": 3}))
    (tmp_path / "list.json").write_text("[1]")
    assert total_counters(read_engines(tmp_path))["answers"] == 3
    assert read_engines(tmp_path / "nowhere") == {}
    (tmp_path / "file").write_text("")
    EngineFile(tmp_path / "file" / "engines")({"answers": 3})


def test_the_bar_counts_from_where_the_build_began(tmp_path: Path) -> None:
    tell = EngineFile(tmp_path)
    tell({"answers": 30, "requests": 31, "retry_429": 1})
    since = RequestsSince(tmp_path)
    assert since() == ""
    tell({"answers": 30, "requests": 35, "retry_429": 1, "retry_500": 4})
    assert since() == "(0.0 requests/s, 4 retries)"


def test_an_endpoint_in_trouble_is_named_until_it_works_again(tmp_path: Path) -> None:
    tell, since = EngineFile(tmp_path), RequestsSince(tmp_path)
    tell({"requests": 3, "retry_503": 3}, [Trouble("there:80", "503: [/overloaded]\x1b[2J", 12.4, left_aside=False)])
    assert since() == "(0.0 requests/s, 3 retries); paused: there:80: 503: [/overloaded] [2J (for 12 s)"
    (state,) = read_engines(tmp_path).values()
    again = replace(state, troubles=[state.troubles[0] | {"seconds": 99.0, "reason": "502"}])
    assert endpoint_troubles([state, again, state]) == [Trouble("there:80", "502", 99.0, left_aside=False)]
    tell({"requests": 4, "retry_503": 3, "endpoints_left_aside": 1}, [Trouble("b", "x" * 200, 1, left_aside=True)])
    assert since() == f"(0.0 requests/s, 3 retries); left aside: b: {'x' * 119}… (for 1 s)"
    tell({"requests": 5, "retry_503": 3, "endpoints_left_aside": 1})
    assert since() == f"(0.0 requests/s, 3 retries, 1 endpoint left aside: see {tmp_path.parent})"


def test_the_trouble_of_who_has_ended_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(engine_files.time, "monotonic", lambda: clock[0])
    trouble = [Trouble("there:80", "503", 12.0, left_aside=False)]
    EngineFile(tmp_path)({"requests": 3}, trouble)
    since = RequestsSince(tmp_path)
    assert since() == ""
    monkeypatch.setattr(engine_files, "_processes", {})
    EngineFile(tmp_path)({"requests": 3}, trouble)
    assert "paused: there:80" in since()
    clock[0] += engine_files.STALE_S
    assert "paused" not in since()


def test_the_examples_in_the_docstrings() -> None:
    assert doctest.testmod(engine_files).failed == 0
