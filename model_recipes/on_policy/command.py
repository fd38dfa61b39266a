"""`smolkalam iterate`: iterative preference training on a model's own answers."""

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean

from model_recipes.evaluation.asked.models import look_for_libraries
from model_recipes.needs import find_gpu, shape_of
from model_recipes.on_policy.needs import RoundNeeds
from model_recipes.on_policy.prompts import Prompt, divide, read_prompts
from model_recipes.on_policy.rewards import look_at
from model_recipes.on_policy.rounds import OnPolicyResult, Rounds
from model_recipes.on_policy.settings import OnPolicyPlan
from model_recipes.plans import PlanRun, load_plan
from model_recipes.plans.placed import linked_copy
from model_recipes.training.launch import look_for_libraries as look_for_training
from processors.atomic_files import write_text
from processors.errors import InputError, one_line

RESULT, MODEL = "result.json", "model"


def run_iterations(
    path: Path, settings: Sequence[str], *, output: Path | None = None, dry_run: bool = False, yes: bool = False
) -> OnPolicyResult | None:
    """Do the rounds of a plan; None for `dry_run`. The same command again goes on. Raises InputError."""
    plan = load_plan(path, OnPolicyPlan, settings)
    look_for_training()
    if plan.guards.benchmarks:
        look_for_libraries("transformers")
    if not Path(plan.dpo).is_file():
        raise InputError(f"{path}: dpo: {plan.dpo}: no such file; expected the YAML of `smolkalam train dpo`")
    prompts, out = read_prompts(plan.prompts)
    if out:
        print(
            f"prompts: {len(prompts):,} of {len(prompts) + out:,} rows; {out:,} ask nothing, or the same again",
            file=sys.stderr,
        )
    look_at(plan.reward, prompts)
    divided = divide(prompts, plan.held_prompts, plan.prompts_a_round, plan.rounds, plan.seed)
    needs = _needs(plan, prompts)
    folder = (output or Path("run") / plan.name).absolute()
    with PlanRun(folder, plan) as run:
        rounds = Rounds(run, plan, prompts, divided, needs)
        if not run.begin(rounds.steps, dry_run=dry_run, yes=yes):
            return None
        found = rounds.go()
        model = _placed(found, folder)
        _write(found, model, folder)
    print(_told(found, model), file=sys.stderr)
    return found


def _needs(plan: OnPolicyPlan, prompts: Sequence[Prompt]) -> RoundNeeds:
    """Raises InputError where there is no such model or GPU."""
    from transformers import AutoConfig

    from model_recipes.training.data import load_tokenizer

    gpu = find_gpu(plan.machine.gpu)
    try:
        shape = shape_of(
            AutoConfig.from_pretrained(plan.model, revision=plan.model_revision), reward=False, peft_config=None
        )
    except (OSError, ValueError) as error:
        raise InputError(f"model: {plan.model}: no model there ({one_line(error)})") from None
    tokenizer = load_tokenizer(plan.model, plan.model_revision, "model:")
    if not tokenizer.chat_template:
        raise InputError(f"model: {plan.model}: its tokenizer has no chat template; start from a fine-tuned model")
    some = prompts[:200]
    texts = ["\n".join(message["content"] for message in one.messages) for one in some]
    return RoundNeeds(shape, gpu, plan, fmean(len(ids) for ids in tokenizer(texts)["input_ids"]))


def _placed(found: OnPolicyResult, folder: Path) -> Path:
    """The result as `model` in the plan's folder: the files of the round's, not a second time on the disk."""
    place = folder / MODEL
    if found.best == 0:
        shutil.rmtree(place, ignore_errors=True)
        return Path(found.model)
    return linked_copy(Path(found.model), place)


def _write(found: OnPolicyResult, model: Path, folder: Path) -> None:
    about = {**asdict(found), "model": str(model)}
    write_text(folder / RESULT, json.dumps(about, indent=1, ensure_ascii=False) + "\n")
    words = table(found)
    write_text(folder / "rounds.md", words + "\n")
    if found.best and (card := model / "README.md").is_file():
        told = f"Trained on its own answers, round by round; this is {_named(found.best)}."
        write_text(card, f"{card.read_text(encoding='utf-8')}\n## Rounds\n\n{told}\n\n{words}\n")


def _named(number: int) -> str:
    return f"round {number}" if number else "the start"


def table(found: OnPolicyResult) -> str:
    """Markdown: what was watched, a line a round."""
    suites = list(found.watched[0].benchmarks) if found.watched else []
    lines = [
        f"| {' | '.join(['', 'reward', 'tokens', 'cut off', *suites])} |",
        f"|---|{'---:|' * (3 + len(suites))}",
    ]
    for number, one in enumerate(found.watched):
        scores = [f"{one.benchmarks[suite]:.1f}" for suite in suites]
        lines.append(
            f"| {' | '.join([_named(number), f'{one.reward:.3f}', f'{one.tokens:,.0f}', f'{one.cut:.1%}', *scores])} |"
        )
    return "\n".join([*lines, *(f"\nEnded: {why}." for why in found.why)])


def _told(found: OnPolicyResult, model: Path) -> str:
    ended = f"ended after {_named(len(found.watched) - 1)}: {'; '.join(found.why)}; " if found.why else ""
    what = "no round was better than the start: the result is the model that was given" if not found.best else ""
    return f"{ended}{what or f'the result is {_named(found.best)}: {model}'}"
