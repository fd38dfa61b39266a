"""What the card of a dataset by its fields says otherwise than that of conversations.

To say something else of a section: a function in `said`, and where the section is made, a look at `source.fields`.
"""

from hub.card.fields.said import (
    COUNTED,
    STAYS,
    columns_said,
    intended,
    introduced,
    parallel_snippet,
    rows_said,
    snippet_columns,
    turns,
)

__all__ = [
    "COUNTED",
    "STAYS",
    "columns_said",
    "intended",
    "introduced",
    "parallel_snippet",
    "rows_said",
    "snippet_columns",
    "turns",
]
