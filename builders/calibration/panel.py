"""Asks a panel of judges: each pair in both orders, what is stored for nothing, and who says nothing is told early."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from builders.recipes.scorers import PanelJudge
from processors.answers.ceiling import Ceiling
from processors.answers.store import AnswerStore
from processors.clients.endpoint import EndpointConfig
from processors.clients.prompts import PromptConfig
from processors.errors import EngineError, SmolKalamError, first_error
from processors.judging.client import Judge, JudgeClient
from processors.judging.panel import CandidatePair, JudgedPair
from processors.languages.language import Language

# So many verdicts of a judge must hold one that says something, or nothing more is paid for.
TRIAL = 10


def judge_of(spec: PanelJudge, language: Language) -> Judge:
    """What a panel's judge is asked, and where."""
    endpoint = EndpointConfig(
        base_url=spec.base_url,
        model=spec.model,
        # The client asks for the endpoint's kind only; a judge's messages are its own.
        prompt=PromptConfig(language),
        revision=spec.revision,
        api_key_env=spec.api_key_env,
        decoding=spec.decoding.fields(),
        concurrency=spec.concurrency,
        timeout_s=spec.timeout_s,
    )
    return Judge(spec.name, endpoint, language.name, spec.output, spec.attempts)


async def ask_panel(
    judges: Sequence[Judge],
    pairs: Sequence[CandidatePair],
    store: AnswerStore,
    *,
    count: Callable[[str, int], None],
    told: Callable[[int, JudgedPair], None],
    ceilings: Mapping[str, Ceiling] | None = None,
) -> list[JudgedPair]:
    """All verdicts, by pair, then by judge; `told` hears of each as it comes, with its judge's place.

    Raises the first SmolKalamError of a judge, or of `told`.
    """
    verdicts: dict[tuple[int, int], JudgedPair] = {}

    async def ask(index: int, judge: Judge) -> None:
        todo = iter(enumerate(pairs))

        async def judge_next(client: JudgeClient) -> bool:
            number, pair = next(todo, (None, None))
            if number is None or pair is None:
                return False
            verdicts[number, index] = await client.verdict(pair)
            told(index, verdicts[number, index])
            return True

        async def work(client: JudgeClient) -> None:
            while await judge_next(client):
                pass

        async with JudgeClient(judge, store, count, (ceilings or {}).get(judge.name)) as client:
            # One alone first: it finds a wrong key and a server without structured output before many are paid.
            await judge_next(client)
            async with asyncio.TaskGroup() as group:
                for _ in range(min(judge.endpoint.concurrency, len(pairs))):
                    group.create_task(work(client))

    try:
        async with asyncio.TaskGroup() as group:
            for index, judge in enumerate(judges):
                group.create_task(ask(index, judge))
    except* SmolKalamError as errors:
        raise first_error(errors) from None
    return [verdicts[place] for place in sorted(verdicts)]


class JudgesTrial:
    """Hears a panel's verdicts, and stops it where a judge's first ones say nothing."""

    def __init__(self) -> None:
        self._heard: Counter[str] = Counter()
        self._useful: set[str] = set()

    def __call__(self, index: int, verdict: JudgedPair) -> None:
        """Raises EngineError after TRIAL verdicts that are all none, or all for whatever is shown in one place."""
        self._heard[verdict.judge] += 1
        if verdict.verdict is not None and not verdict.flipped:
            self._useful.add(verdict.judge)
        if verdict.judge not in self._useful and self._heard[verdict.judge] >= TRIAL:
            why = verdict.failure or "another winner whenever the order is swapped"
            raise EngineError(
                f"judge '{verdict.judge}': none of its first {TRIAL} verdicts says anything ({why}); take another "
                "model, or mend its output or decoding, and run the same command again: what was answered is stored"
            )
