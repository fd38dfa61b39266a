"""A panel of judges that is asked about single answers: what each said of each, and how far they agree.

Their servers are looked at before anything is paid for. One whose first answers cannot be read at all is told then.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from builders.calibration.panel import judge_of
from builders.pools.cost import limits_of
from builders.pools.troubles import troubles_told
from builders.recipes.api_keys import check_key
from builders.recipes.scorers import PanelJudge
from processors.answers.ceiling import Ceiling
from processors.answers.store import AnswerStore
from processors.errors import EngineError
from processors.judging.client import FormClient, varied
from processors.judging.krippendorff import Level, krippendorff_alpha
from processors.judging.rubric import Output
from processors.languages.language import Language

T = TypeVar("T")

# What judges and reward models are tried with before anything is paid for: nothing is wrong with it.
TRIED_WITH = [{"role": "user", "content": "ما عاصمة مصر؟"}], "عاصمة مصر هي القاهرة."
# So many first answers of a judge of which none can be read, and nothing more is paid for.
TRIAL = 10


@dataclass(frozen=True, slots=True)
class PanelQuestion(Generic[T]):
    """What a judge is asked: messages, the form of the answer, and what is read in it (NoJudgement where nothing)."""

    messages: list[dict[str, str]]
    form: Callable[[Output], dict[str, Any]]
    read: Callable[[str, str], T]


@dataclass(slots=True)
class AskedPanel:
    """The judges of a panel that can be asked, as an async context manager. Answers are kept in `folder`.

    `of` tells their answers and bills from those of another panel, in which a judge has the same name.
    """

    judges: Sequence[PanelJudge]
    language: Language
    folder: Path
    max_usd: float | None = None
    of: str = "judge"
    counts: Counter[str] = field(default_factory=Counter)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)
    _clients: dict[str, FormClient] = field(default_factory=dict, init=False)

    async def __aenter__(self) -> Self:
        for spec in self.judges:
            judge = judge_of(spec, self.language)
            store = self._stack.enter_context(AnswerStore(self.folder / "answers" / f"{self.of}-{spec.name}"))
            limits = limits_of(self.folder, f"{self.of}-{spec.name}", spec.cost, None, self.max_usd)
            ceiling = self._stack.enter_context(Ceiling(limits)) if limits else None
            client = FormClient(spec.name, judge.endpoint, spec.output, spec.attempts, store, self._count, ceiling)
            self._clients[spec.name] = await self._stack.enter_async_context(client)
            await self._stack.enter_async_context(troubles_told(f"judge '{spec.name}'", client.troubles))
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._stack.__aexit__(*error)

    async def ready(self) -> None:
        """Wait until all servers are there. Raises EngineError where one is not."""
        await asyncio.gather(*(client.ready() for client in self._clients.values()))

    async def try_out(self, question: PanelQuestion[Any]) -> None:
        """Ask all a question before anything else is paid for. Raises EngineError for what cannot be read."""
        await self.ready()
        for name, found in (await self.ask(question)).items():
            if isinstance(found, str):
                raise EngineError(
                    f"judge '{name}': its answer to a question to try it cannot be read ({found}); take another "
                    "model, or mend its output or decoding; nothing but such a question was asked"
                )

    @property
    def in_flight(self) -> int:
        """How many questions are worth being begun."""
        return 2 * max(judge.concurrency for judge in self.judges)

    def told(self) -> dict[str, dict[str, int]]:
        """Of each judge how many answers could be read, and not."""
        return {one.name: {k: self.counts[f"{k} {one.name}"] for k in ("read", "failed")} for one in self.judges}

    async def ask(self, question: PanelQuestion[T]) -> dict[str, T | str]:
        """What each judge said, by name; a text is why it said nothing."""
        asked: dict[str, asyncio.Task[T | str]] = {}
        async with asyncio.TaskGroup() as group:
            for name in self._clients:
                asked[name] = group.create_task(self._ask(name, question))
        return {name: task.result() for name, task in asked.items()}

    async def _ask(self, name: str, question: PanelQuestion[Any]) -> Any:
        client = self._clients[name]

        def payload(attempt: int, output: Output) -> dict[str, Any]:
            form, decoding = question.form(output), varied(client.endpoint.decoding, attempt)
            return {"messages": question.messages, **form, **decoding}

        found = await client.ask(payload, question.read)
        read = not isinstance(found, str)
        self.counts[f"{'read' if read else 'failed'} {name}"] += 1
        if not self.counts[f"read {name}"] and self.counts[f"failed {name}"] >= TRIAL:
            raise EngineError(
                f"judge '{name}': none of its first {TRIAL} answers can be read ({found}); take another model, or "
                "mend its output or decoding, and run the same command again: what was answered is stored"
            )
        return found

    def _count(self, name: str, number: int) -> None:
        self.counts[name] += number


def look_at_keys(judges: Sequence[PanelJudge], warn: Callable[[str], None]) -> None:
    """Raises InputError where a judge's key is not there."""
    for judge in judges:
        check_key(f"judge '{judge.name}'", judge.base_url, judge.api_key_env, warn=warn)


def alpha(said: Sequence[Mapping[str, float]], judges: Sequence[str], level: Level) -> float | None:
    """Krippendorff's alpha of what judges said of units, rounded; None where it is not defined."""
    found = krippendorff_alpha([[unit.get(judge) for judge in judges] for unit in said], level)
    return None if found is None else round(found, 4)
