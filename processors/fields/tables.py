"""Texts out of Arrow's columns and back into them; all else of a table stays bit for bit what it was.

Values never become Python's on the way, but for the texts themselves: what Python cannot hold without loss (a
timestamp of nanoseconds, a null struct beside a struct of nulls) is never touched.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from processors.fields.paths import Leaf, Step

if TYPE_CHECKING:
    import pyarrow as pa

# For each position of an array: the row that it belongs to and its place in it; None where a null is above it.
Owners = list[tuple[int, str] | None]
# What becomes of an array of texts, given whose they are.
Visit = Callable[[Any, Owners], Any]


class FieldText(NamedTuple):
    """A text and its place in its row, such as `choices[2]`; `leaf` is the number of the field that names it."""

    leaf: int
    place: str
    text: str


def texts_of(table: "pa.Table", found: Sequence[Leaf]) -> list[list[FieldText]]:
    """The texts of each row, in the fields' order; nulls are none."""
    rows: list[list[FieldText]] = [[] for _ in range(table.num_rows)]

    def take(number: int) -> Visit:
        def visit(array: Any, owners: Owners) -> Any:
            for owner, text in zip(owners, _owned(array, owners), strict=True):
                if owner is not None and text is not None:
                    rows[owner[0]].append(FieldText(number, owner[1], text))
            return array

        return visit

    for number, leaf in enumerate(found):
        _column(table, leaf, take(number))
    return rows


def with_texts(table: "pa.Table", found: Sequence[Leaf], texts: Iterable[Sequence[str]]) -> "pa.Table":
    """The table with other texts: of each row as many as `texts_of` gave, in the same order."""
    import pyarrow as pa

    waiting = [iter(of) for of in texts]

    def put(array: Any, owners: Owners) -> Any:
        old = _owned(array, owners)
        new = [
            None if owner is None or text is None else next(waiting[owner[0]])
            for owner, text in zip(owners, old, strict=True)
        ]
        return array if new == old else pa.array(new, array.type)

    for leaf in found:
        place = table.schema.get_field_index(leaf.column)
        table = table.set_column(place, table.schema.field(place), _column(table, leaf, put))
    return table


def _owned(array: Any, owners: Owners) -> list[str | None]:
    """The texts of an array; None also where there is a null above: what lies there is nothing that can be read."""
    if None not in owners:
        texts: list[str | None] = array.to_pylist()
        return texts
    return [None if owner is None else array[number].as_py() for number, owner in enumerate(owners)]


def _column(table: "pa.Table", leaf: Leaf, visit: Visit) -> Any:
    import pyarrow as pa

    column, chunks, first = table.column(leaf.column), [], 0
    for chunk in column.chunks:
        owners: Owners = [(first + number, leaf.column) for number in range(len(chunk))]
        chunks.append(_visited(chunk, leaf.steps, owners, visit))
        first += len(chunk)
    return pa.chunked_array(chunks, column.type)


def _visited(array: Any, steps: Sequence[Step], owners: Owners, visit: Visit) -> Any:
    """The array with what `visit` makes of the texts inside; the array itself where that is nothing new."""
    import pyarrow as pa

    if array.null_count:
        owners = [owner if valid else None for owner, valid in zip(owners, array.is_valid().to_pylist(), strict=True)]
    if not steps:
        return visit(array, owners)
    step, rest = steps[0], steps[1:]
    if not step.name:
        inner = array.values
        made = _visited(inner, rest, _entries(array, len(inner), owners), visit)
        if made is inner:
            return array
        own = 1 if pa.types.is_fixed_size_list(array.type) else 2
        buffers = array.buffers()[:own]
        return pa.Array.from_buffers(array.type, len(array), buffers, offset=array.offset, children=[made])
    number = array.type.get_field_index(step.name)
    inner = array.field(number)
    name = f"[{step.name}]" if step.of_all else f".{step.name}"
    made = _visited(inner, rest, [owner and (owner[0], owner[1] + name) for owner in owners], visit)
    if made is inner:
        return array
    kinds = [array.type.field(index) for index in range(array.type.num_fields)]
    children = [made if index == number else array.field(index) for index in range(len(kinds))]
    return pa.StructArray.from_arrays(children, fields=kinds, mask=array.is_null() if array.null_count else None)


def _entries(array: Any, size: int, owners: Owners) -> Owners:
    """Whose each value inside of an array of lists is."""
    import pyarrow as pa

    found: Owners = [None] * size
    if pa.types.is_fixed_size_list(array.type):
        width = array.type.list_size
        bounds = [(array.offset + number) * width for number in range(len(array) + 1)]
    else:
        bounds = array.offsets.to_pylist()
    for owner, begin, end in zip(owners, bounds, bounds[1:], strict=False):
        if owner is not None:
            for place in range(begin, end):
                found[place] = owner[0], f"{owner[1]}[{place - begin}]"
    return found
