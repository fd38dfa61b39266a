"""`smolkalam arbitrate`: from prompts to the best answers and the pairs with the largest difference, as a dataset.

The reward model, the judges and all models of the pool are reached before anything is paid for. Then the price is
told, and each stage keeps what it has done: the same command goes on, and asks for nothing twice.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders.arbitrage.choose import choose
from builders.arbitrage.marks import MARKS, mark_answers
from builders.arbitrage.people import QUEUE, REVIEW, read_said
from builders.arbitrage.recipe import ArbitrageRecipe, label_of, load_arbitrage
from builders.arbitrage.told import Winners, tables
from builders.engines import engine_of
from builders.pools.answering import ANSWERS, PROMPTS, PoolOfModels, take_prompts
from builders.pools.cost import RUBRIC_TOKENS, ModelCost, agree_to, cost_of_judge
from builders.pools.dataset import AnsweredDataset, new_dataset, write_config
from builders.pools.first_look import first_look
from builders.pools.marks import load_criteria, mark_question
from builders.pools.panel import TRIED_WITH, AskedPanel, look_at_keys
from builders.pools.prompts import Prompts
from builders.pools.rewards import REWARDS, RewardOfAnswers
from builders.pools.stages import STAGE, Record, Stages, Written, emptied, say, warn, work_folder
from builders.preferences.pairs import is_test
from builders.recipes.api_keys import check_key
from builders.reports.bars import table_console
from builders.run_folder import schemas
from processors.atomic_files import write_text
from processors.errors import InputError, SmolKalamError, first_error

if TYPE_CHECKING:
    import pyarrow as pa

CHOICE, REPORT = "choice", "arbitrage.json"


Arbitrated = AnsweredDataset[ArbitrageRecipe]
Finish = Callable[[Path, Arbitrated], None]


def run_arbitrage(
    name: str, output: Path, settings: Iterable[str] = (), *, yes: bool = False, finish: Finish | None = None
) -> None:
    """Arbitrate by a recipe into the folder `output`; interrupted, the same command goes on.

    `finish` writes the card. Raises InputError for what the user can mend, EngineError where a model, the reward model
    or a judge cannot be asked or is of no use.
    """
    recipe, where = load_arbitrage(name, settings)
    with work_folder(output, "arbitrate") as folder:
        _Arbitrage(recipe, where, folder).run(yes, finish)


class _Arbitrage:
    def __init__(self, recipe: ArbitrageRecipe, where: str, folder: Path) -> None:
        self.recipe, self.folder = recipe, folder
        self.stages = Stages(folder, say)
        self.pool = PoolOfModels(recipe, recipe.pool, folder, samples=recipe.answering.samples)
        given = Path(recipe.choose.verdicts) if recipe.choose.verdicts else folder / REVIEW
        self.people = read_said(given, recipe.labels()) if recipe.choose.verdicts or given.is_dir() else None
        try:
            self.prompts = Prompts(recipe.source, recipe.language)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None

    def run(self, yes: bool, finish: Finish | None) -> None:
        recipe, stages = self.recipe, self.stages
        self._look_at_keys()
        reward = RewardOfAnswers(recipe.reward, warn) if recipe.reward else None
        self.prompts.fetch(say)
        done = {PROMPTS: take_prompts(stages, recipe, self.prompts)}
        if not done[PROMPTS]["counts"].get("kept"):
            raise InputError(f"{recipe.source.path}: no row is a prompt; {stages.folder / PROMPTS} says why")
        costs = self.pool.costs(lambda: stages.kept(PROMPTS))
        costs += self._costs_of_judges(sum(one.requests + one.stored for one in costs))
        agree_to(costs, yes=yes, say=say)
        if any(one.requests for one in costs):
            # Before a model of the pool is paid: what is to judge its answers is there, and can.
            if reward:
                reward.probe()
            self._try_judges()
            first_look(stages, recipe.pool, lambda few: self._phases(few, reward))
        done |= self._phases(stages, reward)
        told: Record = {"stages": {n: {k: t[k] for k in ("counts", "left_out")} for n, t in done.items()}}
        told |= {"ordered_by": recipe.by, **done[CHOICE]["more"]}
        told["models_told"] = done[ANSWERS]["more"]["models"]
        if recipe.panel:
            told["panel"] = done[MARKS]["more"]
        self._write(told, finish)
        console = table_console()
        for table in tables(told):
            console.print(table)

    def _phases(self, stages: Stages, reward: RewardOfAnswers | None) -> dict[str, Record]:
        """The stages after that of prompts, by name."""
        done = {ANSWERS: self.pool.answer(stages)}
        if reward:
            done[REWARDS] = reward.score(stages)
        if self.recipe.panel:
            done[MARKS] = mark_answers(stages, self.recipe, list(done)[-1])
        return done | {CHOICE: self._choose(stages, list(done)[-1])}

    def _look_at_keys(self) -> None:
        for spec in self.recipe.pool:
            for address in engine_of(spec).addresses():
                check_key(f"'{spec.name}'", address.base_url, address.api_key_env, warn=warn)
        if self.recipe.panel:
            look_at_keys(self.recipe.panel.judges, warn)

    def _costs_of_judges(self, answers: int) -> list[ModelCost]:
        marked = (self.folder / MARKS / STAGE).exists()
        judges = self.recipe.panel.judges if self.recipe.panel and not marked else []
        each = RUBRIC_TOKENS + self.recipe.answering.answer_tokens
        return [cost_of_judge(judge, answers, each) for judge in judges]

    def _try_judges(self) -> None:
        recipe = self.recipe
        if recipe.panel is None:
            return
        asked = mark_question(load_criteria(recipe.panel.rubric), *TRIED_WITH, recipe.language)
        judges = recipe.panel.judges

        async def reach() -> None:
            async with AskedPanel(judges, recipe.language, self.folder) as panel:
                await panel.try_out(asked)

        try:
            asyncio.run(reach())
        except* SmolKalamError as errors:
            raise first_error(errors) from None

    def _choose(self, stages: Stages, of: str) -> Record:
        recipe = self.recipe

        def make(written: Written) -> Record:
            winners = Winners([spec.name for spec in recipe.pool])
            pairs: dict[str, int] = {}
            for row in chain(stages.kept(of), self._brought_back(stages)):
                written.read()
                if "reason" not in row:
                    winners.answered(row)
                chosen = choose(row, recipe, self.people)
                if chosen.best is None:
                    written.leave_out(row, chosen.why, chosen.detail)
                    continue
                winners.chosen(row, chosen.best, chosen.worse)
                why = "pair" if chosen.worse else chosen.why
                pairs[why] = pairs.get(why, 0) + 1
                one = {"best": chosen.best, "worse": chosen.worse, "difference": chosen.difference, "by": chosen.by}
                written.keep({**row, **one, "no_pair": "" if chosen.worse else why})
            return {**winners.plain(), "pairs": dict(sorted(pairs.items()))}

        choice = recipe.choose.model_dump(mode="json")
        said = self.people.digest() if self.people else ""
        return stages.run(CHOICE, [choice, recipe.by, said], make)

    def _brought_back(self, stages: Stages) -> Iterator[Record]:
        """Prompts that a stage before left out, and of which people said something, with what was refused."""
        said = self.people.rows() if self.people else set()
        for stage in (ANSWERS, REWARDS):
            if said and (stages.folder / stage).exists():
                for row in stages.left_out(stage):
                    if row["id"] in said and row.get("refused"):
                        yield {**row, "answers": row["refused"], "refused": []}

    def _write(self, told: Record, finish: Finish | None) -> None:
        recipe, outputs = self.recipe, self.recipe.outputs
        write_text(self.folder / REPORT, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        if recipe.choose.bad == "queue":
            lines = (json.dumps(row, ensure_ascii=False) for row in self._queue())
            text = "".join(line + "\n" for line in lines)
            write_text(self.folder / QUEUE, text, errors="backslashreplace")
        if not told["stages"][CHOICE]["counts"].get("kept"):
            raise InputError(
                f"{recipe.name}: no prompt has a good answer; {self.folder / emptied(told['stages'])} says why"
            )
        with new_dataset(self.folder) as folder:
            configs = [write_config(folder, outputs.sft, sft_schema(), self._best(), outputs)]
            if told["pairs"].get("pair"):
                configs.append(write_config(folder, outputs.preference, pair_schema(), self._pairs(), outputs))
            if finish:
                finish(folder, Arbitrated(recipe, self.prompts, configs, told))

    def _split(self, row: Record) -> str:
        test = is_test(row["messages"], self.recipe.outputs.test_share, self.recipe.seed)
        return "test" if test else "train"

    def _best(self) -> Iterator[tuple[str, Record]]:
        for row in self.stages.kept(CHOICE):
            best = row["best"]
            answer = {"content": best["text"], "role": "assistant"}
            yield (
                self._split(row),
                {
                    "messages": [*row["messages"], answer],
                    "chat_template_kwargs": no_kwargs(),
                    "model": best["model"],
                    "reward": best.get("reward"),
                    "mark": best.get("mark"),
                    "answers": len(row["answers"]),
                    **self._of_row(row),
                },
            )

    def _pairs(self) -> Iterator[tuple[str, Record]]:
        for row in self.stages.kept(CHOICE):
            if row["worse"] is None:
                continue
            sides = {"chosen": row["best"], "rejected": row["worse"]}
            made: Record = {"prompt": row["messages"], "difference": row["difference"], "margin": row["difference"]}
            for side, one in sides.items():
                made[side] = [{"content": one["text"], "role": "assistant"}]
                made |= {f"{side}_{name}": one.get(name) for name in ("model", "reward", "mark")}
            yield self._split(row), made | {"chat_template_kwargs": no_kwargs()} | self._of_row(row)

    def _of_row(self, row: Record) -> Record:
        about = {"source_id": row["id"], "by": row["by"]}
        return about | {name: row[name] for name in ("source", "domain", "language")}

    def _queue(self) -> Iterator[Record]:
        """What a person may look at: prompts without a good answer, with all that was answered."""
        samples = self.recipe.answering.samples
        # What people said of them before is in the data, or has not sufficed.
        decided = {row["id"] for row in self._brought_back(self.stages)}
        for stage in (ANSWERS, REWARDS, CHOICE):
            if not (self.folder / stage).exists():
                continue
            for row in self.stages.left_out(stage):
                if stage != CHOICE and row["id"] in decided:
                    continue
                candidates = [
                    {
                        "name": label_of(one["model"], one["sample"], samples),
                        **{name: one.get(name) for name in ("text", "reward", "mark", "reason", "detail")},
                    }
                    for one in [*row.get("answers", ()), *row.get("refused", ())]
                ]
                about = {"id": row["id"], "why": row["reason"], "prompt": row["messages"]}
                yield about | {"candidates": candidates}


def no_kwargs() -> Record:
    """`chat_template_kwargs` of a row without tools, instructions and thinking."""
    return {"custom_instructions": "", "enable_thinking": False, "python_tools": [], "xml_tools": []}


def _about() -> Any:
    import pyarrow as pa

    return [(name, pa.string()) for name in ("source_id", "by", "source", "domain", "language")]


def sft_schema() -> "pa.Schema":
    """Columns of the best answers."""
    import pyarrow as pa

    scores = [("model", pa.string()), ("reward", pa.float64()), ("mark", pa.float64()), ("answers", pa.int64())]
    return pa.schema(
        [
            ("messages", schemas.messages()),
            ("chat_template_kwargs", schemas.chat_template_kwargs()),
            *scores,
            *_about(),
        ]
    )


def pair_schema() -> "pa.Schema":
    """Columns of a pair, in TRL's conversational form, as `smolkalam preferences` has them."""
    import pyarrow as pa

    sides = [
        (f"{side}_{name}", pa.string() if name == "model" else pa.float64())
        for side in ("chosen", "rejected")
        for name in ("model", "reward", "mark")
    ]
    return pa.schema(
        [
            ("prompt", schemas.messages()),
            ("chosen", schemas.messages()),
            ("rejected", schemas.messages()),
            ("margin", pa.float64()),
            ("difference", pa.float64()),
            *sides,
            *_about(),
            ("chat_template_kwargs", schemas.chat_template_kwargs()),
        ]
    )
