"""Whether the ensemble holds what it is to hold, goal by goal, on a half of a folder that nothing was chosen on or on
the other: each line says what was to be reached, what was, and `met` or `missed`.

    python -m benchmarks.ranking_goals FOLDER PREFIX --half choose|held

runs what `benchmarks.ranking_quality` runs with `--names-hidden --train-on-rest` and its other options, with each
ranker trained once (of pairs without the two systems), and the simulated scorer of `benchmarks.ranking_segments`. A
quarter of an hour on a core.
"""

import argparse
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks import ranking_segments
from benchmarks.ranking_configs import NEAR, Found, Runs, share
from processors.ranking.features import Floats

_NOTHING = {"documents": 0, "padded": 0.0, "calibrate": 0, "label_noise": 0.0}


def told(goal: str, reached: str, met: bool) -> None:
    print(f"{'met   ' if met else 'missed'}  {goal}: {reached}", flush=True)


def lowest(values: Floats) -> float:
    return float(np.percentile(values[1:], 2.5))


def own(what: str, found: Iterable[Found]) -> None:
    """The better system as primary loses nothing beyond noise, and the worse one gains."""
    better, worse = list[Floats](), list[Floats]()
    for one in found:
        over = [config - single for config, single in zip(one.configs, one.singles, strict=True)]
        better.append(over[one.best])
        worse.append(over[1 - one.best])
    mean = np.mean(better, axis=0)
    least, worst = min(lowest(one) for one in better), min(float(one[0]) for one in better)
    reached = f"mean {mean[0]:+.2f}, the worst pair {worst:+.2f}, lowest bound {least:+.2f}"
    told(
        f"{what}, the better one as primary: no bound below -0.30, mean not negative",
        reached,
        least >= -0.3 and mean[0] >= 0,
    )
    gain, bound = min(float(one[0]) for one in worse), min(lowest(one) for one in worse)
    reached = f"mean {np.mean([one[0] for one in worse]):+.2f}, the worst pair {gain:+.2f}, lowest bound {bound:+.2f}"
    told(f"{what}, the worse one as primary: a clear gain", reached, bound > 0)


class Goals:
    """One half of a folder."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = argparse.Namespace(**vars(arguments) | _NOTHING, names_hidden=True, train_on_rest=True)
        self.runs = Runs(self.arguments)
        self.pairs = list(combinations(range(len(self.runs.systems)), 2))

    def of_pairs(self, **options: float) -> tuple[list[Found], np.ndarray]:
        """Each pair as a run of its own, and of padded rows what was preferred."""
        vars(self.arguments).update(_NOTHING | options)
        runs = self.runs
        if options.get("documents"):
            runs = Runs(self.arguments, trained=self.runs)
        both = [runs.run(pair, self.arguments.padded) for pair in self.pairs]
        return [found for found, _ in both], np.concatenate([rows for _, rows in both])

    def report(self) -> None:
        plain, _ = self.of_pairs()
        print(f"{len(self.runs.texts.sources)} sentences, half '{self.arguments.half}'")
        own("two systems, names hidden, no labels", plain)
        for lines in (3, 5):
            own(f"the same, documents of {lines}", self.of_pairs(documents=lines)[0])
        _, rows = self.of_pairs(padded=0.2)
        alone, behind, _ = 100 * rows.mean(axis=0)
        told(
            "padded text preferred in less than 10 %", f"{behind:.1f} % (without the checks {alone:.1f})", behind < 10
        )
        labelled, _ = self.of_pairs(calibrate=200, label_noise=0.2)
        near = [one for one in labelled if abs(one.singles[0][0] - one.singles[1][0]) < NEAR]
        for name, some, least in (("all", labelled, 3.5), ("near", near, 7.0)):
            gap = share(some)
            told(
                f"200 labels, a fifth flipped, {name} pairs: at least {least} % of the gap",
                gap,
                float(gap.split()[0]) >= least,
            )
        self.segments()
        vars(self.arguments).update(_NOTHING)
        for hidden, least in ((True, 15.0), (False, 20.0)):
            self.arguments.names_hidden = hidden
            gap = share([self.runs.run(range(len(self.runs.systems)))[0]])
            names = "hidden" if hidden else "known"
            told(f"all systems, names {names}: at least {least:g} % of the gap", gap, float(gap.split()[0]) >= least)

    def segments(self) -> None:
        options = ranking_segments.options_of(self.arguments)
        means = ranking_segments.judged(ranking_segments.Folder(options.folder, options.prefix, options.half), options)
        near = [of["segments"].over for of in means.near.values()]
        told(
            "by segment, 6 sentences, a scorer right of 68 in 100, near pairs: at least +0.60 over the better system",
            f"{np.mean(near):+.2f}, the worst pair {min(near):+.2f}",
            float(np.mean(near)) >= 0.6,
        )
        less = min(of["segments"].over - of["documents"].over for of in means.all.values())
        told("the same, never below whole documents", f"the worst pair {less:+.2f}", round(less, 1) >= 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("prefix")
    parser.add_argument("--half", choices=["choose", "held"], required=True)
    Goals(parser.parse_args()).report()


if __name__ == "__main__":
    main()
