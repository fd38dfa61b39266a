"""LR and SCR, and all checks, in pairs a second on one core, against OpusFilter.

    python -m benchmarks.metrics FOLDER PREFIX

reads FOLDER/PREFIX.en and FOLDER/PREFIX.ar, a sentence a line, line by line each other's translation. Needs
`pip install opusfilter`. Goals: LR and SCR together at 50,000 sentence pairs a second, and at 5 times OpusFilter's two
filters together. CPU time of this process, median of interleaved rounds.

OpusFilter's CharacterScoreFilter judges both sides of a pair and ours the target alone, so it is shown as it runs and,
the harder comparison, with the target alone. Its LengthRatioFilter counts words or characters; LR is both.

The checks stand beside the filters of OpusFilter that ask the same things of a pair, as a list in which each passes on
what it accepts. What they ask is less: numbers digit by digit, no sentence's counterpart, no names, no markup but
HTML's tags.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from opusfilter.filters import (
    CharacterScoreFilter,
    HtmlTagFilter,
    LengthFilter,
    LengthRatioFilter,
    LongWordFilter,
    NonZeroNumeralsFilter,
    RepetitionFilter,
    SimilarityFilter,
    TerminalPunctuationFilter,
)

from processors.checks.run import check_conversation
from processors.scoring.length_and_script import length_ratio, score_pairs, script_purity
from processors.texts.text import text_of

Pairs = list[tuple[str, str]]


def contestants() -> dict[str, Callable[[Pairs], object]]:
    ratio = LengthRatioFilter(unit="word")
    both_sides = CharacterScoreFilter(scripts=["Latin", "Arabic"])
    target_only = CharacterScoreFilter(scripts=["Arabic"])
    return {
        "length_ratio, one by one": lambda pairs: [length_ratio(source, target) for source, target in pairs],
        "script_purity, one by one": lambda pairs: [script_purity(target) for _, target in pairs],
        "score_pairs (LR and SCR)": score_pairs,
        "LengthRatioFilter (words)": lambda pairs: list(ratio.score(pairs)),
        "CharacterScoreFilter": lambda pairs: list(both_sides.score(pairs)),
        "CharacterScoreFilter (target only)": lambda pairs: list(target_only.score((t,) for _, t in pairs)),
    }


def comparable_filters() -> list[Any]:
    """OpusFilter's filters that ask what a check of ours asks, with thresholds that pass what a person wrote."""
    return [
        LengthFilter(min_length=1, max_length=100_000),
        LengthRatioFilter(threshold=3, unit="char"),
        LongWordFilter(threshold=200),
        HtmlTagFilter(),
        CharacterScoreFilter(scripts=["Latin", "Arabic"], thresholds=[0.2, 0.2]),
        TerminalPunctuationFilter(threshold=-20),
        NonZeroNumeralsFilter(threshold=0),
        SimilarityFilter(threshold=0.9, lowercase=True),
        RepetitionFilter(threshold=5),
    ]


def check_all(pairs: Pairs) -> int:
    """How many pairs no hard check finds fault with; nothing is remembered from an earlier round."""
    text_of.clear()
    sides = (([{"role": "user", "content": s}], [{"role": "user", "content": t}]) for s, t in pairs)
    return sum(not any(verdict.hard for verdict in check_conversation(*both)) for both in sides)


def filter_all(pairs: Pairs) -> int:
    """How many pairs OpusFilter's list accepts."""
    left: Iterable[Any] = iter(pairs)
    for one in comparable_filters():
        left = one.filter(left)
    return sum(1 for _ in left)


def compare_checks(title: str, pairs: Pairs, rounds: int) -> None:
    """Prints pairs a second of the checks and of OpusFilter's list, in turn, and the ratio of their medians."""
    actions = {"all checks": check_all, "OpusFilter's nine filters": filter_all}
    times: dict[str, list[float]] = {name: [] for name in actions}
    passed: dict[str, int] = {}
    for _ in range(rounds):
        for name, action in actions.items():
            start = time.process_time()
            passed[name] = action(pairs)
            times[name].append(time.process_time() - start)
    print(f"{title}: {len(pairs)} pairs, {rounds} rounds")
    rate = {name: len(pairs) / statistics.median(values) for name, values in times.items()}
    for name, value in rate.items():
        print(f"  {name:36}{value:12,.0f} pairs/s{passed[name]:12,} pass")
    ours, theirs = rate.values()
    print(f"  ours is {ours / theirs:.2f} times OpusFilter's list")


def seconds(action: Callable[[Pairs], object], pairs: Pairs) -> float:
    start = time.process_time()
    action(pairs)
    return time.process_time() - start


def lengthen(pairs: Pairs, size: int) -> Pairs:
    """Joins neighbouring sentences until the target has `size` bytes of UTF-8; the rest is left out."""
    long: Pairs = []
    sources: list[str] = []
    targets: list[str] = []
    for source, target in pairs:
        sources.append(source)
        targets.append(target)
        if len(" ".join(targets).encode()) >= size:
            long.append((" ".join(sources), " ".join(targets)))
            sources, targets = [], []
    return long


def report(title: str, pairs: Pairs, repeat: int, rounds: int) -> None:
    work = pairs * repeat
    actions = contestants()
    times: dict[str, list[float]] = {name: [] for name in actions}
    for action in actions.values():
        action(pairs)
    for _ in range(rounds):
        for name, action in actions.items():
            times[name].append(seconds(action, work))
    rate = {name: len(work) / statistics.median(values) for name, values in times.items()}
    characters = sum(len(source) + len(target) for source, target in pairs) / len(pairs)
    print(f"{title}: {len(pairs)} pairs, {characters / 2:,.0f} characters a side, {rounds} rounds")
    for name, value in rate.items():
        print(f"  {name:36}{value:12,.0f} pairs/s{value * characters / 1e6:10.1f} M characters/s")
    for theirs in ("CharacterScoreFilter", "CharacterScoreFilter (target only)"):
        together = 1 / (1 / rate["LengthRatioFilter (words)"] + 1 / rate[theirs])
        times_faster = rate["score_pairs (LR and SCR)"] / together
        print(f"  LengthRatioFilter and {theirs}: {together:,.0f} pairs/s; ours is {times_faster:.1f} times that")


def read(path: Path) -> Sequence[str]:
    return path.read_text(encoding="utf-8").splitlines()


def main() -> None:
    parser = argparse.ArgumentParser(description="LR and SCR in pairs a second, against OpusFilter.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("prefix")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    sides = (read(arguments.folder / f"{arguments.prefix}.{side}") for side in ("en", "ar"))
    pairs = list(zip(*sides, strict=True))
    report("sentences", pairs, repeat=5, rounds=arguments.rounds)
    report("long texts", lengthen(pairs, 10_000), repeat=10, rounds=arguments.rounds)
    compare_checks("sentences", pairs, rounds=3)
    compare_checks("long texts", lengthen(pairs, 2_000), rounds=3)


if __name__ == "__main__":
    main()
