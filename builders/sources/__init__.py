"""Where a build's rows come from: shards of SmolTalk2's layout, found by their names and read by units.

Other layouts are found by `datasets` (`layouts.py`); what is no Parquet is written as shards by `builders.imports`. To
read another layout, give its files as `Shard`s in `find.py`, and their rows as Documents in `read.py`.
Outside, the names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.sources.find import Shard, find_shards, plan_units, row_id
    from builders.sources.read import ShardReader, read_rows

__all__ = ["Shard", "ShardReader", "find_shards", "plan_units", "read_rows", "row_id"]

__getattr__ = handed_on(
    __name__,
    {
        "find": ["Shard", "find_shards", "plan_units", "row_id"],
        "read": ["ShardReader", "read_rows"],
    },
)
