"""Which rows of the source are translated: splits by pattern, rows without Han characters, exact seeded samples.

A sample is the n rows with the smallest keys, and a key is a hash of the seed and the row's id: the same rows whatever
the order, the number of tasks or of workers. A cut does that in each stratum, with quotas that add up to its total.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import Any

import numpy as np
import regex

from processors.errors import CountError, InputError
from processors.selection.row_problems import Problem

# Script, not Script_Extensions: the latter takes in 、。「」 and the emoji ㊗, which are no Chinese text.
_HAN = regex.compile(r"\p{Script=Han}")


@dataclass(frozen=True, slots=True)
class SplitChoice:
    """The splits to read, those left out, and the `keep` patterns that no split of the source matches."""

    kept: list[str]
    dropped: list[str]
    missing: list[str]


def choose_splits(names: Iterable[str], keep: Sequence[str], drop: Sequence[str]) -> SplitChoice:
    """Splits that match a `keep` pattern (every split if there is none) and no `drop` pattern; sorted.

    Patterns are those of `fnmatch`, with case: `*_no_think`, `smoltalk_multilingual*`.
    """
    kept: list[str] = []
    dropped: list[str] = []
    names = sorted(set(names))
    for name in names:
        wanted = not keep or any(fnmatchcase(name, pattern) for pattern in keep)
        unwanted = any(fnmatchcase(name, pattern) for pattern in drop)
        (kept if wanted and not unwanted else dropped).append(name)
    missing = [pattern for pattern in keep if not any(fnmatchcase(name, pattern) for name in names)]
    return SplitChoice(kept, dropped, missing)


def has_han(row: Mapping[str, Any]) -> Problem | None:
    """The first Han character of a row (messages, custom instructions, tools), or None (paper, section 3.1).

    Han is the Unicode property Script=Han, radicals and 々 included; CJK punctuation, kana and hangul are not Han.
    The row must be one that `row_problem` accepts.
    """
    for field, text in texts_in(row):
        if text.isascii():
            continue
        match = _HAN.search(text)
        if match:
            found = f"U+{ord(match[0]):04X} {match[0]} at character {match.start()}"
            return Problem("han_characters", field, f"{found}, expected no Han character")
    return None


def texts_in(row: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Each text of a row that `row_problem` accepts, after the field in which it stands."""
    for i, message in enumerate(row["messages"]):
        yield f"messages[{i}].content", message["content"]
    kwargs = row.get("chat_template_kwargs") or {}
    yield "chat_template_kwargs.custom_instructions", kwargs.get("custom_instructions") or ""
    for name in ("python_tools", "xml_tools"):
        for i, tool in enumerate(kwargs.get(name) or []):
            yield f"chat_template_kwargs.{name}[{i}]", tool


def sample_key(row_id: str, seed: int) -> int:
    """A uniform 64-bit number of this row and seed (BLAKE2b): the rows with the smallest ones are the sample."""
    return int.from_bytes(blake2b(f"{seed}\n{row_id}".encode(), digest_size=8).digest(), "big")


@dataclass(frozen=True, slots=True)
class CutPlan:
    """How many rows a cut takes from each stratum.

    `wanted` is what the ratio asks for, `quotas` what is taken; they differ where a stratum is too small, and `notes`
    says so, a sentence each. `sum(quotas.values()) == min(total, sum(available.values()))`.
    """

    total: int
    available: dict[str, int]
    wanted: dict[str, int]
    quotas: dict[str, int]
    notes: list[str]


def plan_cut(counts: Mapping[str, int], ratio: Mapping[str, int], total: int) -> CutPlan:
    """Exact quotas for a stratified sample of `total` rows.

    `counts`: rows there are in each stratum; `ratio`: its share, such as {"code": 1, "science": 1, "math": 2}. Shares
    are rounded by the largest remainder (ties: the stratum first in the alphabet). What a stratum lacks is taken from
    the others in proportion to the ratio, and only when those are used up from strata without a share, in proportion
    to their rows. An empty `ratio` takes every stratum in proportion to its rows.
    Raises InputError for a negative number or a ratio without any positive share.
    """
    strata = sorted({*counts, *ratio})
    available = {stratum: counts.get(stratum, 0) for stratum in strata}
    if total < 0 or any(n < 0 for n in available.values()) or any(n < 0 for n in ratio.values()):
        raise InputError(f"a cut of {total} rows from {dict(counts)} by {dict(ratio)}: expected no negative number")
    weights = {s: ratio.get(s, 0) for s in strata} if ratio else available
    if ratio and not any(weights.values()):
        raise InputError(f"selection.cuts: the ratio {dict(ratio)} has no positive share, such as code: 1")
    quotas = dict.fromkeys(strata, 0)
    possible = min(total, sum(available.values()))
    _fill(quotas, available, weights, possible)
    _fill(quotas, available, {s: n for s, n in available.items() if not weights[s]}, possible)
    wanted = _apportion(total, weights)
    return CutPlan(total, available, wanted, quotas, _notes(total, available, wanted, quotas))


def _apportion(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Whole numbers in proportion to the weights that add up to `total` (largest remainder); all 0 without weights."""
    whole = sum(weights.values())
    if not whole:
        return dict.fromkeys(weights, 0)
    shares = {stratum: total * weight // whole for stratum, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda stratum: (-(total * weights[stratum] % whole), stratum))
    for stratum in by_remainder[: total - sum(shares.values())]:
        shares[stratum] += 1
    return shares


def _fill(quotas: dict[str, int], available: Mapping[str, int], weights: Mapping[str, int], total: int) -> None:
    """Raise the quotas to `total` in proportion to the weights; a stratum that would overflow gives all it has."""
    open_strata = {s: w for s, w in weights.items() if w > 0 and quotas[s] < available[s]}
    while open_strata:
        rest = total - sum(n for s, n in quotas.items() if s not in open_strata)
        shares = _apportion(rest, open_strata)
        full = [s for s in open_strata if shares[s] >= available[s]]
        quotas.update(shares)
        quotas.update({s: available[s] for s in full})
        if not full:
            return
        open_strata = {s: w for s, w in open_strata.items() if s not in full}


def _notes(total: int, available: dict[str, int], wanted: dict[str, int], quotas: dict[str, int]) -> list[str]:
    there = sum(available.values())
    if there < total:
        missing = f"{total - there:,} fewer"
        notes = [f"{total:,} rows are wanted and only {there:,} are there: all of them are taken, {missing}."]
        return notes + [
            f"{s}: {wanted[s]:,} wanted, {available[s]:,} there." for s in wanted if wanted[s] > available[s]
        ]
    short = {s: wanted[s] - quotas[s] for s in wanted if quotas[s] < wanted[s]}
    if not short:
        return []
    notes = [f"{s}: {wanted[s]:,} rows are wanted and only {available[s]:,} are there." for s in short]
    more = ", ".join(f"{quotas[s] - wanted[s]:,} more of {s}" for s in wanted if quotas[s] > wanted[s])
    return [*notes, f"Taken instead of the missing {sum(short.values()):,}: {more}."]


@dataclass(frozen=True, slots=True)
class Threshold:
    """The last row that is taken, by (key, row id); ids break the tie of two equal keys."""

    key: int
    row_id: str


@dataclass(frozen=True, slots=True)
class PlannedCut:
    """A plan with the threshold of each stratum: enough to decide about a row on its own, in any worker."""

    plan: CutPlan
    thresholds: dict[str, Threshold | None]

    def wanted(self, stratum: str, key: int, row_id: str) -> bool:
        """Whether the row is in the sample. A stratum that the plan does not know has no row in it."""
        last = self.thresholds.get(stratum)
        return last is not None and (key, row_id) <= (last.key, last.row_id)

    def as_json(self) -> dict[str, Any]:
        """What `json.dumps` takes and `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "PlannedCut":
        thresholds = {name: last and Threshold(**last) for name, last in data["thresholds"].items()}
        return cls(CutPlan(**data["plan"]), thresholds)


def select_ids(
    keys: Mapping[str, np.ndarray], ids: Mapping[str, Sequence[str]], ratio: Mapping[str, int], total: int
) -> PlannedCut:
    """The cut of a split: plans it from the strata's sizes and finds each stratum's threshold.

    `keys[stratum]`: uint64 array of the sample keys of all its rows, of all shards, in any order; `ids[stratum]`:
    their row ids in the same order, read only at the threshold (a list, or a column on disk).
    8 bytes a row, O(n).
    Raises CountError if ids and keys differ in number.
    """
    for stratum, column in keys.items():
        if len(column) != len(ids[stratum]):
            raise CountError(f"stratum {stratum} has {len(column)} keys and {len(ids[stratum])} row ids")
    plan = plan_cut({stratum: len(column) for stratum, column in keys.items()}, ratio, total)
    thresholds = {
        stratum: _threshold(keys[stratum], ids[stratum], quota) if quota else None
        for stratum, quota in plan.quotas.items()
    }
    return PlannedCut(plan, thresholds)


def _threshold(keys: np.ndarray, ids: Sequence[str], quota: int) -> Threshold:
    key = np.partition(keys, quota - 1)[quota - 1]
    below = int(np.count_nonzero(keys < key))
    tied = sorted(str(ids[int(i)]) for i in np.flatnonzero(keys == key))
    return Threshold(int(key), tied[quota - below - 1])
