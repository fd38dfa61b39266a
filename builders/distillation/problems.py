"""Phase one: problems whose answers can be verified, chosen by domain and difficulty."""

import json
from typing import Any

from builders.distillation.recipe import DistillationRecipe
from builders.pools.answering import take_prompts
from builders.pools.prompts import Prompts
from builders.pools.stages import Record, Stages
from processors.verification import KINDS, Solvable, unverifiable

KIND = "kind"


def problem_columns(recipe: DistillationRecipe) -> list[str]:
    """The columns of a source that say something of its problems."""
    of = recipe.problems
    return list(dict.fromkeys([KIND, of.answer, of.choices, of.tests, of.difficulty, of.region]))


def take_problems(stages: Stages, recipe: DistillationRecipe, prompts: Prompts) -> Record:
    """The stage: each problem once, of the domains and difficulty that the recipe wants."""
    return take_prompts(stages, recipe, prompts, lambda row: why_not(row, recipe), inputs=_inputs(recipe))


def _inputs(recipe: DistillationRecipe) -> Any:
    return [recipe.problems.model_dump(mode="json", exclude={"least_solved", "most_solved"}), recipe.code.run]


def why_not(row: Record, recipe: DistillationRecipe) -> str:
    """Why a problem is not taken, `reason: detail`; empty where it is."""
    of = recipe.problems
    if of.domains and row["domain"] not in of.domains:
        return f"domain: {row['domain']}"
    difficulty = difficulty_of(row, recipe)
    if of.least_difficulty is not None or of.most_difficulty is not None:
        if difficulty is None:
            return f"no_difficulty: no number in {of.difficulty}"
        if of.least_difficulty is not None and difficulty < of.least_difficulty:
            return f"too_easy: {difficulty:g}"
        if of.most_difficulty is not None and difficulty > of.most_difficulty:
            return f"too_hard: {difficulty:g}"
    kind = of.kind or row["values"].get(KIND)
    if kind not in KINDS:
        return f"no_kind: {str(kind)[:40]} is none of {', '.join(KINDS)}"
    if kind == "code" and not recipe.code.run:
        return "code_not_run: the recipe runs no code"
    problem = problem_of(row, recipe)
    return f"unverifiable: {why}" if (why := unverifiable(problem)) else ""


def difficulty_of(row: Record, recipe: DistillationRecipe) -> float | None:
    """How hard a problem is, as its source says."""
    given = row["values"].get(recipe.problems.difficulty)
    try:
        return None if given is None or isinstance(given, bool) else float(given)
    except (TypeError, ValueError):
        return None


def region_of(row: Record, recipe: DistillationRecipe, regions: list[str]) -> str:
    """The region whose norms a row is held to."""
    said = row["values"].get(recipe.problems.region)
    default = recipe.norms.region if recipe.norms else ""
    return said if isinstance(said, str) and said in regions else default


def problem_of(row: Record, recipe: DistillationRecipe) -> Solvable:
    """What is known of a problem."""
    of, values = recipe.problems, row["values"]
    answer = values.get(of.answer)
    given = values.get(of.choices)
    choices = given.get("text", []) if isinstance(given, dict) else given
    if isinstance(answer, int) and not isinstance(answer, bool) and isinstance(choices, list):
        # A place in the list, as most benchmarks write it.
        answer = "ABCDEFGHIJ"[answer] if 0 <= answer < min(10, len(choices)) else ""
    text = answer if isinstance(answer, str) else "" if answer is None else json.dumps(answer, ensure_ascii=False)
    kind = of.kind or values.get(KIND)
    listed = tuple(map(str, choices)) if isinstance(choices, list) else ()
    return Solvable(kind, text, listed, values.get(of.tests))


def shown(row: Record, recipe: DistillationRecipe) -> list[dict[str, str]]:
    """A problem as it is asked: a question whose choices do not stand in it has them below it."""
    messages: list[dict[str, str]] = [dict(message) for message in row["messages"]]
    problem = problem_of(row, recipe)
    asked = messages[-1]["content"]
    if problem.kind == "choice" and problem.choices and not any(choice in asked for choice in problem.choices):
        labels = "أبجدهوزحطي"
        listed = "\n".join(f"{label}) {choice}" for label, choice in zip(labels, problem.choices, strict=False))
        messages[-1]["content"] = f"{asked}\n\n{listed}"
    return messages
