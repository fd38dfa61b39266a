"""The rounds: sample, judge, pair, train, watch; and what ends them.

Each is a step of the plan's folder. What a round comes to is decided by the guards from figures that stand in the
journal, so a run that was killed decides as one that was not.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_recipes.evaluation.asked.models import Model
from model_recipes.on_policy.answers import Sampling
from model_recipes.on_policy.guards import Watched, tripped, watch
from model_recipes.on_policy.needs import RoundNeeds
from model_recipes.on_policy.pairs import best_and_worst
from model_recipes.on_policy.prompts import Prompt
from model_recipes.on_policy.rewards import write_judged
from model_recipes.on_policy.sampling import read_answers, write_asked
from model_recipes.on_policy.settings import OnPolicyPlan
from model_recipes.plans import PlanRun, PlanStep
from model_recipes.plans.commands import set_words
from processors.atomic_files import write_text
from processors.errors import InputError

LINEAR = Path(__file__).parents[1] / "merge" / "linear.yaml"
ANSWERS, REWARDS, PAIRS, MODEL = "answers.jsonl", "rewards.json", "pairs.jsonl", "model"
# Where the start's answers to the held-back prompts teach nothing, that is told before hours of sampling.
_SAME = "no two answers to one prompt differ by {least:g} or more"


@dataclass(frozen=True, slots=True)
class Round:
    """The steps of a round; the start (number 0) only watches, and trains nothing."""

    number: int
    watch: PlanStep
    pairs: PlanStep | None = None
    train: PlanStep | None = None

    @property
    def steps(self) -> list[PlanStep]:
        return [step for step in (self.pairs, self.train, self.watch) if step]


@dataclass(frozen=True, slots=True)
class OnPolicyResult:
    """`best` is the round whose model is the result (0: the start's), `why` what ended the rounds early."""

    best: int
    model: str
    watched: list[Watched]
    why: list[str]


class Rounds:
    """A plan's rounds over its prompts, `held` the places of those that are only watched."""

    def __init__(
        self,
        run: PlanRun,
        plan: OnPolicyPlan,
        prompts: Sequence[Prompt],
        divided: tuple[list[int], list[list[int]]],
        needs: RoundNeeds,
    ) -> None:
        self.run, self.plan, self.prompts, self.needs = run, plan, prompts, needs
        self.held = [prompts[place] for place in divided[0]]
        self.start_key = Model(plan.model, revision=plan.model_revision).identity()
        self.rounds = [self._start()]
        for number, places in enumerate(divided[1], 1):
            self.rounds.append(self._round(number, [prompts[place] for place in places]))

    @property
    def steps(self) -> list[PlanStep]:
        return [step for one in self.rounds for step in one.steps]

    def go(self) -> OnPolicyResult:
        """Do the rounds. Raises InputError where there is nothing to learn from, or a step fails."""
        watched: list[Watched] = []
        for one in self.rounds:
            name = f"round {one.number}" if one.number else "start"
            if one.pairs and one.train:
                found = self.run.do(one.pairs)
                if why := self._too_few(found):
                    self.run.decide(name, {"pairs": found, "why": [why]})
                    if one.number == 1:
                        raise InputError(why)
                    return self._result(one.number - 1, watched, [why])
                self.run.do(one.train)
            results = self.run.do(one.watch)
            now = Watched(**results["watched"])
            why_now = tripped(self.plan.guards, watched[0], watched, now) if watched else []
            self.run.decide(name, {"watched": now.plain(), "why": why_now})
            print(f"{name}: {now.shown()}", file=sys.stderr)
            watched.append(now)
            if not one.number and not results["differ"]:
                same = _SAME.format(least=self.plan.pairs.least_difference)
                raise InputError(
                    f"{same} (mean reward {now.reward:g} on {len(self.held):,} held-back prompts): "
                    "there is nothing to learn from; choose other prompts, a higher temperature or more samples"
                )
            if why_now:
                return self._result(one.number - 1, watched, why_now)
        return self._result(len(self.rounds) - 1, watched, [])

    def _too_few(self, found: dict[str, Any]) -> str:
        if found["pairs"] >= self.plan.pairs.least_pairs:
            return ""
        return (
            f"{found['pairs']:,} of {found['pairs'] + found['alike']:,} prompts have answers that differ by "
            f"{self.plan.pairs.least_difference:g} or more (mean reward {found['reward']:g}); "
            f"pairs.least_pairs asks for {self.plan.pairs.least_pairs:,}"
        )

    def _result(self, best: int, watched: list[Watched], why: list[str]) -> OnPolicyResult:
        train = self.rounds[best].train
        return OnPolicyResult(best, str(self.run.place(train) / MODEL) if train else self.plan.model, watched, why)

    def _start(self) -> Round:
        return Round(0, self._watch(0, self.plan.model, None))

    def _round(self, number: int, prompts: list[Prompt]) -> Round:
        before = self.rounds[-1].train
        model = str(self.run.place(before) / MODEL) if before else self.plan.model
        pairs = self._pairs(number, model, before, prompts)
        train = self._train(number, model, pairs)
        return Round(number, self._watch(number, str(self.run.place(train) / MODEL), train), pairs, train)

    def _depends(self, before: PlanStep | None, **more: Any) -> dict[str, Any]:
        """What answers depend on beside the model that gives them, which is a step's or the start's."""
        plan = self.plan
        return {
            "sampling": plan.sampling.decisive(),
            "reward": plan.reward.model_dump(),
            "seed": plan.seed,
            **({} if before else {"model": self.start_key}),
            **more,
        }

    def _files(self) -> dict[str, str]:
        return {"reward": self.plan.reward.model} if self.plan.reward.kind == "model" else {}

    def _watch(self, number: int, model: str, train: PlanStep | None) -> PlanStep:
        suites = [one.suite for one in self.plan.guards.benchmarks]

        def do(place: Path) -> dict[str, Any]:
            answers, rewards = self._answered(place, model, self.held, f"watch {number}")
            pairs = best_and_worst(self.held, answers, rewards, self.plan.pairs.least_difference)
            found = {suite: self._evaluated(place, model, suite) for suite in suites}
            return {"watched": watch(answers, rewards, found).plain(), "differ": len(pairs.rows)}

        data = self.plan.guards.data
        return PlanStep(
            f"round_{number}/watch" if number else "start",
            do,
            settings=self._depends(train, prompts=_plain(self.held), suites=suites, **self._alike()),
            files=self._files() | ({"data": data} if data and suites else {}),
            after=(train,) if train else (),
            needs=self.needs.sampling(len(self.held)),
        )

    def _alike(self) -> dict[str, Any]:
        return {"least_difference": self.plan.pairs.least_difference}

    def _pairs(self, number: int, model: str, before: PlanStep | None, prompts: list[Prompt]) -> PlanStep:
        def do(place: Path) -> dict[str, Any]:
            answers, rewards = self._answered(place, model, prompts, f"round {number}")
            found = best_and_worst(prompts, answers, rewards, self.plan.pairs.least_difference)
            lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in found.rows)
            write_text(place / PAIRS, "".join(lines))
            mean = watch(answers, rewards, {}).reward
            return {"pairs": len(found.rows), "alike": found.alike, "reward": mean}

        return PlanStep(
            f"round_{number}/pairs",
            do,
            settings=self._depends(before, prompts=_plain(prompts), **self._alike()),
            files=self._files(),
            after=(before,) if before else (),
            needs=self.needs.sampling(len(prompts)),
        )

    def _train(self, number: int, model: str, pairs: PlanStep) -> PlanStep:
        plan, run = self.plan, self.run

        def do(place: Path) -> None:
            trained = place / "trained"
            revision = {"model_revision": plan.model_revision} if model == plan.model and plan.model_revision else {}
            own = {
                "model_name_or_path": model,
                **revision,
                "datasets": [{"path": str(run.place(pairs) / PAIRS)}],
                "output_dir": str(trained),
                "seed": plan.seed + number,
            }
            words = ["train", "dpo", "--config", plan.dpo, *set_words(plan.dpo_settings, own)]
            run.command(words, f"round {number}: its training failed")
            # What was trained is the next round's start, and an adapter is of no use to who samples.
            if (trained / "adapter_config.json").exists():
                whole = {"experts": [{"path": str(trained)}], "output_dir": str(place / MODEL)}
                words = ["train", "merge", "--config", str(LINEAR), *set_words((), whole)]
                run.command(words, f"round {number}: its adapter could not be put into its base")
            else:
                trained.rename(place / MODEL)

        return PlanStep(
            f"round_{number}/train",
            do,
            settings={"dpo_settings": plan.dpo_settings, "seed": plan.seed + number},
            files={"dpo": plan.dpo},
            after=(pairs,),
            needs=self.needs.training(),
            mark=lambda place: Model(str(place / MODEL)).identity(),
        )

    def _answered(self, place: Path, model: str, prompts: list[Prompt], what: str) -> tuple[Any, list[list[float]]]:
        """Answers and rewards, of what an earlier start left and of what is to do."""
        sampling = self.plan.sampling
        revision = self.plan.model_revision if model == self.plan.model else None
        asked = Sampling(
            model, revision, str(place / "prompts.jsonl"), str(place / ANSWERS), sampling.samples,
            sampling.temperature, sampling.top_p, sampling.max_tokens, sampling.batch_size, self.plan.seed,
            sampling.engine, **sampling.model_dump(mode="json", include={"server", "base_url", "concurrency"}),
        )  # fmt: skip
        write_asked(place / "asked.json", asked, [prompt.messages for prompt in prompts])
        self._module("sampling", [str(place / "asked.json")], f"{what}: its sampling failed")
        answers = read_answers(place / ANSWERS)
        write_judged(place / "judged.json", self.plan.reward, prompts, place / ANSWERS, place / REWARDS)
        self._module("rewards", [str(place / "judged.json")], f"{what}: its judging failed")
        return answers, json.loads((place / REWARDS).read_text(encoding="utf-8"))

    def _module(self, name: str, words: list[str], failed: str) -> None:
        self.run.command(words, failed, module=f"model_recipes.on_policy.{name}")

    def _evaluated(self, place: Path, model: str, suite: str) -> float:
        """The suite's mean score, of 100."""
        folder = place / f"evaluation_{Path(suite).stem}"
        words = ["evaluate", model, "--suite", suite, "--output", str(folder), "--yes"]
        words += ["--data", self.plan.guards.data] if self.plan.guards.data else []
        self.run.command(words, f"{suite}: its evaluation failed")
        found = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))["average"]
        if found is None:
            raise InputError(f"guards: {suite}: has no score; see {folder}")
        return 100.0 * float(found[0])


def _plain(prompts: Sequence[Prompt]) -> list[Any]:
    return [[one.messages, one.reference, one.instructions] for one in prompts]
