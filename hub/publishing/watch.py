"""A line every half minute of what is waited for: libraries repeat their requests in silence (Xet, for minutes)."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

# Seconds from one line to the next.
TOLD_EVERY = 30.0


class Waiting:
    """What is waited for now: `doing` is read by the thread that tells of it."""

    def __init__(self) -> None:
        self.doing = "no answer yet"


@contextmanager
def watched(what: str) -> Iterator[Waiting]:
    """Tell, by a warning in the log every `TOLD_EVERY` seconds, that `what` has not come to its end."""
    watch, ended, began = Waiting(), threading.Event(), time.monotonic()

    def tell() -> None:
        while not ended.wait(TOLD_EVERY):
            logger.warning("%s: for %.0f s now; %s", what, time.monotonic() - began, watch.doing)

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        ended.set()
        thread.join()
