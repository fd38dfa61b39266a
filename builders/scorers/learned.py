"""What kinds of learned quality estimation share: a model of one's own that reads source and candidate by passages."""

from collections.abc import Callable, Sequence
from typing import Any

from builders.recipes.recipe import Recipe
from builders.scorers.base import Bill, PassageCount, Score, passages, plain_text, scores_of
from processors.reward.score import SourceAndCandidate


class LearnedKind:
    """Of a kind whose block of the recipe names a `model` and its `passage_tokens`; nobody is paid."""

    def served(self, spec: Any) -> bool:
        return False

    def bill(self, spec: Any, recipe: Recipe, rows: float, source_tokens: float) -> Bill:
        scored = PassageCount.of(recipe, rows, source_tokens, spec.passage_tokens)
        return Bill(spec.model, spec.model, round(scored.passages), round(scored.tokens), 0, None, paid=False)


class ByPassages:
    """Such a scorer at work: `scores` gives one to each pair of texts, `tokenizer` says where a passage ends."""

    def __init__(
        self, tokenizer: Any, passage_tokens: int, scores: Callable[[list[tuple[str, str]]], Sequence[float | str]]
    ) -> None:
        self._tokenizer = tokenizer
        self._passage_tokens = passage_tokens
        self._scores = scores

    def score(self, items: Sequence[SourceAndCandidate]) -> list[Score]:
        cut = [passages(item, self._tokenizer, self._passage_tokens, plain_text) for item in items]
        return scores_of(cut, self._scores([(one.source, one.target) for of in cut for one in of]))
