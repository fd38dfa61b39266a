import httpx2
import pytest
from huggingface_hub.errors import HfHubHTTPError

from hub.publishing import remote
from hub.publishing.remote import LONGEST_WAIT, patiently


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
