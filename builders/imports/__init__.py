"""`smolkalam import`: what people have (JSON lines, CSV, Parquet, a Hub id) as a folder that `source.path` takes.

A recipe may name such files itself: `prepared` makes shards of them in the run folder. Chats are imported for it, and
rows that are no chat keep their columns (`tables`).

To add a format of files: a function of `readers.py`. To add a shape of rows: its columns in `shapes.py`. Outside, the
names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.imports.command import run_import
    from builders.imports.prepared import opened, prepared
    from builders.imports.shapes import converted

__all__ = ["converted", "opened", "prepared", "run_import"]

__getattr__ = handed_on(
    __name__, {"command": ["run_import"], "prepared": ["opened", "prepared"], "shapes": ["converted"]}
)
