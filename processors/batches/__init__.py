"""Batch APIs: requests gathered, submitted as one, and answered within a day at half the price.

`server` is the client of a translator that asks so: it gathers, submits, waits, and goes on after a kill by what
`records` kept. To add an API: a `BatchApi` in `protocols.py` and its name in `APIS`. Outside, only the names below are
used.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from processors.batches.gather import BatchSettings
    from processors.batches.server import BatchServer

__all__ = ["BatchServer", "BatchSettings"]

# What brings httpx and datatrove is imported when it is asked for.
__getattr__ = handed_on(__name__, {"gather": ["BatchSettings"], "server": ["BatchServer"]})
