"""MetricX: learned quality estimation, by an mT5 that runs in the build's process."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from builders.recipes.recipe import Recipe
from builders.recipes.scorers import LearnedQuality
from builders.recipes.translator_base import Cost
from builders.scorers.base import Bill, Place, Score, Scoring, passages, plain_text, scores_of
from processors.errors import InputError
from processors.languages.language import Language
from processors.reward.metricx import MetricX
from processors.reward.score import SourceAndCandidate


class MetricXKind:
    column = "metricx"

    def ready(self, spec: LearnedQuality, warn: Callable[[str], None]) -> None:
        if missing := [name for name in ("torch", "transformers") if find_spec(name) is None]:
            raise InputError(f"ranking.scorers.metricx needs {' and '.join(missing)}: pip install 'smolkalam[train]'")
        if not _model(spec).encoder.is_fast:
            raise InputError(f"metricx: the tokenizer '{spec.tokenizer}' is no fast one")

    def inputs(self, spec: LearnedQuality) -> dict[str, Any]:
        return {"model": spec.model_dump(mode="json", exclude={"cpu_threads"})}

    @contextmanager
    def open(self, spec: LearnedQuality, language: Language, place: Place) -> Iterator[Scoring]:
        yield _Scores(spec, _model(spec))

    def served(self, spec: LearnedQuality) -> bool:
        return False

    def bill(self, spec: LearnedQuality, recipe: Recipe, rows: float, source_tokens: float) -> Bill:
        candidates = rows * len(recipe.translators)
        both = (1 + Cost().output_tokens_per_source_token) * source_tokens / rows
        requests = round(candidates * max(1.0, both / spec.passage_tokens))
        return Bill(spec.model, spec.model, requests, round(candidates * both), 0, None, paid=False)

    def said(self, spec: dict[str, Any]) -> str:
        return f"25 less the errors that `{spec['model']}` predicts, passages of about {spec['passage_tokens']} tokens"


def _model(spec: LearnedQuality) -> MetricX:
    return MetricX(
        spec.model, spec.revision, spec.tokenizer, spec.style, spec.dtype, spec.batch_tokens, spec.cpu_threads
    )


class _Scores:
    def __init__(self, spec: LearnedQuality, model: MetricX) -> None:
        self.spec = spec
        self.model = model

    def score(self, items: Sequence[SourceAndCandidate]) -> list[Score]:
        tokenizer = self.model.encoder.backend_tokenizer
        cut = [passages(item, tokenizer, self.spec.passage_tokens, plain_text) for item in items]
        return scores_of(cut, self.model.scores([(one.source, one.target) for of in cut for one in of]))


KIND = MetricXKind()
