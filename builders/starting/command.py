"""`smolkalam init`: at most five questions, or as many options, and a recipe that runs.

What is not there yet is made on the way: a source that is a file is imported beside the recipe. The recipe is read as
`build` would before it is put in its place, so that what stands there runs.
"""

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from builders.imports.command import REPORT, run_import
from builders.imports.hub_rows import hub_id
from builders.imports.prepared import opened
from builders.recipes.base import hub_licence
from builders.recipes.load import load_recipe
from builders.recipes.recipe import Source
from builders.sources.find import find_shards
from builders.starting.engines_here import KNOWN, EngineFound, engines_here, find_engine
from builders.starting.recipe_text import Choices, language_of, recipe_text
from builders.starting.source_card import source_card
from processors.atomic_files import replacing
from processors.commands import pasted
from processors.errors import InputError


@dataclass(frozen=True, slots=True)
class Given:
    """The options of `smolkalam init`; None is asked for on a terminal."""

    source: str | None = None
    language: str | None = None
    engine: str | None = None
    model: str | None = None
    max_usd: float | None = None
    price: str | None = None
    title: str | None = None
    license: str | None = None
    keep: Sequence[str] = ()


def run_init(recipe: Path, given: Given) -> Choices:
    """Write the recipe `recipe`; returns what it is made of. Raises InputError, one line.

    Without a terminal nothing is asked: the source and the engine have to be given.
    """
    if recipe.suffix not in (".yaml", ".yml"):
        raise InputError(f"{recipe}: expected a name that ends in .yaml")
    if recipe.exists():
        raise InputError(f"{recipe}: is there already; give another name, or delete it")
    if given.license:
        try:
            hub_licence(given.license)
        except ValueError as error:
            raise InputError(f"--license {given.license}: {error}") from None
    asks = sys.stdin.isatty()
    missing = [f"--{name}" for name in ("source", "engine") if getattr(given, name) is None]
    if missing and not asks:
        raise InputError(f"init: no terminal to ask on; give {' and '.join(missing)} (see smolkalam init --help)")
    source = given.source or _ask("Source (a file, a folder of shards, or an id on the Hub)", "")
    language = language_of(given.language or (_ask("Target language", "ar") if asks else "ar"))
    engine = find_engine(given.engine or _ask_engine())
    model = _model(engine, given.model, asks)
    prices = _prices(engine, model, given.price)
    max_usd = given.max_usd
    if max_usd is None and asks and prices and any(prices):
        said = _ask("Budget in dollars, at which the run stops (empty: none)", "")
        max_usd = _number("Budget", said) if said else None
    if max_usd is not None and not (prices and any(prices)):
        raise InputError("--max-usd: the model's price is not known; give --price INPUT:OUTPUT, dollars for a million")
    recipe.parent.mkdir(parents=True, exist_ok=True)
    path, config, carry, looked = _look(source, recipe, given.keep)
    told = source_card(str(recipe.parent / path) if "://" not in path else path)
    title = given.title or f"{told.get('title') or _title(source)} in {language[1]}"
    name = re.sub(r"\W+", "_", recipe.stem).strip("_") or "mine"
    choices = Choices(
        name, path, config, carry, looked, language, engine, model, max_usd, prices, title, given.license, told
    )
    with replacing(recipe) as temporary:
        temporary.write_text(recipe_text(choices), encoding="utf-8")
        load_recipe(str(temporary))
    _say_next(recipe, choices)
    return choices


def _ask(question: str, default: str) -> str:
    print(f"{question}{f' [{default}]' if default else ''}: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() or default


def _ask_engine() -> str:
    found = engines_here()
    print(f"Found here: {', '.join(found)}", file=sys.stderr)
    return _ask(f"Engine (an address, {', '.join(KNOWN)}, a .gguf file, or pseudo)", found[0])


def _model(engine: EngineFound, given: str | None, asks: bool) -> str:
    if engine.backend == "pseudo":
        return ""
    first = engine.models[0] if engine.models else ""
    if given or engine.backend == "llamacpp":
        return given or first
    if len(engine.models) == 1:
        return first
    model = _ask(f"Model{f' of {engine}' if engine.models else ''}", first) if asks else ""
    if not model:
        raise InputError(f"--model: missing, and {engine.base_url} {_served(engine)}")
    return model


def _served(engine: EngineFound) -> str:
    """Why a server's models do not say which one is meant."""
    if engine.models:
        return f"does not name one alone; it serves {', '.join(engine.models[:10])}"
    if engine.prices is not None:
        return "serves many; give the one that shall translate"
    return "names none: give the model's name, or look whether a server answers there"


def _prices(engine: EngineFound, model: str, given: str | None) -> tuple[float, float] | None:
    if given is None:
        return (engine.prices or {}).get(model)
    first, colon, second = given.partition(":")
    if not colon:
        raise InputError(f"--price {given}: expected INPUT:OUTPUT, dollars for a million tokens, such as 0.1:0.2")
    return _number("--price", first), _number("--price", second)


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise InputError(f"{name} {text}: expected a number of dollars")
    return value


def _look(source: str, recipe: Path, keep: Sequence[str]) -> tuple[str, str, tuple[str, ...], str]:
    """Path, config, carried columns and a line on what is there; a file is imported first."""
    path = source
    if Path(source).is_file():
        folder = recipe.with_name(f"{recipe.stem}-source")
        if folder.exists():
            raise InputError(f"{folder}: is there already, of an earlier import; give it as --source, or delete it")
        run_import([source], folder, keep=keep)
        path = str(folder)
    elif not Path(source).exists() and "://" not in source:
        if hub_id(source) is None:
            raise InputError(f"--source {source}: no such file or folder, and not an id on the Hub such as user/name")
        path = f"hf://datasets/{source}"
    with opened(Source(path=path), lambda text: None) as there:
        shards, _, _ = find_shards(there)
    splits = list(dict.fromkeys(shard.split for shard in shards))
    named = f"{', '.join(splits[:3])}{f' and {len(splits) - 3} more' if len(splits) > 3 else ''}"
    carry: tuple[str, ...] = ()
    if "://" not in path and (report := Path(path) / REPORT).is_file():
        carry = tuple(json.loads(report.read_text(encoding="utf-8"))["carry"])
    looked = f"{sum(shard.rows for shard in shards):,} rows of {source}, in the splits {named}"
    return _beside(path, recipe), "SFT", carry, looked


def _beside(path: str, recipe: Path) -> str:
    """A folder as the recipe says it: relative to itself where it lies below it."""
    if "://" in path:
        return path
    whole, folder = Path(path).absolute(), recipe.absolute().parent
    return str(whole.relative_to(folder)) if whole.is_relative_to(folder) else str(whole)


def _title(source: str) -> str:
    return Path(source.rstrip("/")).name.partition(".")[0] or "Chats"


def _say_next(recipe: Path, choices: Choices) -> None:
    key = choices.engine.api_key_env
    print(f"{recipe}: {choices.looked}", file=sys.stderr)
    if key:
        print(f"export {key}=... first", file=sys.stderr)
    print(pasted("plan", recipe))
    print(pasted("build", recipe, "--output", f"run/{choices.name}"))
