"""What a recipe says of a pool: where its prompts come from, who answers them, and how.

Who answers is a translator of a build's recipe that is asked for something else: the same kinds of engines, servers,
keys, prices and decoding. Raises RecipeError, one line per mistake, as a build's recipe does.
"""

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import Field

from builders.recipes.base import ConfigName, Licence, Name, Strict, Terms, look_at_names
from builders.recipes.paths import file_or_id, resolved
from builders.recipes.translator_base import Cost
from builders.recipes.translators import Translator, as_served
from builders.recipes.yaml_file import apply_setting, checked, read_mapping
from processors.errors import InputError, RecipeError
from processors.languages.language import Language

# Engines that take chats: the others translate, or take raw text alone.
CHATS = ("endpoint", "vllm", "llamacpp", "batch")
# Of a translator, what an answerer has no use for: to give it is a mistake.
_OF_TRANSLATIONS = ("memory", "glossary", "chunking", "template", "context", "of", "prompt", "spans", "retry_budget")


def look_at_answerers(given: Sequence[Translator], samples: int = 1) -> None:
    """Raises ValueError for a pool that cannot answer chats, or gives several samples that would all be the same."""
    for one in given:
        served = as_served(one)
        if one.backend not in CHATS or served is None:
            raise ValueError(f"'{one.name}': backend {one.backend} answers no chats; take one of {', '.join(CHATS)}")
        if extra := [name for name in _OF_TRANSLATIONS if name in one.model_fields_set]:
            raise ValueError(f"'{one.name}': {extra[0]}: is for translations; leave it out")
        if served.decoding.max_tokens_per_character is not None:
            raise ValueError(f"'{one.name}': decoding.max_tokens_per_character: is for translations; give max_tokens")
        if samples > 1 and served.decoding.temperature == 0:
            raise ValueError(f"'{one.name}': decoding.temperature 0 gives {samples} equal samples; give more, or one")
    look_at_names([one.name for one in given], "models")


def look_at_ceiling(max_usd: float | None, costs: Iterable[Cost | None]) -> None:
    """Raises ValueError for a ceiling on what has no price."""
    if max_usd is not None and not any(cost is not None and cost.priced for cost in costs):
        raise ValueError("max_usd: no model of the recipe has a `cost`; give prices of what is to be bounded")


class PromptSource(Strict):
    """Chats whose last user message is answered: those of a dataset, or prompts in a column."""

    path: str = Field(
        description="`user/name` on the Hub, a build's run folder, a dataset's folder, or a file (Parquet, JSON "
        "lines, JSON, CSV)"
    )
    revision: str | None = Field(None, description="of a dataset on the Hub: branch, tag or commit; null: main")
    config: ConfigName | None = Field(None, description="null: the only one there is, or the default one")
    splits: list[str] = Field(["*"], min_length=1, description="split names or shell patterns to take")
    prompt: str | None = Field(
        None,
        description="the column of prompts, texts or lists of messages; null: the first there is of messages, "
        "conversations, prompt, problem, question, instruction",
    )
    domain: str | None = Field(None, description="the column that says a prompt's domain; null: `domain`, if there is")
    language: str | None = Field(
        None,
        description="the column that says a prompt's language (BCP 47); null: `language`, if there is, else by script",
    )
    rows: int | None = Field(None, ge=1, description="prompts at most, drawn by the seed; null: all")
    most_characters: int = Field(24_000, ge=1, description="of a prompt; longer ones are left out")
    terms: Terms | None = Field(None, description="under which its rows may be used; null: its card's licence")


class Answering(Strict):
    """How prompts are answered."""

    samples: int = Field(1, ge=1, le=64, description="answers to a prompt of each model; each has a seed of its own")
    system: dict[str, str] = Field(
        {},
        description="system prompts by the prompt's language (BCP 47), `*` for any other; a prompt's own stays",
    )
    least_script: float = Field(
        0.6,
        ge=0,
        le=1,
        description="share of an answer's letters, outside of code and mathematics, that must be of the language's "
        "script; below it the answer is left out",
    )
    answer_tokens: int = Field(600, ge=1, description="length of an answer, for the estimate until some are known")


class DatasetOutputs(Strict):
    """The dataset that is written."""

    repo: str = Field("user/dataset", pattern=r"^[\w.-]+/[\w.-]+$", description="user/name, for the card's examples")
    pretty_name: str | None = Field(None, description="the card's title; null: the recipe's name")
    license: Licence | None = Field(None, description="the card's licence; null: none is said")
    notice: str | None = Field(None, description="a sentence with which the card begins, such as a warning")
    row_group_bytes: int = Field(50_000_000, ge=1_000_000, le=100_000_000, description="of a Parquet row group, about")
    shard_bytes: int = Field(500_000_000, ge=10_000_000, le=1_000_000_000, description="of a Parquet file, about")


class PoolRecipe(Strict):
    """What every recipe has whose prompts a pool of models answers."""

    name: Name = Field(description="the recipe's name")
    seed: int = Field(42, ge=0, description="draws the prompts, and is the first sample's seed")
    language: Language = Field(Language(), description="that answers are to be in")
    source: PromptSource
    answering: Answering = Answering()
    max_usd: float | None = Field(None, gt=0, description="that the whole may cost, by the `cost` of all models")


Model = TypeVar("Model", bound=PoolRecipe)


def load_pool_recipe(name: str, model: type[Model], shipped: Path, settings: Iterable[str] = ()) -> tuple[Model, Path]:
    """A recipe by path or by the name of one in the folder `shipped`, and where it is; its source's path is resolved.

    Raises RecipeError, one line per mistake.
    """
    path = _find(name, shipped)
    data, tree = read_mapping(path, "a recipe is a mapping with the keys name, source, ...")
    set_here = {tuple(apply_setting(data, setting)): setting for setting in settings}
    recipe = checked(path, data, tree, model, set_here)
    source = recipe.source.model_copy(update={"path": file_or_id(recipe.source.path, path.parent)})
    return recipe.model_copy(update={"source": source}), path


def found_answerers(given: Sequence[Translator], folder: Path) -> list[Translator]:
    """Answerers of a recipe in `folder`, with the paths that they name absolute."""
    found = []
    for one in given:
        try:
            found.append(one.model_copy(update=one.paths_found(folder)))
        except InputError as error:
            raise RecipeError(f"'{one.name}': {error}") from None
    return found


def rubric_file(name: str, folder: Path, shipped: Path, key: str) -> str:
    """The file of a rubric, of those that ship or of a recipe in `folder`, which names it under `key`."""
    known = {path.stem: path for path in sorted(shipped.glob("*.yaml"))}
    found = known.get(name) or Path(resolved(name, folder))
    if not found.is_file():
        raise RecipeError(f"{key}: {name}: no such file, and none of {', '.join(known)}")
    return str(found)


def _find(name: str, shipped: Path) -> Path:
    known = {path.stem: path for path in sorted(shipped.glob("*.yaml"))}
    if name in known:
        return known[name]
    if Path(name).is_file():
        return Path(name)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise RecipeError(f"no recipe '{name}': {hint}give a YAML file or one of {', '.join(known)}")
