"""Asks a panel of judges: each pair in both orders, what is stored for nothing, and who says nothing is told early."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from builders.recipes.scorers import PanelJudge
from processors.answers.ceiling import Ceiling
from processors.answers.store import AnswerStore
from processors.clients.prompts import PromptConfig
from processors.errors import EngineError, SmolKalamError, first_error
from processors.judging.panel import CandidatePair, JudgedPair, judge_reports, share
from processors.languages.language import Language

# httpx and datatrove's inference are imported where a judge is asked: each build imports this file.
if TYPE_CHECKING:
    from processors.judging.client import Judge, JudgeClient

# So many verdicts of a judge must hold one that is for a translation, or nothing more is paid for. Ties may be honest:
# of them it takes more.
TRIAL, TIES = 10, 20


def judge_of(spec: PanelJudge, language: Language) -> Judge:
    """What a panel's judge is asked, and where."""
    from processors.clients.endpoint import EndpointConfig
    from processors.judging.client import Judge

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
    from processors.judging.client import JudgeClient

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
        self._ties: Counter[str] = Counter()
        self._useful: set[str] = set()

    def __call__(self, index: int, verdict: JudgedPair) -> None:
        """Raises EngineError after TRIAL verdicts that are none or for what is shown in one place, or TIES ties."""
        judge, tie = verdict.judge, verdict.verdict == "tie" and not verdict.flipped
        self._heard[judge] += 1
        self._ties[judge] += tie
        if verdict.verdict in ("a", "b"):
            self._useful.add(judge)
        if judge in self._useful or self._heard[judge] < (TIES if self._ties[judge] else TRIAL):
            return
        why = verdict.failure or ("a tie" if tie else "another winner whenever the order is swapped")
        raise EngineError(
            f"judge '{judge}': none of its first {self._heard[judge]} verdicts says anything ({why}); take another "
            "model, or mend its output or decoding, and run the same command again: what was answered is stored"
        )


def left_out(verdicts: Sequence[JudgedPair]) -> dict[str, str]:
    """The judges that say no more than a coin would, and why: nothing is to be learnt of them.

    Tossed for both orders a coin is of one mind in half of the pairs, whatever its bias in no more (p² + q² names
    the place first shown or the other one twice, which is another winner). A judge must surely be above that.
    """
    found = {}
    for judge, report in judge_reports(verdicts).items():
        same = report.judged - report.ties - report.flips.hits
        decided = share(same, same + report.flips.hits)
        if decided.low <= 0.5:
            found[judge] = (
                f"of {report.judged:,} pairs it preferred a translation in both orders in {same:,}, whatever was "
                f"shown in one place in {report.flips.hits:,}, neither in {report.ties:,}: no more than chance says"
            )
    return found
