"""Imported in a process that is all ours, before datatrove: what no stage needs is not imported there.

pyarrow looks for pandas once, with the first array that it makes, and imports it: 0.3 s of CPU and 40 MB a process,
for arrays that no stage ever makes of it. Python looks for circles of garbage with every 700 containers that are new;
modules, a lexicon's entries and a row's verdicts are many and make none: a sixth of the processor time of
`build demo`. Not for a process that somebody else's code runs in: `to_pandas` fails there.

datatrove asks of a folder whether it is the Hub's, and to ask so imports all of the Hub's client, its HTTP library and
trio: 0.2 s of CPU. A folder of the Hub has brought that class by itself; where it has not come, no folder is one. And
loguru looks anew for Python's folders with each of its handlers, of which datatrove adds three a task: 5 ms each.
"""

import atexit
import gc
import os
import sys
from functools import cache
from importlib import import_module

# Arrow's own allocator keeps what it was ever given: a build of 1,525 real rows has 60 MB more in its largest process,
# while some 2 MB are in use. Reading, making and writing that build's units takes the same time with either.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

import huggingface_hub
import pyarrow as pa
from loguru._better_exceptions import ExceptionFormatter

# New containers until a look at the young ones, such looks until one at the older, and at all. Chosen on the demo.
gc.set_threshold(20_000, 20, 100)
# At its end Python seeks it in all that there is, several times, and gives back what the system takes anyway: 0.3 s.
atexit.register(gc.freeze)


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


class _OfTheHub(type):
    """Of a class that stands for `HfFileSystem` are those that are of the real one, where that was ever imported."""

    def __instancecheck__(cls, one: object) -> bool:
        real = sys.modules.get("huggingface_hub.hf_file_system")
        return real is not None and isinstance(one, real.HfFileSystem)


class _HubFolder(metaclass=_OfTheHub):
    """What datatrove compares with instead."""


if "datatrove.io" not in sys.modules and "HfFileSystem" not in vars(huggingface_hub):
    vars(huggingface_hub)["HfFileSystem"] = _HubFolder
    try:
        import_module("datatrove.io")
    finally:
        # The next who asks for it is given the real one.
        del vars(huggingface_hub)["HfFileSystem"]

ExceptionFormatter._get_lib_dirs = staticmethod(cache(ExceptionFormatter._get_lib_dirs))  # type: ignore[method-assign]
