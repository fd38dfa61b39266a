"""Which of a prompt's answers becomes data: the best one, and the pair with the largest difference.

The pair's better side is the best answer that may be chosen; its worse side is the one of all usable answers that is
farthest below it. So no other pair with a better side that may be chosen differs by more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from builders.arbitrage.people import Said
from builders.arbitrage.recipe import ArbitrageRecipe, label_of
from builders.preferences.pairs import NEAR_DUPLICATE, normalise, similarity
from processors.judging.votes import Votes

Answer = Mapping[str, Any]
PEOPLE = "people"
# Above all that votes can come to.
WRITTEN = 2.0


@dataclass(frozen=True, slots=True)
class Chosen:
    """What became of a prompt: `best`, or why there is none; `worse`, or why there is no pair. `by` says by whom."""

    best: Answer | None
    worse: Answer | None = None
    difference: float = 0.0
    by: str = ""
    why: str = ""
    detail: str = ""


def choose(row: Mapping[str, Any], recipe: ArbitrageRecipe, people: Said | None = None) -> Chosen:
    """What becomes of a prompt with its `answers`. What people said of it decides where they said anything."""
    answers = row["answers"]
    if people is not None:
        answers, said = _said(row["id"], answers, recipe, people)
        if said:
            return _pair(said, answers, recipe, PEOPLE)
    refused = {number: why for number, one in enumerate(answers) if (why := _unfit(one, recipe))}
    scores = {number: score_of(one, recipe) for number, one in enumerate(answers)}
    known = {number: score for number, score in scores.items() if score is not None}
    fit = [number for number in known if number not in refused]
    if not fit:
        reasons = sorted(set(refused.values()) or {"not_scored"})
        return Chosen(None, why=reasons[0] if len(reasons) == 1 else "all_bad", detail=", ".join(reasons))
    return _pair(known, answers, recipe, recipe.by, fit)


def score_of(answer: Answer, recipe: ArbitrageRecipe) -> float | None:
    """What orders answers: the reward, or the panel's mean mark."""
    found: float | None = answer.get("reward") if recipe.by == "reward" else answer.get("mark")
    return found


def _unfit(answer: Answer, recipe: ArbitrageRecipe) -> str:
    """Why an answer may not be chosen."""
    reward: float | None = answer.get("reward")
    mark: float | None = answer.get("mark")
    choice = recipe.choose
    if choice.least_reward is not None and (reward is None or reward < choice.least_reward):
        return "below_reward"
    if recipe.panel is None:
        return ""
    if mark is None:
        return "not_judged"
    if choice.least_mark is not None and mark < choice.least_mark:
        return "below_mark"
    return ""


def _pair(
    scores: Mapping[int, float],
    answers: Sequence[Answer],
    recipe: ArbitrageRecipe,
    by: str,
    fit: Sequence[int] | None = None,
) -> Chosen:
    # Of equal ones the better mark, then the pool's order.
    best = max(fit or scores, key=lambda n: (scores[n], answers[n].get("mark") or 0.0, -n))
    plain = normalise(answers[best]["text"])
    why = "one_answer"
    for number in sorted(scores, key=lambda n: (scores[n], answers[n].get("mark") or 0.0, n)):
        difference = scores[best] - scores[number]
        if number == best or difference <= 0:
            continue
        other = normalise(answers[number]["text"])
        if other == plain or similarity(plain, other) >= NEAR_DUPLICATE:
            why = "near_duplicate"
            continue
        if difference <= recipe.choose.least_difference:
            return Chosen(answers[best], by=by, why="small_difference", detail=f"{difference:.4g}")
        return Chosen(answers[best], answers[number], round(difference, 6), by)
    if why == "one_answer" and len(scores) > 1:
        why = "tie"
    return Chosen(answers[best], by=by, why=why)


def _said(
    row: str, answers: Sequence[Answer], recipe: ArbitrageRecipe, people: Said
) -> tuple[Sequence[Answer], dict[int, float]]:
    """The answers as people have written them, and people's scores: what somebody wrote or approved is the best."""
    scores = _voted(row, answers, recipe, people.votes)
    label, text = people.written.get(row, ("", ""))
    samples = recipe.answering.samples
    place = next((n for n, one in enumerate(answers) if label_of(one["model"], one["sample"], samples) == label), None)
    if place is None:
        return answers, scores
    written = [{**one, "text": text} if n == place else one for n, one in enumerate(answers)]
    return written, scores | {place: WRITTEN}


def _voted(row: str, answers: Sequence[Answer], recipe: ArbitrageRecipe, votes: Votes) -> dict[int, float]:
    """People's score of each answer: votes for it, less those against, over those that it was compared with."""
    names = [label_of(one["model"], one["sample"], recipe.answering.samples) for one in answers]
    found: dict[int, list[float]] = {}
    for place, name in enumerate(names):
        for other in names:
            said = votes.difference(row, name, other, {}) if other != name else None
            if said is not None:
                found.setdefault(place, []).append(said)
    return {place: sum(said) / len(said) for place, said in found.items()}
