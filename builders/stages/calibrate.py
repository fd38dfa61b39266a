"""The stage `calibrate`: a panel of judges labels rows of the run, in rounds, until it is settled who is better.

Each round goes to the rows that would tell most after the one before (`builders.calibration.choose`). The answers are
in the run's store: killed, the stage asks again only for what was not answered.
"""

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

from builders.calibration.choose import Choosable, choose_pairs, gains, settled
from builders.calibration.panel import JudgesTrial, ask_panel, judge_of, left_out
from builders.recipes.api_keys import check_key
from builders.recipes.ranking import LabelledRows
from builders.recipes.recipe import Recipe
from builders.recipes.scorers import Panel
from builders.recipes.translator_base import Cost
from builders.run_folder.folder import CALIBRATE, SELECT, TRANSLATE, VERDICTS
from builders.run_folder.stage_parts import StagePart
from builders.run_folder.units import Unit, UnitFiles, read_unit
from builders.stages import translate
from builders.stages.common.context import Build
from builders.stages.common.join_candidates import CHECKED, verdicts_on
from builders.stages.common.run_units import run_once
from builders.stages.fit_ranker import Sample, fit_sample, plan_sample, ranked_texts
from processors.answers import Limits
from processors.answers.ceiling import Ceiling
from processors.answers.store import AnswerStore
from processors.checks.pairs.verdict import Verdict
from processors.conversations.sides import Sides
from processors.conversations.tokenizers import load_tokenizer
from processors.errors import EngineError
from processors.judging.exchange import conversation_text
from processors.judging.panel import VOTES, CandidatePair, JudgedPair
from processors.languages.language import Language
from processors.ranking.calibration import Compared, Label, learn, look
from processors.ranking.model import SHIPPED, FittedRanker, Ranker
from processors.selection.choose_rows import sample_key

NAME = CALIBRATE
# Rows to choose from for each that is judged, at least so many of a split; and rounds: the later ones know the more.
POOL, LEAST_POOL, ROUNDS = 5, 8, 5


def parts(recipe: Recipe) -> list[StagePart]:
    """One, where a panel is to be asked; it is ready where the keys of its judges are there."""
    spec = recipe.ranking.calibration
    if spec is None or spec.judges is None:
        return []
    after = tuple(part.name for part in translate.parts(recipe))
    ready = partial(_check, spec.judges)
    return [
        StagePart(
            NAME, after=after, file=f"{NAME}/{VERDICTS}", ready=ready, rows=lambda told: told.get("rows"), greet=_greet
        )
    ]


_FIRST = CandidatePair("first", "a", "b", "The river is long.", "The river is long.", "A mountain is not a river.")


def _greet(build: Build) -> None:
    """Raises EngineError where a judge has no verdict on a first pair."""
    work = _work(build)
    with AnswerStore(work.answers) as store:
        for verdict in work.ask([_FIRST], store, JudgesTrial()):
            if verdict.verdict is None:
                raise EngineError(
                    f"judge '{verdict.judge}': no verdict on a first short pair ({verdict.failure}), and nothing is "
                    "translated yet; take another model, or mend its output or decoding"
                )


def _check(panel: Panel, warn: Callable[[str], None]) -> None:
    for one in panel.judges:
        check_key(f"judge '{one.name}'", one.base_url, one.api_key_env, warn=warn)


def inputs(build: Build) -> dict[str, Any]:
    """What the verdicts depend on."""
    recipe, spec = build.recipe, build.recipe.ranking.calibration
    assert spec is not None and spec.judges is not None
    shapes = {"name", "model", "revision", "decoding", "output", "attempts"}
    return {
        TRANSLATE: {one.name: build.marks[f"{TRANSLATE}/{one.name}"] for one in recipe.translators},
        "judges": [one.model_dump(mode="json", include=shapes) for one in spec.judges.judges],
        "fits": [spec.judges.tokenizer, spec.judges.max_pair_tokens],
        "rows": min(spec.rows, sum(unit.rows for unit in build.selected)),
        "ranker": recipe.ranking.ranker,
        "language": recipe.language.model_dump(mode="json"),
        "seed": recipe.seed,
    }


def run(build: Build) -> None:
    """See that the panel has judged what it is to judge."""
    recipe, spec = build.recipe, build.recipe.ranking.calibration
    assert spec is not None
    build.enter(NAME, inputs)
    rows = min(spec.rows, sum(unit.rows for unit in build.selected))
    told = run_once(build, parts(recipe)[0], rows, _work(build).verdicts)
    for judge, why in told["left_out"].items():
        build.observer.say(f"{NAME}: judge '{judge}' is left out: {why}")
    more = "" if told["settled"] else "; not settled yet, more rows would tell more"
    build.observer.say(f"{NAME}: {told['rows']:,} rows judged in {told['rounds']} rounds{more}")


def _work(build: Build) -> "PanelWork":
    recipe, spec = build.recipe, build.recipe.ranking.calibration
    assert spec is not None
    translated = {one.name: build.run.stage(TRANSLATE, one.name) for one in recipe.translators}
    weights = Path(recipe.ranking.ranker) if recipe.ranking.ranker else SHIPPED
    return PanelWork(
        spec, recipe.language, recipe.seed, tuple(build.selected), build.run.stage(SELECT), translated, weights,
        build.run.folder / "answers" / "judges", build.run.spending, recipe.max_usd,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PanelWork:
    """All that the stage's one task needs, wherever it runs."""

    spec: LabelledRows
    language: Language
    seed: int
    units: Sequence[Unit]
    selected: Path
    translated: Mapping[str, Path]
    weights: Path
    answers: Path
    spending: Path
    max_usd: float | None

    def verdicts(self) -> dict[str, Any]:
        """Asks round by round; every verdict, as JSON, with how many rows and rounds, and whether all is settled."""
        ranker = Ranker.load(self.weights, script=self.language.script, language=self.language.code)
        sample = Sample(self.selected, self.translated, ranker, self.language, self.seed)
        fitted = fit_sample(self.units, sample)
        pool = self._pool(fitted)
        found: list[JudgedPair] = []
        seen: list[int] = []
        _, known = learn(fitted, pool.compared.take([]), [])
        rounds, trial = 0, JudgesTrial()
        with AnswerStore(self.answers) as store:
            while len(seen) < self.spec.rows:
                count = min(-(-self.spec.rows // ROUNDS), self.spec.rows - len(seen))
                told = gains(fitted, known, pool.compared, pool.choosable)
                judged = {pool.choosable[place].id for place in seen}
                places = choose_pairs(pool.choosable, told, judged, count, self.seed)
                if not places:
                    break
                found += self.ask([pool.pairs[place] for place in places], store, trial)
                seen += places
                rounds += 1
                votes = _means(found, left_out(found))
                heard = [place for place in seen if pool.pairs[place].id in votes]
                said = [votes[pool.pairs[place].id] for place in heard]
                _, known = learn(fitted, pool.compared.take(heard), said)
        plain = [{key: getattr(one, key) for key in ("id", "a", "b", "judge", "verdict")} for one in found]
        return {
            "verdicts": plain, "rows": len(seen), "rounds": rounds, "settled": bool(settled(known).all()),
            "left_out": left_out(found),
        }  # fmt: skip

    def ask(self, pairs: list[CandidatePair], store: AnswerStore, trial: JudgesTrial) -> list[JudgedPair]:
        assert self.spec.judges is not None
        specs = self.spec.judges.judges
        with ExitStack() as stack:
            ceilings = {}
            if self.max_usd is not None:
                for one in specs:
                    limits = Limits(self.spending, f"judge-{one.name}", (one.cost or Cost()).bill, None, self.max_usd)
                    ceilings[one.name] = stack.enter_context(Ceiling(limits))
            judges = [judge_of(one, self.language) for one in specs]
            asked = ask_panel(judges, pairs, store, count=lambda *_: None, told=trial, ceilings=ceilings)
            return asyncio.run(asked)

    def _pool(self, fitted: FittedRanker) -> "_Pool":
        """What may be judged of a sample of rows: each two candidates that no hard check vetoes and that differ."""
        assert self.spec.judges is not None
        tokenizer, most = load_tokenizer(self.spec.judges.tokenizer), self.spec.judges.max_pair_tokens
        rows = self._rows()
        lengths: dict[str, list[int]] = {}
        for row in rows:
            lengths.setdefault(row["split"], []).append(row["length"])
        choosable, pairs, labels = [], [], []
        for number, row in enumerate(rows):
            ordered = sorted(lengths[row["split"]])
            third = 3 * ordered.index(row["length"]) // len(ordered)
            for a, b in combinations(range(len(fitted.translators)), 2):
                texts = [row["texts"].get(fitted.translators[place]) for place in (a, b)]
                if None in texts or texts[0] == texts[1]:
                    continue
                whole = "\n".join([row["source"], *texts])
                if len(tokenizer.encode(whole, add_special_tokens=False)) <= most:
                    names = fitted.translators[a], fitted.translators[b]
                    choosable.append(Choosable(row["id"], a, b, (row["split"], third)))
                    pairs.append(CandidatePair(row["id"], *names, row["source"], *texts))
                    labels.append(Label(number, a, b, 0.0))
        if not labels:
            return _Pool([], [], Compared.nothing(len(fitted.translators)))
        asked = [(row["messages"], row["candidates"]) for row in rows]
        sources, candidates = ranked_texts(asked, list(fitted.translators))
        verdicts = {name: [row["verdicts"].get(name, []) for row in rows] for name in fitted.translators}
        return _Pool(choosable, pairs, look(fitted, sources, candidates, labels, verdicts))

    def _rows(self) -> list[dict[str, Any]]:
        plan = plan_sample(self.units, self.seed, POOL * self.spec.rows, LEAST_POOL)
        found = []
        for unit in self.units:
            if count := plan.get(unit.name):
                columns = ["id", "messages", "chat_template_kwargs", "sides"]
                table = read_unit(UnitFiles(self.selected, unit.name), columns).to_pylist()
                chosen = sorted(table, key=lambda row: sample_key(row["id"], self.seed))[:count]
                ids = {row["id"] for row in chosen}
                told = {}
                for name, folder in self.translated.items():
                    columns = ["id", "messages", "custom_instructions", *CHECKED]
                    read = read_unit(UnitFiles(folder, unit.name), columns).to_pylist()
                    told[name] = {row["id"]: row for row in read if row["id"] in ids}
                for row in chosen:
                    of = {name: by_id[row["id"]] for name, by_id in told.items() if row["id"] in by_id}
                    found.append(self._row(unit.into, row, of))
        return found

    def _row(self, split: str, row: dict[str, Any], found: dict[str, dict[str, Any]]) -> dict[str, Any]:
        verdicts: dict[str, list[Verdict]] = {
            name: verdicts_on(row["messages"], one, self.language, Sides.of(row)) for name, one in found.items()
        }
        usable = [name for name, said in verdicts.items() if not any(verdict.hard for verdict in said)]
        instructions = (row["chat_template_kwargs"] or {}).get("custom_instructions") or ""
        source = conversation_text(row["messages"], instructions)
        texts = {
            name: conversation_text(found[name]["messages"], found[name]["custom_instructions"] or "")
            for name in usable
        }
        return {
            "id": row["id"], "split": split, "length": len(source), "messages": row["messages"], "source": source,
            "candidates": {name: one["messages"] for name, one in found.items()}, "texts": texts, "verdicts": verdicts,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Pool:
    choosable: list[Choosable]
    pairs: list[CandidatePair]
    compared: Compared


def _means(found: Sequence[JudgedPair], without: Container[str]) -> dict[str, float]:
    """The panel's mean verdict on each row of which some judge gave one, `without` some of the judges."""
    votes: dict[str, list[int]] = {}
    for one in found:
        if one.verdict is not None and one.judge not in without:
            votes.setdefault(one.id, []).append(VOTES[one.verdict])
    return {row: sum(given) / len(given) for row, given in votes.items()}
