"""Pairs of translations, the better one first: which two of a row's candidates make one, and what it holds.

Two datasets can be made of the same rows (`task`). For a `ranker`, the prompt asks to translate the source and the two
translations answer it: a reward model learns to rank translations, as the paper's does. For an `assistant`, the prompt
is the translated conversation up to its last message, and the two answer with their translations of that message: DPO
of the model that is trained on the dataset. Both are in TRL's conversational preference format.
"""

import unicodedata
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations, pairwise
from typing import Any, Literal

import regex

from builders.preferences.sources import PreferenceSource, ReferenceTexts
from builders.recipes.recipe import Recipe
from builders.run_folder import schemas
from builders.run_folder.ranked_rows import built_split
from processors.judging.exchange import Messages, conversation_text, translation_answer, translation_prompt
from processors.ranking.policy import Policy, Scored, vetoing
from processors.scoring.agreement import agreement
from processors.scoring.columns import COLUMN

Task = Literal["ranker", "assistant"]
TASKS: tuple[Task, ...] = ("ranker", "assistant")
# Why two candidates of a row make no pair, in the order in which they are looked at.
REASONS = (
    "not_translated",
    "no_answer",
    "same_text",
    "near_duplicate",
    "no_preference",
    "tie",
    "better_is_vetoed",
    "not_largest",
)
# Share of word pairs in common from which two texts count as one: a word changed in about seventy.
NEAR_DUPLICATE = 0.97
_MARKS = regex.compile(r"[\p{M}ـ]+")


@dataclass(frozen=True, slots=True)
class PairPlan:
    """What makes pairs of a run's rows; `largest`: at most one pair a row."""

    task: Task
    by: str
    source: PreferenceSource
    recipe: Recipe
    tie: float
    scale: float
    largest: bool
    test_share: float
    seed: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Two candidates of a row that make no pair, and why."""

    id: str
    translators: tuple[str, str]
    reason: str
    detail: str = ""


def schema(task: Task, rewards: bool = False) -> Any:
    """Columns of a pair; `chat_template_kwargs` only for the assistant, whose template takes them, `rewards` for runs
    with a reward model."""
    import pyarrow as pa

    scored = [(f"{side}_reward", pa.float64()) for side in ("chosen", "rejected")] if rewards else []
    kwargs = [("chat_template_kwargs", schemas.chat_template_kwargs())] if task == "assistant" else []
    return pa.schema(
        [
            ("prompt", schemas.messages()),
            ("chosen", schemas.messages()),
            ("rejected", schemas.messages()),
            ("margin", pa.float64()),
            ("difference", pa.float64()),
            ("source_id", pa.string()),
            ("split", pa.string()),
            ("chosen_translator", pa.string()),
            ("rejected_translator", pa.string()),
            ("by", pa.string()),
            *scored,
            *kwargs,
        ]
    )


def make_pairs(row: dict[str, Any], plan: PairPlan) -> tuple[list[dict[str, Any]], list[LeftOut]]:
    """Pairs of a ranked row (`schemas.ranked_unit`), and for every other two of its candidates why there is none."""
    candidates = {candidate["translator"]: candidate for candidate in row["candidates"]}
    names = [name for name in plan.source.translators if name in candidates]
    texts = {name: text for name in candidates if (text := _compared(row, candidates[name], plan.task)) is not None}
    plain = {name: normalise(text) for name, text in texts.items()}
    to_reference = _to_reference(row, texts, plan.source)
    found: list[tuple[float, str, str]] = []
    left_out: list[LeftOut] = []
    for a, b in combinations(names, 2):
        difference = plan.source.difference(row["id"], a, b, to_reference) if a in texts and b in texts else None
        reason, detail = _no_pair(row, candidates, (a, b), plain, difference, plan)
        if reason:
            left_out.append(LeftOut(row["id"], (a, b), reason, detail))
            continue
        assert difference is not None
        found.append((abs(difference), *((a, b) if difference > 0 else (b, a))))
    if plan.largest and len(found) > 1:
        largest = max(range(len(found)), key=lambda i: (found[i][0], -i))
        left_out += [
            LeftOut(row["id"], (a, b), "not_largest", f"{difference:.4g} < {found[largest][0]:.4g}")
            for i, (difference, a, b) in enumerate(found)
            if i != largest
        ]
        found = [found[largest]]
    return [_pair(row, candidates[a], candidates[b], difference, plan) for difference, a, b in found], left_out


def _compared(row: dict[str, Any], candidate: dict[str, Any], task: Task) -> str | None:
    """The text by which two candidates of a row are compared; None where one has none."""
    messages = candidate["messages"]
    if messages is None:
        return None
    if task == "ranker":
        instructions = [candidate["custom_instructions"]] if candidate["custom_instructions"] else []
        return "\n".join([*instructions, *(message["content"] for message in messages)])
    return messages[-1]["content"] if messages else ""


def _to_reference(row: dict[str, Any], texts: dict[str, str], source: PreferenceSource) -> dict[str, float]:
    """chrF in points of each text with the reference; empty where there is none."""
    reference = source.reference(row["messages"], _instructions(row))
    if isinstance(source, ReferenceTexts) and source.translator is not None:
        reference = texts.get(source.translator)
    if reference is None:
        return {}
    matrix = agreement([[*texts.values(), reference]])[0]
    return {name: round(100 * float(matrix[i, -1]), 6) for i, name in enumerate(texts)}


def _no_pair(
    row: dict[str, Any],
    candidates: dict[str, Any],
    pair: tuple[str, str],
    plain: dict[str, str],
    difference: float | None,
    plan: PairPlan,
) -> tuple[str, str]:
    a, b = pair
    if missing := [name for name in pair if name not in plain]:
        return "not_translated", ", ".join(missing)
    if plan.task == "assistant":
        ends = row["messages"] and row["messages"][-1]["role"] == "assistant"
        if not ends or len(row["messages"]) < 2 or not all(plain[name] for name in pair):
            return "no_answer", "the last message is no answer of the assistant's"
    if plain[a] == plain[b]:
        return "same_text", ""
    if (alike := similarity(plain[a], plain[b])) >= NEAR_DUPLICATE:
        return "near_duplicate", f"{alike:.1%} of the word pairs in common"
    if difference is None:
        return "no_preference", "no reference of all its text" if isinstance(plan.source, ReferenceTexts) else ""
    if abs(difference) <= plan.tie:
        return "tie", f"{abs(difference):.4g} {plan.source.unit}"
    better = a if difference > 0 else b
    if vetoes := broken(candidates[better], plan.recipe, row["id"]):
        return "better_is_vetoed", f"{better}: {', '.join(vetoes)}"
    return "", ""


def broken(candidate: dict[str, Any], recipe: Recipe, row: str) -> tuple[str, ...]:
    """What vetoes a candidate of a ranked row: checks, and the recipe's limits in its split.

    Limits of a model's opinion (quality, reward) are no matter here: it is what is to be judged or trained.
    """
    policy = recipe.ranking.policy(built_split(recipe, row))
    limits = {score: least for score, least in policy.limits.items() if not COLUMN[score].opinion}
    hard = vetoing(((verdict["check"], verdict["hard"]) for verdict in candidate["checks"]), recipe.ranking.veto)
    return Policy(limits=limits).vetoes(Scored(candidate["translator"], candidate, hard))


def _pair(
    row: dict[str, Any], better: dict[str, Any], worse: dict[str, Any], difference: float, plan: PairPlan
) -> dict[str, Any]:
    about = {
        "margin": round(min(1.0, difference / plan.scale), 6),
        "difference": round(difference, 6),
        "source_id": row["id"],
        "split": built_split(plan.recipe, row["id"]),
        "chosen_translator": better["translator"],
        "rejected_translator": worse["translator"],
        "by": plan.by,
    }
    if plan.recipe.ranking.reward is not None:
        about |= {"chosen_reward": better["reward"], "rejected_reward": worse["reward"]}
    if plan.task == "ranker":
        answers = [translation_answer(side["messages"], side["custom_instructions"] or "") for side in (better, worse)]
        prompt = translation_prompt(row["messages"], plan.recipe.language.name, _instructions(row))
        return {"prompt": prompt, "chosen": answers[0], "rejected": answers[1], **about}
    # One prompt for both, and the better translation of it: the answers alone are to make the difference.
    kwargs = row["chat_template_kwargs"] or dict.fromkeys(field.name for field in schemas.chat_template_kwargs())
    if better["custom_instructions"]:
        kwargs = kwargs | {"custom_instructions": better["custom_instructions"]}
    return {
        "prompt": better["messages"][:-1],
        "chosen": better["messages"][-1:],
        "rejected": worse["messages"][-1:],
        **about,
        "chat_template_kwargs": kwargs,
    }


def _instructions(row: dict[str, Any]) -> str:
    return (row["chat_template_kwargs"] or {}).get("custom_instructions") or ""


def normalise(text: str) -> str:
    """What is left of a text when form does not count: NFKC, case, marks, tatweel and white space.

    >>> normalise("كِتَـاب  ١") == normalise("كتاب ١")
    True
    """
    return " ".join(_MARKS.sub("", unicodedata.normalize("NFKD", text).casefold()).split())


def similarity(one: str, other: str) -> float:
    """Share of the word pairs (neighbours, so that order counts) that two texts have in common: Dice's coefficient.

    >>> similarity("قطة تطارد كلبا", "كلبا تطارد قطة")
    0.0
    """
    left, right = (Counter(pairwise(["", *text.split(), ""])) for text in (one, other))
    return 2 * (left & right).total() / (left.total() + right.total())


def is_test(messages: Messages, share: float, seed: int) -> bool:
    """Whether a row belongs to the test split: by a seeded hash of its first user message, normalised.

    So rows with the same source text are on the same side, and so are those that only share the user's request, as
    SmolTalk2's `think` and `no_think` splits do.
    """
    first = next((message["content"] for message in messages if message["role"] == "user"), None)
    group = normalise(conversation_text(messages) if first is None else first)
    digest = blake2b(f"{seed}\0{group}".encode("utf-8", "backslashreplace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * 2**64
