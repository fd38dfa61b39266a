"""What choosing by segment is worth with a scorer of a given accuracy, against whole documents: `--segments ACCURACY`.

    python -m benchmarks.ranking_quality FOLDER PREFIX --segments 0.68
    python -m benchmarks.ranking_segments FOLDER PREFIX --segments 0.68 --documents 6 --half choose

reads a folder as `benchmarks.ranking_quality` does. The scorer is simulated: of two candidates of a sentence it sees
the difference of their chrF with noise, so much that it names the better one as often as `--segments` says (over the
pair's sentences that are not within a point), and has been calibrated: what it expects of a view is the mean of the
differences of `--labels` of the pair's sentences, by how well the view fits each. By segment each
sentence is a segment and the document a message: `processors.ranking.segments` chooses the path with its costs of
changing hands, on the systems' real texts. By document the same scores decide for all its sentences together.

Near pairs are within three chrF points. Figures are corpus chrF over the better system, means over the pairs, of
`--draws` draws of the noise; "kept words" is the share of the words that candidates repeat from one sentence to the
next which is found across a change of hands too. What a hard check vetoes is taken only if both are vetoed.

On every other block of 25 lines of FLORES dev (`--half choose`), 68 times in 100: costs of 0 give near pairs +0.99
with 1.75 changes a document, of 1 and 1 +0.90 with 0.93, of 2 and 2 +0.76 with 0.54: 1 and 1 were taken. At 61 and 72
times in 100 it is +0.48 and +1.15. The other half: near pairs +1.08 by segment, +0.32 by document, the oracle +2.51.
These are with documents put together whatever a check vetoes in them. A build leaves a row whole where it vetoes
one of two candidates, and so does this since: +0.84 and +0.97 of near pairs, and no pair loses more than 0.01 and
0.02 against documents (0.09 and 0.02 before, where vetoes forced two sentences of a far worse system).
"""

import argparse
from collections.abc import Sequence
from itertools import combinations, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from processors.checks.run import check_pair, has_hard
from processors.ranking.segments import DISAGREEMENT, SWITCH, best_path, change_costs, segment_gain
from processors.scoring.agreement import chrf, overlaps

BLOCK, NEAR, TIE = 25, 3.0, 1.0
# What a veto takes from a gain: more than any is.
VETO = 1e6


class Scored(NamedTuple):
    """What one way of choosing came to on a pair: chrF over the better system, changes of hands a document, and the
    share of repeated words that is kept across them."""

    over: float
    changes: float = 0.0
    kept: float = 0.0


class Folder:
    """A folder's half: texts, and what corpus chrF is counted from."""

    def __init__(self, folder: Path, prefix: str, half: str | None) -> None:
        def lines(side: str) -> list[str]:
            return (folder / f"{prefix}.{side}").read_text(encoding="utf-8").removesuffix("\n").split("\n")

        self.systems = sorted(path.name[len(prefix) + 1 : -3] for path in folder.glob(f"{prefix}.*.ar"))
        self.sources, self.references = lines("en"), lines("ar")
        references = self.references
        parity = {"choose": (0,), "held": (1,), None: (0, 1)}[half]
        self.rows = [row for row in range(len(self.sources)) if row // BLOCK % 2 in parity]
        self.texts = [lines(f"{name}.ar") for name in self.systems]
        table = [[*(texts[row] for texts in self.texts), references[row]] for row in range(len(self.sources))]
        sizes, matches = overlaps(table)
        self.sizes, self.reference, self.matches = sizes[:, :-1], sizes[:, -1], matches[:, :-1, -1]
        # A sentence that a hard check vetoes is taken only if the other is vetoed too, and so is a document with one.
        self.vetoed = np.zeros(self.sizes.shape[:2], dtype=bool)
        for row in self.rows:
            for column, texts in enumerate(self.texts):
                self.vetoed[row, column] = has_hard(check_pair(self.sources[row], texts[row]))
        self.chrf = 100 * chrf(self.sizes, self.reference[:, None], self.matches)

    def documents(self, lines: int) -> list[list[int]]:
        """Rows of documents of so many consecutive lines, of this half; none crosses a block."""
        blocks: dict[int, list[int]] = {}
        for row in self.rows:
            blocks.setdefault(row // BLOCK, []).append(row)
        return [rows[at : at + lines] for rows in blocks.values() for at in range(0, len(rows), lines)]

    def corpus(self, columns: dict[int, int]) -> float:
        rows, chosen = list(columns), list(columns.values())
        counts = (self.sizes[rows, chosen], self.reference[rows], self.matches[rows, chosen])
        return float(100 * chrf(*(count.sum(axis=0) for count in counts)))


def noise_for(accuracy: float, differences: np.ndarray) -> float:
    """The standard deviation of noise with which the sign of a difference is seen rightly so often."""
    judged = np.abs(differences[np.abs(differences) > TIE])
    drawn = np.random.default_rng(0).normal(size=len(judged))
    low, high = 0.0, 1000.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.mean(judged + middle * drawn > 0) > accuracy else (low, middle)
    return low


def seen(truth: np.ndarray, noise: float, labelled: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What the scorer expects of each difference by its noisy view: the mean of those `labelled` (by number), each
    weighed by how well the view fits it. A sentence's own label is not looked at."""
    view = truth + rng.normal(size=len(truth)) * noise
    fits = np.exp(-0.5 * ((view[:, None] - truth[None, labelled]) / noise) ** 2)
    fits[labelled, np.arange(len(labelled))] = 0.0
    return (fits @ truth[labelled]) / (fits.sum(axis=1) + 1e-12)


def judged_pair(folder: Folder, pair: tuple[int, int], options: argparse.Namespace) -> dict[str, Scored]:
    """Mean over the draws, by way of choosing."""
    documents, (a, b) = folder.documents(options.documents), pair
    rows = np.array(folder.rows)
    truth = folder.chrf[rows, a] - folder.chrf[rows, b]
    noise = noise_for(options.segments, truth)
    best = max(folder.corpus(dict.fromkeys(folder.rows, column)) for column in pair)
    oracle = {row: pair[0] if folder.chrf[row, a] >= folder.chrf[row, b] else b for row in folder.rows}
    costs = [_costs(folder, pair, document, options) for document in documents]
    found: dict[str, list[Scored]] = {}
    for draw in range(options.draws):
        rng = np.random.default_rng((draw, a, b))
        labelled = rng.permutation(len(truth))[: options.labels]
        expected = dict(zip(folder.rows, seen(truth, noise, labelled, rng).tolist(), strict=True))
        by_document: dict[int, int] = {}
        by_segment: dict[int, int] = {}
        changes, kept = 0, list[float]()
        for document, cost in zip(documents, costs, strict=True):
            gains = [
                [
                    segment_gain(sign * expected[row] / 2, folder.sources[row]) - VETO * folder.vetoed[row, column]
                    for sign, column in zip((1, -1), pair, strict=True)
                ]
                for row in document
            ]
            whole = 0 if sum(of[0] - of[1] for of in gains) >= 0 else 1
            by_document |= dict.fromkeys(document, pair[whole])
            # As a build does: of two candidates of which a check vetoes one, nothing is put together.
            broken = any(folder.vetoed[row, column] for row in document for column in pair)
            path = [whole] * len(document) if broken else best_path(gains, cost)
            by_segment |= {row: pair[taken] for row, taken in zip(document, path, strict=True)}
            for place, (one, other) in enumerate(pairwise(path), 1):
                if one != other:
                    changes += 1
                    before, after = (
                        [folder.texts[c][row] for c in pair] for row in (document[place - 1], document[place])
                    )
                    kept.append(1 - change_costs(before, after, 0.0, 1.0)[one][other])
        found.setdefault("documents", []).append(Scored(folder.corpus(by_document) - best))
        over = folder.corpus(by_segment) - best
        found.setdefault("segments", []).append(
            Scored(over, changes / len(documents), float(np.mean(kept)) if kept else 1.0)
        )
    means = {name: Scored(*np.mean(values, axis=0).tolist()) for name, values in found.items()}
    return means | {"oracle": Scored(folder.corpus(oracle) - best)}


def _costs(folder: Folder, pair: Sequence[int], document: Sequence[int], options: argparse.Namespace) -> list:
    texts = [[folder.texts[column][row] for column in pair] for row in document]
    return [None, *(change_costs(*two, options.switch, options.disagreement) for two in pairwise(texts))]


class Judged(NamedTuple):
    """Of each pair what each way of choosing came to; `near` are some of `all`."""

    all: dict[tuple[int, int], dict[str, Scored]]
    near: dict[tuple[int, int], dict[str, Scored]]


def judged(folder: Folder, options: argparse.Namespace) -> Judged:
    pairs = list(combinations(range(len(folder.systems)), 2))
    single = [folder.corpus(dict.fromkeys(folder.rows, column)) for column in range(len(folder.systems))]
    found = {pair: judged_pair(folder, pair, options) for pair in pairs}
    return Judged(found, {pair: of for pair, of in found.items() if abs(single[pair[0]] - single[pair[1]]) <= NEAR})


def report(folder: Folder, options: argparse.Namespace) -> None:
    found, near = judged(folder, options)
    pairs = list(found)
    print(
        f"segments: {len(folder.rows)} sentences in documents of {options.documents}, a scorer that is right "
        f"{100 * options.segments:g} times in 100, {options.labels} labels, "
        f"change {options.switch:g}, disagreement {options.disagreement:g}"
    )
    for name, some in ((f"{len(pairs)} pairs", pairs), (f"{len(near)} near pairs", near)):
        means = {
            way: np.mean([found[pair][way] for pair in some], axis=0) for way in ("documents", "segments", "oracle")
        }
        whole, cut = (np.array([found[pair][way].over for pair in some]) for way in ("documents", "segments"))
        print(
            f"  {name}: over the better system by document {means['documents'][0]:+.2f}, by segment "
            f"{means['segments'][0]:+.2f}, oracle {means['oracle'][0]:+.2f}; worst pair by segment {cut.min():+.2f}, "
            f"by document {whole.min():+.2f}; segments less documents at least {(cut - whole).min():+.2f}; "
            f"{means['segments'][1]:.2f} changes a document, kept words {means['segments'][2]:.2f}"
        )


def options_of(arguments: argparse.Namespace) -> argparse.Namespace:
    """Those of `main`: a folder and prefix, and what else was given."""
    given = {name: value for name, value in vars(arguments).items() if value}
    options = _parser().parse_args([str(arguments.folder), arguments.prefix])
    for name in set(vars(options)) & set(given):
        setattr(options, name, given[name])
    return options


def run(arguments: argparse.Namespace) -> None:
    """What `benchmarks.ranking_quality` runs it with."""
    options = options_of(arguments)
    report(Folder(options.folder, options.prefix, options.half), options)


def main() -> None:
    options = _parser().parse_args()
    report(Folder(options.folder, options.prefix, options.half), options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("prefix")
    parser.add_argument("--segments", type=float, default=0.68, metavar="ACCURACY")
    parser.add_argument("--documents", type=int, default=6, metavar="N")
    parser.add_argument("--half", choices=["choose", "held"])
    parser.add_argument("--labels", type=int, default=200)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--switch", type=float, default=SWITCH)
    parser.add_argument("--disagreement", type=float, default=DISAGREEMENT)
    return parser


if __name__ == "__main__":
    main()
