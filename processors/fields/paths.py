"""Paths of fields, as a recipe has them, in an Arrow schema: `question`, `choices.*`, `turns.*.content`.

A dot goes into a struct; `*` stands for all entries of a list, or for all fields of a struct. A name that holds dots
itself is taken before the way that they could be read as.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from processors.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

EVERY = "*"


@dataclass(frozen=True, slots=True)
class Step:
    """One step into a value: to the field `name` of a struct, or to all entries of a list (`name` is empty).

    `of_all`: the field is one of all that a `*` stands for.
    """

    name: str = ""
    of_all: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where texts are: the column, and the steps from its values to them. `path` is as the recipe has it."""

    path: str
    column: str
    steps: tuple[Step, ...] = ()


def leaves(schema: "pa.Schema", fields: Sequence[str], verbatim: Sequence[str] = ()) -> list[Leaf]:
    """The texts that `fields` name, in their order and the schema's, less those that `verbatim` keeps as they are.

    Raises InputError, a line without the file: no such column or field, a path into what has nothing inside, what is
    no text, a path in both.
    """
    kept = [leaf for path in verbatim for leaf, _ in _found(schema, path, "source.verbatim")]
    made: dict[tuple[str, tuple[Step, ...]], Leaf] = {}
    for path in fields:
        mine = [(leaf, kind) for leaf, kind in _found(schema, path, "source.fields") if not _covered(leaf, kept)]
        if not mine:
            raise InputError(
                f"'{path}' is in source.fields and in source.verbatim; leave it out of one of them: what is verbatim "
                "is not translated"
            )
        for leaf, kind in mine:
            if not is_text(kind):
                raise InputError(f"source.fields: '{path}' {_no_text(leaf, kind)}")
            made.setdefault((leaf.column, tuple(Step(step.name) for step in leaf.steps)), leaf)
    return list(made.values())


def is_text(kind: "pa.DataType") -> bool:
    """Whether a type's values are texts."""
    import pyarrow.types as types

    if types.is_dictionary(kind):
        kind = kind.value_type
    return types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)


def _covered(leaf: Leaf, kept: Sequence[Leaf]) -> bool:
    """Whether a leaf is one of those that are kept, or stands inside of one."""
    names = [step.name for step in leaf.steps]
    return any(
        one.column == leaf.column and [step.name for step in one.steps] == names[: len(one.steps)] for one in kept
    )


def _found(schema: "pa.Schema", path: str, key: str) -> Iterator[tuple[Leaf, "pa.DataType"]]:
    """What a path leads to, with its type."""
    tokens = path.split(".")
    names = list(schema.names)
    if tokens[0] == EVERY:
        for name in names:
            yield from _inside(Leaf(path, name), schema.field(name).type, tokens[1:], key, name)
        return
    name, rest = _longest(tokens, names)
    if name is None and "[*]" in path:
        # As JSONPath and jq have it.
        ours = path.replace("[*]", ".*")
        raise InputError(f"{key}: there is no column '{tokens[0]}'; a list's entries are written {ours}")
    if name is None:
        raise InputError(f"{key}: there is no column '{tokens[0]}'; {_nearest(tokens[0], names)}")
    yield from _inside(Leaf(path, name), schema.field(name).type, rest, key, name)


def _inside(
    leaf: Leaf, kind: "pa.DataType", tokens: Sequence[str], key: str, way: str
) -> Iterator[tuple[Leaf, "pa.DataType"]]:
    """What the rest of a path leads to, from a value of this type; `way` is how it came there."""
    if not tokens:
        yield leaf, kind
        return
    if _is_list(kind):
        if tokens[0] != EVERY:
            # Entries that have nothing inside are the end of the path: choices.0 and choices.text are choices.*.
            rest = tokens if _is_list(kind.value_type) or _is_struct(kind.value_type) else ()
            raise InputError(f"{key}: '{way}' is a list; write {'.'.join((way, EVERY, *rest))} for its entries")
        entry = Leaf(leaf.path, leaf.column, (*leaf.steps, Step()))
        yield from _inside(entry, kind.value_type, tokens[1:], key, f"{way}.{EVERY}")
        return
    names = [kind.field(number).name for number in range(kind.num_fields)] if _is_struct(kind) else None
    if names is None:
        raise InputError(
            f"{key}: '{'.'.join((way, *tokens))}' goes into '{way}', which is {kind} and has nothing inside; "
            f"write {way}"
        )
    if tokens[0] == EVERY:
        for name in names:
            step = Step(name, of_all=True)
            inner = Leaf(leaf.path, leaf.column, (*leaf.steps, step))
            yield from _inside(inner, kind.field(name).type, tokens[1:], key, f"{way}.{name}")
        return
    found, rest = _longest(tokens, names)
    if found is None:
        raise InputError(f"{key}: '{way}' has no field '{tokens[0]}'; {_nearest(tokens[0], names)}")
    inner = Leaf(leaf.path, leaf.column, (*leaf.steps, Step(found)))
    yield from _inside(inner, kind.field(found).type, rest, key, f"{way}.{found}")


def _longest(tokens: Sequence[str], names: Sequence[str]) -> tuple[str | None, Sequence[str]]:
    """The name that the most of the tokens together are, and what is left of them."""
    for count in range(len(tokens), 0, -1):
        if (name := ".".join(tokens[:count])) in names:
            return name, tokens[count:]
    return None, tokens


def _is_list(kind: "pa.DataType") -> bool:
    import pyarrow.types as types

    return types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)


def _is_struct(kind: "pa.DataType") -> bool:
    import pyarrow.types as types

    return bool(types.is_struct(kind))


def _nearest(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    there = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return f"the nearest is '{near[0]}', of {there}" if near else f"there is {there or 'none'}"


def _no_text(leaf: Leaf, kind: "pa.DataType") -> str:
    """What is wrong with a field that is no text, and what to write."""
    way = ".".join([leaf.column, *(step.name or EVERY for step in leaf.steps)])
    said = "is" if way == leaf.path else f"leads to '{way}', which is"
    if _is_list(kind):
        return f"{said} a list; write {way}.{EVERY} for its entries"
    if _is_struct(kind):
        names = [kind.field(number).name for number in range(kind.num_fields)]
        return f"{said} a struct; write {way}.{names[0] if names else EVERY}, or {way}.{EVERY} for all of its fields"
    import pyarrow as pa

    if isinstance(kind, pa.JsonType):
        return f"{said} JSON of several kinds, expected text; leave it out, or write all of its values as texts"
    if way == leaf.path:
        return f"is {kind}, expected text; leave it out: what source.fields does not name is carried as it is"
    return f"leads to '{way}', which is {kind}, expected text; name {way} in source.verbatim, or the texts one by one"
