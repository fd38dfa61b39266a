"""Rows of prompts and of answers: what is read of them, and how they are written again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders.imports.readers import read_file
from processors.errors import InputError
from processors.instructions import KINDS

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 512


def prompt_of(row: Mapping[str, Any]) -> str:
    """What a person asks in a row: `prompt` as a text or as messages, or the first user message of `messages`."""
    found = row.get("prompt")
    if isinstance(found, str):
        return found
    return _said_by("user", found if isinstance(found, list) else row.get("messages"), last=False)


def answer_of(row: Mapping[str, Any]) -> str | None:
    """The answer of a row: `completion` or `response`, as a text or as messages, or the last one of `messages`."""
    for name in ("completion", "response", "messages"):
        found = row.get(name)
        if isinstance(found, str):
            return found
        if isinstance(found, list):
            return _said_by("assistant", found, last=True)
    return None


def _said_by(role: str, messages: Any, last: bool) -> str:
    texts = [
        message["content"]
        for message in messages or ()
        if isinstance(message, Mapping) and message.get("role") == role and isinstance(message.get("content"), str)
    ]
    return str(texts[-1 if last else 0]) if texts else ""


def instructions_of(row: Mapping[str, Any]) -> tuple[list[str], list[Mapping[str, Any] | None]]:
    """IFEval's two columns; `kwargs` may be JSON. Raises InputError where a row has them not, or not as IFEval has."""
    ids, given = row.get("instruction_id_list"), row.get("kwargs")
    try:
        given = json.loads(given) if isinstance(given, str) else given
        given = [json.loads(one) if isinstance(one, str) else one for one in given or ()]
    except (ValueError, TypeError):
        raise InputError("kwargs is not a list of objects, nor JSON of one") from None
    if not isinstance(ids, list) or not ids or not all(isinstance(name, str) for name in ids):
        raise InputError("instruction_id_list is not a list of ids")
    if not all(one is None or isinstance(one, Mapping) for one in given):
        raise InputError("kwargs is not a list of objects, nor JSON of one")
    return ids, given


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | None, str]]:
    """The number, values and problem of each row of a file that `smolkalam import` could read."""
    for row in read_file(path):
        yield row.line, row.values, row.reason


def is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def asked_schema() -> pa.Schema:
    """Of drawn prompts: an argument is a column of `kwargs`, null where the kind has it not, as on the Hub."""
    import pyarrow as pa

    types = {"number": pa.int64(), "text": pa.string(), "texts": pa.list_(pa.string()), "relation": pa.string()}
    arguments = {name: types[kind] for one in KINDS.values() for name, kind in one.arguments.items()}
    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    return pa.schema(
        [
            ("id", pa.string()), ("prompt", pa.string()), ("messages", pa.list_(message)),
            ("instruction_id_list", pa.list_(pa.string())),
            ("kwargs", pa.list_(pa.struct(list(arguments.items())))), ("language", pa.string()),
        ]
    )  # fmt: skip


class RowWriter:
    """Rows into a file, as JSON lines or as Parquet of `schema`; a context manager."""

    def __init__(self, path: Path, schema: pa.Schema | None) -> None:
        self._path, self._schema = path, schema
        self._held: list[dict[str, Any]] = []
        self._parquet: Any = None

    def __enter__(self) -> RowWriter:
        if self._schema is None:
            self._stream = self._path.open("w", encoding="utf-8")
        else:
            import pyarrow.parquet as pq

            self._parquet = pq.ParquetWriter(self._path, self._schema, compression="zstd")
        return self

    def write(self, row: dict[str, Any]) -> None:
        if self._parquet is None:
            # A lone surrogate of a broken row is written as its escape.
            line = json.dumps(row, ensure_ascii=False)
            self._stream.write((line if line.isascii() or _encodes(line) else json.dumps(row)) + "\n")
            return
        self._held.append(row)
        if len(self._held) == ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._held:
            self._parquet.write_table(pa.Table.from_pylist(self._held, schema=self._schema))
            self._held = []

    def __exit__(self, *error: object) -> None:
        if self._parquet is None:
            self._stream.close()
        else:
            if error[0] is None:
                self._flush()
            self._parquet.close()


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def with_columns(path: Path, more: Sequence[tuple[str, str]]) -> pa.Schema:
    """The schema of a Parquet file with further columns; `more`: their names and pyarrow's names of their types."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    made = {"double": pa.float64(), "bools": pa.list_(pa.bool_())}
    for name, kind in more:
        place = schema.get_field_index(name)
        schema = schema.remove(place) if place >= 0 else schema
        schema = schema.append(pa.field(name, made[kind]))
    return schema.remove_metadata()
