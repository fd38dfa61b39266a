"""The types of columns whose file has none: JSON's and CSV's, so that each value is held as it is written.

They are those that `datasets` gives (measured with 5.2), where these lose nothing. It reads integers of more than 64
bits as floats, a text that looks like a date as a time, CSV's `001` as 1, `None` and `NA` as nothing and integers
beside an empty cell as floats; here each of them stays what it is. What has no value anywhere is text.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

# Integers up to it are exact as floats.
_EXACT = 2**53
# What pandas, and so `datasets`, takes for an empty cell; here only in a column of numbers or of truth values.
_MISSING = frozenset(
    ["#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"]
) | {"NULL", "NaN", "None", "n/a", "nan", "null"}
_INTEGER = re.compile(r"0|-?[1-9]\d*", re.A)
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf", re.A)
# As Python's `json`, but for the spaces: what `datasets` writes.
_COMPACT = (",", ":")


class NoType(Exception):
    """No type holds all values of a column; says why."""


@dataclass(slots=True)
class Seen:
    """What values a column, a field of an object or a list's entries have."""

    kinds: set[str] = field(default_factory=set)
    least: int = 0
    most: int = 0
    entries: "Seen | None" = None
    fields: "dict[str, Seen]" = field(default_factory=dict)
    keys: tuple[str, ...] | None = None
    keys_differ: bool = False

    def add(self, value: Any) -> None:
        """Count a value in."""
        if value is None:
            return
        if isinstance(value, dict):
            self.kinds.add("object")
            self._add_object(value)
        elif isinstance(value, list):
            self.kinds.add("list")
            self.entries = self.entries or Seen()
            for entry in value:
                self.entries.add(entry)
        elif isinstance(value, int) and not isinstance(value, bool):
            self.kinds.add("int")
            self.least, self.most = min(self.least, value), max(self.most, value)
        else:
            self.kinds.add(type(value).__name__)

    def _add_object(self, value: Mapping[str, Any]) -> None:
        keys = tuple(sorted(value))
        self.keys_differ |= self.keys is not None and keys != self.keys
        self.keys = keys
        for name, inner in value.items():
            self.fields.setdefault(name, Seen()).add(inner)

    def type(self, inside: bool = False) -> "pa.DataType":
        """The type that holds all of it. Raises NoType.

        Objects of different fields, and values of different kinds, are JSON (`datasets.Json`), as they are; `inside`:
        objects become structs all the same, in which a field that is not there is null, for a path goes into them.
        """
        import pyarrow as pa

        simple = {"str": pa.string(), "bool": pa.bool_(), "float": pa.float64()}
        if not self.kinds:
            # `datasets` says null, a type that matches no other file's and with which nothing is published.
            return pa.string()
        if self.kinds == {"int"}:
            return self._integer()
        if self.kinds == {"int", "float"} and self.least >= -_EXACT and self.most <= _EXACT:
            return pa.float64()
        if self.kinds == {"list"} and self.entries is not None:
            return pa.list_(self.entries.type(inside))
        if self.kinds == {"object"} and self.fields and (inside or not self.keys_differ):
            return pa.struct([(name, of.type(inside)) for name, of in self.fields.items()])
        (kind,) = self.kinds if len(self.kinds) == 1 else [""]
        if kind in simple:
            return simple[kind]
        self._check_json()
        return pa.json_()

    def _integer(self) -> "pa.DataType":
        import pyarrow as pa

        if self.least >= -(2**63) and self.most < 2**63:
            return pa.int64()
        if self.least >= 0 and self.most < 2**64:
            return pa.uint64()
        digits = max(len(str(abs(self.least))), len(str(self.most)))
        if digits > 76:
            raise NoType(f"an integer of {digits} digits, and a column holds 76; write it as a text")
        return pa.decimal128(38, 0) if digits <= 38 else pa.decimal256(76, 0)

    def _check_json(self) -> None:
        """`datasets` cannot read JSON with such a number."""
        if not (self.least >= -(2**63) and self.most < 2**64):
            raise NoType(
                "integers of more than 64 bits beside values of other kinds, or in objects whose fields differ; write "
                "them as texts"
            )
        for inner in (self.entries, *self.fields.values()):
            if inner is not None:
                inner._check_json()


@dataclass(slots=True)
class SeenCells:
    """What a column of CSV holds: texts, unless all of them are numbers or truth values, written the usual way."""

    integers: bool = True
    floats: bool = True
    truths: bool = True
    any: bool = False
    numbers: Seen = field(default_factory=Seen)

    def add(self, cell: str | None) -> None:
        """Count a cell in; None is an empty one."""
        if cell is None or cell in _MISSING:
            return
        self.any = True
        self.truths = self.truths and cell in _TRUTHS
        if self.integers and (_INTEGER.fullmatch(cell) and len(cell) <= 76):
            self.numbers.add(int(cell))
        else:
            self.integers = False
        # A leading zero is a code's, not a number's.
        self.floats = self.floats and _FLOAT.fullmatch(cell) is not None and not re.match(r"[+-]?0\d", cell)

    def type(self, inside: bool = False) -> "pa.DataType":
        """The type that holds all of it; `inside`: the column is named as one of texts."""
        import pyarrow as pa

        if inside or not self.any:
            return pa.string()
        if self.integers:
            return self.numbers.type()
        if self.truths:
            return pa.bool_()
        return pa.float64() if self.floats else pa.string()


_TRUTHS = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}


def of_cell(cell: str | None, kind: "pa.DataType") -> Any:
    """The value of a cell of CSV in a column of this type.

    >>> import pyarrow as pa
    >>> of_cell("7", pa.int64()), of_cell("NA", pa.int64()), of_cell("NA", pa.string()), of_cell("TRUE", pa.bool_())
    (7, None, 'NA', True)
    """
    import pyarrow as pa

    if cell is None or (cell in _MISSING and not pa.types.is_string(kind)):
        return None
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return int(cell)
    if pa.types.is_boolean(kind):
        return _TRUTHS[cell]
    return float(cell) if pa.types.is_floating(kind) else cell


def storage(kind: "pa.DataType") -> "pa.DataType":
    """The type without `datasets`' JSON in it, which Arrow makes of texts only."""
    import pyarrow as pa

    if isinstance(kind, pa.JsonType):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(storage(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(one.name, storage(one.type)) for one in kind])
    return kind


def held(value: Any, kind: "pa.DataType") -> Any:
    """A value as its `storage` takes it: JSON as a text, integers of decimals as decimals."""
    import pyarrow as pa

    if value is None:
        return None
    if isinstance(kind, pa.JsonType):
        return json.dumps(value, ensure_ascii=False, separators=_COMPACT)
    if pa.types.is_list(kind):
        return [held(entry, kind.value_type) for entry in value]
    if pa.types.is_struct(kind):
        return {one.name: held(value.get(one.name), one.type) for one in kind}
    if pa.types.is_decimal(kind):
        from decimal import Decimal

        return Decimal(value)
    return value


def of_columns(seen: Mapping[str, Seen | SeenCells], inside: Collection[str]) -> "pa.Schema":
    """The schema of columns; `inside`: those to which a path goes. Raises NoType, which names the column."""
    import pyarrow as pa

    made = []
    for name, of in seen.items():
        try:
            made.append(pa.field(name, of.type(name in inside)))
        except NoType as error:
            raise NoType(f"column '{name}': {error}") from None
    return pa.schema(made)
