"""Faults on demand and the count of what arrived.

A rule is a JSON object: `fault` (one of FAULTS), `kind` and `path` (shell patterns over the request's kind, such as
`lfs-*`, and its path), `rate` (0 to 1), `times` (how often at most), `seconds` (of `slow`, `slow-body`, Retry-After).
Whether the nth request of a kind and path meets a rule is a function of seed, rule and n, not of the order of arrival.
"""

import random
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

FAULTS = (
    "429",  # with Retry-After
    "503",
    "403",
    "404",
    "412",
    "drop",  # the connection is closed before the request's body is read
    "drop-half",  # half of the request's body is read, then the connection is closed
    "drop-answer",  # the work is done, then the connection is closed without an answer
    "cut",  # half of the answer's body is sent, then the connection is closed
    "slow",  # the answer comes `seconds` later
    "slow-body",  # reading the request's body takes `seconds`
)


@dataclass
class Rule:
    fault: str
    kind: str = "*"
    path: str = "*"
    rate: float = 1.0
    times: int | None = None
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise ValueError(f"no fault {self.fault!r}; there are {', '.join(FAULTS)}")


class Faults:
    def __init__(self, rules: Iterable[Rule] = (), seed: int = 0) -> None:
        self._lock = threading.Lock()
        self.seed = seed
        self.rules = list(rules)
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self.requests: Counter[str] = Counter()
            self.received: Counter[str] = Counter()
            self.sent: Counter[str] = Counter()
            self.answers: Counter[str] = Counter()
            self.met: Counter[str] = Counter()
            self._seen: Counter[tuple[int, str, str]] = Counter()
            self._served: Counter[int] = Counter()

    def replace(self, rules: list[dict[str, Any]], seed: int) -> None:
        with self._lock:
            self.rules, self.seed = [Rule(**rule) for rule in rules], seed
            self._seen.clear()
            self._served.clear()

    def draw(self, kind: str, path: str) -> Rule | None:
        """The fault that this request meets, if any; the first rule that says so wins."""
        with self._lock:
            self.requests[kind] += 1
            for number, rule in enumerate(self.rules):
                if not (fnmatchcase(kind, rule.kind) and fnmatchcase(path, rule.path)):
                    continue
                self._seen[number, kind, path] += 1
                if rule.times is not None and self._served[number] >= rule.times:
                    continue
                chance = random.Random(f"{self.seed}/{number}/{kind}/{path}/{self._seen[number, kind, path]}")
                if chance.random() < rule.rate:
                    self._served[number] += 1
                    self.met[f"{rule.fault} {kind}"] += 1
                    return rule
        return None

    def count_received(self, kind: str, size: int) -> None:
        with self._lock:
            self.received[kind] += size

    def count_answer(self, kind: str, status: int, size: int) -> None:
        with self._lock:
            self.answers[f"{status} {kind}"] += 1
            self.sent[kind] += size

    def stats(self) -> dict[str, Any]:
        """Requests, body bytes received, body bytes sent, answers by status, and faults met, by kind of request."""
        with self._lock:
            return {
                "requests": dict(self.requests),
                "received": dict(self.received),
                "sent": dict(self.sent),
                "answers": dict(self.answers),
                "faults": dict(self.met),
                "rules": [asdict(rule) for rule in self.rules],
            }


def parse_rule(text: str) -> Rule:
    """`503:lfs-*=0.1` as on the command line: a fault, a pattern of kinds, a rate; the last two may be missing."""
    head, _, rate = text.partition("=")
    fault, _, kind = head.partition(":")
    return Rule(fault, kind=kind or "*", rate=float(rate or 1))
