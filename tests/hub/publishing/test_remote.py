import errno
import logging
import threading
from pathlib import Path

import httpx2
import pytest
from huggingface_hub.errors import HfHubHTTPError

from hub.publishing import remote, watch
from hub.publishing.local_faults import local_fault
from hub.publishing.remote import ATTEMPTS, LONGEST_WAIT, PublishError, patiently
from processors.errors import InputError


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr(remote.time, "sleep", waited.append)
    return waited


def busy(status: int, **headers: str) -> HfHubHTTPError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = httpx2.Request("POST", "https://hub.test/api")
    return HfHubHTTPError("busy", response=httpx2.Response(status, headers=named, request=request))


@pytest.mark.parametrize(
    ("problem", "seconds", "told"),
    [
        (busy(429, retry_after="55"), 55, "committing: the Hub answered 429; waiting 55 s"),
        (busy(429, ratelimit='"api";r=0;t=120'), 120, "committing: the Hub answered 429; waiting 120 s"),
        (busy(503, retry_after="9999"), LONGEST_WAIT, "committing: the Hub answered 503; waiting 310 s"),
        (busy(503, retry_after="2"), 2, None),
        (httpx2.ReadError("gone"), 1, None),
    ],
)
def test_a_wait_is_as_long_as_the_hub_says_and_a_long_one_is_told(
    problem: Exception, seconds: float, told: str | None, waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    problems = [problem]

    def call() -> str:
        if problems:
            raise problems.pop()
        return "done"

    assert patiently("committing", call) == "done"
    assert waits == [seconds]
    assert [record.message for record in caplog.records] == ([told] if told else [])


XET_BUSY = (
    "Rate limited: HTTP status client error (429 Too Many Requests), domain: https://cas.test/v1/xorbs/default/1"
)


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/home/x/.cache"), "/home/x/.cache"),
        (OSError("I/O error: I/O error: No space left on device (os error 28)"), "No space left on device"),
        (RuntimeError("I/O error: Not a directory (os error 20)"), "Not a directory"),
        (OSError(errno.EROFS, "Read-only file system"), "Read-only file system"),
        (PermissionError(errno.EACCES, "Permission denied", "/root/.cache"), "Permission denied (/root/.cache)"),
        (httpx2.UnsupportedProtocol("Request URL is missing a protocol"), "HF_ENDPOINT is 'https://huggingface.co'"),
        (httpx2.InvalidURL("no host"), "which is no address"),
    ],
)
def test_a_fault_of_this_machine_is_no_fault_of_the_hub_and_is_told_at_once(
    problem: Exception, says: str, waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    def call() -> str:
        raise problem

    with pytest.raises(InputError) as told:
        patiently("sending a file", call)
    assert says in str(told.value)
    assert "\n" not in str(told.value)
    assert "the Hub answered" not in str(told.value)
    assert not waits
    assert not caplog.records


def test_what_a_library_handles_on_its_way_is_no_fault_of_this_machine(waits: list[float]) -> None:
    def call() -> str:
        try:
            Path("/nowhere/at/all").read_text()
        except FileNotFoundError:
            raise httpx2.ConnectError("refused")  # noqa: B904

    with pytest.raises(PublishError, match=f"refused \\({ATTEMPTS} attempts\\)"):
        patiently("reading", call)
    assert len(waits) == ATTEMPTS - 1
    assert local_fault(ConnectionResetError(errno.ECONNRESET, "reset")) is None


def test_an_endless_429_of_xet_ends_and_is_called_so(waits: list[float], caplog: pytest.LogCaptureFixture) -> None:
    def call() -> str:
        raise ConnectionError(XET_BUSY)

    with pytest.raises(PublishError, match="Rate limited"):
        patiently("sending a.parquet", call)
    assert len(waits) == ATTEMPTS - 1
    assert "sending a.parquet: the Hub answered 429; waiting 16 s" in [record.message for record in caplog.records]


def test_what_lasts_is_told_again_and_again(monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    """A library that repeats a request by itself says nothing for minutes."""
    told: list[str] = []
    twice = threading.Event()

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.getMessage())
            if sum("answered 429" in line for line in told) >= 2:
                twice.set()

    problems = [ConnectionError(XET_BUSY)]

    def call() -> str:
        if problems:
            raise problems.pop()
        assert twice.wait(60)
        return "done"

    handler = Listening()
    monkeypatch.setattr(watch, "TOLD_EVERY", 0.001)
    watch.logger.addHandler(handler)
    try:
        assert patiently("sending a.parquet", call) == "done"
    finally:
        watch.logger.removeHandler(handler)
    assert told[-1].startswith("sending a.parquet: for ")
    assert told[-1].endswith(f"the Hub answered 429, 1 of at most {ATTEMPTS} times")
