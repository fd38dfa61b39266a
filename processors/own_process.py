"""Imported in a process that is all ours: pyarrow finds no pandas there, and garbage is sought seldom.

pyarrow looks for pandas once, with the first array that it makes, and imports it: 0.3 s of CPU and 40 MB a process,
for arrays that no stage ever makes of it. Python looks for circles of garbage with every 700 containers that are new;
modules, a lexicon's entries and a row's verdicts are many and make none: a sixth of the processor time of
`build demo`. Not for a process that somebody else's code runs in: `to_pandas` fails there.
"""

import gc
import sys

import pyarrow as pa

# New containers until a look at the young ones, such looks until one at the older, and at all. Chosen on the demo.
gc.set_threshold(20_000, 20, 100)


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
