"""Reading a recipe: find it, apply `--set`, check it, and turn every mistake into one line."""

import difflib
from collections.abc import Iterable
from pathlib import Path

import yaml

from builders.recipes.paths import beside, dictionary, file_or_id, resolved
from builders.recipes.ranking import LabelledRows, Ranking
from builders.recipes.recipe import Recipe, shipped_recipes
from builders.recipes.scorers import load_panel
from builders.recipes.translators import Translator
from builders.recipes.yaml_file import apply_setting, checked, read_mapping
from processors.errors import InputError, RecipeError


def load_recipe(name: str, settings: Iterable[str] = (), *, source_path: str | None = None) -> Recipe:
    """Read a recipe by bare name (`demo`) or path, apply `a.b=c` settings, check it.

    `source_path` replaces `source.path` (the command line's `--input`). Paths in the recipe are resolved against
    its own folder. Raises RecipeError, one line per mistake.
    """
    path = _find(name)
    data, tree = read_mapping(path, "a recipe is a mapping with the keys name, source, translators, ...")
    set_here = {tuple(apply_setting(data, setting)): setting for setting in settings}
    if source_path is not None:
        data.setdefault("source", {})
        if isinstance(data["source"], dict):
            data["source"]["path"] = str(Path(source_path).absolute()) if "://" not in source_path else source_path
    return _absolute(checked(path, data, tree, Recipe, set_here), path.parent)


def _look_at_labels(labels: LabelledRows, translators: list[str], language: str) -> None:
    """Raises InputError for labels that cannot be read: before anything is translated."""
    if labels.path is None:
        return
    if labels.by == "references":
        from processors.memory.memory import Memory

        Memory.load(labels.path, target=language)
    else:
        from processors.judging.votes import read_votes

        read_votes(Path(labels.path), translators)


def _found_labels(labels: LabelledRows, folder: Path) -> LabelledRows:
    """With the path of a recipe in `folder` made absolute, or the panel that it names: other machines need no file."""
    if labels.panel is not None:
        judges = load_panel(Path(resolved(labels.panel, folder)))
        return labels.model_copy(update={"judges": judges, "panel": None})
    return labels.model_copy(update={"path": resolved(labels.path, folder)} if labels.path else {})


def _with_models_found(ranking: Ranking, folder: Path) -> Ranking:
    """With the models that score candidates where they lie, here or beside the recipe.

    A name on the Hub looks like a path: it is one where there is such a folder, or such a file.
    """

    def found(name: str) -> str:
        places = (folder / Path(name).expanduser(), Path(name).expanduser().absolute())
        return next((str(place.resolve()) for place in places if place.exists()), name)

    scorers = ranking.scorers
    for name, spec in scorers.given().items():
        # A judge's is a name at its server.
        if name != "judge_score" and isinstance(model := getattr(spec, "model", None), str):
            scorers = scorers.model_copy(update={name: spec.model_copy(update={"model": found(model)})})
    reward = ranking.reward and ranking.reward.model_copy(update={"model": found(ranking.reward.model)})
    return ranking.model_copy(update={"scorers": scorers, "reward": reward})


def dump_recipe(recipe: Recipe) -> str:
    """The recipe as YAML, every default written out. It holds no secret: keys are named by environment variable."""
    return yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=100)


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


def _with_files(translator: Translator, folder: Path) -> Translator:
    try:
        translator = translator.model_copy(update=translator.paths_found(folder))
    except InputError as error:
        raise RecipeError(f"translator '{translator.name}': {error}") from None
    for file in translator.memory:
        if not Path(file).exists():
            raise RecipeError(f"translator '{translator.name}': memory {file} does not exist")
    if translator.glossary is not None:
        from processors.terms import read_glossary

        try:
            read_glossary(translator.glossary)
        except InputError as error:
            raise RecipeError(f"translator '{translator.name}': {error}") from None
    return translator


def _dictionary(name: str, recipe: Recipe, folder: Path) -> str:
    """A dictionary's path, once it is known that it can be asked."""
    if recipe.language.code.split("-")[0] != "ar":
        raise RecipeError(
            f"ranking.dictionary: is for Arabic, and the language is {recipe.language.name}; leave it out"
        )
    return dictionary(name, folder, "ranking.dictionary")


def _absolute(recipe: Recipe, folder: Path) -> Recipe:
    """Resolve the paths that a recipe gives relative to itself."""
    translators = [_with_files(translator, folder) for translator in recipe.translators]
    source = recipe.source
    if source.path != "sample":
        source = source.model_copy(update={"path": resolved(source.path, folder)})
    selection = recipe.selection
    if selection.domain_index:
        selection = selection.model_copy(update={"domain_index": resolved(selection.domain_index, folder)})
    decontamination = recipe.decontamination
    if decontamination:
        named = [one.model_copy(update={"path": file_or_id(one.path, folder)}) for one in decontamination.against]
        decontamination = decontamination.model_copy(update={"against": named})
    ranking = recipe.ranking
    if ranking.ranker:
        from processors.ranking.model import Ranker

        ranking = ranking.model_copy(update={"ranker": resolved(ranking.ranker, folder)})
        try:
            Ranker.load(Path(str(ranking.ranker)))
        except InputError as error:
            raise RecipeError(f"ranking.ranker: {error}") from None
    if ranking.verdicts:
        # It needs this module; a mistake in the file is to be known before anything is translated.
        from processors.judging.votes import read_votes

        ranking = ranking.model_copy(update={"verdicts": resolved(ranking.verdicts, folder)})
        try:
            read_votes(Path(str(ranking.verdicts)), [translator.name for translator in translators])
        except InputError as error:
            raise RecipeError(f"ranking.verdicts: {error}") from None
    if ranking.dictionary:
        ranking = ranking.model_copy(update={"dictionary": _dictionary(ranking.dictionary, recipe, folder)})
    if labels := ranking.calibration:
        labels = _found_labels(labels, folder)
        ranking = ranking.model_copy(update={"calibration": labels})
        try:
            _look_at_labels(labels, [translator.name for translator in translators], recipe.language.code)
        except InputError as error:
            raise RecipeError(f"ranking.calibration: {error}") from None
    ranking = _with_models_found(ranking, folder)
    tokenizer = beside(recipe.outputs.tokenizer, folder)
    updates = {
        "translators": translators,
        "source": source,
        "selection": selection,
        "decontamination": decontamination,
        "ranking": ranking,
        "outputs": recipe.outputs.model_copy(update={"tokenizer": tokenizer}),
    }
    return recipe.model_copy(update=updates)
