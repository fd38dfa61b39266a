"""What becomes of every row that was read: taken, how often, or left out and why. The two add up, exactly."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from builders.mixtures.decide import Decision, Pool, decide
from builders.mixtures.find import SourceFiles
from builders.mixtures.look import DUPLICATE, NEAR_DUPLICATE, NOT_DRAWN, OVER_BUDGET, Looked
from builders.mixtures.read import MixturePart
from builders.mixtures.recipe import Mixture
from processors.duplicates import first_rows
from processors.errors import CountError, InputError

if TYPE_CHECKING:
    from rich.table import Table

    Whole = np.ndarray[Any, np.dtype[np.int64]]

_TAKEN = -1
# Of more than so many in all, a table is by source.
_SPLITS = 30


@dataclass(slots=True)
class SplitAccount:
    """A split of a source: `read` = `kept` + `dropped`; `written` counts copies too, and so do `tokens`."""

    source: str
    split: str
    language: str | None
    weight: Fraction
    read: int
    dropped: dict[str, int] = field(default_factory=dict)
    kept: int = 0
    written: int = 0
    tokens: int = 0

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        told = {name: getattr(self, name) for name in ("read", "dropped", "kept", "written", "tokens")}
        return {"weight": float(self.weight), **told}


@dataclass(slots=True)
class Gathered:
    """All rows that were read, numbered over all parts: why each is left out, or -1, and what is known of it."""

    reasons: list[str]
    reason: "Whole"
    digests: "np.ndarray[Any, np.dtype[np.uint64]]"
    tokens: "Whole"
    bytes: "Whole"
    starts: list[int]
    # The first row of each split of each source, and one beyond the last.
    splits: list[tuple[SourceFiles, str, int, int]]

    def leave_out(self, rows: "Whole", why: str) -> None:
        if why not in self.reasons:
            self.reasons.append(why)
        self.reason[rows] = self.reasons.index(why)


def gather(
    mixture: Mixture, found: Sequence[SourceFiles], parts: Sequence[MixturePart], looked: Sequence[Looked]
) -> Gathered:
    """Put together what was found of all parts, and leave out what says the same as a row before."""
    reasons = list(dict.fromkeys(name for one in looked for name in one.reasons))
    codes = [np.array([*(reasons.index(name) for name in one.reasons), _TAKEN], np.int64) for one in looked]
    starts = [0, *np.cumsum([one.rows for one in looked]).tolist()]
    splits: list[tuple[SourceFiles, str, int, int]] = []
    for number, one in enumerate(found):
        for split in one.splits:
            mine = [n for n, part in enumerate(parts) if (part.source, part.split) == (number, split)]
            splits.append((one, split, starts[mine[0]], starts[mine[-1] + 1]) if mine else (one, split, 0, 0))
    gathered = Gathered(
        reasons,
        np.concatenate([code[one.reason] for code, one in zip(codes, looked, strict=True)]),
        np.concatenate([one.digests for one in looked]),
        np.concatenate([one.tokens for one in looked]),
        np.concatenate([one.bytes for one in looked]),
        starts,
        splits,
    )
    for one, split, start, end in splits:
        if not one.weights[split]:
            # Before equal rows are looked for: what nobody wants keeps nobody else's row out.
            gathered.leave_out(_there(gathered, start, end), NOT_DRAWN)
    if mixture.deduplicate:
        gathered.leave_out(repeated(gathered.digests, np.flatnonzero(gathered.reason == _TAKEN)), DUPLICATE)
    if mixture.deduplicate == "near":
        gathered.leave_out(_nearly_repeated(gathered, looked), NEAR_DUPLICATE)
    _look_for_rows(gathered, found)
    return gathered


def repeated(digests: "np.ndarray[Any, np.dtype[np.uint64]]", rows: "Whole") -> "Whole":
    """Of these rows (ascending) those whose digest an earlier one of them has."""
    first, second = digests[rows, 0], digests[rows, 1]
    order = np.lexsort((rows, second, first))
    same = (np.diff(first[order]) == 0) & (np.diff(second[order]) == 0)
    return np.sort(rows[order[1:][same]])


def _nearly_repeated(gathered: Gathered, looked: Sequence[Looked]) -> "Whole":
    """Of the rows that are left those that say nearly what an earlier one of them says."""
    having = np.flatnonzero(np.concatenate([one.sketched for one in looked]))
    mine = gathered.reason[having] == _TAKEN
    rows = having[mine]
    # Part by part: all sketches and those of the rows that are left would lie in memory twice.
    ends = np.cumsum([len(one.sketches) for one in looked])[:-1]
    sketches = np.concatenate([one.sketches[of] for one, of in zip(looked, np.split(mine, ends), strict=True)])
    found = first_rows(gathered.digests[rows, 0], sketches, np.ones(len(rows), bool))
    return rows[found.rows]


def _there(gathered: Gathered, start: int, end: int) -> "Whole":
    return start + np.flatnonzero(gathered.reason[start:end] == _TAKEN)


def _look_for_rows(gathered: Gathered, found: Sequence[SourceFiles]) -> None:
    for one in found:
        ranges = [(start, end) for of, _, start, end in gathered.splits if of is one]
        if any(len(_there(gathered, start, end)) for start, end in ranges):
            continue
        codes = np.concatenate([gathered.reason[start:end] for start, end in ranges])
        counts = sorted(
            ((int(n), gathered.reasons[c]) for c, n in zip(*np.unique(codes, return_counts=True), strict=True))
        )
        why = ", ".join(f"{name} {count:,}" for count, name in reversed(counts)) or "there are none"
        raise InputError(f"{one.key} ({one.source.name}): none of its {len(codes):,} rows is left: {why}")


def take(mixture: Mixture, gathered: Gathered) -> tuple[list[SplitAccount], list[Pool], Decision, list["Whole"]]:
    """Decide; returns the accounts, the pools, how often each of their rows is taken, and the numbers of the rows.

    Raises InputError where a budget or share asks for more than there is.
    """
    pools, numbers = [], []
    for one, split, start, end in gathered.splits:
        rows = _there(gathered, start, end)
        pools.append(
            Pool(one.source.name, split, one.weights[split], gathered.digests[rows, 0], gathered.tokens[rows])
        )
        numbers.append(rows)
    decision = decide(mixture, pools)
    accounts = []
    for (one, split, start, end), rows, times, weighted in zip(
        gathered.splits, numbers, decision.times, decision.weighted, strict=True
    ):
        gathered.leave_out(rows[weighted == 0], NOT_DRAWN)
        gathered.leave_out(rows[(weighted > 0) & (times == 0)], OVER_BUDGET)
        codes, counts = np.unique(gathered.reason[start:end], return_counts=True)
        dropped = {gathered.reasons[c]: int(n) for c, n in zip(codes, counts, strict=True) if c != _TAKEN}
        account = SplitAccount(
            one.source.name, split, one.source.language, one.weights[split], end - start, dict(sorted(dropped.items()))
        )
        account.kept, account.written = int((times > 0).sum()), int(times.sum())
        account.tokens = int((gathered.tokens[rows] * times).sum())
        if account.read != account.kept + sum(dropped.values()):
            raise CountError(f"{one.source.name}, {split}: {account.read} rows read, {account.kept} kept, {dropped}")
        accounts.append(account)
    if not sum(account.written for account in accounts):
        raise InputError("sources: no row is taken: for their weights, or for a budget that is less than any row")
    return accounts, pools, decision, numbers


def plan_table(accounts: Sequence[SplitAccount]) -> "Table":
    """Rows and tokens by source and split (of many, by source alone), and how many rows could be taken."""
    from rich.table import Table

    table = Table(box=None)
    titles = ("source", "split", "language", "weight", "rows read", "usable", "taken", "rows", "tokens", "% tokens")
    for number, title in enumerate(titles):
        table.add_column(title, justify="left" if number < 3 else "right", no_wrap=True)
    groups: dict[tuple[str, str], list[SplitAccount]] = {}
    for one in accounts:
        groups.setdefault((one.source, one.split if len(accounts) <= _SPLITS else ""), []).append(one)
    whole = sum(one.tokens for one in accounts)
    for (source, split), of in groups.items():
        weights = {f"{float(one.weight):g}" for one in of}
        name = split or (of[0].split if len(of) == 1 else f"{len(of)} splits")
        weight = weights.pop() if len(weights) == 1 else "by split"
        table.add_row(source, name, of[0].language or "", weight, *_cells(of, whole))
    table.add_row("all", "", "", "", *_cells(accounts, whole))
    return table


def _cells(accounts: Sequence[SplitAccount], whole: int) -> list[str]:
    usable = sum(one.kept + sum(one.dropped.get(why, 0) for why in (NOT_DRAWN, OVER_BUDGET)) for one in accounts)
    read, kept, written, tokens = (
        sum(getattr(one, name) for one in accounts) for name in ("read", "kept", "written", "tokens")
    )
    return [*(f"{n:,}" for n in (read, usable, kept, written, tokens)), f"{100 * tokens / whole:.2f}"]


def lines_of(accounts: Sequence[SplitAccount]) -> list[str]:
    """What was left out by reason, and the shares of the languages, a line each."""
    reasons: dict[str, int] = {}
    for one in accounts:
        for reason, count in one.dropped.items():
            reasons[reason] = reasons.get(reason, 0) + count
    read, kept = (sum(getattr(one, name) for one in accounts) for name in ("read", "kept"))
    why = ", ".join(f"{reason} {count:,}" for reason, count in sorted(reasons.items(), key=lambda of: (-of[1], of[0])))
    lines = [f"{read:,} rows read = {kept:,} kept + {read - kept:,} dropped{f' ({why})' if why else ''}"]
    languages = language_shares(accounts)
    if len(languages) > 1:
        lines += [
            f"{language}: {one['rows']:,} rows ({one['share_of_rows']:.4%}), {one['tokens']:,} tokens "
            f"({one['share_of_tokens']:.4%})"
            for language, one in languages.items()
        ]
    return lines


def language_shares(accounts: Sequence[SplitAccount]) -> dict[str, dict[str, Any]]:
    """Rows and tokens of each language, and its shares of both."""
    rows, tokens = (sum(getattr(one, name) for one in accounts) for name in ("written", "tokens"))
    found: dict[str, dict[str, Any]] = {}
    for one in accounts:
        of = found.setdefault(one.language or "not said", {"rows": 0, "tokens": 0})
        of["rows"] += one.written
        of["tokens"] += one.tokens
    for of in found.values():
        of |= {"share_of_rows": of["rows"] / rows, "share_of_tokens": of["tokens"] / tokens}
    return found
