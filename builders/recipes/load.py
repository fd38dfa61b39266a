"""Reading a recipe: find it, apply `--set`, check it, and turn every mistake into one line."""

import difflib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from builders.recipes.executors import ExecutorRecipe
from builders.recipes.recipe import Recipe, shipped_recipes
from builders.recipes.translators import LlamaCppTranslator, Translator, VllmTranslator
from processors.errors import InputError, RecipeError

# What is given there by mistake may be a key or hold one: it is not repeated.
MAY_HOLD_A_KEY = ("api_key_env", "base_url")


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice, of which PyYAML silently keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is a list or mapping", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key '{key.value}' is given twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load_recipe(name: str, settings: Iterable[str] = (), *, source_path: str | None = None) -> Recipe:
    """Read a recipe by bare name (`demo`) or path, apply `a.b=c` settings, check it.

    `source_path` replaces `source.path` (the command line's `--input`). Paths in the recipe are resolved against
    its own folder. Raises RecipeError, one line per mistake.
    """
    path = _find(name)
    data, tree = _read(path, "a recipe is a mapping with the keys name, source, translators, ...")
    for setting in settings:
        _apply(data, setting)
    if source_path is not None:
        data.setdefault("source", {})
        if isinstance(data["source"], dict):
            data["source"]["path"] = str(Path(source_path).absolute()) if "://" not in source_path else source_path
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        raise RecipeError(
            "\n".join(_line(path, tree, problem) for problem in error.errors(include_url=False))
        ) from None
    return _absolute(recipe, path.parent)


Model = TypeVar("Model", bound=BaseModel)


def load_checked(path: Path, model: type[Model], expected: str) -> Model:
    """Read another YAML of the project's, checked as strictly as a recipe. `expected` says what a mapping it is.

    Raises RecipeError, one line per mistake.
    """
    data, tree = _read(path, expected)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        raise RecipeError("\n".join(_line(path, tree, problem, model) for problem in problems)) from None


def dump_recipe(recipe: Recipe) -> str:
    """The recipe as YAML, every default written out. It holds no secret: keys are named by environment variable."""
    return yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=100)


def _read(path: Path, expected: str) -> tuple[dict[str, Any], yaml.Node | None]:
    """A file's mapping, and its tree for the numbers of its lines."""
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8")
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        number = raw.count(b"\n", 0, error.start) + 1
        raise RecipeError(f"{path}:{number}: not UTF-8 (byte 0x{raw[error.start]:02x}); save it as UTF-8") from None
    try:
        data = yaml.load(text, _Loader)
        tree = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise RecipeError(f"{path}{line}: not valid YAML: {problem}") from None
    if not isinstance(data, dict):
        raise RecipeError(f"{path}: {expected}")
    return data, tree


def _find(name: str) -> Path:
    shipped = shipped_recipes()
    if name in shipped:
        return shipped[name]
    path = Path(name)
    if path.is_file():
        return path
    near = difflib.get_close_matches(name, shipped, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise RecipeError(f"no recipe '{name}': {hint}give a YAML file or one of {', '.join(shipped)}")


def _apply(data: dict[str, Any], setting: str) -> None:
    key, equals, value = setting.partition("=")
    keys = key.split(".")
    if not equals or not all(keys):
        raise RecipeError(f"--set {setting}: expected KEY=VALUE, such as ranking.replace=better")
    try:
        parsed = yaml.load(value, _Loader)
    except yaml.YAMLError:
        raise RecipeError(f"--set {setting}: the value is not valid YAML; quote it") from None
    place: Any = data
    for depth, part in enumerate(keys):
        where = ".".join(keys[:depth]) or "the recipe"
        last = depth == len(keys) - 1
        if isinstance(place, list):
            index = _index(place, part)
            if index is None:
                names = [item.get("name") for item in place if isinstance(item, dict)]
                raise RecipeError(f"--set {setting}: {where} has no '{part}'; it has {names or len(place)}")
            if last:
                place[index] = parsed
            else:
                place = place[index]
        elif isinstance(place, dict):
            if last:
                place[part] = parsed
            else:
                if place.get(part) is None:
                    place[part] = {}
                place = place[part]
        else:
            raise RecipeError(f"--set {setting}: {where} is a value and has no '{part}'")


def _index(items: list[Any], part: str) -> int | None:
    for index, item in enumerate(items):
        if isinstance(item, dict) and item.get("name") == part:
            return index
    return int(part) if part.isdecimal() and int(part) < len(items) else None


def _line(path: Path, tree: yaml.Node | None, problem: Any, model: type[BaseModel] = Recipe) -> str:
    location = _location(problem["loc"])
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    where = f"{path}:{_line_number(tree, location)}"
    kind, given = problem["type"], problem["input"]
    if kind == "extra_forbidden":
        names = _valid_names(problem["loc"][:-1], model)
        near = difflib.get_close_matches(str(location[-1]), names, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"expected one of {', '.join(names)}"
        return f"{where}: {key}: unknown key; {hint}"
    if kind == "missing":
        return f"{where}: {key}: missing; add it"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tag, _, models = _UNIONS[str(location[0])]
        if kind == "union_tag_not_found":
            return f"{where}: {key}.{tag}: missing; expected one of {', '.join(sorted(models))}"
        near = difflib.get_close_matches(str(given.get(tag)), sorted(models), n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"expected one of {', '.join(sorted(models))}"
        return f"{where}: {key}.{tag}: unknown {tag} '{given.get(tag)}'; {hint}"
    message = problem["msg"].removeprefix("Value error, ")
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        message = "expected a mapping of keys to values"
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", problem["ctx"]["expected"])
        near = difflib.get_close_matches(str(given), choices, n=1)
        message = f"{message}{f'; did you mean {near[0]!r}?' if near else ''}"
    secret = bool(location) and location[-1] in MAY_HOLD_A_KEY
    shown = "" if secret or isinstance(given, dict | list) else f" (found {given!r})"
    return f"{where}: {key or model.__name__.lower()}: {message[0].lower()}{message[1:]}{shown}"


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models that a field's annotation names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _by_tag(annotation: Any, tag: str) -> dict[str, type[BaseModel]]:
    return {get_args(model.model_fields[tag].annotation)[0]: model for model in _models(annotation)}


# The recipe's blocks of several kinds: the key that says which, where pydantic puts its value into the location of a
# mistake (the file has no such key), and the kinds.
_UNIONS = {
    "translators": ("backend", 2, _by_tag(Translator, "backend")),
    "executor": ("kind", 1, _by_tag(ExecutorRecipe, "kind")),
}


def _location(location: Sequence[Any]) -> list[Any]:
    """pydantic's location of a mistake as the file has it.

    >>> _location(("executor", "slurm", "tasks")), _location(("translators", 0, "tgi", "model"))
    (['executor', 'tasks'], ['translators', 0, 'model'])
    """
    _, place, models = _UNIONS.get(location[0] if location else "", ("", 0, {}))
    return [part for i, part in enumerate(location) if not (models and i == place and part in models)]


def _valid_names(location: Sequence[Any], model: type[BaseModel]) -> list[str]:
    """The keys of the block at pydantic's `location`, which begins in `model`."""
    kinds: dict[str, type[BaseModel]] = {}
    for part in location:
        if part in kinds:
            model, kinds = kinds[part], {}
        elif part in model.model_fields:
            kinds = _UNIONS[part][2] if model is Recipe and part in _UNIONS else {}
            model = next(iter(_models(model.model_fields[part].annotation)), model)
    return list(model.model_fields)


def _line_number(node: yaml.Node | None, location: list[Any]) -> int:
    if node is None:
        return 1
    line = node.start_mark.line
    for part in location:
        following = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == part:
                    line, following = key.start_mark.line, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            following = node.value[part]
            line = following.start_mark.line
        if following is None:
            break
        node = following
    return line + 1


def _absolute(recipe: Recipe, folder: Path) -> Recipe:
    """Resolve the paths that a recipe gives relative to itself."""

    def resolve(path: str) -> str:
        return path if "://" in path or Path(path).is_absolute() else str((folder / Path(path).expanduser()).resolve())

    translators = [t.model_copy(update={"memory": [resolve(m) for m in t.memory]}) for t in recipe.translators]
    translators = [
        t.model_copy(update={"model": resolve(t.model)}) if isinstance(t, LlamaCppTranslator) and not t.file else t
        for t in translators
    ]
    translators = [t.model_copy(update=_found_files(t, folder)) for t in translators]
    for translator in translators:
        for file in translator.memory:
            if not Path(file).exists():
                raise RecipeError(f"translator '{translator.name}': memory {file} does not exist")
    source = recipe.source
    if source.path != "sample":
        source = source.model_copy(update={"path": resolve(source.path)})
    selection = recipe.selection
    if selection.domain_index:
        selection = selection.model_copy(update={"domain_index": resolve(selection.domain_index)})
    ranking = recipe.ranking
    if ranking.ranker:
        from processors.ranking.model import Ranker

        ranking = ranking.model_copy(update={"ranker": resolve(ranking.ranker)})
        try:
            Ranker.load(Path(str(ranking.ranker)))
        except InputError as error:
            raise RecipeError(f"ranking.ranker: {error}") from None
    if ranking.verdicts:
        # It needs this module; a mistake in the file is to be known before anything is translated.
        from builders.preferences.sources import read_votes

        ranking = ranking.model_copy(update={"verdicts": resolve(ranking.verdicts)})
        try:
            read_votes(Path(str(ranking.verdicts)), [translator.name for translator in translators])
        except InputError as error:
            raise RecipeError(f"ranking.verdicts: {error}") from None
    if reward := ranking.reward:
        # A name on the Hub looks like a path: it is one where there is such a folder, here or beside the recipe.
        found = next((f for f in (folder / reward.model, Path(reward.model).absolute()) if f.is_dir()), None)
        if found:
            reward = reward.model_copy(update={"model": str(found.resolve())})
            ranking = ranking.model_copy(update={"reward": reward})
    tokenizer = _beside(recipe.outputs.tokenizer, folder)
    updates = {
        "translators": translators,
        "source": source,
        "selection": selection,
        "ranking": ranking,
        "outputs": recipe.outputs.model_copy(update={"tokenizer": tokenizer}),
    }
    return recipe.model_copy(update=updates)


def _found_files(translator: Any, folder: Path) -> dict[str, Any]:
    """What a translator names by a path that may as well be a name: a tokenizer, a model, an interpreter."""
    chunking = translator.chunking
    updates = {"chunking": chunking.model_copy(update={"tokenizer": _beside(chunking.tokenizer, folder)})}
    if isinstance(translator, VllmTranslator) and (server := translator.server):
        # What has no folder in it is looked for in PATH.
        python = _beside(server.python, folder) if "/" in server.python else server.python
        updates |= {"server": server.model_copy(update={"python": python}), "model": _beside(translator.model, folder)}
    return updates


def _beside(name: str, folder: Path) -> str:
    """The absolute path of what is so named beside the recipe or here, else the name: other machines look elsewhere.

    Links are kept: an interpreter knows its environment by the place of its link.
    """
    marks = ("", "tokenizer.json", "config.json")
    places = (folder / Path(name).expanduser(), Path(name).expanduser())
    found = next((place for place in places if any((place / mark).is_file() for mark in marks)), None)
    return str(found.absolute()) if found else name
