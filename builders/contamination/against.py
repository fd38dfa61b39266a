"""What is looked for: benchmarks as files, folders or datasets of the Hub, and indexes of them, as one index.

A benchmark's columns are known by the names that benchmarks have, or are named. What cannot be read, has no such
column or cannot be looked for at all is an error in one line before any data is read.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builders.imports.hub_rows import hub_splits
from builders.imports.readers import Row, read_file
from processors.errors import InputError
from processors.selection.decontamination import Index, IndexBuilder, IndexedBenchmark, Item, joined, load

INDEX = ".npz"
_ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")
# By the names of lm-eval's and lighteval's tasks, in the order in which they are looked for; small letters.
_QUESTIONS = (
    "question", "query", "problem", "prompt", "instruction", "goal", "premise", "ctx", "input", "sentence",
    "statement", "claim", "text",
)  # fmt: skip
_OPTIONS = ("choices", "options", "endings", "candidates", "mc1_targets")
_CHATS = ("messages", "conversations", "conversation")
# Options with a column each: A, B, ...; option_a, choice1, sol1, answer_b.
_OPTION = re.compile(r"(?:(?:option|choice|sol|ending|opt)[ _]?)?[a-j1-9]|answer[ _]?[a-j1-9]", re.IGNORECASE)
_HUB = re.compile(r"(?:hf://datasets/)?(?P<id>[\w.-]+/[\w.-]+?)(?::(?P<config>[\w.-]+))?(?:@(?P<revision>[\w./-]+))?")


@dataclass(frozen=True, slots=True)
class Against:
    """A benchmark: `path` is a file, a folder of files, an index, or `user/name`, `user/name:config@revision`.

    `question` and `options` name columns (numbers, from 1, of a CSV file without a header); `split` of the Hub's.
    """

    path: str
    question: str | None = None
    options: tuple[str, ...] = ()
    split: str | None = None


def read_against(wanted: Sequence[Against]) -> tuple[Index, list[str]]:
    """The index of all that is named, in order, and warnings, a line each.

    Raises InputError: nothing is there, no column is a question's, an index is damaged, or of a whole benchmark no
    item can be looked for.
    """
    indexes = [load(Path(one.path)) if one.path.endswith(INDEX) else _read(one) for one in wanted]
    index = joined(indexes)
    return index, [warning for one in index.benchmarks for warning in _warnings(one)]


def _read(one: Against) -> Index:
    builder = IndexBuilder()
    columns: list[str] = []
    made = builder.add(one.path, _items(one, columns))
    if not made.items:
        raise InputError(f"{one.path}: has no item")
    if not made.looked_for:
        raise InputError(
            f"{one.path}: none of its {made.items:,} items can be looked for ({_why(made)}); its columns are "
            f"{', '.join(columns)[:300]}: name the question's with --question and the options' with --options"
        )
    return builder.build()


def _why(made: IndexedBenchmark) -> str:
    counts = {
        "have too few words": made.short,
        "say what another says": made.same,
        "say hardly more than what many others say": made.alike,
    }
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)


def _warnings(made: IndexedBenchmark) -> Iterator[str]:
    if 10 * (made.short + made.alike) > made.items:
        yield f"{made.name}: {made.looked_for:,} of {made.items:,} items are looked for: {_why(made)}"


def _items(one: Against, columns: list[str]) -> Iterator[Item]:
    """A benchmark's items by place and number: an index must not tell what they say. `columns`: those of its rows."""
    for place, row in _rows(one):
        if row.values is None:
            at = one.path if place == Path(one.path).name else f"{one.path}: {place}"
            raise InputError(f"{at}, row {row.line}: {row.reason}: {row.detail}; mend or remove it")
        columns[:] = map(str, row.values)
        yield item_of(row.values, f"{place}/{row.line}", one)


def _rows(one: Against) -> Iterator[tuple[str, Row]]:
    path = Path(one.path).expanduser()
    header = not (one.question or "").isdigit()
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if _is_data(file))
        if not files:
            raise InputError(f"{one.path}: no file in it is named {', '.join(_ENDINGS)} (or .gz)")
        for file in files:
            place = str(file.relative_to(path))
            yield from ((place, row) for row in read_file(file, header=header))
    elif path.exists():
        yield from ((path.name, row) for row in read_file(path, header=header))
    elif named := _HUB.fullmatch(one.path):
        splits = hub_splits(named["id"], named["config"], one.split, named["revision"])
        yield from ((split, row) for split, rows in splits.items() for row in rows)
    else:
        raise InputError(f"{one.path}: no such file or folder, and not the id of a dataset such as user/name@revision")


def _is_data(file: Path) -> bool:
    name = file.name.lower().removesuffix(".gz")
    return file.is_file() and name.endswith(_ENDINGS) and not name.startswith(".")


def item_of(row: Mapping[str, Any], name: str, by: Against) -> Item:
    """A row of a benchmark as an item. Raises InputError where it has no column of a question."""
    for column in (by.question, *by.options):
        if column is not None and column not in row:
            raise InputError(f"{by.path}: {name}: no column '{column}'; its columns are {_names(row)}")
    small = {str(column).lower(): column for column in row}
    column = by.question or next((small[one] for one in _QUESTIONS if one in small), None)
    if column is None:
        chat = next((small[one] for one in _CHATS if one in small), None)
        if chat is None:
            raise InputError(
                f"{by.path}: {name}: no column is known to be a question's; its columns are {_names(row)}: name it "
                "with --question (by its number, from 1, in CSV without a header)"
            )
        return Item(name, _asked(_parsed(row[chat])))
    named = by.options or _option_columns(small, column)
    options = [text for option in named for text in texts_of(_parsed(row[option]), labels=False)]
    return Item(name, " ".join(texts_of(row[column])), tuple(options))


def _names(row: Mapping[str, Any]) -> str:
    names = ", ".join(map(str, row))
    return names if len(names) <= 300 else f"{names[:300]}..."


def _option_columns(small: Mapping[str, Any], question: str) -> list[Any]:
    lists = [small[one] for one in _OPTIONS if one in small]
    single = [column for name, column in small.items() if _OPTION.fullmatch(name) and column != question]
    return lists or (single if len(single) > 1 else [])


def _parsed(value: Any) -> Any:
    """A list that CSV holds as JSON in a text; any other value as it is."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _asked(chat: Any) -> str:
    """Of a chat what is asked first: its answer is not the benchmark's to have."""
    for message in chat if isinstance(chat, list) else []:
        if isinstance(message, dict) and message.get("role", message.get("from")) in ("user", "human"):
            return " ".join(texts_of(message.get("content", message.get("value"))))
    return ""


def texts_of(value: Any, *, labels: bool = True) -> Iterator[str]:
    """All strings in a value, however deep; without `labels` not those of `label` (A, B, ...)."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            if labels or name not in ("label", "labels"):
                yield from texts_of(part, labels=labels)
    elif isinstance(value, Iterable) and not isinstance(value, bytes):
        for part in value:
            yield from texts_of(part, labels=labels)
    elif isinstance(value, int | float) and not isinstance(value, bool) and not labels:
        # An option may be a number; those of a row are none of its texts.
        yield str(value)
