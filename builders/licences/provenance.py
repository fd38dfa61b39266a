"""`provenance.json` of a dataset: what each row may be traced to, and under which terms it came.

A row's `id` begins with its split of the source, and `translator` (with `segments`) says whose text it is: the file
has the terms of both by these names.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from builders.engines import engine_of
from builders.licences.known import dataset_licence, output_terms, source_terms, source_title, split_part
from builders.recipes.base import Terms
from builders.recipes.recipe import Recipe

PROVENANCE = "provenance.json"


def provenance_of(recipe: Recipe, splits: Iterable[str], public: Mapping[str, Any]) -> dict[str, Any]:
    """`{"license", "source", "splits": {split of the source: ...}, "translators": {name: ...}}`, ready for JSON.

    `splits`: of the source, those that rows were taken from. `public`: the recipe as everybody may see it.
    """
    source = recipe.source
    parts = {split: split_part(source, split) for split in dict.fromkeys(splits)}
    models = {spec["name"]: spec.get("model") for spec in public["translators"]}
    return {
        "license": dataset_licence(recipe),
        "source": {"title": source_title(source), "path": public["source"]["path"]} | _plain(source_terms(source)),
        "splits": {split: {"title": part.title} | _plain(part.terms) for split, part in parts.items()},
        "translators": {
            spec.name: {
                "backend": spec.backend,
                "model": models[spec.name],
                "meaningless": engine_of(spec).meaningless,
            }
            | _plain(output_terms(spec))
            for spec in recipe.translators
        },
    }


def _plain(terms: Terms | None) -> dict[str, Any]:
    return terms.model_dump(mode="json") if terms else dict.fromkeys(Terms.model_fields)
