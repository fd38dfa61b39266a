"""How two files' columns differ, and which differences `datasets` casts away without loss."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def difference(wanted: "pa.Schema", found: "pa.Schema") -> str:
    """How two schemas differ, in a few words; empty if they do not. Order of columns does not count."""
    before, now = ({column.name: column.type for column in schema} for schema in (wanted, found))
    missing = [name for name in before if name not in now]
    extra = [name for name in now if name not in before]
    changed = [f"{n} is {now[n]}, not {before[n]}" for n in before if n in now and now[n] != before[n]]
    parts = [f"without {', '.join(missing)}"] if missing else []
    parts += [f"with {', '.join(extra)}"] if extra else []
    return "; ".join([*parts, *changed])[:300]


def plain_schema(schema: "pa.Schema") -> "pa.Schema":
    """A schema in which types that `datasets` casts without loss are one: of strings, dictionaries and lists."""
    import pyarrow as pa

    def plain(kind: "pa.DataType") -> "pa.DataType":
        if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            return pa.string()
        if pa.types.is_dictionary(kind):
            return plain(kind.value_type)
        if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            return pa.list_(plain(kind.value_type))
        if pa.types.is_struct(kind):
            return pa.struct([(field.name, plain(field.type)) for field in kind])
        return kind

    return pa.schema([(column.name, plain(column.type)) for column in schema])
