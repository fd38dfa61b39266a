"""Which rows a mixture takes, how often and in which order: exactly, and by seeded hashes of what the rows say alone.

A row's key does not depend on where it stands, so rows that a source gets or loses do not reshuffle the others, and a
smaller budget takes, but for its last few rows, a part of what a larger one takes. Weights go first, then the sources'
budgets, then shares by language and the budget of the whole; what a budget leaves is divided in proportion to what the
weights made of each split. Of repeated rows every row's first copy comes before any row's second one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

import numpy as np

from builders.mixtures.recipe import Mixture, MixtureSource, Unit, exactly
from processors.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]
    Keys = NDArray[np.uint64]


# Rows on either side of a budget's end that are looked at, to come nearer to it.
_EXCHANGED = 5000


@dataclass(frozen=True, slots=True)
class Pool:
    """Rows of one split that may be taken: `keys` are hashes of what each says; `tokens` are 0 where not counted."""

    source: str
    split: str
    weight: Fraction
    keys: "Keys"
    tokens: "Whole"


@dataclass(frozen=True, slots=True)
class Decision:
    """Of each pool, in order: how often each row is taken, and how often it were by its weight alone."""

    times: list["Whole"]
    weighted: list["Whole"]


def mixed(keys: "Keys", salt: int) -> "Keys":
    """Other hashes of the same things, by splitmix64: no two keys become one."""
    value = keys ^ np.uint64(salt % (1 << 64))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        value = (value ^ (value >> np.uint64(shift))) * np.uint64(factor)
    return value ^ (value >> np.uint64(31))


def salt_of(seed: int, what: int) -> int:
    """A number of a seed and a purpose, for `mixed`."""
    return int(mixed(np.array([seed * 2 + 1], np.uint64), what * 0x9E3779B97F4A7C15)[0])


def weighted_rows(rows: int, weight: Fraction) -> int:
    """How many rows a weight makes of `rows`: the nearest whole number, the half upwards.

    >>> weighted_rows(10, Fraction("2.3")), weighted_rows(3, Fraction("0.5"))
    (23, 2)
    """
    return int(rows * weight + Fraction(1, 2))


def apportioned(total: int, sizes: Sequence[int | Fraction]) -> list[int]:
    """Whole numbers in proportion to `sizes` that add up to `total`: by the largest remainder, the first of equals.

    >>> apportioned(10, [1, 1, 1])
    [4, 3, 3]
    """
    scale = lcm(*(Fraction(size).denominator for size in sizes))
    whole = [int(size * scale) for size in sizes]
    if not (among := sum(whole)):
        return [0] * len(whole)
    found = [total * size // among for size in whole]
    by_remainder = sorted(range(len(whole)), key=lambda place: (-(total * whole[place] % among), place))
    for place in by_remainder[: total - sum(found)]:
        found[place] += 1
    return found


class _Drawn:
    """A pool's rows in the order in which they are taken, each as often as its weight says; `taken`: those left."""

    def __init__(self, pool: Pool, seed: int) -> None:
        self.pool = pool
        size = weighted_rows(len(pool.keys), pool.weight)
        keys = mixed(pool.keys, salt_of(seed, 1))
        order = np.argsort(keys, kind="stable")
        places = np.arange(size, dtype=np.int64)
        self.rows = order[places % max(len(order), 1)]
        self.copies = places // max(len(order), 1)
        self.keys = keys[self.rows]
        self.tokens = pool.tokens[self.rows]
        self.taken = np.ones(size, bool)

    def size(self, unit: Unit) -> int:
        return int(self.taken.sum() if unit == "rows" else self.tokens[self.taken].sum())

    def keep(self, most: int, unit: Unit) -> "Whole":
        """Take the first rows with at most so many tokens or rows; returns the places of those that are left out."""
        places = np.flatnonzero(self.taken)
        sums = np.arange(1, len(places) + 1) if unit == "rows" else np.cumsum(self.tokens[places])
        left = places[int(np.searchsorted(sums, most, side="right")) :]
        self.taken[left] = False
        return left

    def times(self) -> "Whole":
        return np.bincount(self.rows[self.taken], minlength=len(self.pool.keys))


def decide(mixture: Mixture, pools: Sequence[Pool]) -> Decision:
    """Of each pool how often each row is taken.

    Raises InputError where a budget or share asks for more than there is; it begins with the recipe's key.
    """
    drawn = [_Drawn(pool, mixture.seed) for pool in pools]
    weighted = [one.times() for one in drawn]
    by_source = {source.name: [one for one in drawn if one.pool.source == source.name] for source in mixture.sources}
    for place, source in enumerate(mixture.sources):
        if (unit := _unit(source)) is not None:
            budget = source.tokens if unit == "tokens" else source.rows
            cut(by_source[source.name], budget or 0, unit, f"sources[{place}].{unit} ({source.name})")
    if mixture.languages.shares:
        _share(mixture, by_source)
    elif (unit := _unit(mixture)) is not None:
        cut(drawn, (mixture.tokens if unit == "tokens" else mixture.rows) or 0, unit, unit)
    return Decision([one.times() for one in drawn], weighted)


def _unit(of: Mixture | MixtureSource) -> Unit | None:
    return "tokens" if of.tokens is not None else "rows" if of.rows is not None else None


def _share(mixture: Mixture, by_source: Mapping[str, list[_Drawn]]) -> None:
    unit, shares = mixture.languages.by, {name: exactly(share) for name, share in mixture.languages.shares.items()}
    of = {
        language: [one for source in mixture.sources if source.language == language for one in by_source[source.name]]
        for language in shares
    }
    there = {language: sum(one.size(unit) for one in drawn) for language, drawn in of.items()}
    total = mixture.tokens if unit == "tokens" else mixture.rows
    if total is None:
        budgets = _largest(there, shares, unit)
    else:
        budgets = dict(zip(shares, apportioned(total, list(shares.values())), strict=True))
    for language, budget in budgets.items():
        cut(of[language], budget, unit, f"languages.shares.{language}")


def _largest(there: Mapping[str, int], shares: Mapping[str, Fraction], unit: Unit) -> dict[str, int]:
    """The budgets of the largest mixture of these shares: of rows they are exact, of tokens to one token."""
    least = min(shares, key=lambda language: there[language] / shares[language])
    step = lcm(*(share.denominator for share in shares.values()))
    total = there[least] / shares[least]
    if unit == "rows":
        total = Fraction(int(total) // step * step)
    if total < step:
        raise InputError(
            f"languages.shares: {shown(there[least], unit)} in '{least}' are too few for a share of "
            f"{float(shares[least]):g}"
        )
    return {language: int(total * share) for language, share in shares.items()}


def cut(drawn: Sequence[_Drawn], budget: int, unit: Unit, key: str) -> None:
    """Keep so many rows, or as many tokens as whole rows come near to from below, of each pool its part.

    Raises InputError, by the recipe's `key`, where there is less.
    """
    sizes = [one.size(unit) for one in drawn]
    there = sum(sizes)
    if budget > there:
        if not there:
            raise InputError(f"{key}: {shown(budget, unit)} are asked for and there are none")
        more = -(-100 * budget // there) / 100
        raise InputError(
            f"{key}: {shown(budget, unit)} are asked for and there are {there:,}; ask for at most that, or raise the "
            f"weights {more:g} times, by which rows are repeated"
        )
    left = [one.keep(quota, unit) for one, quota in zip(drawn, apportioned(budget, sizes), strict=True)]
    if unit == "tokens":
        _fill(drawn, left, budget - sum(one.size(unit) for one in drawn))


def _fill(drawn: Sequence[_Drawn], left: Sequence["Whole"], room: int) -> None:
    """Come nearer to a budget of tokens: take what still fits of `left`, and then a longer row for a shorter one."""
    while room:
        room -= _add(drawn, left, room)
        gained = _exchange(drawn, left, room)
        if not gained:
            return
        room -= gained


def _add(drawn: Sequence[_Drawn], left: Sequence["Whole"], room: int) -> int:
    """Take more of what is left, in its order over all pools, as long as anything fits; returns the tokens of it."""
    which, places, tokens, _ = _in_order(drawn, _not_taken(drawn, left))
    at = added = 0
    # Each time the first that fits: what does not fit now fits never, for there is ever less room.
    while len(fitting := np.flatnonzero(tokens[at:] <= room - added)):
        at += int(fitting[0])
        drawn[which[at]].taken[places[at]] = True
        added += int(tokens[at])
        at += 1
    return added


def _exchange(drawn: Sequence[_Drawn], left: Sequence["Whole"], room: int) -> int:
    """Take one of the next rows for one of the last that were taken, so that most of the room is used; returns that.

    Both are the same copy of their rows, so that none comes again before all have come as often.
    """
    which, places, tokens, copies = _in_order(drawn, _not_taken(drawn, left))
    if not room or not len(copies):
        return 0
    level = copies[0]
    next_ones = np.flatnonzero(copies == level)[:_EXCHANGED]
    taken = [np.flatnonzero(one.taken & (one.copies == level)) for one in drawn]
    of_taken, taken_places, taken_tokens, _ = (array[-_EXCHANGED:] for array in _in_order(drawn, taken))
    if not len(of_taken):
        return 0
    by_length = next_ones[np.argsort(tokens[next_ones], kind="stable")]
    at = np.searchsorted(tokens[by_length], taken_tokens + room, side="right") - 1
    gains = np.where(at >= 0, tokens[by_length[at]] - taken_tokens, 0)
    best = int(np.argmax(gains))
    if gains[best] <= 0:
        return 0
    more = by_length[at[best]]
    drawn[of_taken[best]].taken[taken_places[best]] = False
    drawn[which[more]].taken[places[more]] = True
    return int(gains[best])


def _not_taken(drawn: Sequence[_Drawn], left: Sequence["Whole"]) -> list["Whole"]:
    return [places[~one.taken[places]] for one, places in zip(drawn, left, strict=True)]


def _in_order(drawn: Sequence[_Drawn], places: Sequence["Whole"]) -> tuple["Whole", "Whole", "Whole", "Whole"]:
    """These places of each, together in the order of drawing: whose each is, where, its tokens and which copy."""
    which = np.concatenate([np.full(len(of), number) for number, of in enumerate(places)])
    tokens, keys, copies = (
        np.concatenate([getattr(one, name)[of] for one, of in zip(drawn, places, strict=True)])
        for name in ("tokens", "keys", "copies")
    )
    together = np.concatenate(places)
    order = np.lexsort((together, which, keys, copies))
    return which[order], together[order], tokens[order], copies[order]


def shown(number: int, unit: Unit) -> str:
    """A number of rows or tokens, for people."""
    return f"{number:,} {unit}"


def final_order(pools: Sequence[Pool], times: Sequence["Whole"], seed: int) -> list[tuple["Whole", "Whole", "Whole"]]:
    """Of each pool the rows that are taken (ascending, as often as they are), which copy each is, and its place.

    Places count from 0 over the whole mixture, which is shuffled by the seed.
    """
    rows = [np.repeat(np.arange(len(one)), one) for one in times]
    copies = [
        np.arange(len(found)) - np.repeat(np.cumsum(one) - one, one) for found, one in zip(rows, times, strict=True)
    ]
    keys = [
        mixed(mixed(pool.keys, salt_of(seed, 2))[found] + copy.astype(np.uint64), salt_of(seed, 3))
        for pool, found, copy in zip(pools, rows, copies, strict=True)
    ]
    # Stable: equal keys, which only equal rows have, stay in the order of the pools and rows.
    order = np.argsort(np.concatenate(keys), kind="stable")
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    ends = np.cumsum([len(found) for found in rows])
    return list(zip(rows, copies, np.split(places, ends[:-1]), strict=True))
