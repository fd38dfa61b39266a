"""Phase three: the Arabic of thought and answer, looked at by rules (`processors.checks.arabic`).

What is found is kept with a trace. A kind that the recipe refuses, or more mistakes than it allows, leave it out; of
several traces the cleanest are kept.
"""

from collections import Counter

from builders.distillation.recipe import DistillationRecipe
from builders.distillation.traces import VERIFIED
from builders.pools.stages import Record, Stages, Written
from processors.checks.arabic import Dictionary, shared_dictionary, verify
from processors.verification import split_thought

LINGUISTICS = "linguistics"
# Of a trace so many mistakes are kept word for word; all are counted.
_LISTED = 50


def look_at_language(stages: Stages, recipe: DistillationRecipe) -> Record:
    """The stage: each problem with the cleanest of its traces that are clean enough, at most `traces` of them."""
    dictionary = dictionary_of(recipe)

    def make(written: Written) -> Record:
        kinds: Counter[str] = Counter()
        for row in stages.kept(VERIFIED):
            written.read()
            clean, refused = [], []
            for one in row["answers"]:
                found = mistakes_in(one["text"], dictionary)
                kinds.update(mistake["kind"] for mistake in found)
                why = refused_for(found, one["text"], recipe)
                looked = {**one, "mistakes": found[:_LISTED], "mistakes_in_all": len(found)}
                if why:
                    refused.append({**looked, "reason": why[0], "detail": why[1]})
                else:
                    clean.append(looked)
            clean.sort(key=lambda one: (one["mistakes_in_all"] / max(1, len(one["text"].split())), one["sample"]))
            # Where judges come after the rules they may refuse the cleanest.
            most = len(clean) if recipe.writing else recipe.traces
            over = [{**one, "reason": "not_the_cleanest", "detail": ""} for one in clean[most:]]
            written.note("not_the_cleanest", len(over))
            record = {**row, "answers": clean[:most], "refused": [*row["refused"], *refused, *over]}
            if clean:
                written.keep(record)
            else:
                reasons = sorted({one["reason"] for one in refused})
                written.leave_out(record, reasons[0] if len(reasons) == 1 else "not_clean", ", ".join(reasons))
        return {"mistakes": dict(sorted(kinds.items()))}

    words = dictionary.digest() if dictionary else ""
    about = [recipe.linguistics.model_dump(mode="json"), recipe.traces, words, recipe.writing is not None]
    return stages.run(LINGUISTICS, about, make)


def dictionary_of(recipe: DistillationRecipe) -> Dictionary | None:
    """The user's, if the recipe has one."""
    path = recipe.linguistics.dictionary
    return shared_dictionary(path) if path else None


def mistakes_in(text: str, dictionary: Dictionary | None = None) -> list[Record]:
    """All mistakes of a trace, of its thought and its answer; places are in the part that is named."""
    split = split_thought(text) or ("", text)
    return [
        {
            "where": where,
            "kind": one.kind,
            "start": one.start,
            "end": one.end,
            "found": one.found,
            "expected": one.expected,
        }
        for where, part in zip(("thought", "answer"), split, strict=True)
        for one in verify(part, dictionary)
    ]


def refused_for(found: list[Record], text: str, recipe: DistillationRecipe) -> tuple[str, str] | None:
    """Why a trace's Arabic is not good enough: reason and detail."""
    for name in recipe.linguistics.refuse:
        of_kind = [one for one in found if one["kind"] == name]
        if of_kind:
            return f"mistake_{name}", f"'{of_kind[0]['found'][:80]}' in the {of_kind[0]['where']}"
    words = len(text.split())
    most = recipe.linguistics.most
    if most is not None and len(found) > most * words:
        return "too_many_mistakes", f"{len(found)} in {words} words"
    return None
