"""CometKiwi: learned quality estimation, by a process in the environment that has unbabel-comet."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from builders.recipes.scorers import CometKiwi
from builders.scorers.base import Place, Scoring
from builders.scorers.learned import ByPassages, LearnedKind
from processors.conversations.tokenizers import APPROXIMATE, load_tokenizer
from processors.languages.language import Language
from processors.reward.comet import CometProcess


class CometKiwiKind(LearnedKind):
    column = "cometkiwi"

    def ready(self, spec: CometKiwi, warn: Callable[[str], None]) -> None:
        _process(spec).check()

    def inputs(self, spec: CometKiwi) -> dict[str, Any]:
        return {"model": spec.model_dump(mode="json", include={"model", "revision", "passage_tokens"})}

    @contextmanager
    def open(self, spec: CometKiwi, language: Language, place: Place) -> Iterator[Scoring]:
        with _process(spec) as process:
            yield ByPassages(load_tokenizer(APPROXIMATE), spec.passage_tokens, process.scores)

    def said(self, spec: dict[str, Any]) -> str:
        return f"the quality that `{spec['model']}` predicts, passages of about {spec['passage_tokens']} tokens"


def _process(spec: CometKiwi) -> CometProcess:
    return CometProcess(spec.python, spec.model, spec.revision, spec.batch_size, spec.cpu_threads)


KIND = CometKiwiKind()
