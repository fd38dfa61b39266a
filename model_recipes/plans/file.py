"""The file of a plan: what all plans have in common, and how one is read.

As strict as a build's recipe: an unknown key, a wrong type or a contradiction is one line with the file's, before
anything is run.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, Field

from builders.recipes.base import Name, Strict
from builders.recipes.paths import file_or_id
from builders.recipes.yaml_file import apply_setting, checked, read_mapping
from processors.errors import RecipeError

AnyPlan = TypeVar("AnyPlan", bound="PlanFile")


class _InPlanFolder:
    """Marks a text as the path of a file or folder, relative to the plan's own; or an id on the Hub, which stays."""


InPlanFolder = Annotated[str, _InPlanFolder()]


class PlanMachine(Strict):
    """The GPUs that hours and price are reckoned for, before anything begins."""

    gpu: str = Field("H100", description="its name, as `smolkalam train --dry-run --gpu` knows it")
    gpus: int = Field(1, ge=1, description="how many work on one training")
    usd_per_hour: float | None = Field(None, ge=0, description="of one GPU; null: no price is reckoned for trainings")


class PlanFile(Strict):
    """What every plan has."""

    name: Name = Field(description="the plan's name, and its folder's unless --output says another")
    machine: PlanMachine = PlanMachine()


def load_plan(path: Path, model: type[AnyPlan], settings: Iterable[str] = ()) -> AnyPlan:
    """A plan's file, with `a.b=c` settings applied and the paths in it made absolute.

    Raises RecipeError, one line per mistake.
    """
    if not path.is_file():
        raise RecipeError(f"{path}: no such file; expected a plan's YAML")
    data, tree = read_mapping(
        path, f"a plan is a mapping with the keys {', '.join(list(model.model_fields)[:4])}, ..."
    )
    set_here = {tuple(apply_setting(data, setting)): setting for setting in settings}
    found: AnyPlan = _placed(checked(path, data, tree, model, set_here), path.absolute().parent)
    return found


def _placed(value: Any, folder: Path) -> Any:
    """A model with each text of it that is marked as a path made absolute."""
    updates = {}
    for name, field in type(value).model_fields.items():
        marked = any(isinstance(item, _InPlanFolder) for item in field.metadata)
        updates[name] = _placed_in(getattr(value, name), folder, marked or _marks(field.annotation))
    return value.model_copy(update=updates)


def _placed_in(value: Any, folder: Path, marked: bool) -> Any:
    if isinstance(value, BaseModel):
        return _placed(value, folder)
    if isinstance(value, list | tuple):
        return type(value)(_placed_in(one, folder, marked) for one in value)
    if isinstance(value, dict):
        return {key: _placed_in(one, folder, marked) for key, one in value.items()}
    return file_or_id(value, folder) if marked and isinstance(value, str) else value


def _marks(kind: Any) -> bool:
    """Whether a type has a marked text in it, as `list[InPlanFolder] | None` does."""
    if get_origin(kind) is Annotated and any(isinstance(item, _InPlanFolder) for item in kind.__metadata__):
        return True
    return any(_marks(inner) for inner in get_args(kind))
