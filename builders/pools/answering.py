"""The first stages of every pool: the prompts that are taken, and what its models answered to each."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from builders.engines import engine_of
from builders.pools.ask import (
    Answered,
    Answerer,
    Fault,
    ask_all,
    payload_of,
    usual_fault,
    window_of,
    with_system,
)
from builders.pools.cost import ModelCost, cost_of_asking, limits_of
from builders.pools.prompts import NoPrompt, Prompts, digest_of
from builders.pools.recipe import PoolRecipe
from builders.pools.stages import Record, Stages, Written, in_order, progress
from builders.recipes.translators import Translator
from processors.errors import SmolKalamError, first_error

# Beside the folder `answers`, which holds what was paid for.
PROMPTS, ANSWERS = "prompts", "completions"
# Of what a model wrote that is left out beside what is not, so many characters are kept to look at.
SHOWN = 2000


def take_prompts(
    stages: Stages,
    recipe: PoolRecipe,
    prompts: Prompts,
    keep: Callable[[Record], str] | None = None,
    inputs: Any = None,
) -> Record:
    """The stage of prompts: each once. `keep` says of a prompt why it is left out, `reason: detail`, or nothing.

    `inputs` are what that depends on.
    """

    def make(written: Written) -> None:
        met: dict[str, str] = {}
        for row in prompts.drawn(recipe.seed):
            written.read()
            if isinstance(row, NoPrompt):
                written.leave_out({"id": row.id}, row.reason, row.detail)
                continue
            said = digest_of("\0".join(" ".join(message["content"].split()) for message in row.messages))
            if said in met:
                written.leave_out({"id": row.id}, "duplicate", f"of {met[said]}")
                continue
            met[said] = row.id
            record = asdict(row)
            if why := keep(record) if keep else "":
                reason, _, detail = why.partition(": ")
                written.leave_out({"id": row.id}, reason, detail)
            else:
                written.keep(record)

    return stages.run(PROMPTS, [prompts.digest(), recipe.seed, inputs], make)


@dataclass(slots=True)
class PoolOfModels:
    """Models that answer prompts, in a folder of answers. `fault` says what is wrong with an answer."""

    recipe: PoolRecipe
    models: Sequence[Translator]
    folder: Path
    fault: Fault | None = None
    thoughts: bool = False
    samples: int = 1
    # What is asked of a prompt, where that is more than its messages.
    shown: Callable[[Record], list[dict[str, str]]] | None = None

    def messages(self, prompt: Record) -> list[dict[str, str]]:
        """What is asked of a prompt."""
        messages = self.shown(prompt) if self.shown else prompt["messages"]
        return with_system(messages, self.recipe.answering.system, prompt["language"])

    def payloads(self, spec: Translator, prompts: Iterator[Record]) -> Iterator[dict[str, Any]]:
        """All that a model is asked."""
        for prompt in prompts:
            for sample in range(self.samples):
                yield payload_of(spec, self.messages(prompt), self.recipe.seed + sample)

    def costs(self, prompts: Callable[[], Iterator[Record]]) -> list[ModelCost]:
        """What is still to be asked of each model."""
        recipe = self.recipe
        return [
            cost_of_asking(
                spec,
                recipe.language,
                self.payloads(spec, prompts()),
                self.folder / "answers" / spec.name,
                recipe.answering.answer_tokens,
                self.thoughts,
            )
            for spec in self.models
        ]

    def inputs(self) -> Any:
        """What the answers depend on."""
        shapes = [engine_of(spec).shapes_answers() for spec in self.models]
        answering = self.recipe.answering.model_dump(mode="json", exclude={"answer_tokens"})
        return [shapes, answering, self.samples, self.recipe.seed, self.recipe.language.model_dump(), self.thoughts]

    def answer(self, stages: Stages, prompts: str = PROMPTS, name: str = ANSWERS) -> Record:
        """The stage of answers: a record a prompt with all usable ones; a prompt without any is left out.

        Raises EngineError where a model cannot be asked, or is of no use.
        """
        total = stages.told(prompts)["counts"].get("kept", 0)

        def make(written: Written) -> Record:
            return asyncio.run(self._answer(stages.kept(prompts), total, written, name))

        return stages.run(name, self.inputs(), make)

    async def _answer(self, prompts: Iterator[Record], total: int, written: Written, name: str) -> Record:
        fault = self.fault or usual_fault(self.recipe.language, self.recipe.answering.least_script)
        answerers = [self._answerer(spec) for spec in self.models]
        try:
            async with AsyncExitStack() as stack:
                for one in answerers:
                    await stack.enter_async_context(one)
                await asyncio.gather(*(one.ready() for one in answerers))

                async def work(prompt: Record) -> list[Answered]:
                    return await ask_all(answerers, self.messages(prompt), self.samples, fault)

                with progress(name, total) as show:
                    rows = in_order(prompts, work, lambda: window_of(answerers))
                    async with aclosing(rows):
                        async for prompt, found in rows:
                            take_answers(written, prompt, found)
                            show(written.counts["read"], f"{written.counts['usable']:,} usable answers")
        except* SmolKalamError as errors:
            raise first_error(errors) from None
        return {"models": {one.name: by_reason(written, one.name) for one in answerers}}

    def _answerer(self, spec: Translator) -> Answerer:
        cost = engine_of(spec).cost
        most = spec.max_usd  # type: ignore[union-attr]
        limits = limits_of(self.folder, spec.name, cost if cost.priced else None, most, self.recipe.max_usd)
        return Answerer(spec, self.recipe.language, self.folder, self.recipe.seed, limits, self.thoughts)


def take_answers(written: Written, prompt: Record, found: Sequence[Answered]) -> None:
    """Keep a prompt with its usable answers and those that are not; or leave it out where it has none."""
    written.read()
    usable = [one.plain() for one in found if not one.reason]
    # What people may come to choose is kept whole.
    most = SHOWN if usable else None
    refused = [{**one.plain(), "text": one.text[:most]} for one in found if one.reason]
    for one in found:
        written.note(f"answers {one.model}")
        written.note(f"{one.reason or 'usable'} {one.model}")
    written.note("usable", len(usable))
    record = {**prompt, "answers": usable, "refused": refused}
    if usable:
        written.keep(record)
        return
    reasons = sorted({one.reason for one in found})
    written.leave_out(record, f"all_{reasons[0]}" if len(reasons) == 1 else "no_answer", ", ".join(reasons))


def by_reason(written: Written, model: str) -> dict[str, int]:
    """How many answers a model gave, and of these how many are usable, or why not."""
    counts = written.counts
    end = f" {model}"
    return {name.removesuffix(end): counts[name] for name in sorted(counts) if name.endswith(end)}
