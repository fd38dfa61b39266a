"""Writes the references that are read off the code: recipes of all kinds, commands and rooms.

    python -m docs.generate           # writes them
    python -m docs.generate --check   # writes nothing; exit code 1 where one differs from the code

So what is public stands once, where it is defined: a recipe's key in its pydantic model, an option in `smolkalam`,
a room in its `__init__`.
"""

import ast
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

ROOT = Path(__file__).resolve().parent.parent
NOTE = "<!-- Written by `python -m docs.generate`; change the code that it reads, not this file. -->\n"

# What a number counts, by the end of its key. The others are plain numbers, or say their unit in their meaning.
UNITS = {"_s": "seconds", "_bytes": "bytes", "_gb": "GB", "_tokens": "tokens", "_hours": "hours"}
BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "min_length": "length ≥", "max_length": "length ≤"}


def recipe() -> str:
    """docs/recipe.md: each block of a recipe with its keys, types, defaults, bounds, units and meanings."""
    from builders.recipes.recipe import Recipe

    said = (
        "One YAML describes a build. A key that is not here, a wrong type or a contradiction "
        "is an error in one line, before anything runs. `smolkalam build RECIPE --set a.b=c` changes a key; "
        "`recipe.yaml` in the run folder is the recipe as it was resolved."
    )
    return _reference("The recipe", said, Recipe)


def mixture() -> str:
    """docs/mixture.md: the same of a mixture's recipe."""
    from builders.mixtures import Mixture

    said = (
        "One YAML describes a mixture, which [mixtures.md](mixtures.md) explains. A mistake is an error in one line, "
        "as in a build's recipe. `smolkalam mix RECIPE --set a.b=c` changes a key."
    )
    return _reference("A mixture's recipe", said, Mixture)


def arbitrage() -> str:
    """docs/arbitrage_recipe.md: the same of an arbitrage's recipe."""
    from builders.arbitrage import ArbitrageRecipe

    said = (
        "One YAML describes an arbitrage, which [arbitrage.md](arbitrage.md) explains. The models of `pool` have the "
        "keys of a build's translators, and `reward` and `panel.judges` those of its ranking: "
        "[recipe.md](recipe.md) has them."
    )
    return _reference("An arbitrage's recipe", said, ArbitrageRecipe, without="builders.recipes.")


def gate() -> str:
    """docs/gate_plan.md: the same of a gate's plan."""
    from model_recipes.gate import GatePlan

    said = (
        "One YAML describes a gate, which [gate.md](gate.md) explains. `mixture` and `candidates` have the keys of a "
        "mixture and its sources ([mixture.md](mixture.md)), `rewriter` and `answerer` those of a build's translators "
        "([recipe.md](recipe.md)). `smolkalam gate PLAN --set a.b=c` changes a key."
    )
    return _reference("A gate's plan", said, GatePlan, without="builders.")


def distillation() -> str:
    """docs/distillation_recipe.md: the same of a distillation's recipe."""
    from builders.distillation import DistillationRecipe

    said = (
        "One YAML describes a distillation, which [distillation.md](distillation.md) explains. `teacher` and "
        "`norms.rewriter` have the keys of a build's translators, and `norms.judges` those of its judges: "
        "[recipe.md](recipe.md) has them."
    )
    return _reference("A distillation's recipe", said, DistillationRecipe, without="builders.recipes.")


def _reference(title: str, said: str, model: type[BaseModel], without: str = "") -> str:
    """A page of a model: each block with a table of its keys; those of modules `without` stand on another page."""
    text = [f"# {title}\n\n{NOTE}\n{said}\n"]
    blocks = [(path, block) for path, block in _blocks(model) if not without or without not in block.__module__]
    told: set[type[BaseModel]] = set()
    for path, block in blocks:
        for shared in [*reversed(_shared(block)), block]:
            if shared in told:
                continue
            told.add(shared)
            rows = [_row(name, shared.model_fields[name]) for name in shared.model_fields if _is_own(shared, name)]
            kinds = [other for other, kind in blocks if shared in _shared(kind)]
            if kinds and not rows:
                continue
            head = f"{path.partition(' (')[0]} ({', '.join(_tag(kind) for kind in kinds)})" if kinds else path
            text.append(f"\n## {head}\n\n{_prose(shared)}\n\n")
            text.append("| key | type | default | unit | meaning |\n|---|---|---|---|---|\n")
            text += rows
    return "".join(text)


def _shared(model: type[BaseModel]) -> list[type[BaseModel]]:
    """The models that a block has keys of besides its own, nearest first; those of a private name are its own."""
    return [
        base
        for base in model.__mro__[1:]
        if issubclass(base, BaseModel) and base.__name__[0] != "_" and base is not BaseModel and base.model_fields
    ]


def _is_own(model: type[BaseModel], name: str) -> bool:
    return not any(name in base.model_fields for base in _shared(model)) or name in model.__annotations__


def _tag(path: str) -> str:
    return path.partition(" (")[2].rstrip(")").rpartition(" ")[2] or path


def _blocks(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """A model and all that its keys hold, outer ones first, each once, named by where it stands."""
    waiting: list[tuple[str, type[BaseModel]]] = [("recipe", model)]
    met: set[type[BaseModel]] = set()
    while waiting:
        path, block = waiting.pop(0)
        if block in met:
            continue
        met.add(block)
        yield path, block
        inner = [
            (_place(path, name, other), other)
            for name, field in block.model_fields.items()
            for other in _models(field.annotation)
        ]
        beside = [each for each in waiting if each[0].partition(" (")[0] == path.partition(" (")[0]]
        waiting = [*beside, *inner, *(each for each in waiting if each not in beside)]


def _place(path: str, name: str, model: type[BaseModel]) -> str:
    """`translators (backend: vllm)` of a kind that a tag tells, else `ranking.reward`."""
    base = name if path == "recipe" else f"{path.partition(' (')[0]}.{name}"
    for tag in ("backend", "kind"):
        field = model.model_fields.get(tag)
        if field is not None and get_origin(field.annotation) is Literal:
            return f"{base} ({tag}: {get_args(field.annotation)[0]})"
    return base


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    else:
        for inner in get_args(kind):
            yield from _models(inner)


def _prose(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def _row(name: str, field: FieldInfo) -> str:
    default = "required" if field.is_required() else _default(field.get_default(call_default_factory=True))
    bounds = [f"{sign} {value:,g}" for key, sign in BOUNDS.items() if (value := _bound(field, key)) is not None]
    kind = ", ".join([_kind(field.annotation), *bounds])
    unit = next((unit for end, unit in UNITS.items() if name.endswith(end)), "")
    cells = (f"`{name}`", kind, default, unit, _meaning(field))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _meaning(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1:
        return "tells which kind it is"
    return field.description or next(iter(_documented(field.annotation)), "")


def _documented(kind: Any) -> list[str]:
    """What a key's type says of itself: a named type its description, a block the first sentence of its docstring."""
    said = [item.description for item in getattr(kind, "__metadata__", ()) if getattr(item, "description", None)]
    said += [text for inner in get_args(kind) for text in _documented(inner)] if get_args(kind) else []
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        said.append(_prose(kind).partition(". ")[0].rstrip("."))
    return said


def _bound(field: FieldInfo, name: str) -> Any:
    return next((getattr(item, name) for item in field.metadata if getattr(item, name, None) is not None), None)


def _default(value: Any) -> str:
    if isinstance(value, BaseModel):
        return "as below"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else f"`{value}`" if value != "" else '""'


def _kind(kind: Any) -> str:
    """A type in YAML's words."""
    if get_origin(kind) is Annotated:
        return _kind(get_args(kind)[0])
    if get_origin(kind) in (types.UnionType, typing.Union):
        names = [_kind(inner) for inner in get_args(kind) if inner is not type(None)]
        return " or ".join(dict.fromkeys(names))
    if get_origin(kind) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(kind))
    if get_origin(kind) in (list, tuple):
        return f"list of {_kind(get_args(kind)[0])}"
    if get_origin(kind) is dict:
        return "mapping"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "block"
    return {str: "text", int: "whole number", float: "number", bool: "true or false"}.get(kind, "anything")


def commands() -> str:
    """docs/commands.md: what `smolkalam COMMAND --help` says, of every command."""
    import typer

    import smolkalam

    root = typer.main.get_command(smolkalam.app)
    text = [f"# The command line\n\n{NOTE}\n{_help_of(root)}\n"]
    for name, command in _commands("smolkalam", root):
        arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
        options = [parameter for parameter in command.params if parameter.param_type_name == "option"]
        usage = " ".join([name, *(_argument(each) for each in arguments), *(["[OPTIONS]"] if options else [])])
        text.append(f"\n## {name}\n\n{_help_of(command)}\n\n```\n{usage}\n```\n")
        if command.params:
            text.append("\n| | |\n|---|---|\n")
        text += [_parameter(each) for each in [*arguments, *options]]
    return "".join(text)


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    for word, inner in getattr(command, "commands", {}).items():
        if hasattr(inner, "commands"):
            yield from _commands(f"{name} {word}", inner)
        else:
            yield f"{name} {word}", inner


def _help_of(command: Any) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n")).strip()


def _argument(parameter: Any) -> str:
    name = parameter.name.upper() + ("..." if parameter.nargs == -1 else "")
    return name if parameter.required else f"[{name}]"


def _parameter(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        names = f"`{parameter.name.upper()}`"
    else:
        both = [", ".join(parameter.opts), ", ".join(parameter.secondary_opts)]
        names = f"`{' / '.join(names for names in both if names)}`"
    said = getattr(parameter, "help", None) or ""
    if parameter.required and parameter.param_type_name == "option":
        said += " [required]"
    elif parameter.default not in (None, False, [], ()) and not callable(parameter.default):
        said += f" [default: {parameter.default}]"
    return f"| {names} | {said.strip().replace('|', chr(92) + '|')} |\n"


def rooms() -> str:
    """docs/rooms.md: the tree, with what each room and each file says of itself in its first line."""
    text = [
        f"# The rooms\n\n{NOTE}\nArrows point down only: `smolkalam` knows `hub` and `model_recipes`, these know "
        "`builders`, and `builders` knows `processors`. Inside each the rooms have floors too, which "
        "[`tests/test_rooms.py`](../tests/test_rooms.py) holds as data and enforces. A room hands on its public names "
        "in its `__init__.py`, which says how to add one.\n"
    ]
    for top in ("smolkalam", "hub", "model_recipes", "builders", "processors", "benchmarks", "examples"):
        text.append(f"\n## {top}\n\n")
        for path in _folders(ROOT / top):
            if path.is_dir():
                depth = len(path.relative_to(ROOT).parts) - 1
                said = _first_line(path / "__init__.py")
                text += [f"{'  ' * (depth - 1)}- **{path.relative_to(ROOT)}/** {said}\n"] if depth else [f"{said}\n\n"]
            else:
                depth = len(path.relative_to(ROOT).parts) - 1
                text.append(f"{'  ' * max(depth - 1, 0)}- `{path.name}` {_first_line(path)}\n")
    return "".join(text)


def _folders(folder: Path) -> Iterator[Path]:
    """A folder, its files, then its rooms; nothing of what Python leaves there."""
    yield folder
    yield from sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
    for inner in sorted(folder.iterdir()):
        if inner.is_dir() and any(inner.glob("*.py")):
            yield from _folders(inner)


def _first_line(path: Path) -> str:
    said = ast.get_docstring(ast.parse(path.read_text("utf-8"))) if path.is_file() else None
    return " ".join((said or "").partition("\n\n")[0].split())


PAGES = {
    "recipe.md": recipe,
    "mixture.md": mixture,
    "arbitrage_recipe.md": arbitrage,
    "gate_plan.md": gate,
    "distillation_recipe.md": distillation,
    "commands.md": commands,
    "rooms.md": rooms,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or say which differ; returns the exit code."""
    stale = []
    for name, page in PAGES.items():
        path = ROOT / "docs" / name
        text = page()
        if not path.is_file() or path.read_text("utf-8") != text:
            stale.append(f"docs/{name}")
            if "--check" not in arguments:
                path.write_text(text, "utf-8")
    if stale and "--check" in arguments:
        print(f"{', '.join(stale)}: not what the code says; run python -m docs.generate", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
