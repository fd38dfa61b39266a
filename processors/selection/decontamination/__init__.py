"""Contamination control: which rows of training data hold items of a benchmark, by hashed n-grams of plain words.

`IndexBuilder` makes an index of benchmarks, `Search` looks for their items in a row's texts, `save` and `load` keep an
index in a file. What spellings have in common stands in `words.py`, what counts as found in `index.Rules`,
which `benchmarks/decontamination.py` measures.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from processors.selection.decontamination.build import IndexBuilder
    from processors.selection.decontamination.index import Index, IndexedBenchmark, Item, Rules, joined, load, save
    from processors.selection.decontamination.search import Found, Search

__all__ = ["Found", "Index", "IndexBuilder", "IndexedBenchmark", "Item", "Rules", "Search", "joined", "load", "save"]

# Imported when asked for: numpy takes a tenth of a second.
__getattr__ = handed_on(
    __name__,
    {
        "build": ["IndexBuilder"],
        "index": ["IndexedBenchmark", "Index", "Item", "Rules", "joined", "load", "save"],
        "search": ["Found", "Search"],
    },
)
