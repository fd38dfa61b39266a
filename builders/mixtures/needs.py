"""Whether a mixture's sources have what is asked of them: columns, checks, rows. Each mistake is one line."""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from builders.dataset.notes import PROSE_IN_CODE
from builders.imports.shapes import SHAPES, shape_of
from builders.mixtures.decide import shown, weighted_rows
from builders.mixtures.find import SourceFiles
from builders.mixtures.read import MixturePart, first_row, footer, numeric_columns
from builders.mixtures.recipe import COLUMN_OF_TOKENS, Mixture
from processors.checks import VERDICTS
from processors.errors import InputError
from processors.scoring.columns import NAMES


def look_at_columns(mixture: Mixture, found: Sequence[SourceFiles]) -> None:
    """Look at the columns of the first file of each split, on the Hub without fetching it. Raises InputError."""
    for one in found:
        _look_at_checks(one)
        for split, names in one.splits.items():
            kinds = _kinds(one, names[0])
            if kinds:
                _look_at_split(one, split, kinds, mixture.tokenizer == COLUMN_OF_TOKENS)


def _kinds(one: SourceFiles, name: str) -> Mapping[str, Any]:
    """Of each column its Arrow type, or its value in the first row of a file that is not Parquet."""
    if name.endswith(".parquet"):
        schema = footer(one.opened(name), f"{one.source.path}: {name}").schema.to_arrow_schema()
        return dict(zip(schema.names, schema.types, strict=True))
    return first_row(one.fetched(name))


def _look_at_checks(one: SourceFiles) -> None:
    known = {*VERDICTS, PROSE_IN_CODE, "*"}
    for name in one.source.where.without_noted:
        if name not in known:
            where = f"{one.key}.where.without_noted ({one.source.name})"
            raise InputError(f"{where}: no check '{name}'; {_nearest(name, known)}")


def _look_at_split(one: SourceFiles, split: str, kinds: Mapping[str, Any], counted: bool) -> None:
    place = f"({one.source.name}, split {split})"
    if shape_of(kinds) is None:
        expected = "; ".join(dict.fromkeys(" and ".join(shape.needs) for shape in SHAPES))
        raise InputError(f"{one.key}.path {place}: columns {', '.join(kinds)}; expected one of: {expected}")
    numbers = numeric_columns(kinds)
    for limit in ("min", "max"):
        asked: Mapping[str, float] = getattr(one.source.where, limit)
        for name in asked:
            _look_at_numbers(f"{one.key}.where.{limit} {place}", name, kinds, numbers)
    if one.source.where.without_noted and "noted" not in kinds:
        raise InputError(f"{one.key}.where.without_noted {place}: no column 'noted'; {_nearest('noted', kinds)}")
    if counted:
        _look_at_numbers(f"tokenizer {place}", "tokens", kinds, numbers)


def _look_at_numbers(where: str, name: str, kinds: Collection[str], numbers: Collection[str]) -> None:
    if name in numbers:
        return
    if name in kinds:
        raise InputError(f"{where}: column '{name}' holds no numbers; of numbers are {', '.join(numbers) or 'none'}")
    raise InputError(f"{where}: no column '{name}'; {_nearest(name, numbers)}")


def _nearest(name: str, there: Iterable[str]) -> str:
    names = sorted(there)
    near = difflib.get_close_matches(name, names, n=1)
    return (
        f"did you mean '{near[0]}'? " if near else ""
    ) + f"there are {', '.join(names)[:300] or 'none of that kind'}"


def look_at_rows(mixture: Mixture, found: Sequence[SourceFiles], parts: Sequence[MixturePart]) -> None:
    """Raises InputError where a source has no row, or a budget of rows is more than all rows and weights make."""
    most: list[int | None] = []
    for number, one in enumerate(found):
        mine = [part for part in parts if part.source == number]
        if not any(part.bytes if part.rows is None else part.rows for part in mine):
            raise InputError(f"{one.key}.path ({one.source.name}): {one.source.path}: has no row in it")
        rows: dict[str, int | None] = dict.fromkeys(one.splits, 0)
        for part in mine:
            before = rows[part.split]
            rows[part.split] = None if before is None or part.rows is None else before + part.rows
        made = [None if n is None else weighted_rows(n, one.weights[split]) for split, n in rows.items()]
        most.append(_total(made))
        _look_at_budget(f"{one.key}.rows ({one.source.name})", one.source.rows, most[-1])
    _look_at_budget("rows", mixture.rows, _total(most))


def _total(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _look_at_budget(where: str, budget: int | None, most: int | None) -> None:
    if budget is not None and most is not None and budget > most:
        raise InputError(f"{where}: {shown(budget, 'rows')} are asked for and all rows by their weights are {most:,}")


def score_columns(found: Sequence[SourceFiles]) -> list[str]:
    """The scores of a build that any source has as numbers, in their order."""
    there: set[str] = set()
    for one in found:
        for names in one.splits.values():
            there.update(numeric_columns(_kinds(one, names[0])))
    return [name for name in NAMES if name in there]
