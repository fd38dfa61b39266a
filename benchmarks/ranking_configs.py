"""What each config of a build gains by the ranker over its own primary, and where it loses: the worst pair counts.

`python -m benchmarks.ranking_quality` runs it with any of `--names-hidden`, `--half`, `--documents`, `--padded` and
`--calibrate`. Every two systems are a run of their own, ranked as a build does: checks first, their verdicts to the
ranker, of documents that a check vetoes the lines to blame from the other (each line is a chunk), then the policy with
its usual margin. Lines that it prints:

- gap captured (N=2): of what the better system leaves to the oracle, by taking the candidate with the higher quality,
  of all pairs and of near ones (within 3 chrF points); N=7, or as many as there are, likewise.
- worst pair: the config whose primary is the better one of the two and that loses most against it, by the lower bound
  of its interval.
- over own primary: means over the configs, chrF points, whose primary is the better one, and the worse one.
- the same without vetoes: where a check vetoes the better primary's candidate, its own is counted nevertheless.
- padded preferred: with `--padded`, of the rows where one candidate is the other one and words or a sentence more.
- labels: with `--calibrate`, by how much the difference of two systems at large is off, with the labels and without.
"""

import argparse
import random
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

from model_recipes.ranker.data import WithReferences, training_set
from model_recipes.ranker.texts import BLOCK, Texts, read_texts, with_sentence, with_words
from model_recipes.ranker.train import train
from processors.checks.pairs.verdict import Verdict
from processors.checks.run import check_pair, has_hard
from processors.ranking.calibration import Label, calibrated
from processors.ranking.combine import Piece, put_together, repaired
from processors.ranking.features import Floats
from processors.ranking.model import Ranker
from processors.ranking.policy import Policy, Scored, choose
from processors.scoring.agreement import chrf

SAMPLES, NEAR, TIE = 1000, 3.0, 1.0


class Found(NamedTuple):
    """Of a run, chrF points of all rows and of bootstrap samples, shape (1 + SAMPLES,): of each system alone, of the
    candidates of highest quality, of the oracle, of the config of each system, and of it with its own vetoed ones."""

    singles: list[Floats]
    chosen: Floats
    oracle: Floats
    configs: list[Floats]
    with_vetoed: list[Floats]
    # How far off the difference of two systems at large is taken to be, without labels and with them.
    off: tuple[float, float] = (0.0, 0.0)

    @property
    def best(self) -> int:
        return max(range(len(self.singles)), key=lambda column: float(self.singles[column][0]))


@lru_cache(maxsize=200_000)
def verdicts_of(source: str, target: str) -> tuple[Verdict, ...]:
    return tuple(check_pair(source, target))


def half_of(texts: Texts, half: str | None) -> Texts:
    """Of the blocks of 25 lines every other one, from the first (choose) or from the second (held)."""
    if half is None:
        return texts
    parity = ("choose", "held").index(half)
    return texts.take([row for row, (line, _) in enumerate(texts.lines) if line // BLOCK % 2 == parity])


def padded(texts: Texts, share: float, seed: int) -> tuple[Texts, list[tuple[int, int]]]:
    """Of the two systems' rows `share` where one has the other's text and more; which (row, column) these are."""
    rng = random.Random(seed)
    names = list(texts.candidates)
    found, places = {name: list(lines) for name, lines in texts.candidates.items()}, []
    for row, source in enumerate(texts.sources):
        if rng.random() < share:
            column = rng.randrange(2)
            other = texts.candidates[names[1 - column]]
            more = rng.choice((with_words, with_sentence))
            found[names[column]][row] = more(other[row], source, other, rng)
            places.append((row, column))
    return texts._replace(candidates=found), places


def repaired_texts(texts: Texts, lines: Texts) -> Texts:
    """As a build does it where each line is a chunk: of a document that a check vetoes, the lines that are to blame
    are another system's, if no check vetoes what comes of it. `lines` are those of the files."""
    found = {name: list(made) for name, made in texts.candidates.items()}
    for row, (source, (first, last)) in enumerate(zip(texts.sources, texts.lines, strict=True)):
        vetoed = [name for name, made in texts.candidates.items() if has_hard(verdicts_of(source, made[row]))]
        ends = np.cumsum([len(line) + 1 for line in lines.sources[first : last + 1]]).tolist()
        pieces = {
            name: [
                Piece(0, at, end - 1, text, name)
                for at, end, text in zip([0, *ends], ends, lines.candidates[name][first : last + 1], strict=False)
            ]
            for name in found
        }
        for name in vetoed:
            others = [of for other, of in pieces.items() if other != name]
            if (made := _repaired_document(source, pieces[name], others)) is not None:
                found[name][row] = made
    return texts._replace(candidates=found)


def _repaired_document(source: str, own: list[Piece], others: list[list[Piece]]) -> str | None:
    def broken(piece: Piece) -> bool:
        return has_hard(verdicts_of(source[piece.start : piece.end], piece.text or ""))

    def made(pieces: Sequence[Piece]) -> str:
        return put_together({0: source}, pieces)[0][0]

    def passes(pieces: Sequence[Piece]) -> bool:
        return not has_hard(verdicts_of(source, made(pieces)))

    whole = repaired(own, others, lambda _: True, broken, passes)
    return None if whole is None else made(whole)


def corpus(examples: WithReferences, chosen: np.ndarray, rows: np.ndarray, weights: np.ndarray) -> Floats:
    columns = chosen[rows]
    counts = (examples.sizes[rows, columns], examples.reference_sizes[rows], examples.matches[rows, columns])
    return 100 * chrf(*(np.rint(weights @ count).astype(np.int64) for count in counts))


def labels_of(examples: WithReferences, rows: Sequence[int], noise: float, seed: int) -> list[Label]:
    """Of each two systems on each of the rows the better one by chrF, ties within a point, `noise` of them flipped.

    None where a check vetoes one of them: nobody is asked about what cannot be chosen."""
    rng = random.Random(seed)
    found = []
    for row in rows:
        for a, b in combinations(np.flatnonzero(~examples.vetoed[row]).tolist(), 2):
            apart = float(examples.chrf[row, a] - examples.chrf[row, b])
            verdict = 0.0 if abs(apart) <= TIE else float(np.sign(apart))
            found.append(Label(row, a, b, -verdict if rng.random() < noise else verdict))
    return found


class Runs:
    """The systems of a folder in runs of some of them."""

    def __init__(self, arguments: argparse.Namespace, trained: "Runs | None" = None) -> None:
        """`trained`: the same folder and half, of which the rankers are taken."""
        self.arguments = arguments
        whole = read_texts(arguments.folder, arguments.prefix)
        self.systems = list(whole.candidates)
        self.lines, self.texts = whole, half_of(whole, arguments.half)
        if arguments.documents:
            self.texts = self.texts.documents(arguments.documents)
        self.shipped = Ranker.load()
        self.trained: dict[tuple[int, ...], Ranker] = trained.trained if trained else {}
        self.rest: tuple[WithReferences, list[WithReferences]] | None = None
        if trained:
            self.rest = trained.rest
        elif arguments.train_on_rest:
            rest = half_of(whole, {"choose": "held", "held": "choose"}[arguments.half])
            self.rest = training_set(rest)

    def ranker(self, subset: Sequence[int]) -> Ranker:
        """The shipped one; with `--train-on-rest` one that saw neither these lines nor, of two systems, these."""
        if self.rest is None:
            return self.shipped
        others = tuple(column for column in range(len(self.systems)) if len(subset) > 2 or column not in subset)
        if others not in self.trained:
            self.trained[others] = train(self.rest[0], systems=others, made=self.rest[1])
        return self.trained[others]

    def run(self, subset: Sequence[int], padding: float = 0.0) -> tuple[Found, np.ndarray]:
        """Of some systems what is gained, and with `padding` for each padded row what was preferred: by the ranker, by
        it behind the checks, and by the policy where the other is the primary."""
        names = [self.systems[column] for column in subset]
        texts = self.texts._replace(candidates={name: self.texts.candidates[name] for name in names})
        places: list[tuple[int, int]] = []
        if padding:
            texts, places = padded(texts, padding, seed=sum(subset))
        called = [f"system {n}" for n in range(len(names))] if self.arguments.names_hidden else names
        candidates = {name: texts.candidates[own] for name, own in zip(called, names, strict=True)}
        verdicts = {
            name: [verdicts_of(*pair) for pair in zip(texts.sources, found, strict=True)]
            for name, found in candidates.items()
        }
        own = examples = WithReferences.of(texts)
        fitted = self.ranker(subset).fit_batch(texts.sources, candidates, verdicts)
        labelled, off = np.array([], dtype=int), (0.0, 0.0)
        if self.arguments.calibrate:
            size = len(texts.sources)
            step = max(size // self.arguments.calibrate, 1)
            labelled = np.arange(0, size, step)[: self.arguments.calibrate]
            labels = labels_of(examples, labelled.tolist(), self.arguments.label_noise, seed=sum(subset))
            before = fitted.prior()
            fitted, _ = calibrated(fitted, texts.sources, candidates, labels, verdicts)
            usable = ~examples.vetoed.any(axis=1)
            true = examples.chrf[usable].mean(axis=0)
            off = tuple(
                abs(prior[called[0]] - prior[called[1]] - (true[0] - true[1])) for prior in (before, fitted.prior())
            )
        if self.arguments.documents:
            texts = repaired_texts(texts, self.lines)
            examples = WithReferences.of(texts)
            candidates = dict(zip(called, texts.candidates.values(), strict=True))
            verdicts = {
                name: [verdicts_of(*pair) for pair in zip(texts.sources, found, strict=True)]
                for name, found in candidates.items()
            }
        ranks = fitted.score(texts.sources, candidates, verdicts)
        quality = np.array([[round(rank[name].quality, 4) for name in called] for rank in ranks])
        rows = np.setdiff1d(np.arange(len(ranks)), labelled)
        found = self._found(own, examples, quality, rows)
        preferred = [
            (
                quality[row, column] > quality[row, 1 - column],
                quality[row, column] > quality[row, 1 - column] and not examples.vetoed[row, column],
                self._taken(examples, quality, row, 1 - column) == column,
            )
            for row, column in places
        ]
        return found._replace(off=off), np.array(preferred, dtype=float).reshape(-1, 3)

    def _found(self, own: WithReferences, examples: WithReferences, quality: np.ndarray, rows: np.ndarray) -> Found:
        size, width = quality.shape
        drawn = np.random.default_rng(0).multinomial(len(rows), np.full(len(rows), 1 / len(rows)), SAMPLES)
        weights = np.vstack([np.ones(len(rows)), drawn]).astype(float)
        kept = np.where(examples.vetoed & ~examples.vetoed.all(axis=1, keepdims=True), -1.0, quality)
        picks = [kept.argmax(axis=1), examples.chrf.argmax(axis=1)]
        configs = [
            np.array([self._taken(examples, quality, row, primary) for row in range(size)]) for primary in range(width)
        ]
        vetoed = [np.where(examples.vetoed[:, column], column, config) for column, config in enumerate(configs)]
        chosen, oracle = (corpus(examples, pick, rows, weights) for pick in picks)
        singles = [corpus(own, np.full(size, column), rows, weights) for column in range(width)]
        over, with_vetoed = ([corpus(examples, one, rows, weights) for one in of] for of in (configs, vetoed))
        return Found(singles, chosen, oracle, over, with_vetoed)

    @staticmethod
    def _taken(examples: WithReferences, quality: np.ndarray, row: int, primary: int) -> int:
        """What the config of a primary takes; its own where it would leave the row out."""
        scored = [
            Scored(str(column), {"quality": float(value)}, ("hard",) if examples.vetoed[row, column] else ())
            for column, value in enumerate(quality[row])
        ]
        taken = choose(scored, str(primary), Policy()).translator
        return primary if taken is None else int(taken)


def interval(values: Floats, digits: int, sign: str = "") -> str:
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return f"{values[0]:{sign}.{digits}f} [{low:{sign}.{digits}f}, {high:{sign}.{digits}f}]"


def share(found: Sequence[Found]) -> str:
    if not found:
        return "none"
    gained = np.sum([one.chosen - one.singles[one.best] for one in found], axis=0)
    possible = np.sum([one.oracle - one.singles[one.best] for one in found], axis=0)
    return interval(100 * gained / possible, 1) + "%"


def report(arguments: argparse.Namespace) -> None:
    runs = Runs(arguments)
    pairs = list(combinations(range(len(runs.systems)), 2))
    found, preferred = {}, []
    for pair in pairs:
        found[pair], chosen = runs.run(pair, arguments.padded)
        preferred.append(chosen)
    size = len(runs.texts.sources)
    whole = "trained on the other half, without the two systems" if arguments.train_on_rest else "the shipped one"
    print(f"{size} rows; the ranker is {whole}; names {'hidden' if arguments.names_hidden else 'known'}")
    own: dict[str, list[tuple[Floats, str]]] = {"better": [], "worse": []}
    near = []
    for pair, one in found.items():
        names = " / ".join(runs.systems[column] for column in pair)
        best = one.best
        over = [config - single for config, single in zip(one.configs, one.singles, strict=True)]
        own["better"].append((over[best], names))
        own["worse"].append((over[1 - best], names))
        if abs(one.singles[0][0] - one.singles[1][0]) < NEAR:
            near.append(one)
        print(
            f"  {names:44} better {one.singles[best][0]:.2f}, chosen {one.chosen[0]:.2f}, oracle {one.oracle[0]:.2f}; "
            f"over the better as primary {interval(over[best], 2, '+')}, the worse {interval(over[1 - best], 2, '+')}"
        )
    print(
        f"gap captured (N=2): {share(list(found.values()))} of all pairs, {share(near)} of the {len(near)} near ones"
    )
    worst = min(own["better"], key=lambda one: float(np.percentile(one[0][1:], 2.5)))
    print(f"worst pair: {worst[1]}, {interval(worst[0], 2, '+')} chrF")
    better, worse = ([float(over[0]) for over, _ in own[which]] for which in ("better", "worse"))
    print(
        f"over own primary: {np.mean(better):+.2f} chrF where it is the better system (least {min(better):+.2f}), "
        f"{np.mean(worse):+.2f} where it is the worse one (least {min(worse):+.2f})"
    )
    kept = [one.with_vetoed[one.best] - one.singles[one.best] for one in found.values()]
    lowest = min(float(np.percentile(over[1:], 2.5)) for over in kept)
    print(f"the same without vetoes, the better one: {np.mean([over[0] for over in kept]):+.2f}, bound {lowest:+.2f}")
    if arguments.calibrate:
        before, after = (
            np.sqrt(np.mean(np.square(off))) for off in zip(*(f.off for f in found.values()), strict=True)
        )
        print(
            f"labels: {arguments.calibrate} a pair; the difference at large is off by {before:.2f}, then {after:.2f}"
        )
    if arguments.padded:
        rows = np.concatenate(preferred)
        alone, behind, taken = 100 * rows.mean(axis=0)
        print(
            f"padded preferred: {alone:.1f}% of {len(rows)} by the ranker alone, {behind:.1f}% behind the checks, "
            f"taken for the other one as primary {taken:.1f}%"
        )
    elif len(runs.systems) > 2:
        everything, _ = runs.run(range(len(runs.systems)))
        print(f"gap captured (N={len(runs.systems)}): {share([everything])}")
