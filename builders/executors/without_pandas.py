"""Imported in a process that is all ours, it lets pyarrow there find no pandas.

pyarrow looks for it once, with the first array that it makes, and imports it: 0.3 s of CPU and 40 MB a process, for
arrays that no stage ever makes of it. Not for a process that somebody else's code runs in: `to_pandas` fails there.
"""

import sys

import pyarrow as pa


class _NoPandas:
    """A finder that says for `pandas` that there is none."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ImportError("not wanted in this process")


if "pandas" not in sys.modules:
    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(_NoPandas)
