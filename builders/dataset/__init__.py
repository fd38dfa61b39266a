"""The published files: ranked rows become rows of each config, shards of bounded row groups, and their statistics.

To add a column, see `processors/scoring/columns.py` for a score; any other goes into `rows.py` and
`builders/run_folder/schemas.py`. Outside, the names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.dataset.rows import parallel_row, ranked_row, statistics_by_config
    from builders.dataset.shard_writer import SplitWriter
    from builders.dataset.statistics import SplitStatistics
    from builders.dataset.write_splits import BuildSplits

__all__ = ["BuildSplits", "SplitStatistics", "SplitWriter", "parallel_row", "ranked_row", "statistics_by_config"]

__getattr__ = handed_on(
    __name__,
    {
        "rows": ["parallel_row", "ranked_row", "statistics_by_config"],
        "shard_writer": ["SplitWriter"],
        "statistics": ["SplitStatistics"],
        "write_splits": ["BuildSplits"],
    },
)
