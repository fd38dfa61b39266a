"""Texts come out of any nesting of Arrow's and go back into it, and nothing else of the table changes."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors.fields.messages import row_texts
from processors.fields.paths import is_text, leaves
from processors.fields.tables import texts_of, with_texts

LEAVES: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.string(), st.text(max_size=5)),
    (pa.large_string(), st.text(max_size=5)),
    (pa.string_view(), st.text(max_size=20)),
    (pa.dictionary(pa.int32(), pa.string()), st.sampled_from(["a", "b c", ""])),
    (pa.int64(), st.integers(-(2**40), 2**40)),
    (pa.uint8(), st.integers(0, 255)),
    (pa.float32(), st.floats(width=32, allow_nan=False)),
    (pa.bool_(), st.booleans()),
    (pa.timestamp("ns"), st.integers(0, 2**60)),
    (pa.binary(), st.binary(max_size=3)),
    (pa.null(), st.none()),
]
Typed = tuple[pa.DataType, st.SearchStrategy[Any]]


def nested(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    def listed(of: Typed, kind: str) -> Typed:
        entry = st.none() | of[1]
        if kind == "fixed":
            return pa.list_(of[0], 2), st.lists(entry, min_size=2, max_size=2)
        return pa.list_(of[0]) if kind == "list" else pa.large_list(of[0]), st.lists(entry, max_size=3)

    def struct(of: list[Typed]) -> Typed:
        names = ["text", "a.b", "role"][: len(of)]
        kind = pa.struct([pa.field(name, one[0]) for name, one in zip(names, of, strict=True)])
        return kind, st.fixed_dictionaries({name: st.none() | one[1] for name, one in zip(names, of, strict=True)})

    lists = st.builds(listed, inner, st.sampled_from(["list", "large", "fixed"]))
    return lists | st.builds(struct, st.lists(inner, min_size=1, max_size=3))


TYPED = st.recursive(st.sampled_from(LEAVES), nested, max_leaves=4)


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """A table of a few rows, cut out of a longer one as a reader cuts it, in one chunk or several."""
    rows = draw(st.integers(1, 6))
    columns, fields = [], []
    for number in range(draw(st.integers(1, 3))):
        kind, values = draw(TYPED)
        columns.append(pa.array(draw(st.lists(st.none() | values, min_size=rows, max_size=rows)), kind))
        fields.append(pa.field(f"column{number}", kind, metadata={"kept": "too"}))
    table = pa.Table.from_arrays(columns, schema=pa.schema(fields, {"of": "the table"}))
    cut = table.slice(draw(st.integers(0, rows - 1)))
    return pa.concat_tables([cut, table]) if draw(st.booleans()) else cut


def paths_in(kind: pa.DataType, way: str) -> Iterator[str]:
    if is_text(kind):
        yield way
    elif pa.types.is_struct(kind):
        for field in kind:
            yield from paths_in(field.type, f"{way}.{field.name}")
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        yield from paths_in(kind.value_type, f"{way}.*")


def strings(value: Any, kind: pa.DataType) -> Iterator[str]:
    """The texts of a value, by Python alone."""
    if value is None:
        return
    if is_text(kind):
        yield value
    elif pa.types.is_struct(kind):
        for field in kind:
            yield from strings(value[field.name], field.type)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one, kind.value_type)


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_texts_go_out_and_in_of_any_nesting(table: pa.Table) -> None:
    found = leaves(table.schema, [path for field in table.schema for path in paths_in(field.type, field.name)])
    texts = texts_of(table, found)

    for number, row in enumerate(texts):
        one = table.slice(number, 1)
        wanted = [text for field in one.schema for text in strings(_plain(one, field.name)[0], field.type)]
        assert sorted(text.text for text in row) == sorted(wanted)

    same = with_texts(table, found, [[text.text for text in row] for row in texts])
    assert same.equals(table, check_metadata=True) and same.schema.equals(table.schema, check_metadata=True)

    other = with_texts(table, found, [[f"<{text.text}>" for text in row] for row in texts])
    # Arrow itself makes dictionaries that are not valid below a null struct.
    if "dictionary" not in str(table.schema):
        other.validate(full=True)
    assert other.schema.equals(table.schema, check_metadata=True)
    again = texts_of(other, found)
    assert [[t._replace(text=f"<{t.text}>") for t in row] for row in texts] == again
    # What is put back as it was gives the table again: nothing beside the texts has changed.
    back = with_texts(other, found, [[t.text for t in row] for row in texts])
    if "dictionary" not in str(table.schema):
        assert back.equals(table, check_metadata=True)
    # Equal values of one dictionary are not equal to Arrow where it holds others too.
    assert [_plain(back, name) for name in back.schema.names] == [_plain(table, name) for name in table.schema.names]

    for row in texts:
        made = row_texts(row)
        contents = [message["content"] for message in made.messages]
        assert made.put_back(contents) == [one.text for one in row]
        assert len(set(contents)) == len(contents) and all(contents)


def _plain(table: pa.Table, column: str) -> Any:
    """A column as Python has it, but for what Python has not: a timestamp of nanoseconds is its number."""
    kind = table.schema.field(column).type
    return _cast(table.column(column), kind).to_pylist()


def _cast(column: Any, kind: pa.DataType) -> Any:
    def plain(of: pa.DataType) -> pa.DataType:
        if pa.types.is_timestamp(of):
            return pa.int64()
        if pa.types.is_dictionary(of):
            return of
        if pa.types.is_struct(of):
            return pa.struct([(field.name, plain(field.type)) for field in of])
        if pa.types.is_fixed_size_list(of):
            return pa.list_(plain(of.value_type), of.list_size)
        if pa.types.is_large_list(of):
            return pa.large_list(plain(of.value_type))
        return pa.list_(plain(of.value_type)) if pa.types.is_list(of) else of

    return column if plain(kind) == kind else column.cast(plain(kind))
