"""Sources that are no chat: their columns are looked at, and their rows' texts become messages."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from builders.recipes.recipe import Source
from builders.run_folder import schemas
from processors.conversations.field_texts import BY_FIELDS, is_asked
from processors.errors import InputError, one_line
from processors.fields.messages import row_texts
from processors.fields.paths import Leaf, is_text, leaves
from processors.fields.tables import texts_of

if TYPE_CHECKING:
    import pyarrow as pa

# Counts, by column, the rows in which a text that is carried is one that is translated elsewhere in the row.
STAYS_ENGLISH = "stays_english/"


def check_fields(where: str, source: Source, schema: "pa.Schema") -> None:
    """Raises InputError where a file has not the fields that a source names, or columns that a build cannot have."""
    from datasets import Features

    if _has_conversations(schema) and "messages" not in source.verbatim:
        raise InputError(
            f"{where}: column 'messages' has conversations; leave source.fields out to translate them as chat, or "
            "name messages in source.verbatim to carry it as it is"
        )
    try:
        leaves(schema, source.fields, source.verbatim)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    if own := next((name for name in schema.names if name.startswith(schemas.OWN)), None):
        raise InputError(
            f"{where}: column '{own}' is called as the columns that a build adds ({schemas.OWN}...); rename it, or "
            "give what that dataset was built from"
        )
    if len(set(schema.names)) < len(schema.names):
        twice = next(name for name in schema.names if schema.names.count(name) > 1)
        raise InputError(f"{where}: it has two columns '{twice}'; rename one of them")
    try:
        Features.from_arrow_schema(schema)
    except (ValueError, TypeError, NotImplementedError, KeyError) as error:
        raise InputError(
            f"{where}: `datasets` has no feature for the type of a column ({one_line(error)}); write it as another "
            "type, such as a list of structs or a text of JSON"
        ) from None


def _has_conversations(schema: "pa.Schema") -> bool:
    import pyarrow as pa

    kind = schema.field("messages").type if "messages" in schema.names else None
    if kind is None or not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        return False
    item = kind.value_type
    return pa.types.is_struct(item) and {"role", "content"} <= {field.name for field in item}


class FieldRows:
    """Rows of batches as the reader's Documents have them: messages of their texts.

    What is no UTF-8, in whatever column, is told of its row (`invalid_utf8`) and drops that row only.
    """

    def __init__(self, source: Source) -> None:
        self.source = source

    def of(self, batch: "pa.RecordBatch") -> Iterator[dict[str, Any]]:
        """Each row of a batch, in order."""
        import pyarrow as pa

        table = pa.Table.from_batches([batch])
        try:
            table.validate(full=True)
        except pa.ArrowInvalid:
            for index in range(table.num_rows):
                yield self._alone(table.take([index]))
            return
        yield from self._rows(table)

    def _alone(self, table: "pa.Table") -> dict[str, Any]:
        import pyarrow as pa

        try:
            table.validate(full=True)
        except pa.ArrowInvalid as error:
            return {"invalid_utf8": one_line(error)}
        return next(self._rows(table))

    def _rows(self, table: "pa.Table") -> Iterator[dict[str, Any]]:
        found = leaves(table.schema, self.source.fields, self.source.verbatim)
        carried = _carried_texts(table, found)
        for number, texts in enumerate(texts_of(table, found)):
            made = row_texts(texts)
            asked = {of["content"] for of in made.messages if is_asked(of["role"], of["content"])}
            left = {name: 1 for name, values in carried.items() if (values[number] or "").strip() in asked}
            row: dict[str, Any] = {"messages": made.messages, BY_FIELDS: True}
            yield row | ({"counters": {f"{STAYS_ENGLISH}{name}": 1 for name in left}} if left else {})


def _carried_texts(table: "pa.Table", found: Sequence[Leaf]) -> Mapping[str, list[str | None]]:
    """The columns of texts that no field names."""
    named = {leaf.column for leaf in found}
    return {
        field.name: table.column(field.name).to_pylist()
        for field in table.schema
        if is_text(field.type) and field.name not in named
    }
