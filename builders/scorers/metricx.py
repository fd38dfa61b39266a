"""MetricX: learned quality estimation, by an mT5 that runs in the build's process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from builders.recipes.scorers import LearnedQuality
from builders.scorers.base import Place, Scoring
from builders.scorers.learned import ByPassages, LearnedKind
from processors.errors import InputError
from processors.languages.language import Language
from processors.reward.metricx import MetricX


class MetricXKind(LearnedKind):
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
        model = _model(spec)
        yield ByPassages(model.encoder.backend_tokenizer, spec.passage_tokens, model.scores)

    def said(self, spec: dict[str, Any]) -> str:
        return f"25 less the errors that `{spec['model']}` predicts, passages of about {spec['passage_tokens']} tokens"


def _model(spec: LearnedQuality) -> MetricX:
    return MetricX(
        spec.model, spec.revision, spec.tokenizer, spec.style, spec.dtype, spec.batch_tokens, spec.cpu_threads
    )


KIND = MetricXKind()
