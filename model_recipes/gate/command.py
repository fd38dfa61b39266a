"""`smolkalam gate`: from a plan to the mixture that results, gone on with after a kill with the same decisions."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from builders.arbitrage import load_arbitrage
from builders.engines import engine_of
from builders.mixtures.recipe import Mixture, MixtureSource
from builders.pools.panel import look_at_keys
from builders.recipes.api_keys import check_key
from model_recipes.choosing import Items, Plan, model_step, read_items
from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark
from model_recipes.gate.decide import GateDecision, decide
from model_recipes.gate.mixes import items_step, look_at_mix, mix_step, rows_of
from model_recipes.gate.plan import BASE, GatePlan, is_bounded, load_gate
from model_recipes.gate.refine import price_of, refine_step, refined_source
from model_recipes.gate.report import MIXTURE, write_report
from model_recipes.plans import PlanRun, PlanStep, StepNeeds, training_needs
from processors.commands import pasted
from processors.errors import InputError


def run_gate(
    path: Path, settings: Iterable[str] = (), *, output: Path | None = None, dry_run: bool = False, yes: bool = False
) -> list[GateDecision]:
    """Decide on each candidate of a plan; prints the table, and returns the decisions (none for `dry_run`).

    Killed, the same command goes on. Mixtures are made before the first training, by a dry run too: what cannot be
    used is told then, and hours are counted on them. Raises InputError for what the user can mend.
    """
    plan = load_gate(path, settings)
    _look_at_keys(plan)
    with PlanRun(output or Path("run") / plan.name, plan) as run:
        gate = _Gate(run, plan)
        gate.prepare()
        if not run.begin(gate.steps(), gate.perhaps(), dry_run=dry_run, yes=yes):
            return []
        decisions = gate.decide()
        words = write_report(run.folder, plan, decisions, gate.languages(), gate.kept)
    print(words)
    said = "" if gate.kept else "no candidate is kept: the mixture is the base as it was; "
    print(f"{said}the mixture: {pasted('mix', run.folder / MIXTURE, '--output', 'DIR')}", file=sys.stderr)
    return decisions


class _Variant:
    """A mixture to train on, by name: the base, a candidate with it, or a refined one."""

    def __init__(self, name: str, source: MixtureSource | None, mixture: Mixture, mix: PlanStep) -> None:
        self.name, self.source, self.mixture, self.mix = name, source, mixture, mix
        self.needs = StepNeeds(None, None)
        self.models: list[PlanStep] = []


class _Gate:
    """A gate on its way."""

    def __init__(self, run: PlanRun, plan: GatePlan) -> None:
        self.run, self.plan = run, plan
        self.workers = os.cpu_count() or 1
        self.kept: list[MixtureSource] = []
        self._needs: list[PlanStep] = []
        self._prices: dict[str, float | None] = {}

    def prepare(self) -> None:
        """Make all mixtures and look at them. Raises InputError for what could come to nothing."""
        self.items = items_step(self.run, self.plan, self.plan.asked())
        self.benchmarks = self._asked(self.run.do(self.items))
        if not is_bounded(self.plan):
            _say(
                "note: neither the mixture has a budget nor the training max_steps: a model with a candidate is "
                "trained for longer than the base's"
            )
        if missing := {"ar", "en"} - set(self.plan.benchmarks):
            _say(f"note: no benchmark in {', '.join(sorted(missing))}: a fall there is not seen")
        self.base = self._variant(BASE, None)
        self.candidates = [self._variant(one.name, one) for one in self.plan.candidates]
        for variant in self.candidates:
            for line in look_at_mix(variant.name, self.run.do(variant.mix), self.plan.contamination):
                _say(line)
        # Only now, for it takes longer: how long each training will.
        for variant in (self.base, *self.candidates):
            self._reckon(variant)

    def _asked(self, told: Mapping[str, Any]) -> list[SuiteBenchmark]:
        """The benchmarks that can be asked. Raises InputError where a critical one cannot."""
        found = []
        for one in self.plan.asked():
            why = told["left_out"].get(one.name) or ("its answers are marked by judges" if one.judge else None)
            if why is None:
                found.append(one)
                if not told["looked_for"].get(one.name):
                    _say(f"warning: {one.name}: none of its items can be looked for in the candidates' rows")
            elif one.name in self.plan.critical:
                raise InputError(f"critical: {one.name}: {why}")
            else:
                _say(f"warning: {one.name} is left out: {why}")
        return found

    def _variant(self, name: str, source: MixtureSource | None, after: tuple[PlanStep, ...] = ()) -> _Variant:
        mixture = self.plan.with_candidate(source)
        mix = mix_step(self.run, name, mixture, self.items, self.workers, after=after)
        with redirect_stdout(sys.stderr):
            self.run.do(mix)
        variant = _Variant(name, source, mixture, mix)
        variant.models = self._models(variant)
        return variant

    def _models(self, variant: _Variant) -> list[PlanStep]:
        plan = self.plan
        words = ["--batch-size", str(plan.batch_size)]
        words += ["--chat"] if plan.chat else []
        words += ["--limit", str(plan.limit)] if plan.limit else []
        about = Plan(
            {variant.name: rows_of(self.run, variant.mix, variant.mixture)},
            Path(plan.train),
            [one.file or one.name for one in self.benchmarks],
            plan.seeds,
            Path(plan.data) if plan.data else None,
            evaluate=words,
        )
        return [
            model_step(
                self.run, about, variant.name, seed, self.benchmarks,
                room="models/", after=(variant.mix,), needs=variant.needs,
            )
            for seed in range(1, plan.seeds + 1)
        ]  # fmt: skip

    def _reckon(self, variant: _Variant) -> None:
        plan, run = self.plan, self.run

        def do(place: Path) -> dict[str, Any]:
            rows = rows_of(run, variant.mix, variant.mixture)
            # JSON is YAML.
            settings = [f"datasets={json.dumps(rows)}", f"output_dir={place / 'none'}"]
            found = training_needs(run, place, "sft", Path(plan.train), settings, plan.machine)
            refined = price_of(plan, variant.source, place) if plan.refine and variant.source else 0.0
            return {"hours": found.hours, "usd": found.usd, "refinement_usd": refined}

        settings: dict[str, Any] = {"machine": plan.machine.model_dump()}
        if plan.refine:
            settings["refine"] = plan.refine.model_dump(mode="json")
        step = PlanStep(f"needs/{variant.name}", do, settings, {"train": plan.train}, (variant.mix,))
        told = run.do(step)
        self._needs.append(step)
        self._prices[variant.name] = told["refinement_usd"]
        variant.needs = StepNeeds(told["hours"], told["usd"])
        variant.models = self._models(variant)

    def steps(self) -> list[PlanStep]:
        """All that is done for certain."""
        variants = [self.base, *self.candidates]
        made = [self.items, *(one.mix for one in variants), *self._needs]
        return [*made, *(step for one in variants for step in one.models)]

    def perhaps(self) -> list[PlanStep]:
        """What the decisions may call for: each candidate refined, as often as may be."""
        found = []
        for round_ in range(1, 1 + (self.plan.refine.rounds if self.plan.refine else 0)):
            for one in self.candidates:
                price = self._prices[one.name]
                # Without a price of the machine that of the engines is told alone; the sum says that it is not all.
                usd = None if price is None else price + self.plan.seeds * (one.needs.usd or 0.0)
                hours = None if one.needs.hours is None else self.plan.seeds * one.needs.hours
                name = f"{one.name}, refined, round {round_}"
                found.append(PlanStep(name, _nothing, needs=StepNeeds(hours, usd)))
        return found

    def decide(self) -> list[GateDecision]:
        """Train and decide, round by round. Every decision is in the journal before what follows from it begins."""
        decisions: list[GateDecision] = []
        base = self._trained(self.base)
        trying = [(one.name, one) for one in self.candidates]
        for round_ in range(1 + (self.plan.refine.rounds if self.plan.refine else 0)):
            items = {variant.name: self._trained(variant) for _, variant in trying}
            found = decide(self.plan, self.benchmarks, items, base, round_)
            for one in found:
                self._tell(one)
            decisions += found
            self.kept += [variant.source for (_, variant), one in zip(trying, found, strict=True)
                          if one.kept and variant.source]  # fmt: skip
            failed = [(name, variant, one) for (name, variant), one in zip(trying, found, strict=True) if not one.kept]
            if not self.plan.refine or round_ == self.plan.refine.rounds or not failed:
                break
            trying = []
            for name, variant, one in failed:
                refined = self._refined(name, variant, one, round_ + 1)
                if isinstance(refined, GateDecision):
                    self._tell(refined)
                    decisions.append(refined)
                else:
                    trying.append((name, refined))
        return decisions

    def _tell(self, one: GateDecision) -> None:
        self.run.decide(f"{one.candidate}, round {one.round}", one.plain())
        _say(f"{one.candidate}: {'kept' if one.kept else 'not kept'}: {one.why}")

    def _trained(self, variant: _Variant) -> list[Items]:
        """Each seed's items, by benchmark."""
        for step in variant.models:
            self.run.do(step)
        return [read_items(self.run.place(step), self.benchmarks) for step in variant.models]

    def _refined(self, name: str, before: _Variant, decision: GateDecision, round_: int) -> _Variant | GateDecision:
        """A candidate with its prompts rewritten and answered anew; or, where nothing came of that, why."""
        assert before.source is not None
        new = f"{name}_r{round_}"
        models = {"base": self.base.models, "candidate": before.models}
        step = refine_step(self.run, self.plan, before.source, decision, models, self.items, new)
        told = self.run.do(step)
        if not told["rows"]:
            return GateDecision(
                new, round_, False, f"of {told['prompts']:,} prompts none came back rewritten and answered"
            )
        source = refined_source(self.run, self.plan, before.source, step, new)
        try:
            variant = self._variant(new, source, after=(step,))
            for line in look_at_mix(new, self.run.do(variant.mix), "drop"):
                _say(line)
        except InputError as error:
            return GateDecision(new, round_, False, str(error))
        variant.needs = before.needs
        variant.models = self._models(variant)
        return variant

    def languages(self) -> dict[str, Sequence[SuiteBenchmark]]:
        """The benchmarks that were asked, by language."""
        names = {one.name for one in self.benchmarks}
        found = {
            language: [one for one in of if one.name in names] for language, of in self.plan.by_language().items()
        }
        return {language: of for language, of in found.items() if of}


def _look_at_keys(plan: GatePlan) -> None:
    refine = plan.refine
    specs = [one for one in (refine.rewriter, refine.answerer) if one] if refine else []
    if refine and refine.arbitrage:
        recipe, _ = load_arbitrage(refine.arbitrage)
        specs += recipe.pool
        look_at_keys(recipe.panel.judges if recipe.panel else [], _say)
    for spec in specs:
        for address in engine_of(spec).addresses():
            check_key(f"'{spec.name}'", address.base_url, address.api_key_env, warn=_say)


def _nothing(place: Path) -> None:
    raise AssertionError("announced only")


def _say(line: str) -> None:
    print(line, file=sys.stderr)
