"""An ablation: one recipe with a translator for each variant, so that all variants translate the same rows.

The expanded recipe is an ordinary one. Whatever a build does holds for an ablation too: it resumes, runs on any
executor, and variants of one model share their answers, so that a chunk that two variants cut alike is asked once.
"""

import itertools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from builders.engines import engine_of
from builders.recipes.recipe import Recipe
from builders.recipes.translators import Translator
from processors.errors import InputError

EXAMPLE = "such as translators.Gemma3.decoding.temperature=0,0.2,0.5,0.7 or chunking.lines=25,50,100,500"

_PATHS = ("memory", "model", "tokenizer")


@dataclass(frozen=True, slots=True)
class Over:
    """What one `--over` varies: `values` of `key` of the translator `only`, or of each that has such a key."""

    text: str
    key: str
    values: tuple[Any, ...]
    only: str | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """A translator of the expanded recipe: `base` of the given one, with `settings` changed."""

    base: str
    settings: dict[str, Any]
    translator: Translator

    @property
    def name(self) -> str:
        return self.translator.name


def parse_over(text: str) -> Over:
    """Read `KEY=V1,V2,...`; values are YAML.

    >>> over = parse_over("translators.Gemma3.decoding.temperature=0,0.7")
    >>> over.only, over.key, over.values
    ('Gemma3', 'decoding.temperature', (0, 0.7))
    """
    key, equals, given = text.partition("=")
    try:
        values = yaml.safe_load(f"[{given}]") if equals else None
    except yaml.YAMLError:
        values = None
    if not values or not all(key.split(".")):
        raise InputError(f"--over {text}: expected KEY=V1,V2,..., {EXAMPLE}")
    if any(values.count(value) > 1 for value in values):
        raise InputError(f"--over {text}: a value is given twice")
    if key == "translators":
        return Over(text, key, tuple(str(value) for value in values))
    if key.startswith("translators."):
        only, _, rest = key.removeprefix("translators.").partition(".")
        if not rest:
            raise InputError(f"--over {text}: expected a key of the translator, {EXAMPLE}")
        return Over(text, rest, tuple(values), only)
    return Over(text, key, tuple(values))


def expand(recipe: Recipe, over: list[str]) -> list[Variant]:
    """Every combination of the values, for each translator that has the keys; one without them stays as it is.

    Raises InputError for what cannot be varied, has no effect, or leaves nothing to compare.
    """
    if not over:
        raise InputError(f"nothing to vary: give --over KEY=V1,V2,..., {EXAMPLE}")
    grid = [parse_over(text) for text in over]
    chosen = _chosen(recipe, grid)
    used: set[str] = set()
    variants = []
    for spec in chosen:
        mine = [one for one in grid if one.key != "translators" and one.only in (None, spec.name)]
        mine = [one for one in mine if one.only or _has(spec, one.key)]
        used |= {one.text for one in mine}
        for values in itertools.product(*(one.values for one in mine)):
            settings = dict(zip((one.key for one in mine), values, strict=True))
            texts = dict(zip(settings, (one.text for one in mine), strict=True))
            variants.append(_vary(spec, settings, texts))
    for one in grid:
        if one.key != "translators" and one.text not in used:
            raise InputError(_nothing_varied(one, chosen))
    if len(variants) < 2:
        raise InputError("one variant only, nothing to compare: give two values or more")
    return variants


def expanded(recipe: Recipe, variants: list[Variant]) -> Recipe:
    """The recipe that translates with every variant. Nothing is built from it but candidates and their ranks."""
    return recipe.model_copy(
        update={"name": f"{recipe.name}_ablation", "translators": [variant.translator for variant in variants]}
    )


def _chosen(recipe: Recipe, grid: list[Over]) -> list[Translator]:
    by_name = {spec.name: spec for spec in recipe.translators}
    names = [name for one in grid if one.key == "translators" for name in one.values] or list(by_name)
    for one in grid:
        for name in one.values if one.key == "translators" else [one.only] if one.only else []:
            if name not in by_name:
                raise InputError(
                    f"--over {one.text}: the recipe has no translator '{name}', only {', '.join(by_name)}"
                )
    return [by_name[name] for name in names]


def _has(spec: Translator, key: str) -> bool:
    place: Any = spec.model_dump(mode="json")
    for part in key.split("."):
        if not isinstance(place, dict) or part not in place:
            return False
        place = place[part]
    return True


def _vary(spec: Translator, settings: dict[str, Any], texts: dict[str, str]) -> Variant:
    data = spec.model_dump(mode="json")
    for key, value in settings.items():
        _set(data, key, value, texts[key])
    label = "".join(f"__{_label(key, value)}" for key, value in settings.items())
    data["name"] = f"{spec.name}{label}"
    if engine_of(spec).asks_a_model:
        data["answers"] = spec.answers_in()
    adapter: TypeAdapter[Translator] = TypeAdapter(Translator)
    try:
        translator = adapter.validate_python(data)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in problem["loc"][1:])
        at = texts.get(where) or ", ".join(texts.values())
        message = problem["msg"].removeprefix("Value error, ")
        raise InputError(f"--over {at}: {data['name']}: {where}: {message[0].lower()}{message[1:]}") from None
    if "chunking.lines" in settings and translator.chunking.strategy != "lines":
        raise InputError(
            f"--over {texts['chunking.lines']}: no effect on '{spec.name}', which is cut by tokens; add "
            f"--set translators.{spec.name}.chunking.strategy=lines"
        )
    return Variant(spec.name, settings, translator)


def _set(data: dict[str, Any], key: str, value: Any, text: str) -> None:
    *path, last = key.split(".")
    place: Any = data
    for part in path:
        place = place.get(part) if isinstance(place, dict) else None
    if not isinstance(place, dict):
        raise InputError(f"--over {text}: '{data['name']}' has no {key}")
    if last in _PATHS and isinstance(value, str) and Path(value).exists():
        # The expanded recipe lies elsewhere.
        value = str(Path(value).absolute())
    # A list, such as a memory's files, is varied by its one member.
    place[last] = [value] if isinstance(place.get(last), list) and not isinstance(value, list) else value


def _label(key: str, value: Any) -> str:
    """A part of a name that a config may have: `\\w+(\\.\\w+)*`.

    >>> _label("decoding.temperature", 0.7), _label("memory", "tm/draft one.tmx")
    ('temperature_0.7', 'memory_draft_one.tmx')
    """
    words = [re.sub(r"[^\w.]+", "_", str(part).rsplit("/", 1)[-1]) for part in (key.rsplit(".", 1)[-1], value)]
    return re.sub(r"\.(?=\.|$)|(?<=_)\.", "", "_".join(words))


def _nothing_varied(one: Over, chosen: list[Translator]) -> str:
    top = one.key.partition(".")[0]
    names = ", ".join(spec.name for spec in chosen)
    if top in Recipe.model_fields:
        return (
            f"--over {one.text}: an ablation varies translators, and {top} is not theirs; "
            f"build twice with --set {one.key}=... and compare the cards"
        )
    return f"--over {one.text}: none of the translators ({names}) has {one.key}"
