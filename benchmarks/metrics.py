"""LR and SCR in pairs a second on one core, against OpusFilter's LengthRatioFilter and CharacterScoreFilter.

    python -m benchmarks.metrics FOLDER PREFIX

reads FOLDER/PREFIX.en and FOLDER/PREFIX.ar, a sentence a line, line by line each other's translation. Needs
`pip install opusfilter`. Goals: LR and SCR together at 50,000 sentence pairs a second, and at 5 times OpusFilter's two
filters together. CPU time of this process, median of interleaved rounds.

OpusFilter's CharacterScoreFilter judges both sides of a pair and ours the target alone, so it is shown as it runs and,
the harder comparison, with the target alone. Its LengthRatioFilter counts words or characters; LR is both.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from opusfilter.filters import CharacterScoreFilter, LengthRatioFilter

from processors.scoring.length_and_script import length_ratio, score_pairs, script_purity

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


if __name__ == "__main__":
    main()
