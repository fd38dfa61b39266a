"""What becomes of a candidate that did not pass: a model that is shown what went wrong rewrites its prompts.

The new prompts are answered anew, by one model or by a pool of which the best answer is taken.

Test items are shown to the rewriter, so what comes of it is looked through for them like any candidate, and rows that
hold one are dropped.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from builders.arbitrage import load_arbitrage
from builders.arbitrage.command import CHOICE, REPORT, RUBRIC_TOKENS
from builders.mixtures.recipe import MixtureSource
from builders.pools import ANSWERS, PROMPTS, PoolOfModels, PoolRecipe, Prompts, Stages, take_prompts
from builders.pools.cost import agree_to, cost_of_judge
from builders.pools.dataset import DATASET
from builders.pools.prompts import PromptRow
from model_recipes.evaluation.scoring.answers import read_answers
from model_recipes.gate.decide import GateDecision
from model_recipes.gate.mixes import read_items_file
from model_recipes.gate.plan import GatePlan, Refinement
from model_recipes.plans import PlanRun, PlanStep
from processors.atomic_files import replacing_text
from processors.errors import InputError

RUBRIC = Path(__file__).with_name("rubric.md")
ROWS, NEW_PROMPTS, EVIDENCE, ARBITRAGE = "rows.jsonl", "prompts.jsonl", "evidence.jsonl", "arbitrage"
# Of an item and of what was answered, so many characters are shown.
_ITEM, _SAID = 700, 200


@dataclass(slots=True)
class Rewriters(PoolOfModels):
    """Models that rewrite the last message of each prompt by a `rubric`, shown `evidence`."""

    rubric: str = ""
    evidence: Sequence[Mapping[str, str]] = ()

    def messages(self, prompt: dict[str, Any]) -> list[dict[str, str]]:
        """What is asked of a prompt."""
        shown = "\n\n".join(
            f"Test item {number} ({one['benchmark']}):\n{one['prompt']}\n"
            f"Right: {one['right']}\nAnswered: {one['said']}"
            for number, one in enumerate(self.evidence, 1)
        )
        before = "\n".join(f"{one['role']}: {one['content']}" for one in prompt["messages"][:-1])
        parts = [
            *([f"Before the prompt:\n{before}"] if before else []),
            f"Prompt:\n{prompt['messages'][-1]['content']}",
        ]
        system = self.rubric.replace("{language}", self.recipe.language.name)
        return [
            {"role": "system", "content": f"{system}\n\n{shown}".strip()},
            {"role": "user", "content": "\n\n".join(parts)},
        ]


def refine_step(
    run: PlanRun,
    plan: GatePlan,
    source: MixtureSource,
    decision: GateDecision,
    models: Mapping[str, Sequence[PlanStep]],
    items: PlanStep,
    name: str,
) -> PlanStep:
    """The step that makes `name` of a candidate that was decided on; `models`: the `base`'s and the `candidate`'s."""
    refine = plan.refine
    assert refine is not None
    rubric = Path(refine.rubric) if refine.rubric else RUBRIC

    def do(place: Path) -> dict[str, Any]:
        folders = {which: [run.place(step) for step in steps] for which, steps in models.items()}
        shown = evidence_of(decision, plan.critical, read_items_file(run.place(items)), folders, refine.evidence)
        with replacing_text(place / EVIDENCE) as stream:
            stream.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in shown)
        recipe = _recipe(plan, refine, source.path, source)
        pool = Rewriters(recipe, [refine.rewriter], place / "rewritten")
        pool.rubric, pool.evidence = rubric.read_text(encoding="utf-8"), shown
        stages = _pooled(recipe, pool)
        told = {"prompts": stages.told(PROMPTS)["counts"].get("kept", 0), "rows": 0}
        told["rewritten"] = _written(place / NEW_PROMPTS, _new_prompts(stages))
        if told["rewritten"]:
            told["rows"] = _arbitrated(run, refine, place) if refine.arbitrage else _answered(plan, refine, place)
        return told

    settings = {
        "source": source.model_dump(mode="json"),
        "refine": refine.model_dump(mode="json", exclude={"rounds", "rubric", "arbitrage", "answer_tokens"}),
        "seed": plan.mixture.seed,
        "found": {one.benchmark: one.found for one in decision.benchmarks},
    }
    files: dict[str, Path | str] = {"rubric": rubric}
    if refine.arbitrage:
        files["arbitrage"] = refine.arbitrage
    after = tuple(step for steps in models.values() for step in steps)
    return PlanStep(f"refined/{name}", do, settings, files, (items, *after))


def refined_source(run: PlanRun, plan: GatePlan, source: MixtureSource, step: PlanStep, name: str) -> MixtureSource:
    """What a refinement has made, as a source of the mixture in place of the candidate's."""
    assert plan.refine is not None
    place = run.place(step)
    # Its thresholds are on columns that new rows do not have.
    keeps = source.model_dump(include={"language", "weight", "tokens", "rows", "terms"})
    if plan.refine.answerer is not None:
        return MixtureSource.model_validate({**keeps, "name": name, "path": str(place / ROWS)})
    recipe, _ = load_arbitrage(str(plan.refine.arbitrage))
    made = {"path": str(place / ARBITRAGE / DATASET), "config": recipe.outputs.sft}
    return MixtureSource.model_validate({**keeps, "name": name, **made})


def _arbitrated(run: PlanRun, refine: Refinement, place: Path) -> int:
    """Rows that the arbitrage of the new prompts has made. Raises InputError where it cannot be done."""
    # The prompts are ours, whatever the recipe's own source is.
    source = json.dumps({"path": str(place / NEW_PROMPTS)})
    words = ["arbitrate", str(refine.arbitrage), "--set", f"source={source}", "--output", str(place / ARBITRAGE)]
    try:
        run.command([*words, "--yes"], f"{place.name}: its arbitrage failed")
    except InputError as error:
        if "no prompt has a good answer" in str(error):
            return 0
        raise
    told = json.loads((place / ARBITRAGE / REPORT).read_text(encoding="utf-8"))
    return int(told["stages"][CHOICE]["counts"]["kept"])


def _answered(plan: GatePlan, refine: Refinement, place: Path) -> int:
    """Rows that one model's answers to the new prompts have made."""
    assert refine.answerer is not None
    recipe = _recipe(plan, refine, str(place / NEW_PROMPTS))
    return _written(place / ROWS, _rows(_pooled(recipe, PoolOfModels(recipe, [refine.answerer], place / "answered"))))


def price_of(plan: GatePlan, source: MixtureSource, folder: Path) -> float | None:
    """About what one refinement of a candidate costs in USD; None where a price is not known."""
    refine = plan.refine
    assert refine is not None
    recipe = _recipe(plan, refine, source.path, source)
    drawn = Prompts(recipe.source, refine.language).drawn(recipe.seed)
    prompts = [asdict(one) for one in drawn if isinstance(one, PromptRow)]
    filler = {"benchmark": "", "prompt": "x" * _ITEM, "right": "x" * _SAID, "said": "x" * _SAID}
    rewriting = Rewriters(recipe, [refine.rewriter], folder)
    rewriting.rubric = (Path(refine.rubric) if refine.rubric else RUBRIC).read_text(encoding="utf-8")
    rewriting.evidence = [filler] * refine.evidence
    costs = rewriting.costs(lambda: iter(prompts))
    if refine.arbitrage is None:
        assert refine.answerer is not None
        costs += PoolOfModels(recipe, [refine.answerer], folder).costs(lambda: iter(prompts))
    else:
        asked, _ = load_arbitrage(refine.arbitrage)
        samples = asked.answering.samples
        costs += PoolOfModels(asked, asked.pool, folder, samples=samples).costs(lambda: iter(prompts))
        answers, each = len(prompts) * len(asked.pool) * samples, RUBRIC_TOKENS + asked.answering.answer_tokens
        costs += [cost_of_judge(judge, answers, each) for judge in (asked.panel.judges if asked.panel else [])]
    return None if any(one.usd is None for one in costs) else sum(one.usd or 0.0 for one in costs)


def _recipe(plan: GatePlan, refine: Refinement, path: str, source: MixtureSource | None = None) -> PoolRecipe:
    where: dict[str, Any] = {"path": path, "rows": refine.rows}
    if source is not None:
        where |= {"revision": source.revision, "config": source.config, "splits": source.splits}
    about = {"name": "refinement", "seed": plan.mixture.seed, "source": where}
    about |= {"answering": {"answer_tokens": refine.answer_tokens}, "language": refine.language.model_dump()}
    return PoolRecipe.model_validate(about)


def _pooled(recipe: PoolRecipe, pool: PoolOfModels) -> Stages:
    """The stages of a pool, whose price was shown before the plan began."""
    pool.folder.mkdir(parents=True, exist_ok=True)
    stages = Stages(pool.folder, _say)
    prompts = Prompts(recipe.source, recipe.language)
    prompts.fetch(_say)
    take_prompts(stages, recipe, prompts)
    agree_to(pool.costs(lambda: stages.kept(PROMPTS)), yes=True, say=_say)
    pool.answer(stages)
    return stages


def _new_prompts(stages: Stages) -> Iterator[dict[str, Any]]:
    for row in stages.kept(ANSWERS):
        new = {"role": "user", "content": row["answers"][0]["text"].strip()}
        yield {"messages": [*row["messages"][:-1], new], "domain": row["domain"], "source": row["source"]}


def _rows(stages: Stages) -> Iterator[dict[str, Any]]:
    for row in stages.kept(ANSWERS):
        said = {"role": "assistant", "content": row["answers"][0]["text"].strip()}
        yield {"messages": [*row["messages"], said], "source": row["source"]}


def _written(path: Path, rows: Iterator[dict[str, Any]]) -> int:
    count = 0
    with replacing_text(path) as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def evidence_of(
    decision: GateDecision,
    critical: Sequence[str],
    items: Sequence[Mapping[str, Any]],
    folders: Mapping[str, Sequence[Path]],
    most: int,
) -> list[dict[str, str]]:
    """The items that the candidate's models answer worst beside the base's: of benchmarks that fell, or did not rise.

    `folders`: of the `base`'s and the `candidate`'s models. Benchmarks take turns.
    """
    wanted = [one.benchmark for one in decision.benchmarks if one.found in ("fell", "may have fallen")]
    wanted += [name for name in critical if name not in wanted]
    chosen = [sorted(_failing(name, items, folders), key=lambda one: one[0]) for name in wanted]
    found = [one for turn in range(most) for failing in chosen for one in failing[turn : turn + 1]]
    return [shown for _, shown in found[:most]]


def _failing(
    name: str, items: Sequence[Mapping[str, Any]], folders: Mapping[str, Sequence[Path]]
) -> Iterator[tuple[tuple[float, float, str], dict[str, str]]]:
    """Items of a benchmark that a model of the candidate's fails, with how they are ordered: the worst first."""
    answers: dict[str, dict[str, list[Mapping[str, Any]]]] = {"base": {}, "candidate": {}}
    for part in dict.fromkeys(one["part"] for one in items if one["benchmark"] == name):
        for which, of in folders.items():
            for folder in of:
                for record in read_answers(folder / "evaluation" / "items" / f"{part}.jsonl") or []:
                    answers[which].setdefault(f"{part}/{record['id']}", []).append(record)
    for one in items:
        key = f"{one['part']}/{one['id']}"
        ours = answers["candidate"].get(key)
        if one["benchmark"] != name or not ours:
            continue
        mean, before = _mean(ours), _mean(answers["base"].get(key, []))
        if mean < 1:
            said = str(ours[0]["answer"])[:_SAID]
            shown = {"benchmark": name, "prompt": str(one["prompt"])[:_ITEM], "right": str(ours[0]["gold"])[:_SAID]}
            yield (mean - before, mean, key), shown | {"said": said}


def _mean(records: Sequence[Mapping[str, Any]]) -> float:
    shares = [sum(one["reached"]) / max(sum(one["of"]), 1e-9) for one in records]
    return sum(shares) / len(shares) if shares else 0.0


def _say(line: str) -> None:
    print(line, file=sys.stderr)
