"""Marks of a judge: a rubric's 0 to 100 for each passage, by any OpenAI-compatible server, each paid for once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from builders.calibration.panel import judge_of
from builders.recipes.api_keys import check_key
from builders.recipes.recipe import Recipe
from builders.recipes.scorers import JudgeScore
from builders.scorers.asking import AtWork, asking, ceiling_of
from builders.scorers.base import AskedPassage, Bill, Keep, PassageCount, Place, Said, Scoring, passages
from processors.answers.store import AnswerStore
from processors.conversations.tokenizers import APPROXIMATE, load_tokenizer
from processors.judging.mark import mark_messages
from processors.languages.language import Language
from processors.reward.score import SourceAndCandidate

if TYPE_CHECKING:
    from processors.judging.client import MarkClient


class JudgeScoreKind:
    column = "judge_score"

    def ready(self, spec: JudgeScore, warn: Callable[[str], None]) -> None:
        check_key(f"judge '{spec.name}'", spec.base_url, spec.api_key_env, warn=warn)

    def inputs(self, spec: JudgeScore) -> dict[str, Any]:
        shapes = {"model", "revision", "decoding", "output", "attempts", "passage_tokens"}
        return {"judge": spec.model_dump(mode="json", include=shapes), "asked": mark_messages("", "", "")}

    def resolved(self, spec: JudgeScore) -> dict[str, Any]:
        return {}

    @contextmanager
    def open(self, spec: JudgeScore, language: Language, place: Place) -> Iterator[Scoring]:
        from processors.judging.client import MarkClient

        with ExitStack() as stack:
            ceiling = ceiling_of(f"judge-{spec.name}", spec.cost, place, stack)
            store = stack.enter_context(AnswerStore(place.answers))
            judge = judge_of(spec, language)
            client = MarkClient(judge.name, judge.endpoint, judge.output, judge.attempts, store, _nothing, ceiling)
            yield _Marks(
                spec, language.name, client, stack.enter_context(asking(client, spec.concurrency, place.engines))
            )

    def greeted(self, spec: JudgeScore) -> bool:
        return self.served(spec)

    def served(self, spec: JudgeScore) -> bool:
        return True

    def bill(self, spec: JudgeScore, recipe: Recipe, rows: float, source_tokens: float) -> Bill:
        scored = PassageCount.of(recipe, rows, source_tokens, spec.passage_tokens)
        rubric = sum(len(message["content"]) for message in mark_messages("", "", recipe.language.name)) / 4
        asked, answered = scored.passages * rubric + scored.tokens, scored.passages * spec.answer_tokens
        usd = spec.cost.usd(round(asked), round(answered)) if spec.cost else None
        return Bill(f"judge {spec.name}", spec.model, round(scored.passages), round(asked), round(answered), usd)

    def said(self, spec: dict[str, Any]) -> str:
        return f"marks from 0 to 100 of `{spec['model']}` for passages of about {spec['passage_tokens']} tokens"


def _nothing(name: str, count: int) -> None:
    """Answers are counted where they are stored."""


class _Marks:
    def __init__(self, spec: JudgeScore, language: str, client: MarkClient, at_work: AtWork) -> None:
        self.spec = spec
        self.language = language
        self.client = client
        self.at_work = at_work
        self.tokenizer = load_tokenizer(APPROXIMATE)

    def cut(self, items: Sequence[SourceAndCandidate]) -> list[list[AskedPassage]]:
        return [passages(item, self.tokenizer, self.spec.passage_tokens) for item in items]

    def say(self, passages: Sequence[AskedPassage], known: Mapping[int, Said], keep: Keep) -> None:
        self.at_work.all(passages, known, keep, self._mark)

    async def _mark(self, texts: tuple[str, str]) -> Said:
        return await self.client.mark(*texts, self.language)


KIND = JudgeScoreKind()
