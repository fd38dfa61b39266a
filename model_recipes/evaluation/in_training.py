"""Which items of the benchmarks stand in the data that a model was trained on.

By the index of `smolkalam decontaminate`; a score without these items stands beside the whole one.
"""

import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from builders.contamination.against import Against, item_of
from builders.contamination.data import files_of, look_through, parts_of
from model_recipes.evaluation.scoring.answers import keys_of
from processors.errors import InputError
from processors.selection.decontamination import IndexBuilder, Item, save


def items_in_training(data: Path, tasks: list[tuple[str, str, Any]]) -> dict[str, set[tuple[str, str]]]:
    """Of each benchmark the items, as (part, key), that `data` has. `tasks`: benchmark, part and rows.

    Raises InputError where the data cannot be read. A benchmark whose rows have no question that is known is told.
    """
    builder = IndexBuilder()
    for _, part, rows in tasks:
        try:
            made = builder.add(part, _items(part, rows))
        except InputError as error:
            print(f"warning: {error}: not looked for in {data}", file=sys.stderr)
            continue
        if made.items and not made.looked_for:
            print(f"warning: {part}: none of its items is long enough to be looked for", file=sys.stderr)
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    belongs = {part: benchmark for benchmark, part, _ in tasks}
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index.npz"
        save(builder.build(), index)
        for piece in parts_of(files_of(data)):
            for part, item, _ in look_through(piece, str(index), ()).items:
                found[belongs[part]].add((part, item))
    return {benchmark: found[benchmark] for benchmark in belongs.values()}


def _items(part: str, rows: Any) -> Iterator[Item]:
    found = list(rows)
    for key, row in zip(keys_of(found), found, strict=True):
        yield item_of(row, key, Against(part))
