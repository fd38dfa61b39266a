"""False alarms on clean text, and how many of the planted faults are seen."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from multiprocessing import get_context
from typing import Any

from benchmarks.checks.faults import KINDS, Kind, Pair, Text, tools
from benchmarks.checks.faults import turns as whole_turns
from benchmarks.checks.texts import Conversation, message
from processors.checks.run import Verdict, check_conversation, check_pair, has_hard


@dataclass
class Count:
    """Of how many texts some had a verdict, and some a hard one; by the names of the checks."""

    texts: int = 0
    any: int = 0
    hard: int = 0
    by: Counter[str] = field(default_factory=Counter)

    def add(self, verdicts: Iterable[tuple[str, bool]]) -> None:
        seen = set(verdicts)
        self.texts += 1
        self.any += bool(seen)
        self.hard += any(hard for _, hard in seen)
        self.by.update({check for check, _ in seen})

    def share(self, what: str) -> float:
        return getattr(self, what) / self.texts if self.texts else 0.0

    def plain(self) -> dict[str, Any]:
        return asdict(self) | {"by": dict(self.by.most_common())}


def clean(pairs: Sequence[Pair]) -> Count:
    count = Count()
    for source, target in pairs:
        found = check_conversation([message(source, 1)], [message(target, 1)])
        count.add((v.check, v.hard) for v in found)
    return count


def digest(source: str, target: str) -> str:
    """What a pair of a corpus is called here, where its text is not stored."""
    return sha256(f"{source}\0{target}".encode()).hexdigest()[:16]


def _new(right: Sequence[Verdict], wrong: Sequence[Verdict]) -> list[tuple[str, bool]]:
    """What is said of the faulty translation and not of the right one."""
    left = Counter((v.check, v.hard, v.message) for v in wrong)
    left.subtract((v.check, v.hard, v.message) for v in right)
    return [(check, hard) for (check, hard, _), n in left.items() if n > 0]


def _conversation(turns: Sequence[Pair]) -> tuple[Conversation, Conversation]:
    return [message(s, i) for i, (s, _) in enumerate(turns)], [message(t, i) for i, (_, t) in enumerate(turns)]


def recall(kind: Kind, base: Sequence[list[Text]], seed: int, most: int) -> Count:
    """The kind in at most `most` of the conversations, in one of the turns where it applies."""
    count = Count()
    for i, turns in enumerate(base):
        if count.texts >= most:
            break
        rng = random.Random(f"{seed} {kind.name} {i}")
        for at in rng.sample(range(len(turns)), len(turns)):
            planted = kind.plant(turns[at], rng)
            if planted is not None:
                break
        else:
            continue
        pairs = [(turn.source, turn.target) for turn in turns]
        before = pairs if planted.right is None else [*pairs[:at], (planted.source, planted.right), *pairs[at + 1 :]]
        right = check_conversation(*_conversation(before))
        if has_hard(right):
            continue
        wrong = check_conversation(*_conversation([*pairs[:at], (planted.source, planted.wrong), *pairs[at + 1 :]]))
        count.add(_new(right, wrong))
    return count


_measured: tuple[Mapping[str, Sequence[list[Text]]], int, int] = ({}, 0, 0)


def _recalls(kind: int) -> dict[str, Count]:
    bases, seed, most = _measured
    return {name: recall(KINDS[kind], base, seed, most) for name, base in bases.items()}


def recall_of_tools(kind: str, held: bool, seed: int, most: int) -> Count:
    count = Count()
    for source, right, wrong in tools.plant(kind, held, most, f"{seed} {kind}"):
        count.add(_new(check_conversation(source, right), check_conversation(source, wrong)))
    return count


def recall_of_turns(fault: whole_turns.TurnsFault, base: Sequence[list[Text]], seed: str, most: int) -> Count:
    """A fault of whole conversations, of which each has another one beside it."""
    count = Count()
    for i, conversation in enumerate(base[:most]):
        wrong = fault(conversation, base[i - 1], random.Random(f"{seed} {i}"))
        right = check_conversation(*_conversation(whole_turns.pairs_of(conversation)))
        if wrong is not None and not has_hard(right):
            count.add(_new(right, check_conversation(*_conversation(wrong))))
    return count


def all_recalls(
    bases: Mapping[str, Sequence[list[Text]]], held: bool, seed: int, most: int, processes: int
) -> dict[str, dict[str, Count]]:
    """Kind, class of length: what was seen. Kinds that need a call are of whole conversations."""
    global _measured
    _measured = (bases, seed, most)
    # Kinds are closures, which cannot be sent: the processes inherit them.
    with get_context("fork").Pool(processes) as pool:
        counted = pool.map(_recalls, range(len(KINDS)), chunksize=1)
    found = {kind.name: counts for kind, counts in zip(KINDS, counted, strict=True)}
    for kind in tools.KINDS:
        found[kind] = {"chat": recall_of_tools(kind, held, seed, most)}
    for name, fault in whole_turns.KINDS.items():
        found[name] = {"chat": recall_of_turns(fault, bases["chat"], f"{seed} {name}", most)}
    return found


def pairs_a_second(pairs: Sequence[Pair], rounds: int = 5) -> float:
    """CPU time of this process, best of so many rounds."""

    def seconds() -> float:
        start = time.process_time()
        for source, target in pairs:
            check_pair(source, target)
        return time.process_time() - start

    return len(pairs) / min(seconds() for _ in range(rounds))
