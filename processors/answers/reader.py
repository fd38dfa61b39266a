"""Finds stored answers again, whoever stored them: in the logs of a folder (see `processors.answers.log`)."""

import time
from array import array
from collections import Counter
from pathlib import Path

from loguru import logger

from processors.answers.log import Log, Record, prefix_of
from processors.clients.answer import Answer

# How often a miss looks for what other processes have stored since: less than a second, so that what they were
# answered is not asked again; but where looking is slow (hundreds of logs, each opened anew on a share), so rarely
# that it takes a twentieth of the time. A network file system may hide a new file's name for longer: as long as it
# caches folders (`acdirmax`, 60 s by default, on NFS).
LOOK_S, LOOK_SHARE = 0.5, 1 / 20


class AnswerReader:
    """Reads the answers in `folder`, whoever stored them. For one thread; close it, or use it as a context manager."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._logs: dict[str, Log] = {}
        self._look_at_s = 0.0
        self.look()

    def __enter__(self) -> "AnswerReader":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def get(self, key: bytes) -> Answer | None:
        """The answer filed under `key`, with `cached` set, or None."""
        found = self._find(key)
        if found is None and self.look_is_due() and self.look():
            found = self._find(key)
        return found

    def known(self, key: bytes) -> Answer | None:
        """As `get`, of what has been seen by now."""
        return self._find(key)

    def look_is_due(self) -> bool:
        """Whether a miss would look for what others have stored."""
        return time.monotonic() >= self._look_at_s

    def look(self) -> bool:
        """See what others have stored since the last look; whether there was anything."""
        new, began = False, time.monotonic()
        try:
            names = sorted(path.name for path in self.folder.iterdir())
        except FileNotFoundError:
            names = []
        for name in names:
            if name.endswith(".log") and not self._own(name):
                log = self._logs.setdefault(name, Log(self.folder / name))
                new |= self._look_at(log)
        now = time.monotonic()
        self._look_at_s = now + max(LOOK_S, (now - began) / LOOK_SHARE)
        return new

    def totals(self) -> tuple[int, int, int]:
        """Different requests that were answered, with the tokens of their prompts and of their answers."""
        counts = self.counts()
        return counts["answers"], counts["prompt_tokens"], counts["completion_tokens"]

    def counts(self) -> Counter[str]:
        """What different requests that were answered are billed by, under the names of `Answer.counts`."""
        import numpy as np

        keys, rows = array("Q"), array("Q")
        for log in list(self._logs.values()):
            for _, record in log.records():
                # 8 bytes: of 5 million answers two have the same once in a million runs.
                keys.append(int.from_bytes(record.key[:8], "little"))
                _, cached, reasoning, batched = record.ending()
                rows.extend((record.prompt_tokens, record.completion_tokens, cached, reasoning, batched))
        # The same request may have been answered twice, before any of the two knew of the other: the first counts.
        _, first = np.unique(np.array(keys, dtype=np.uint64), return_index=True)
        of = np.array(rows, dtype=np.int64).reshape(-1, 5)[first]
        sums, half = of.sum(axis=0).tolist(), of[of[:, 4] > 0].sum(axis=0).tolist()
        names = ("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens")
        found = {"answers": len(first), **dict(zip(names, sums, strict=False))}
        return Counter(found | {f"batched_{n}": v for n, v in zip(names[:3], half, strict=False) if v})

    def close(self) -> None:
        for log in self._logs.values():
            log.close()
        self._logs = {}

    def _own(self, name: str) -> bool:
        return False

    def _look_at(self, log: Log) -> bool:
        try:
            return log.look()
        except OSError as error:
            # Set aside by its writer, or the share is away for a moment: the next look tries again.
            logger.debug(f"{log.path}: {error}")
            return False

    def _find(self, key: bytes) -> Answer | None:
        prefix = prefix_of(key)
        # A copy, for a look in another thread may add some.
        for name, log in [item for item in list(self._logs.items()) if not item[1].lacks(prefix)]:
            try:
                record = log.get(key)
            except OSError as error:
                logger.warning(f"{log.path}: answers cannot be read ({error.strerror}); asked again if needed")
                log.close()
                self._logs.pop(name, None)
                continue
            if record:
                return _answer(record)
        return None


def _answer(record: Record) -> Answer:
    reason, cached, reasoning, batched = record.ending()
    return Answer(
        record.text.decode("utf-8"),
        reason.decode("utf-8", "replace"),
        record.prompt_tokens,
        record.completion_tokens,
        cached=True,
        cached_tokens=cached,
        reasoning_tokens=reasoning,
        batched=batched,
    )
