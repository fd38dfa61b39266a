"""What a margin for the primary costs and saves, and how wide a figure of all systems is, on the half of the choices.

    python -m benchmarks.ranking_margins FOLDER PREFIX [--splits 4] [--whole]

The half of the choices (every other block of 25 lines) is cut in two by blocks, at random and twice: a ranker is
trained on the one part, of pairs without the two systems that are tried, and tried on the other, names hidden. For
each margin and length of documents: what configs gain over their own primary where it is the better system (mean, and
the worst pair) and where it is the worse one; `near` are pairs within 3 chrF points. "vetoes": nothing is replaced but
what a check vetoes. Of documents that a check vetoes the lines to blame are the other system's, as in a build; with
`--whole` the document is. "bound" is the lowest 2.5 % of 500 samples of the rows, of a pair's mean over the splits. Of
all systems the share of the gap, with the 95 % interval of a bootstrap by blocks. Some ten
minutes on a core.
"""

import argparse
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.ranking_configs import NEAR, corpus, half_of, repaired_texts, verdicts_of
from model_recipes.ranker.data import WithReferences, training_set
from model_recipes.ranker.texts import BLOCK, Texts, read_texts
from model_recipes.ranker.train import train
from processors.checks.pairs.verdict import Verdict
from processors.ranking.features import Floats
from processors.ranking.model import Ranker

MARGINS, LENGTHS, DRAWS, SAMPLES = (0.08, 0.12, 0.16, 0.20, 0.25), (1, 3, 5), 1000, 500


class Tried(NamedTuple):
    """Some systems on a part's texts: `quality` of each candidate, shape (n, S); `own` are their candidates as they
    are, `examples` with those that were repaired."""

    subset: tuple[int, ...]
    own: WithReferences
    examples: WithReferences
    quality: Floats

    def chrf_of(self, columns: np.ndarray, weights: np.ndarray | None = None, own: bool = False) -> Floats:
        rows = np.arange(len(columns))
        some = np.ones((1, len(rows))) if weights is None else np.atleast_2d(weights)
        return corpus(self.own if own else self.examples, columns, rows, some)

    def singles(self, weights: np.ndarray | None = None) -> list[Floats]:
        size, width = self.quality.shape
        return [self.chrf_of(np.full(size, column), weights, own=True) for column in range(width)]

    def samples(self) -> np.ndarray:
        size = len(self.quality)
        drawn = np.random.default_rng(0).multinomial(size, np.full(size, 1 / size), SAMPLES)
        return np.vstack([np.ones(size), drawn]).astype(float)

    def config(self, primary: int, margin: float | None, weights: np.ndarray | None = None) -> Floats:
        """chrF of a pair's config; None: only what is vetoed is replaced."""
        other, vetoed = 1 - primary, self.examples.vetoed
        better = np.zeros(len(vetoed), dtype=bool) if margin is None else self.quality[:, other] - 0.5 > margin
        swapped = ~vetoed[:, other] & (vetoed[:, primary] | better)
        return self.chrf_of(np.where(swapped, other, primary), weights)

    def gained(self, weights: np.ndarray) -> tuple[float, float]:
        """chrF over the best single system, by the highest quality and by the oracle."""
        vetoed = self.examples.vetoed
        kept = np.where(vetoed & ~vetoed.all(axis=1, keepdims=True), -1.0, self.quality)
        best = int(np.argmax([single[0] for single in self.singles()]))
        single = self.chrf_of(np.full(len(kept), best), weights)[0]
        picks = kept.argmax(axis=1), self.examples.chrf.argmax(axis=1)
        chosen, oracle = (float(self.chrf_of(pick, weights)[0] - single) for pick in picks)
        return chosen, oracle


def tried(
    ranker: Ranker, texts: Texts, subset: tuple[int, ...], hidden: bool = True, lines: Texts | None = None
) -> Tried:
    """`lines`: those of the files, of which documents are repaired."""
    systems = list(texts.candidates)
    names = [systems[column] for column in subset]
    called = [f"system {n}" for n in range(len(names))] if hidden else names
    some = texts._replace(candidates={name: texts.candidates[name] for name in names})
    fitted = ranker.fit_batch(*_asked(some, called))
    mended = repaired_texts(some, lines) if lines else some
    ranks = fitted.score(*_asked(mended, called))
    quality = np.array([[round(rank[name].quality, 4) for name in called] for rank in ranks])
    return Tried(subset, WithReferences.of(some), WithReferences.of(mended), quality)


def _asked(
    texts: Texts, called: Sequence[str]
) -> tuple[list[str], dict[str, list[str]], dict[str, list[tuple[Verdict, ...]]]]:
    candidates = dict(zip(called, texts.candidates.values(), strict=True))
    verdicts = {
        name: [verdicts_of(*pair) for pair in zip(texts.sources, found, strict=True)]
        for name, found in candidates.items()
    }
    return texts.sources, candidates, verdicts


def parts(texts: Texts, splits: int) -> list[tuple[Texts, Texts]]:
    """(trained on, tried on): each two of them are one half of the blocks and the other."""
    blocks = np.array([line // BLOCK for line, _ in texts.lines])
    names, found = np.unique(blocks), []
    for seed in range((splits + 1) // 2):
        order = np.random.default_rng(seed).permutation(names)
        first = np.isin(blocks, order[: len(order) // 2])
        sides = [texts.take(np.flatnonzero(side).tolist()) for side in (first, ~first)]
        found += [(sides[0], sides[1]), (sides[1], sides[0])]
    return found[:splits]


def report_margins(of: Sequence[Tried], what: str) -> None:
    print(f"\n{what}: better as primary, mean (worst pair, bound); worse as primary; near pairs, better and worse")
    weights = [one.samples() for one in of]
    for margin in (None, *MARGINS):
        better: dict[tuple[int, ...], list[Floats]] = {}
        worse, near = list[float](), ([], [])  # type: ignore[var-annotated]
        for one, drawn in zip(of, weights, strict=True):
            singles = one.singles(drawn)
            best = int(singles[1][0] > singles[0][0])
            over = [one.config(primary, margin, drawn) - singles[primary] for primary in (0, 1)]
            better.setdefault(one.subset, []).append(over[best])
            worse.append(float(over[1 - best][0]))
            if abs(singles[0][0] - singles[1][0]) < NEAR:
                near[0].append(float(over[best][0]))
                near[1].append(float(over[1 - best][0]))
        means = [np.mean(values, axis=0) for values in better.values()]
        worst, bound = min(float(one[0]) for one in means), min(float(np.percentile(one[1:], 2.5)) for one in means)
        print(
            f"  {'vetoes' if margin is None else margin!s:6} {np.mean([one[0] for one in means]):+.2f} "
            f"({worst:+.2f}, {bound:+.2f})  "
            f"{np.mean(worse):+.2f}  {np.mean(near[0]):+.2f} {np.mean(near[1]):+.2f}",
            flush=True,
        )


def report_all(of: Sequence[Tried], what: str) -> None:
    blocks = [one.examples.lines[:, 0] // BLOCK for one in of]
    names, rng, shares = np.unique(np.concatenate(blocks)), np.random.default_rng(1), []
    for draw in range(DRAWS + 1):
        drawn = names if draw == 0 else rng.choice(names, len(names))
        gains = [
            one.gained(np.array([(drawn == block).sum() for block in rows], dtype=float))
            for one, rows in zip(of, blocks, strict=True)
        ]
        shares.append(100 * sum(chosen for chosen, _ in gains) / sum(oracle for _, oracle in gains))
    low, high = np.percentile(shares[1:], [2.5, 97.5])
    off = np.array(shares[1:]) - shares[0]
    print(
        f"{what}: {shares[0]:.1f} % of the gap [{low:.1f}, {high:.1f}]; of a true 20 % 12 or less are read in "
        f"{100 * np.mean(20 + off <= 12):.0f} % of such texts",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("prefix")
    parser.add_argument("--splits", type=int, default=4)
    parser.add_argument("--whole", action="store_true", help="a document that a check vetoes is not repaired")
    arguments = parser.parse_args()
    lines = read_texts(arguments.folder, arguments.prefix)
    texts = half_of(lines, "choose")
    everything = tuple(range(len(texts.candidates)))
    of_pairs: dict[int, list[Tried]] = {length: [] for length in LENGTHS}
    of_all: dict[bool, list[Tried]] = {True: [], False: []}
    for trained_on, tried_on in parts(texts, arguments.splits):
        clean, made = training_set(trained_on)
        for subset in combinations(everything, 2):
            ranker = train(clean, systems=tuple(c for c in everything if c not in subset), made=made)
            for length in LENGTHS:
                some = tried_on.documents(length) if length > 1 else tried_on
                of_pairs[length].append(tried(ranker, some, subset, lines=None if arguments.whole else lines))
        ranker = train(clean, systems=everything, made=made)
        for hidden, found in of_all.items():
            found.append(tried(ranker, tried_on, everything, hidden))
    for length, pairs in of_pairs.items():
        report_margins(pairs, f"documents of {length}" if length > 1 else "sentences")
    print()
    for hidden, found in of_all.items():
        report_all(found, f"all systems, names {'hidden' if hidden else 'known'}")


if __name__ == "__main__":
    main()
