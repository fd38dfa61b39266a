"""Claims on a shared folder: one holder among the living, silent ones superseded, no clock trusted."""

import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from builders.run_folder.claims import ClaimLost, WorkClaims
from processors.atomic_files import check_guard, guarded
from tests.standins.processes import ROOT


def take_over(claims: WorkClaims, name: str) -> float:
    """Watch until the claim is ours; returns how long that took, in seconds."""
    began = time.monotonic()
    with claims.wait(name):
        return time.monotonic() - began


def dead(folder: Path, name: str = "unit.1") -> Path:
    """What a machine leaves that lost its power."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("0123456789abcdef 000000000007\nelsewhere 4711\n")
    return folder / name


def test_one_holds_and_the_next_gets_it_when_it_lets_go(tmp_path: Path) -> None:
    one, other = WorkClaims(tmp_path / "claims", 60), WorkClaims(tmp_path / "claims", 60)
    claim = one.take("a.b")
    assert claim and other.take("a.b") is None and one.take("a.b") is None
    with other.take("a") or pytest.fail("another name is free"):
        claim.check()
    claim.release()
    with pytest.raises(ClaimLost):
        claim.check()
    with other.take("a.b") or pytest.fail("it was let go"):
        pass
    assert not list((tmp_path / "claims").iterdir())


def test_a_dead_claim_is_taken_over_after_a_lease_of_watching_whatever_its_file_s_time(tmp_path: Path) -> None:
    lease_s = 0.6
    for stamp in (0, 4_000_000_000):
        folder = tmp_path / str(stamp)
        path = dead(folder)
        os.utime(path, (stamp, stamp))
        claims = WorkClaims(folder, lease_s)
        assert claims.take("unit") is None
        assert take_over(claims, "unit") >= lease_s * 0.9
        assert not list(folder.iterdir())


def test_time_in_which_the_watcher_itself_stood_still_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead(tmp_path)
    claims, now = WorkClaims(tmp_path, 60), 1000.0
    monkeypatch.setattr("builders.run_folder.claims.time.monotonic", lambda: now)
    assert claims.take("unit") is None
    now += 100_000
    assert claims.take("unit") is None
    for _ in range(4):
        now += 14
        claim = claims.take("unit")
    assert claim
    claim.release()


def test_a_living_claim_is_never_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A disk that others keep busy may hold an fsync up for longer than this short a lease.
    monkeypatch.setattr("builders.run_folder.claims.os.fsync", lambda descriptor: None)
    one, other = WorkClaims(tmp_path, 1.2), WorkClaims(tmp_path, 1.2)
    with one.take("unit") or pytest.fail("free") as claim:
        until = time.monotonic() + 3
        while time.monotonic() < until:
            assert other.take("unit") is None
            time.sleep(0.01)
        claim.check()
        assert other.beats("unit")


def test_only_one_of_many_watchers_takes_over_and_the_old_holder_knows(tmp_path: Path) -> None:
    path = dead(tmp_path)
    watchers = [WorkClaims(tmp_path, 0.5) for _ in range(5)]
    taken = []
    while not taken:
        taken = [claim for claim in [watcher.take("unit") for watcher in watchers] if claim]
        time.sleep(0.02)
    assert len(taken) == 1 and not path.exists()
    assert [watcher.take("unit") for watcher in watchers] == [None] * 5
    with guarded(taken[0].check):
        check_guard()
        # A successor's file of the same name, as after two more take-overs: another file, since ours still beats.
        taken[0].path.unlink()
        taken[0].path.write_text("another's token")
        with pytest.raises(ClaimLost):
            check_guard()
    check_guard()
    with pytest.raises(ClaimLost), guarded(taken[0].check):
        raise FileNotFoundError("a temporary file that the successor has cleaned up")
    taken[0].release()
    assert taken[0].path.read_text() == "another's token"


def test_a_claim_beside_a_successor_s_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that judged the same claim at different times: the later finds the other's, alive, and withdraws."""
    dead(tmp_path, "unit.1")
    slow, quick = WorkClaims(tmp_path, 0.5), WorkClaims(tmp_path, 0.5)
    while not (claim := quick.take("unit")):
        slow._silent(tmp_path / "unit.1")
        time.sleep(0.02)
    # It looked just before the other's claim was there.
    look, early = slow._rivals, [dict[int, Path]()]
    monkeypatch.setattr(slow, "_rivals", lambda name: early.pop() if early else look(name))
    assert claim.path.name == "unit.2"
    assert slow.take("unit") is None
    assert [path.name for path in tmp_path.iterdir()] == ["unit.2"]
    claim.check()
    claim.release()


def _count(folder: Path, rounds: int) -> None:
    claims, counter = WorkClaims(folder / "claims", 30), folder / "counter"
    for _ in range(rounds):
        while not (claim := claims.take("counter")):
            time.sleep(0.001)
        with claim:
            number = int(counter.read_text())
            time.sleep(0)
            counter.write_text(str(number + 1))


def test_among_the_living_there_is_one_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "counter").write_text("0")
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_count, args=(tmp_path, 100)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert (tmp_path / "counter").read_text() == "400"


HOLD = """
import sys, time
from pathlib import Path
from builders.run_folder.claims import WorkClaims
claims = WorkClaims(Path(sys.argv[1]), 3600.0, Path(sys.argv[2]))
held = [claims.take(name) for name in ("unit", "other")]
print("claimed", flush=True)
time.sleep(600)
"""


@contextmanager
def holding(folder: Path, locks: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds `unit` and `other`."""
    command = [sys.executable, "-c", HOLD, str(folder), str(locks)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout and process.stdout.readline() == "claimed\n"
            yield process
        finally:
            process.kill()


def test_what_a_killed_process_of_this_machine_held_is_taken_over_at_once(tmp_path: Path) -> None:
    """All of it, though its successor has claims of its own by then; one that lives keeps what it has."""
    claims, locks = tmp_path / "claims", tmp_path / "locks"
    watcher, another = (WorkClaims(claims, 3600.0, locks) for _ in range(2))
    with holding(claims, locks) as process:
        assert watcher.take("unit") is None and another.take("other") is None
        process.kill()
        process.wait()
        with watcher.take("unit") or pytest.fail("its holder has ended") as claim:
            claim.check()
            assert another.take("unit") is None
            with another.take("other") or pytest.fail("its holder has ended"):
                assert {path.name for path in claims.iterdir()} == {"unit.2", "other.2"}
    assert not list(claims.iterdir())


def test_a_process_that_is_stopped_has_not_ended(tmp_path: Path) -> None:
    claims, locks = tmp_path / "claims", tmp_path / "locks"
    with holding(claims, locks) as process:
        process.send_signal(signal.SIGSTOP)
        watcher = WorkClaims(claims, 3600.0, locks)
        assert watcher.take("unit") is None and watcher.take("unit") is None


def test_of_another_machine_nothing_is_known_but_its_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor of this one before it was started anew: another boot is another machine."""
    claims, locks = tmp_path / "claims", tmp_path / "locks"
    with holding(claims, locks) as process:
        process.kill()
        process.wait()
    monkeypatch.setattr("processors.leases.machine", lambda: "0000beef")
    lease_s = 0.6
    there = WorkClaims(claims, lease_s, locks)
    assert there.take("unit") is None
    assert take_over(there, "unit") >= lease_s * 0.9


def test_where_a_file_system_has_no_locks_a_lease_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("processors.leases.FileLock.acquire", refuse)
    one, other = (WorkClaims(tmp_path / "claims", 60, tmp_path / "locks") for _ in range(2))
    with one.take("unit") or pytest.fail("free"):
        assert other.take("unit") is None and other.take("unit") is None


def test_a_lock_is_removed_with_the_last_claim_of_its_process(tmp_path: Path) -> None:
    claims = WorkClaims(tmp_path / "claims", 60, tmp_path / "locks")
    claim = claims.take("unit")
    assert claim and len(list((tmp_path / "locks").iterdir())) == 1
    del claims
    assert len(list((tmp_path / "locks").iterdir())) == 1
    claim.release()
    del claim
    assert not list((tmp_path / "locks").iterdir())


def test_who_is_alive(tmp_path: Path) -> None:
    folder = tmp_path / "workers"
    assert WorkClaims(folder, 0.6).alive() == []
    dead(folder, "gone.1")
    with WorkClaims(folder, 0.6).wait("here"):
        assert "here.1" in WorkClaims(folder, 0.6).alive()
    assert WorkClaims(folder, 0.6).alive() == []
    assert not list(folder.iterdir())
