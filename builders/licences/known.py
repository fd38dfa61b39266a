"""Which terms bind a translator's output and a source's rows: the recipe's word, else what is known by name.

Each entry of `known.json` says what it rests on (`rests_on`): where its licence, and what it asks of who trains on the
output, was read or seen quoted, in November 2026. What could not be read anywhere is not in it. Terms change, and a
recipe's `terms` are the way to say so; nothing here is advice of a lawyer.
"""

import json
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

from builders.engines import engine_of
from builders.recipes.base import Terms, Training
from builders.recipes.recipe import Recipe, Source, SourcePart
from builders.recipes.translators import Translator


def output_terms(spec: Translator) -> Terms | None:
    """The terms that bind what a translator puts out; None where they are not known.

    Of a model and the service that runs it the stricter count, and both are told.
    """
    if spec.terms is not None:
        return spec.terms
    engine = engine_of(spec)
    found = [entry] if (entry := _first("models", _names(engine.model))) else []
    hosts = [urlsplit(address.base_url).hostname or "" for address in engine.addresses()]
    found += [entry for host in dict.fromkeys(hosts) if (entry := _first("hosts", [host]))]
    if not found:
        return None
    terms = [_terms(entry) for entry in found]
    strictest = max(terms, key=lambda one: _severity(one.training))
    notes = dict.fromkeys(one.note for one in terms if one.note)
    return strictest.model_copy(update={"note": " ".join(notes) or None})


def source_terms(source: Source) -> Terms | None:
    """The terms of a source as a whole; None where they are not known."""
    if source.terms is not None:
        return source.terms
    entry = _known_source(source)
    return _terms(entry) if entry else None


def source_title(source: Source) -> str:
    """What the card calls a source: the recipe's word, else its known name, else the last part of its path."""
    known = (_known_source(source) or {}).get("title")
    return source.title or known or Path(source.path.rstrip("/")).name or source.path


def source_parts(source: Source) -> list[SourcePart]:
    """What a source was made from, by its splits, the recipe's parts first; the first that fits counts.

    What the recipe says of the source as a whole comes before what is known of its parts.
    """
    known = () if source.terms is not None else (_known_source(source) or {}).get("parts", ())
    made = [SourcePart(splits=one["splits"], title=one["title"], terms=_terms(one)) for one in known]
    return [*source.parts, *made]


def split_part(source: Source, split: str) -> SourcePart:
    """What a split of the source comes from; the source itself where no part says so."""
    fitting = (part for part in source_parts(source) if _fits(split, part.splits))
    whole = SourcePart(splits=["*"], title=source_title(source), terms=source_terms(source))
    return next(fitting, whole)


def dataset_licence(recipe: Recipe) -> str | None:
    """The dataset's licence by the Hub's names: the recipe's word, else the source's; None where nobody said one."""
    terms = source_terms(recipe.source)
    return recipe.outputs.license or (terms.license if terms else None)


def dataset_title(recipe: Recipe) -> str:
    """The card's title: the recipe's word, else the source in the language's name."""
    return recipe.outputs.pretty_name or f"{source_title(recipe.source)} in {recipe.language.name}"


def training_warnings(recipe: Recipe) -> Iterator[str]:
    """A line for the source, each part of it and each translator whose terms forbid what the dataset is for."""
    said = [("source", source_terms(recipe.source))]
    said += [(f"source, {part.title}", part.terms) for part in recipe.source.parts]
    said += [(f"translator '{spec.name}'", output_terms(spec)) for spec in recipe.translators]
    for what, terms in said:
        if terms and terms.training == "forbidden":
            note = f" ({terms.note.rstrip('.')})" if terms.note else ""
            link = f"; read {terms.link}" if terms.link else ""
            yield f"{what}: its terms forbid training models on it{note}{link}; if yours differ, say so as its `terms`"


@cache
def _known() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = json.loads(Path(__file__).with_name("known.json").read_text("utf-8"))
    return found


def _known_source(source: Source) -> dict[str, Any] | None:
    """By its path: on the Hub, or a copy in a folder of the same name."""
    return _first("sources", [source.path.lower(), source.path.lower().rstrip("/").rsplit("/", 1)[-1]])


def _first(kind: str, names: Iterable[str]) -> dict[str, Any] | None:
    wanted = list(names)
    return next((entry for entry in _known()[kind] if any(_fits(name, entry["match"]) for name in wanted)), None)


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _names(model: str | None) -> list[str]:
    """What a model may be known by: its name, and the last part of it, as of a folder."""
    name = (model or "").lower()
    return [name, name.rstrip("/").rsplit("/", 1)[-1]] if name else []


def _terms(entry: dict[str, Any]) -> Terms:
    return Terms(**{name: entry[name] for name in Terms.model_fields if name in entry})


def _severity(training: Training | None) -> int:
    return -1 if training is None else get_args(Training).index(training)
