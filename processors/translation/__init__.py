"""From a conversation to its translation: the retry ladder over any backend, and the runner that asks a server.

To add a backend: a class with `concurrent` and `ask` (the protocol `Backend` in `chunk_ladder.py`). Outside, only the
names below are used.
"""

from processors.translation.retry_ladder import Backend, Candidate, Reply, Translator

__all__ = ["Backend", "Candidate", "Reply", "Translator"]
