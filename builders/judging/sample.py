"""Which pairs of a run's candidates are judged: a seeded sample of all, or of those nearly equal to the ranker.

The sample is the pairs with the smallest keys, a hash of the seed and the pair: the same pairs whatever the order, and
a larger sample holds the smaller one, so that what was judged before is not paid for again.
"""

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import combinations
from typing import Any

from builders.preferences.pairs import broken, normalise
from builders.recipes.recipe import Recipe
from processors.judging.exchange import conversation_text
from processors.judging.panel import CandidatePair
from processors.ranking.policy import FALLBACKS
from processors.scoring.columns import ORDERS


@dataclass(slots=True)
class Sampled:
    """`pairs` in the order of their keys; `scores`: of each pair, what each of ORDERS gives a and b, where it does.

    `vetoed`: pairs of which one translation is broken (see `preference_pairs`). `left_out` counts the others of the
    `possible` pairs, by reason; whether those `not_drawn` could have been judged, nobody has looked.
    """

    pairs: list[CandidatePair] = field(default_factory=list)
    scores: dict[tuple[str, str, str], dict[str, tuple[float, float]]] = field(default_factory=dict)
    vetoed: set[tuple[str, str, str]] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)
    possible: int = 0


def draw_pairs(
    rows: Iterable[dict[str, Any]],
    count: int,
    *,
    recipe: Recipe,
    seed: int,
    near: float | None,
    tokens: Any,
    max_tokens: int,
) -> Sampled:
    """Draw `count` pairs (fewer if there are not as many) from ranked rows (`schemas.ranked_unit`).

    With `near`, only pairs of which neither is broken and whose quality (rank_score where the run has no quality)
    differs by at most that. `tokens(text)` counts tokens.
    """
    sampled = Sampled()
    # A heap of the smallest keys, largest on top.
    heap: list[tuple[int, str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]] = []
    for row in rows:
        for one, other in combinations(row["candidates"], 2):
            sampled.possible += 1
            name = f"{row['id']}\0{one['translator']}\0{other['translator']}"
            key = int.from_bytes(blake2b(f"{seed}\0{name}".encode(), digest_size=8).digest(), "big")
            # Only what would be drawn is looked at: to normalise and count all of a large run takes hours.
            if len(heap) == count and -heap[0][0] < key:
                sampled.left_out["not_drawn"] += 1
            elif reason := _unfit(recipe, row, one, other, near, tokens, max_tokens):
                sampled.left_out[reason] += 1
            else:
                heapq.heappush(heap, (-key, name, (row, one, other)))
                if len(heap) > count:
                    heapq.heappop(heap)
                    sampled.left_out["not_drawn"] += 1
    for _, _, (row, one, other) in sorted(heap, key=lambda drawn: (-drawn[0], drawn[1])):
        _add(sampled, recipe, row, one, other)
    return sampled


def _unfit(
    recipe: Recipe,
    row: dict[str, Any],
    one: dict[str, Any],
    other: dict[str, Any],
    near: float | None,
    tokens: Any,
    max_tokens: int,
) -> str:
    if one["messages"] is None or other["messages"] is None:
        return "not_translated"
    if normalise(_text(one)) == normalise(_text(other)):
        return "same_text"
    if near is not None:
        if broken(one, recipe, row["id"]) or broken(other, recipe, row["id"]):
            return "vetoed"
        score = next(score for score in FALLBACKS if one[score] is not None and other[score] is not None)
        # Rounded: 0.95 - 0.90 is to be 0.05.
        if round(abs(one[score] - other[score]), 9) > near:
            return "not_near"
    if tokens("\n".join([conversation_text(row["messages"]), _text(one), _text(other)])) > max_tokens:
        return "too_long"
    return ""


def _add(sampled: Sampled, recipe: Recipe, row: dict[str, Any], one: dict[str, Any], other: dict[str, Any]) -> None:
    source = conversation_text(row["messages"], (row["chat_template_kwargs"] or {}).get("custom_instructions") or "")
    pair = CandidatePair(row["id"], one["translator"], other["translator"], source, _text(one), _text(other))
    place = (pair.id, pair.a, pair.b)
    sampled.pairs.append(pair)
    sampled.scores[place] = {
        score: (one[score], other[score])
        for score in ORDERS
        # A score of a model has a column only where the recipe asks for it.
        if one.get(score) is not None and other.get(score) is not None
    }  # fmt: skip
    if broken(one, recipe, row["id"]) or broken(other, recipe, row["id"]):
        sampled.vetoed.add(place)


def _text(candidate: dict[str, Any]) -> str:
    return conversation_text(candidate["messages"], candidate["custom_instructions"] or "")
