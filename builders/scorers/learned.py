"""What kinds of learned quality estimation share: a model of one's own that reads source and candidate by passages."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from builders.recipes.recipe import Recipe
from builders.scorers.base import Bill, Keep, PassageCount, Said
from processors.reward.batches import make_batches
from processors.reward.local_model import resolve_model


class LearnedKind:
    """Of a kind whose block of the recipe names a `model` and its `passage_tokens`; nobody is paid."""

    def served(self, spec: Any) -> bool:
        return False

    def greeted(self, spec: Any) -> bool:
        return False

    def resolved(self, spec: Any) -> dict[str, Any]:
        return resolved_folder(spec.model)

    def bill(self, spec: Any, recipe: Recipe, rows: float, source_tokens: float) -> Bill:
        scored = PassageCount.of(recipe, rows, source_tokens, spec.passage_tokens)
        return Bill(spec.model, spec.model, round(scored.passages), round(scored.tokens), 0, None, paid=False)


def resolved_folder(model: str) -> dict[str, Any]:
    """A folder's digest: another model in its place gives other scores. The Hub's are known by their `revision`."""
    return {"digest": resolve_model(model, None).digest} if Path(model).is_dir() else {}


def say_in_batches(
    lengths: Sequence[int],
    batch_tokens: int,
    known: Mapping[int, Said],
    keep: Keep,
    batch: Callable[[list[int]], Sequence[Said]],
) -> None:
    """`keep` what `batch` says of the passages at some places, of such lengths, that go through a model together."""
    for places in make_batches(lengths, batch_tokens):
        if not all(place in known for place in places):
            keep(places, batch(places))
