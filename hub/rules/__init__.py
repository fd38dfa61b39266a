"""The rules of the Hub, its viewer and `datasets`, which a dataset must keep to load and render.

To add one: a function that yields `Finding`s, and its name in the tuple of its file: `FILE_RULES` (names, sizes),
`CARD_RULES` (front matter), `SHARD_RULES` and `CONFIG_RULES` (Parquet); a broken dataset in the tests shows it.
"""

from hub.rules.check import check_dataset
from hub.rules.findings import Finding, errors

__all__ = ["Finding", "check_dataset", "errors"]
