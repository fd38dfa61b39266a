"""Duplicates among rows: texts as short sketches, and which row says again what an earlier one says.

A row has a sketch of its texts, a `digest`, and of its answer what is the same for the same words (`Sketches`);
`first_rows` and `first_answers` find which of many rows say something again. `sketch.py` says what counts as alike.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from processors.duplicates.groups import Again, alike, first_answers, first_rows, unpacked
    from processors.duplicates.sketch import UNLIKE, Sketches, digest

__all__ = ["UNLIKE", "Again", "Sketches", "alike", "digest", "first_answers", "first_rows", "unpacked"]

# Imported when asked for: numpy takes a tenth of a second.
__getattr__ = handed_on(
    __name__,
    {
        "groups": ["Again", "alike", "first_answers", "first_rows", "unpacked"],
        "sketch": ["UNLIKE", "Sketches", "digest"],
    },
)
