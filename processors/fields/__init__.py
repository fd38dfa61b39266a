"""The texts of any dataset's rows: taken out by the paths of their fields, and put back where they were.

What is taken out becomes the messages of a conversation (`messages`), so that chunks, checks and ranking are the same
as of chat; a row whose texts are put back differs in nothing else, in types and nulls neither. To go into another kind
of Arrow's nesting: a step in `paths`, and how it is rebuilt in `tables`.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from processors.fields.messages import RowTexts, row_texts
    from processors.fields.paths import Leaf, leaves
    from processors.fields.tables import FieldText, texts_of, with_texts

__all__ = ["FieldText", "Leaf", "RowTexts", "leaves", "row_texts", "texts_of", "with_texts"]

__getattr__ = handed_on(
    __name__,
    {
        "messages": ["RowTexts", "row_texts"],
        "paths": ["Leaf", "leaves"],
        "tables": ["FieldText", "texts_of", "with_texts"],
    },
)
