"""The files that hold a translation memory: TMX 1.4, and tables (CSV, TSV, JSONL) with named columns."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from processors.atomic_files import replacing_text
from processors.errors import InputError
from processors.memory.tmx import Entry, TranslationUnit, read_tmx, write_tmx

FORMATS = (".tmx", ".tsv", ".csv", ".jsonl")
_COLUMNS = ("source", "target", "approved", "note")
_TRUE, _FALSE = ("true", "yes", "1"), ("", "false", "no", "0")


def read_units(path: str | os.PathLike[str], *, source: str, target: str) -> Iterator[TranslationUnit]:
    """The units of a file, by its extension (`.tmx .tsv .csv .jsonl`). A table's pairs count as `source` to `target`.

    CSV and TSV are RFC 4180 (a field with a quote, a line break or the delimiter is quoted), UTF-8 with or without a
    BOM, and their first row names the columns: `source` and `target`, and perhaps `approved` and `note`. JSONL has
    the same as keys. Raises InputError with file and row.
    """
    path = Path(path)
    suffix = _format(path)
    if suffix == ".tmx":
        return read_tmx(path)
    units = _read_jsonl(path) if suffix == ".jsonl" else _read_table(path, "\t" if suffix == ".tsv" else ",")
    return (
        TranslationUnit([(source, unit.source), (target, unit.target)], unit.approved, unit.note) for unit in units
    )


def write_units(path: str | os.PathLike[str], units: Iterable[Entry], *, source: str, target: str) -> int:
    """Writes the units in the order given, by the file's extension; returns their number. Equal units, equal bytes."""
    path = Path(path)
    suffix = _format(path)
    if suffix == ".tmx":
        return write_tmx(path, units, source=source, target=target)
    count = 0
    with replacing_text(path, unencodable="save the memory as .tmx") as stream:
        if suffix == ".jsonl":
            for unit in units:
                stream.write(json.dumps(unit._asdict(), ensure_ascii=False) + "\n")
                count += 1
            return count
        # csv quotes \r only when it is part of the line terminator.
        writer = csv.writer(stream, delimiter="\t" if suffix == ".tsv" else ",", lineterminator="\r\n")
        writer.writerow(_COLUMNS)
        for unit in units:
            writer.writerow((unit.source, unit.target, "true" if unit.approved else "false", unit.note))
            count += 1
    return count


def _format(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise InputError(f"{path}: a memory is one of {', '.join(FORMATS)}; rename or convert the file")
    return suffix


def _read_table(path: Path, delimiter: str) -> Iterator[Entry]:
    # The default limit of 128 KB a field is less than a long message.
    csv.field_size_limit(1 << 31)
    place = f"{path}, row 1"
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=delimiter, strict=True)
            header = [name.strip().lower() for name in next(reader, [])]
            if "source" not in header or "target" not in header:
                raise InputError(
                    f"{place}: expected the column names source and target, got {header!r:.100}; add them"
                )
            for number, fields in enumerate(reader, start=2):
                place = f"{path}, row {number}"
                if not fields:
                    continue
                if len(fields) != len(header):
                    raise InputError(f"{place}: {len(fields)} fields, expected {len(header)}; quote or repair the row")
                record = dict(zip(header, fields, strict=True))
                yield _unit({name: record[name] for name in _COLUMNS if name in record}, place)
    except csv.Error as error:
        raise InputError(
            f"after {place}: {error}; put fields with quotes or line breaks in quotes, or use .jsonl"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"after {place}: not UTF-8 ({error.reason}); save the file as UTF-8") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error


def _read_jsonl(path: Path) -> Iterator[Entry]:
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if not line.strip():
                    continue
                place = f"{path}, line {number}"
                try:
                    record = json.loads(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
                except ValueError as error:
                    raise InputError(f"{place}: not JSON ({error}); expected one object a line") from error
                if not isinstance(record, dict):
                    raise InputError(
                        f"{place}: expected an object with source and target, got {type(record).__name__}"
                    )
                yield _unit(record, place)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error


def _unit(record: dict[str, Any], place: str) -> Entry:
    values = {}
    for name in ("source", "target"):
        value = record.get(name)
        if not isinstance(value, str):
            raise InputError(f"{place}: {name} is {value!r:.60}, expected a string; repair the row")
        values[name] = value
    approved, note = record.get("approved", False), record.get("note", "")
    word = str(approved).strip().lower()
    if word not in _TRUE + _FALSE:
        raise InputError(f"{place}: approved is {approved!r:.60}, expected true or false; repair the row")
    if not isinstance(note, str):
        raise InputError(f"{place}: note is {note!r:.60}, expected a string; repair the row")
    return Entry(values["source"], values["target"], word in _TRUE, note)
