"""How long to wait before a request is sent again: a time of our own, or the one that a server orders."""

import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Of our own waits; one that a server orders may be longer.
LONGEST_BACKOFF_S = 30.0

_ANTHROPIC = re.compile(r"anthropic-ratelimit-[a-z-]+-reset")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_DURATIONS = re.compile(rf"(?:{_DURATION.pattern}\s*)+")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def backoff(attempt: int, base_s: float) -> float:
    """Seconds before retry number `attempt` (from 0): doubled each time, half of it random, 30 at most."""
    full = min(LONGEST_BACKOFF_S, base_s * 2 ** min(attempt, 16))
    return full * random.uniform(0.5, 1.0)


def ordered_wait(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that the server orders us to wait, or None. `headers` has lower-case names.

    Reads `retry-after-ms`, `Retry-After` (RFC 9110 section 10.2.3: seconds or a date, measured from the response's
    own `Date` so that clocks need not agree), and the `x-ratelimit-reset*` and `anthropic-ratelimit-*-reset` families:
    seconds, durations such as `6m0s`, or a time by RFC 3339, as Unix seconds or milliseconds. Of several, those whose
    `remaining` is 0 count.
    """
    now = _date(headers.get("date")) or now or datetime.now(UTC)
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    if value := headers.get("retry-after"):
        if (seconds := _number(value)) is not None:
            return seconds
        if (date := _date(value)) is not None:
            return max(0.0, (date - now).total_seconds())
    waits, spent = _resets(headers, now)
    return max(spent) if spent else min(waits, default=None)


def spent_wait(headers: Mapping[str, str]) -> float:
    """Seconds until a server takes more that has answered and says that nothing is left now; 0 where it does not."""
    if not any("ratelimit" in name for name in headers):
        return 0.0
    return max(_resets(headers, _date(headers.get("date")) or datetime.now(UTC))[1], default=0.0)


def _resets(headers: Mapping[str, str], now: datetime) -> tuple[list[float], list[float]]:
    """The waits that headers tell of limits (requests, tokens, ...), and of those of which nothing is left.

    OpenAI's and OpenRouter's are `x-ratelimit-reset*` with `remaining` in its place, Anthropic's
    `anthropic-ratelimit-<of what>-reset`, a time by RFC 3339.
    """
    waits, spent = [], []
    for name, value in headers.items():
        if name.startswith(("x-ratelimit-reset", "ratelimit-reset")) or _ANTHROPIC.fullmatch(name):
            wait = _reset(value, now)
            if wait is not None:
                waits.append(wait)
                if headers.get(name.replace("reset", "remaining"), "").strip() == "0":
                    spent.append(wait)
    return waits, spent


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number < float("inf") else None


def _date(value: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(value) if value else None
    except ValueError:
        return None
    return date.replace(tzinfo=UTC) if date and date.tzinfo is None else date


def _reset(value: str, now: datetime) -> float | None:
    if (number := _number(value.strip())) is not None:
        if number > 1e11:
            number /= 1000
        return max(0.0, number - now.timestamp()) if number > 1e8 else number
    try:
        date = datetime.fromisoformat(value.strip())
        return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds())
    except ValueError:
        pass
    # Other words may well have a number and a letter in them.
    parts = _DURATION.findall(value) if _DURATIONS.fullmatch(value.strip()) else []
    return sum(float(amount) * _UNIT_S[unit] for amount, unit in parts) if parts else None
