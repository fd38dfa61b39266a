"""Datasets of rows that are no chat: the source's rows as they are, with the texts that its recipe names translated.

Reading such rows is `builders.sources.fields`; a column that is added to them is one of `schemas.field_columns`, and
what stands in it is made in `splits`.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.fields.splits import BuildFieldSplits
    from builders.fields.tables import FieldTables

__all__ = ["BuildFieldSplits", "FieldTables"]

__getattr__ = handed_on(__name__, {"splits": ["BuildFieldSplits"], "tables": ["FieldTables"]})
