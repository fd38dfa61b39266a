"""Rows of a file as people have them, one at a time, each with the place where it begins; what is no row says why.

A file is never held whole. What is wrong with one row is told of that row, and the next is read; only a file whose
rest has no rows any more (an array of JSON that breaks off, a damaged Parquet file) is an error.
"""

import csv
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from builders.imports.chats import what_is
from builders.sources.layouts import FILE_OF_ROWS
from processors.errors import InputError

# Of one row's text. SmolTalk2's longest row has 0.6 million characters.
MAX_ROW = 64_000_000
_PIECE = 1 << 20
_SPACE = re.compile(r"[ \t\r\n]*")
# A list under one key, such as {"data": [{...}]}: its entries are the rows, unless the key is a row's own.
_LIST_UNDER_KEY = re.compile(r'\s*\{\s*"([^"\\]+)"\s*:\s*\[\s*\{')
_OWN_LISTS = frozenset({"messages", "conversations", "conversation", "prompt", "completion", "tools", "functions"})


@dataclass(frozen=True, slots=True)
class Row:
    """A row, or why there is none (`reason` in snake_case). `line` is where it begins, or its number in Parquet."""

    line: int
    values: dict[str, Any] | None = None
    reason: str = ""
    detail: str = ""


def read_file(
    path: Path, *, header: bool = True, names: Sequence[str] = (), delimiter: str | None = None, under: str = ""
) -> Iterator[Row]:
    """The rows of a JSON lines, JSON, CSV, TSV or Parquet file, `.gz` too. Raises InputError, one line.

    Without `header` the first line of CSV and TSV is a row, and columns are `names`, or 1, 2, ...; `delimiter` is that
    which the first line has most of, if not said. `under`: the key of an object of JSON under which its rows are.
    """
    endings = [ending.lower() for ending in path.suffixes]
    kind = (endings[:-1] if endings[-1:] == [".gz"] else endings)[-1:]
    try:
        if kind == [".parquet"]:
            yield from _parquet(path)
        elif kind in ([".csv"], [".tsv"]):
            yield from _csv(path, delimiter or ("\t" if kind == [".tsv"] else ""), header=header, names=names)
        elif under and kind in ([".json"], [".jsonl"], [".ndjson"]):
            yield from _under(path, under)
        elif kind in ([".jsonl"], [".ndjson"]):
            yield from _json_lines(path)
        elif kind == [".json"]:
            yield from _json(path)
        else:
            raise InputError(f"{path}: expected {FILE_OF_ROWS}")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except zlib.error as error:
        raise InputError(f"{path}: damaged: {error}; copy or download it again") from None
    except EOFError:
        raise InputError(f"{path}: cut short; copy or download it again") from None


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def _json_lines(path: Path) -> Iterator[Row]:
    with _open(path) as file:
        number = 0
        while raw := file.readline(MAX_ROW):
            number += 1
            begin = number
            if len(raw) == MAX_ROW and not raw.endswith(b"\n"):
                while (rest := file.readline(MAX_ROW)) and not rest.endswith(b"\n"):
                    pass
                yield Row(begin, reason="too_long", detail=f"more than {MAX_ROW:,} bytes")
                continue
            if begin == 1:
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            if raw.strip():
                yield _row_of_line(begin, raw)


def _row_of_line(line: int, raw: bytes) -> Row:
    try:
        value = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        found = f"byte 0x{raw[error.start]:02x} at byte {error.start} of the line, expected UTF-8"
        return Row(line, reason="not_utf8", detail=found)
    except RecursionError:
        return Row(line, reason="invalid_json", detail="nested too deeply")
    except ValueError as error:
        return Row(line, reason="invalid_json", detail=str(error))
    return _object(line, value)


def _object(line: int, value: Any) -> Row:
    if isinstance(value, dict):
        return Row(line, value)
    return Row(line, reason="not_an_object", detail=f"{what_is(value)}, expected an object such as {{...}}")


def _json(path: Path) -> Iterator[Row]:
    """An array, a list under one key, JSON lines under another name, or objects one after another."""
    with _open(path) as file:
        head = file.read(_PIECE).decode("utf-8-sig", errors="replace")
    found = _LIST_UNDER_KEY.match(head)
    nested = found is not None and found[1] not in _OWN_LISTS
    first = _value_of(head.lstrip().partition("\n")[0])
    # JSON lines under another name, unless the first is all that there is and holds nothing but a list.
    if isinstance(first, dict) and not (nested and len(first) == 1):
        yield from _json_lines(path)
        return
    yield from _Values(path, nested).rows()


def _under(path: Path, key: str) -> Iterator[Row]:
    with _open(path) as file:
        whole = _row_of_line(1, file.read().removeprefix(b"\xef\xbb\xbf"))
    rows = (whole.values or {}).get(key)
    if not isinstance(rows, list):
        raise InputError(f"{path}: {whole.detail or f'no list under its key {key}'}, where its card says the rows are")
    yield from (_object(number, value) for number, value in enumerate(rows, 1))


def _value_of(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


class _Values:
    """JSON values of a file one after another, of which only the one that is read is held.

    `nested`: the rows are in the list under the file's only key.
    """

    def __init__(self, path: Path, nested: bool) -> None:
        self.path = path
        self.nested = nested
        self.text = ""
        # Where in `text` the next value is looked for.
        self.at = 0
        self.line = 1
        self.file: IO[str]

    def rows(self) -> Iterator[Row]:
        import io

        with _open(self.path) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape") as text:
            self.file = text
            self._more()
            found = _LIST_UNDER_KEY.match(self.text) if self.nested else None
            array = found is not None or self._next() == "["
            if array:
                self._skip(found.end() - 1 if found else self.at + 1)
            while (character := self._next()) and character != "]":
                if character == "," and array:
                    self._skip(self.at + 1)
                    continue
                yield self._value()
            if array and character != "]":
                raise self._broken("the list is never closed")

    def _value(self) -> Row:
        decoder, line = json.JSONDecoder(), self.line
        while True:
            try:
                value, end = decoder.raw_decode(self.text, self.at)
            except RecursionError:
                raise self._broken("nested too deeply") from None
            except ValueError as error:
                # It may go on in what was not read yet.
                if len(self.text) - self.at > MAX_ROW or not self._more():
                    raise self._broken(str(error)) from None
                continue
            # A number that ends where the text does may go on too.
            if end == len(self.text) and not isinstance(value, dict | list) and self._more():
                continue
            self._skip(end)
            return _object(line, value)

    def _next(self) -> str:
        while True:
            space = _SPACE.match(self.text, self.at)
            self._skip(space.end() if space else self.at)
            if self.at < len(self.text) or not self._more():
                return self.text[self.at : self.at + 1]

    def _more(self) -> bool:
        # As much as is waiting, so that a long row is not parsed again for each small piece of it.
        piece = self.file.read(max(_PIECE, len(self.text) - self.at))
        self.text, self.at = self.text[self.at :] + piece, 0
        return bool(piece)

    def _skip(self, end: int) -> None:
        self.line += self.text.count("\n", self.at, end)
        self.at = end

    def _broken(self, reason: str) -> InputError:
        return InputError(
            f"{self.path}:{self.line}: not valid JSON from here on: {reason}; mend it, or write JSON lines"
        )


def _csv(path: Path, delimiter: str, *, header: bool, names: Sequence[str]) -> Iterator[Row]:
    import io

    csv.field_size_limit(MAX_ROW)
    with (
        _open(path) as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="") as text,
    ):
        first = text.readline(_PIECE)
        text.seek(0)
        delimiter = delimiter or max(",;\t", key=first.count)
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=delimiter)
        begin = next(reader, [])
        if not header:
            # From the beginning again: the first line was read for the number of its cells alone.
            begin = [str(number) for number in range(1, len(begin) + 1)]
            text.seek(0)
            lines = _Lines(text)
            reader = csv.reader(lines, delimiter=delimiter)
        # As pandas names a column without a name, such as one of row numbers.
        names = list(names) or [name or f"Unnamed: {number}" for number, name in enumerate(begin)]
        if not any(begin):
            return
        if len(set(names)) < len(names):
            raise InputError(f"{path}: two columns are named '{max(names, key=names.count)}'; rename one")
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield Row(line, reason="invalid_csv", detail=str(error))
                continue
            if cells is None:
                return
            if not cells:
                continue
            if lines.ended:
                yield Row(line, reason="unclosed_quote", detail="from a quotation mark here to the end is one cell")
            elif not _is_unicode("".join(cells)):
                yield Row(line, reason="not_utf8", detail="bytes that are no UTF-8; save the file as UTF-8")
            elif len(cells) != len(names):
                detail = f"{len(cells)} cells, expected {len(names)} as in the first line"
                yield Row(line, reason="wrong_cells", detail=detail)
            else:
                yield Row(line, {name: cell or None for name, cell in zip(names, cells, strict=True)})


class _Lines:
    """Lines of a text. `ended` is true once one was asked for that is not there: csv does so within a row only where
    a quotation mark was never closed, takes all that follows it for one cell, and says nothing.
    """

    def __init__(self, text: IO[str]) -> None:
        self.text = text
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.text.readline()
        self.ended = not line
        if not line:
            raise StopIteration
        return line


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _parquet(path: Path) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=64):
                for index in range(batch.num_rows):
                    number += 1
                    try:
                        yield Row(number, batch.slice(index, 1).to_pylist()[0])
                    except UnicodeDecodeError as error:
                        # Parquet's strings are not validated when they are written.
                        yield Row(number, reason="not_utf8", detail=f"{error}, expected UTF-8")
                    except OverflowError as error:
                        yield Row(number, reason="unreadable_value", detail=f"{error}; mend or remove its column")
    except pa.ArrowException as error:
        raise InputError(f"{path}: damaged after row {number}: {str(error).splitlines()[0]}") from None
