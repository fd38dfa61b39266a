"""CometKiwi: learned quality estimation, by a process in the environment that has unbabel-comet."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from builders.recipes.recipe import Recipe
from builders.recipes.scorers import CometKiwi
from builders.recipes.translator_base import Cost
from builders.scorers.base import Bill, Place, Score, Scoring, passages, plain_text, scores_of
from processors.conversations.tokenizers import APPROXIMATE, load_tokenizer
from processors.languages.language import Language
from processors.reward.comet import CometProcess
from processors.reward.score import SourceAndCandidate


class CometKiwiKind:
    column = "cometkiwi"

    def ready(self, spec: CometKiwi, warn: Callable[[str], None]) -> None:
        _process(spec).check()

    def inputs(self, spec: CometKiwi) -> dict[str, Any]:
        return {"model": spec.model_dump(mode="json", include={"model", "revision", "passage_tokens"})}

    @contextmanager
    def open(self, spec: CometKiwi, language: Language, place: Place) -> Iterator[Scoring]:
        with _process(spec) as process:
            yield _OfProcess(spec, process)

    def served(self, spec: CometKiwi) -> bool:
        return False

    def bill(self, spec: CometKiwi, recipe: Recipe, rows: float, source_tokens: float) -> Bill:
        candidates = rows * len(recipe.translators)
        both = (1 + Cost().output_tokens_per_source_token) * source_tokens / rows
        requests = round(candidates * max(1.0, both / spec.passage_tokens))
        return Bill(spec.model, spec.model, requests, round(candidates * both), 0, None, paid=False)

    def said(self, spec: dict[str, Any]) -> str:
        return f"the quality that `{spec['model']}` predicts, passages of about {spec['passage_tokens']} tokens"


def _process(spec: CometKiwi) -> CometProcess:
    return CometProcess(spec.python, spec.model, spec.revision, spec.batch_size, spec.cpu_threads)


class _OfProcess:
    def __init__(self, spec: CometKiwi, process: CometProcess) -> None:
        self.spec = spec
        self.process = process
        self.tokenizer = load_tokenizer(APPROXIMATE)

    def score(self, items: Sequence[SourceAndCandidate]) -> list[Score]:
        cut = [passages(item, self.tokenizer, self.spec.passage_tokens, plain_text) for item in items]
        return scores_of(cut, self.process.scores([(one.source, one.target) for of in cut for one in of]))


KIND = CometKiwiKind()
