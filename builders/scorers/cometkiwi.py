"""CometKiwi: learned quality estimation, by a process in the environment that has unbabel-comet."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from builders.recipes.scorers import CometKiwi
from builders.scorers.base import AskedPassage, Keep, Place, Said, Scoring, passages, plain_text
from builders.scorers.learned import LearnedKind, say_in_batches
from processors.conversations.tokenizers import APPROXIMATE, load_tokenizer
from processors.languages.language import Language
from processors.reward.comet import CometProcess
from processors.reward.score import SourceAndCandidate

# Batches that the process is given at once: what an interruption loses.
_TOGETHER = 8


class CometKiwiKind(LearnedKind):
    column = "cometkiwi"

    def ready(self, spec: CometKiwi, warn: Callable[[str], None]) -> None:
        _process(spec).check(warn)

    def inputs(self, spec: CometKiwi) -> dict[str, Any]:
        return {"model": spec.model_dump(mode="json", include={"model", "revision", "passage_tokens"})}

    @contextmanager
    def open(self, spec: CometKiwi, language: Language, place: Place) -> Iterator[Scoring]:
        with _process(spec) as process:
            yield _Kiwi(spec, process)

    def greeted(self, spec: CometKiwi) -> bool:
        # A process of its own ends after it, and leaves no room taken.
        return True

    def said(self, spec: dict[str, Any]) -> str:
        return f"the quality that `{spec['model']}` predicts, passages of about {spec['passage_tokens']} tokens"


class _Kiwi:
    def __init__(self, spec: CometKiwi, process: CometProcess) -> None:
        self.spec = spec
        self.process = process
        self.tokenizer = load_tokenizer(APPROXIMATE)

    def cut(self, items: Sequence[SourceAndCandidate]) -> list[list[AskedPassage]]:
        return [passages(item, self.tokenizer, self.spec.passage_tokens, plain_text) for item in items]

    def say(self, passages: Sequence[AskedPassage], known: Mapping[int, Said], keep: Keep) -> None:
        def scores(places: list[int]) -> list[float]:
            return self.process.scores([passages[place].asked for place in places])

        # The model sorts them by length itself.
        say_in_batches([1] * len(passages), self.spec.batch_size * _TOGETHER, known, keep, scores)


def _process(spec: CometKiwi) -> CometProcess:
    return CometProcess(spec.python, spec.model, spec.revision, spec.batch_size, spec.cpu_threads, spec.timeout_s)


KIND = CometKiwiKind()
