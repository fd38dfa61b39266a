"""A look at how far work is, taken now and then by a thread beside it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def watched_by(look: Callable[[], None], every_s: float) -> Iterator[None]:
    """Within it `look` is called every `every_s` seconds, and once more when the work has ended."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(every_s):
            look()
        look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
