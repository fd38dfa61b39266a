"""Reading a YAML file of the project's: strictly, with every mistake told in one line of file, line and key.

It knows nothing of what a recipe is: where a model's block may be of several kinds is read from the model itself.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from processors.errors import RecipeError

# What is given there by mistake may be a key or hold one: it is not repeated.
MAY_HOLD_A_KEY = ("api_key_env", "base_url")

Model = TypeVar("Model", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice, of which PyYAML silently keeps the last.

    A day is the text that it is written as: no setting is a date, and a model's revision may look like one.
    """

    yaml_constructors = yaml.SafeLoader.yaml_constructors | {
        "tag:yaml.org,2002:timestamp": yaml.SafeLoader.construct_yaml_str
    }

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


def load_checked(path: Path, model: type[Model], expected: str) -> Model:
    """Read a YAML, checked against `model`. `expected` says what a mapping it is, for who gives another thing.

    Raises RecipeError, one line per mistake.
    """
    data, tree = read_mapping(path, expected)
    return checked(path, data, tree, model)


def read_mapping(path: Path, expected: str) -> tuple[dict[str, Any], yaml.Node | None]:
    """A file's mapping, and its tree for the numbers of its lines. Raises RecipeError where it cannot be read."""
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8")
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        number = raw.count(b"\n", 0, error.start) + 1
        raise RecipeError(f"{path}:{number}: not UTF-8 (byte 0x{raw[error.start]:02x}); save it as UTF-8") from None
    try:
        data = parsed(text)
        # Read twice: pydantic takes plain values, and only PyYAML's tree knows the lines.
        tree = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise RecipeError(f"{path}{line}: not valid YAML: {problem}") from None
    if not isinstance(data, dict):
        raise RecipeError(f"{path}: {expected}")
    return data, tree


def parsed(text: str) -> Any:
    """The value that a text says in YAML. Raises yaml.YAMLError, also for a key given twice."""
    try:
        return yaml.load(text, _Loader)
    except RecursionError:
        raise yaml.YAMLError("nested too deeply") from None
    except ValueError as error:
        # PyYAML takes `0x_` for a number, and hands on what int() says of it.
        raise yaml.YAMLError(str(error)) from None


def checked(
    path: Path,
    data: dict[str, Any],
    tree: yaml.Node | None,
    model: type[Model],
    set_here: Mapping[tuple[str | int, ...], str] | None = None,
) -> Model:
    """What `data`, read from `path`, says as a `model`. Raises RecipeError, one line per mistake.

    `set_here`: the settings of the command line by where in `data` they are: a mistake there is no line's of the file.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        lines = (_line(_place(path, tree, problem, model, set_here or {}), problem, model) for problem in problems)
        raise RecipeError("\n".join(lines)) from None


def apply_setting(data: dict[str, Any], setting: str) -> list[str | int]:
    """Do what a `--set` (`a.b=c`) says to the file's mapping; returns where in it that is. Raises RecipeError."""
    key, equals, value = setting.partition("=")
    keys = key.split(".")
    if not equals or not all(keys):
        raise RecipeError(f"--set {setting}: expected KEY=VALUE, such as ranking.replace=better")
    try:
        given = parsed(value)
    except yaml.YAMLError:
        raise RecipeError(f"--set {setting}: the value is not valid YAML; quote it") from None
    place: Any = data
    found: list[str | int] = []
    for depth, part in enumerate(keys):
        where = ".".join(keys[:depth]) or "the recipe"
        last = depth == len(keys) - 1
        if isinstance(place, list):
            index = _index(place, part)
            if index is None:
                names = [item.get("name") for item in place if isinstance(item, dict)]
                raise RecipeError(f"--set {setting}: {where} has no '{part}'; it has {names or len(place)}")
            found.append(index)
            if last:
                place[index] = given
            else:
                place = place[index]
        elif isinstance(place, dict):
            found.append(part)
            if last:
                place[part] = given
            else:
                if place.get(part) is None:
                    place[part] = {}
                place = place[part]
        else:
            raise RecipeError(f"--set {setting}: {where} is a value and has no '{part}'")
    return found


def _index(items: list[Any], part: str) -> int | None:
    for index, item in enumerate(items):
        if isinstance(item, dict) and item.get("name") == part:
            return index
    return int(part) if part.isdecimal() and int(part) < len(items) else None


def _place(
    path: Path,
    tree: yaml.Node | None,
    problem: Any,
    model: type[BaseModel],
    set_here: Mapping[tuple[str | int, ...], str],
) -> str:
    """The file and line of a mistake, or the setting of the command line that made it."""
    location = _location(problem["loc"], model)
    for where, setting in set_here.items():
        if tuple(location[: len(where)]) == where:
            # What is not repeated of a file is not repeated of a command either.
            return f"--set {setting.partition('=')[0] if where[-1] in MAY_HOLD_A_KEY else setting}"
    return f"{path}:{_line_number(tree, location)}"


def _line(where: str, problem: Any, model: type[BaseModel]) -> str:
    location = _location(problem["loc"], model)
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    kind, given = problem["type"], problem["input"]
    if kind == "extra_forbidden":
        names = _valid_names(problem["loc"][:-1], model)
        # Below the library's 0.6: a key is short, and two letters that changed places are much of it.
        near = difflib.get_close_matches(str(location[-1]), names, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"expected one of {', '.join(names)}"
        return f"{where}: {key}: unknown key; {hint}"
    if kind == "missing":
        return f"{where}: {key}: missing; add it"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tag, models = _walked(problem["loc"], model)[2]
        if kind == "union_tag_not_found":
            return f"{where}: {key}.{tag}: missing; expected one of {', '.join(sorted(models))}"
        near = difflib.get_close_matches(str(given.get(tag)), sorted(models), n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"expected one of {', '.join(sorted(models))}"
        return f"{where}: {key}.{tag}: unknown {tag} '{given.get(tag)}'; {hint}"
    message = problem["msg"].removeprefix("Value error, ")
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        message = "expected a mapping of keys to values"
    if kind == "string_pattern_mismatch":
        # What the key is says more than a regular expression.
        field = _walked(problem["loc"], model)[1].model_fields.get(str(location[-1]))
        message = f"expected {field.description}" if field and field.description else message
    if kind == "literal_error":
        # pydantic has the choices in a sentence only.
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
    """The kinds of a union by the value of the key that tells them apart."""
    return {get_args(model.model_fields[tag].annotation)[0]: model for model in _models(annotation)}


def _unions(model: type[BaseModel]) -> dict[str, tuple[str, dict[str, type[BaseModel]]]]:
    """A model's fields whose block is of several kinds, or is a list of such: the key that says which, and the kinds.

    pydantic puts that key's value into the location of a mistake, where the file has no such key.
    """
    found = {}
    for name, field in model.model_fields.items():
        if isinstance(field.discriminator, str):
            found[name] = field.discriminator, _by_tag(field.annotation, field.discriminator)
        for part in get_args(field.annotation):
            for mark in get_args(part)[1:] if get_origin(part) is Annotated else ():
                if isinstance(mark, FieldInfo) and isinstance(mark.discriminator, str):
                    found[name] = mark.discriminator, _by_tag(part, mark.discriminator)
    return found


def _walked(
    location: Sequence[Any], model: type[BaseModel]
) -> tuple[list[Any], type[BaseModel], tuple[str, dict[str, type[BaseModel]]]]:
    """pydantic's location of a mistake as the file has it, the model there, and the kinds that it may be of."""
    found: list[Any] = []
    tag, kinds = "", dict[str, type[BaseModel]]()
    for part in location:
        if part in kinds:
            model, kinds = kinds[part], {}
            continue
        found.append(part)
        if part in model.model_fields:
            tag, kinds = _unions(model).get(part, ("", {}))
            model = next(iter(_models(model.model_fields[part].annotation)), model)
    return found, model, (tag, kinds)


def _location(location: Sequence[Any], model: type[BaseModel]) -> list[Any]:
    """pydantic's location of a mistake as the file has it.

    >>> from builders.recipes.recipe import Recipe
    >>> _location(("executor", "slurm", "tasks"), Recipe), _location(("translators", 0, "tgi", "model"), Recipe)
    (['executor', 'tasks'], ['translators', 0, 'model'])
    """
    return _walked(location, model)[0]


def _valid_names(location: Sequence[Any], model: type[BaseModel]) -> list[str]:
    """The keys of the block at pydantic's `location`, which begins in `model`."""
    return list(_walked(location, model)[1].model_fields)


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
        # What is missing, or was set on the command line, has no line: that of the block around it.
        if following is None:
            break
        node = following
    return line + 1
