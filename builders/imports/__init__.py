"""`smolkalam import`: what people have (JSON lines, CSV, Parquet, a Hub id) as a folder that `source.path` takes.

To add a format of files: a function of `readers.py`. To add a shape of rows: its columns in `shapes.py`. Outside, the
names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.imports.command import run_import
    from builders.imports.shapes import converted

__all__ = ["converted", "run_import"]

__getattr__ = handed_on(__name__, {"command": ["run_import"], "shapes": ["converted"]})
