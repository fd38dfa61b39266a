"""The card's section on licences: of the dataset, of what it was made from, and of the models that translated it."""

from typing import TYPE_CHECKING

from builders.engines import engine_of
from builders.licences import dataset_licence, output_terms, source_terms, source_title, split_part
from builders.recipes.base import Terms
from builders.recipes.translators import Translator
from hub.card.markdown import cell, linked, names, table

if TYPE_CHECKING:
    from builders.stages.common.context import Build

_TRAINING = {"allowed": "yes", "conditions": "with conditions", "forbidden": "**no**"}


def licences(build: "Build") -> str:
    """The section: a line for the source, for each part of it that rows are of, and for each translator."""
    recipe = build.recipe
    own = dataset_licence(recipe)
    said = f"This dataset: `{own}`, as given by who built it." if own else "This dataset: no licence was given."
    rows = [_row(f"Source: {cell(source_title(recipe.source))}", source_terms(recipe.source), "not known")]
    by_part: dict[str, list[str]] = {}
    parts = {unit.split: split_part(recipe.source, unit.split) for unit in build.selected}
    for split, part in parts.items():
        by_part.setdefault(part.title, []).append(split)
    of_title = {part.title: part for part in parts.values()}
    for title, splits in by_part.items():
        if title != source_title(recipe.source):
            rows.append(_row(f"{cell(title)}: {names(splits)}", of_title[title].terms, "not known"))
    rows += [_row(f"Translator `{spec.name}`", output_terms(spec), _unknown(spec)) for spec in recipe.translators]
    return "\n\n".join(
        [
            f"## Licence\n\n{said} A source's licence holds for its translation too, and the terms of a model or of a "
            "service may bind what is done with its output:",
            table(["Of", "Licence", "Its terms allow training", "What it asks"], rows, left=4),
            "A row's `id` begins with its split of the source, and `translator` says whose text it is: "
            "`provenance.json` has these lines by those names. Terms change: read them before you rely on this.",
        ]
    )


def _row(of: str, terms: Terms | None, unknown: str) -> list[str]:
    if terms is None:
        return [of, unknown, "not known", ""]
    licence = f"`{cell(terms.license)}`" if terms.license else "not known"
    training = _TRAINING[terms.training] if terms.training else "not known"
    return [of, f"[{licence}]({terms.link})" if terms.link else licence, training, cell(terms.note or "")]


def _unknown(spec: Translator) -> str:
    """What is said of a translator whose terms nobody wrote down."""
    engine = engine_of(spec)
    if engine.meaningless:
        return "no model, no terms"
    if engine.asks_a_model:
        model = linked(engine.model) if engine.model and engine.model.count("/") == 1 else "its model"
        return f"that of {model}, and of whoever served it"
    return "that of its translation memory"
