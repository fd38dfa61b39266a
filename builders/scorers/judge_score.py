"""Marks of a judge: a rubric's 0 to 100 for each passage, by any OpenAI-compatible server, each paid for once."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from builders.calibration.panel import judge_of
from builders.recipes.api_keys import check_key
from builders.recipes.recipe import Recipe
from builders.recipes.scorers import JudgeScore
from builders.recipes.translator_base import Cost
from builders.scorers.base import Bill, PassagePair, Place, Score, Scoring, mean, passages
from processors.answers import Limits
from processors.answers.ceiling import Ceiling
from processors.answers.store import AnswerStore
from processors.conversations.tokenizers import APPROXIMATE, load_tokenizer
from processors.errors import SmolKalamError, first_error
from processors.judging.client import MarkClient
from processors.judging.mark import mark_messages
from processors.languages.language import Language
from processors.reward.score import SourceAndCandidate


class _Kind:
    column = "judge_score"

    def ready(self, spec: JudgeScore, warn: Callable[[str], None]) -> None:
        check_key(f"judge '{spec.name}'", spec.base_url, spec.api_key_env, warn=warn)

    def inputs(self, spec: JudgeScore) -> dict[str, Any]:
        shapes = {"model", "revision", "decoding", "output", "attempts", "passage_tokens"}
        return {"judge": spec.model_dump(mode="json", include=shapes), "asked": mark_messages("", "", "")}

    @contextmanager
    def open(self, spec: JudgeScore, language: Language, place: Place) -> Iterator[Scoring]:
        with ExitStack() as stack:
            ceiling = None
            if place.max_usd is not None:
                bill = (spec.cost or Cost()).bill
                limits = Limits(place.spending, f"judge-{spec.name}", bill, None, place.max_usd)
                ceiling = stack.enter_context(Ceiling(limits))
            store = stack.enter_context(AnswerStore(place.answers))
            judge = judge_of(spec, language)
            client = MarkClient(judge.name, judge.endpoint, judge.output, judge.attempts, store, _nothing, ceiling)
            # One loop for all units: the client learns how much a server takes.
            runner = stack.enter_context(asyncio.Runner())
            runner.run(client.__aenter__())
            stack.callback(lambda: runner.run(client.__aexit__(None, None, None)))
            yield _Marks(spec, language.name, client, runner)

    def bill(self, spec: JudgeScore, recipe: Recipe, rows: float, source_tokens: float) -> Bill:
        candidates = rows * len(recipe.translators)
        both = (1 + Cost().output_tokens_per_source_token) * source_tokens / rows
        requests = candidates * max(1.0, both / spec.passage_tokens)
        rubric = sum(len(message["content"]) for message in mark_messages("", "", recipe.language.name)) / 4
        asked, answered = requests * rubric + candidates * both, requests * spec.answer_tokens
        usd = spec.cost.usd(round(asked), round(answered)) if spec.cost else None
        return Bill(f"judge {spec.name}", spec.model, round(requests), round(asked), round(answered), usd)

    def said(self, spec: dict[str, Any]) -> str:
        return f"marks from 0 to 100 of `{spec['model']}` for passages of about {spec['passage_tokens']} tokens"


def _nothing(name: str, count: int) -> None:
    """Answers are counted where they are stored."""


class _Marks:
    def __init__(self, spec: JudgeScore, language: str, client: MarkClient, runner: asyncio.Runner) -> None:
        self.spec = spec
        self.language = language
        self.client = client
        self.runner = runner
        self.tokenizer = load_tokenizer(APPROXIMATE)
        # The first question goes alone: it finds a wrong key before many are asked.
        self.greeted = False

    def score(self, items: Sequence[SourceAndCandidate]) -> list[Score]:
        cut = [passages(item, self.tokenizer, self.spec.passage_tokens) for item in items]
        marks = self.runner.run(self._all([passage for of in cut for passage in of]))
        found, at = [], 0
        for of in cut:
            found.append(_score(of, marks[at : at + len(of)]))
            at += len(of)
        return found

    async def _all(self, asked: list[PassagePair]) -> list[float | str]:
        marks: dict[int, float | str] = {}
        todo = iter(enumerate(asked))

        async def mark_next() -> bool:
            number, passage = next(todo, (None, None))
            if number is None or passage is None:
                return False
            marks[number] = await self.client.mark(passage.source, passage.target, self.language)
            return True

        async def work() -> None:
            while await mark_next():
                pass

        try:
            if not self.greeted:
                self.greeted = await mark_next()
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.spec.concurrency, len(asked))):
                    group.create_task(work())
        except* SmolKalamError as errors:
            raise first_error(errors) from None
        return [marks[number] for number in range(len(asked))]


def _score(of: list[PassagePair], marks: list[float | str]) -> Score:
    """Null where a passage got no mark: the mean of the others would be of another text."""
    failure = next((mark for mark in marks if isinstance(mark, str)), None)
    if failure is not None:
        return Score(None, len(of), failure)
    given = [mark for mark in marks if not isinstance(mark, str)]
    return Score(mean(given, [passage.tokens for passage in of]), len(of))


KIND = _Kind()
