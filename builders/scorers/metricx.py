"""MetricX: learned quality estimation, by an mT5 that runs in the build's process."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from builders.recipes.scorers import LearnedQuality
from builders.scorers.base import AskedPassage, Keep, Place, Said, Scoring, passages, plain_text
from builders.scorers.learned import LearnedKind, say_in_batches
from processors.errors import InputError
from processors.languages.language import Language
from processors.reward.metricx import MetricX
from processors.reward.score import SourceAndCandidate


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
        yield _MetricX(spec, _model(spec))

    def said(self, spec: dict[str, Any]) -> str:
        return f"25 less the errors that `{spec['model']}` predicts, passages of about {spec['passage_tokens']} tokens"


class _MetricX:
    def __init__(self, spec: LearnedQuality, model: MetricX) -> None:
        self.spec = spec
        self.model = model

    def cut(self, items: Sequence[SourceAndCandidate]) -> list[list[AskedPassage]]:
        tokenizer = self.model.encoder.backend_tokenizer
        found = [passages(item, tokenizer, self.spec.passage_tokens, plain_text) for item in items]
        ids = iter(self.model.ids([passage.asked for of in found for passage in of]))
        return [[passage._replace(asked=next(ids)) for passage in of] for of in found]

    def say(self, passages: Sequence[AskedPassage], known: Mapping[int, Said], keep: Keep) -> None:
        rows = [passage.asked for passage in passages]
        lengths = [len(row) for row in rows]

        def scores(places: list[int]) -> list[float]:
            return self.model.of_batch([rows[place] for place in places])

        say_in_batches(lengths, self.spec.batch_tokens, known, keep, scores)


def _model(spec: LearnedQuality) -> MetricX:
    return MetricX(spec.model, spec.revision, spec.tokenizer, spec.style, spec.dtype, spec.cpu_threads)


KIND = MetricXKind()
