"""How well the ranker chooses among translations, judged by sentence chrF against a reference.

    python -m benchmarks.ranking_quality FOLDER PREFIX [--cross-validate] [--policies]

reads FOLDER/PREFIX.en, FOLDER/PREFIX.ar (the reference) and FOLDER/PREFIX.<system>.ar, a sentence a line. Needs
`pip install sacrebleu`. The ranker is the one of the project; it sees all candidates and no reference. With
`--cross-validate` it is trained on the folder itself: five folds, each chosen by a ranker trained on the other four,
and once more with one system left out of training at a time. There what the run shows of its systems is drawn from all
sentences, which needs no reference. A fold is made of blocks of 25 neighbouring lines, so that the sentences of an
article stay together. Then half of the blocks train, and the other half is a run of its own, of which nothing is seen.

A ranker knows the systems that it was trained on by name (`processors.ranking.known_translators`). "names hidden" is
what it does where it meets all of them for the first time.

- gap captured: (chosen - best single) / (oracle - best single) in corpus chrF. The best single system is the best by
  the reference; for N = 2 and 3 the gains and the gaps of all subsets of systems are summed before dividing. The
  oracle takes each row's best sentence chrF. A candidate that a hard check vetoes is chosen only if all are vetoed.
- pairwise accuracy: of two candidates of a row the ranker prefers the one with the higher sentence chrF. Left out are
  pairs within one chrF point (`--tie`), the counts are said. "alone": only the two are known, N = 2.
- [low, high]: 95% percentile interval of 1,000 bootstrap samples of the sentences, with everything else fixed.

Where it falls short, on FLORES dev with seven systems. Cross-validated it captures 23.1% [16.4, 29.5] of the gap, and
of two or three systems 13.0 and 13.1%: without a language model it sees too little of two candidates that differ in
their words alone. The shipped ranker was trained on this text but gets no more there (22.2%), so it has hardly learnt
it by heart. With names hidden it is 19.3, 8.4 and 8.1%, and the worst three systems (both bergamots, which agree with
each other, and microsoft) come to 0.46 chrF less than microsoft alone. What decides is how well a run shows which of
its systems is better, not how much there was to train on: trained on a tenth of the sentences, with the run's own
statistics of all, it gets 20% on the rest (16% with names hidden), on half of them 21% (17%); folds of single
sentences and of blocks hardly differ. On runs of 500 sentences it is 18.5% (14.0 to 23.1), with names hidden 10.1%.

A quarter of the blocks was looked at once, before the last choices, by a ranker trained on the others: 23.8% [9.4,
35.3] of all seven, 10.9% and 11.8% of two and three, 78.8% of the pairs right; with names hidden 17.9, 3.9 and 4.8%.

A margin in favour of the better system, as a guard against leaving it, only costs: with names known half a chrF point
takes 1.0 from what is captured of seven and 0.9 of two, where no subset needed it; with names hidden the worst subsets
become worse, for it holds on to the wrong system. What was tried as features is in
docs/decisions/005-features-of-the-ranker.md.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks import ranking_configs, ranking_segments
from model_recipes.ranker.data import WithReferences, read_folder
from model_recipes.ranker.train import train
from processors.checks.run import check_pair, has_hard
from processors.ranking.features import Floats
from processors.ranking.model import Ranker, chances, expected_gains, usual
from processors.ranking.policy import Policy, Scored, choose
from processors.scoring.agreement import chrf
from processors.scoring.length_and_script import score_pairs

Subset = tuple[int, ...]
Scores = Callable[[Subset], Floats]  # (rows, len(subset)), the highest is chosen
# Lines of a block: an article of FLORES has some three to eight.
FOLDS, BLOCK, SAMPLES = 5, 25, 1000


class Judge:
    """Corpus chrF of choices, on all rows and on bootstrap samples of them."""

    def __init__(self, examples: WithReferences, vetoed: np.ndarray, samples: int = SAMPLES) -> None:
        self.examples, self.vetoed = examples, vetoed
        size = len(examples.chrf)
        drawn = np.random.default_rng(0).multinomial(size, np.full(size, 1 / size), samples)
        self.weights = np.vstack([np.ones(size), drawn]).astype(float)
        self.single = [self.corpus(np.full(size, column)) for column in range(len(examples.systems))]

    def corpus(self, chosen: np.ndarray) -> Floats:
        """chrF in points of all rows, then of each sample: shape (1 + SAMPLES,). `chosen` are columns, one a row."""
        rows = np.arange(len(chosen))
        e = self.examples
        counts = (e.sizes[rows, chosen], e.reference_sizes, e.matches[rows, chosen])
        return 100 * chrf(*(np.rint(self.weights @ count).astype(np.int64) for count in counts))

    def choose(self, scores: Floats, subset: Subset, veto: bool = True) -> np.ndarray:
        spoiled = self.vetoed[:, subset] if veto else np.zeros_like(scores, dtype=bool)
        kept = np.where(spoiled & ~spoiled.all(axis=1, keepdims=True), -np.inf, scores)
        return np.array(subset)[kept.argmax(axis=1)]

    def best(self, subset: Subset) -> int:
        return max(subset, key=lambda column: self.single[column][0])

    def oracle(self, subset: Subset) -> Floats:
        return self.corpus(np.array(subset)[self.examples.chrf[:, subset].argmax(axis=1)])


def interval(values: Floats, digits: int = 1, unit: str = "") -> str:
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return f"{values[0]:.{digits}f}{unit} [{low:.{digits}f}, {high:.{digits}f}]"


def accuracy(
    examples: WithReferences, scores: Floats, subset: Subset, one: int, two: int, tie: float
) -> tuple[int, int]:
    """Pairs preferred rightly, and pairs judged."""
    gold = examples.chrf[:, one] - examples.chrf[:, two]
    ours = scores[:, subset.index(one)] - scores[:, subset.index(two)]
    judged = np.abs(gold) > tie
    return int((gold * ours > 0)[judged].sum()), int(judged.sum())


def shipped(examples: WithReferences, ranker: Ranker) -> Scores:
    def scores(subset: Subset) -> Floats:
        measures = examples.measures.take(subset)
        standings = ranker.known([examples.systems[column] for column in subset])
        return expected_gains(measures, usual(measures), ranker.weights(len(subset)), standings=standings)

    return scores


def nameless(ranker: Ranker) -> Ranker:
    return replace(ranker, standings={})


def cross_validated(examples: WithReferences) -> tuple[Scores, Scores]:
    """With the systems' names known, and hidden."""
    fold = np.arange(len(examples.chrf)) // BLOCK % FOLDS
    rankers = [train(examples, rows=np.flatnonzero(fold != k)) for k in range(FOLDS)]

    def stitched(parts: Sequence[Scores]) -> Scores:
        def scores(subset: Subset) -> Floats:
            gains = np.stack([part(subset) for part in parts])
            chosen: Floats = gains[fold, np.arange(len(fold))]
            return chosen

        return scores

    return (
        stitched([shipped(examples, ranker) for ranker in rankers]),
        stitched([shipped(examples, nameless(ranker)) for ranker in rankers]),
    )


def captured_by_size(judge: Judge, scores: Scores) -> dict[int, tuple[Floats, float]]:
    """For 2, 3 and all systems: the share of the gap in percent, with its samples, and chrF of the worst subset
    against its best single system."""
    everything = tuple(range(len(judge.examples.systems)))
    found = {}
    for size in sorted({2, min(3, len(everything)), len(everything)}):
        gained, possible, worst = np.zeros(1), np.zeros(1), np.inf
        for subset in combinations(everything, size):
            best = judge.single[judge.best(subset)]
            gain = judge.corpus(judge.choose(scores(subset), subset)) - best
            gained, possible = gained + gain, possible + judge.oracle(subset) - best
            worst = min(worst, float(gain[0]))
        found[size] = 100 * gained / possible, worst
    return found


def report_hidden(judge: Judge, scores: Scores) -> None:
    print("\nnames hidden: share of the gap, and chrF of the worst subset against its best single system")
    for size, (share, worst) in captured_by_size(judge, scores).items():
        print(f"  N = {size}: {interval(share, unit='%')}, worst {worst:+.2f}")


def report_gaps(judge: Judge, scores: Scores, others: dict[str, Scores]) -> None:
    systems = judge.examples.systems
    everything = tuple(range(len(systems)))
    sizes = [size for size in (2, 3) if size < len(systems)]
    for subsets in [[everything], *(list(combinations(everything, size)) for size in sizes)]:
        gained, possible, worst = np.zeros(1), np.zeros(1), []
        lines = []
        for subset in subsets:
            chosen = judge.corpus(judge.choose(scores(subset), subset))
            best, oracle = judge.single[judge.best(subset)], judge.oracle(subset)
            gained, possible = gained + chosen - best, possible + oracle - best
            worst.append((float(chosen[0] - best[0]), interval(chosen - best, 2), subset))
            names = " / ".join(systems[column] for column in subset)
            captured = (chosen - best) / np.maximum(oracle - best, 1e-9) * 100
            lines.append(
                f"  {names:44} best {best[0]:.2f}, chosen {chosen[0]:.2f}, oracle {oracle[0]:.2f}: "
                f"{interval(captured, unit='%')}"
            )
        if subsets == [everything]:
            top = judge.best(everything)
            print(f"\nN = {len(systems)}, all systems, corpus chrF")
            print(f"  best single ({systems[top]}): {interval(judge.single[top], 2)}")
            print(f"  chosen by the ranker: {interval(judge.corpus(judge.choose(scores(everything), everything)), 2)}")
            for name, other in others.items():
                theirs = judge.corpus(judge.choose(other(everything), everything, veto=False))
                print(f"  chosen by {name}: {interval(theirs, 2)}")
            print(f"  oracle: {interval(judge.oracle(everything), 2)}")
        else:
            print(f"\nN = {len(subsets[0])}, {len(subsets)} subsets")
            if len(subsets[0]) == 2:
                print("\n".join(lines))
            least = min(worst)
            print(f"  worst: {' / '.join(systems[c] for c in least[2])}, {least[1]} chrF against its best single")
        print(f"gap captured: {interval(gained / possible * 100, unit='%')}")


def report_pairs(judge: Judge, scores: Scores, rank_score: Scores, tie: float) -> None:
    examples, systems = judge.examples, judge.examples.systems
    everything = tuple(range(len(systems)))
    print(f"\npairwise accuracy, pairs within {tie:g} chrF left out: among all, alone, (LR+SCR)/2")
    total = np.zeros((3, 2))
    together = scores(everything)
    for one, two in combinations(everything, 2):
        found = [
            accuracy(examples, together, everything, one, two, tie),
            accuracy(examples, scores((one, two)), (one, two), one, two, tie),
            accuracy(examples, rank_score((one, two)), (one, two), one, two, tie),
        ]
        total += found
        shown = "  ".join(f"{100 * right / max(judged, 1):5.1f}%" for right, judged in found)
        print(f"  {systems[one] + ' / ' + systems[two]:44} {shown}   {found[0][1]} of {len(together)} judged")
    print(f"  {'all pairs':44} " + "  ".join(f"{100 * right / judged:5.1f}%" for right, judged in total))


def report_left_out(judge: Judge, tie: float) -> None:
    """Each system judged by a ranker that saw only the others; sentences are shared, systems are not."""
    examples, systems = judge.examples, judge.examples.systems
    everything = tuple(range(len(systems)))
    if len(systems) < 4:
        return
    print(
        "\none system left out of training: its pairs with the others, among all and alone; gap captured, all systems"
    )
    total = np.zeros((2, 2))
    for left_out in everything:
        scores = shipped(examples, train(examples, systems=[column for column in everything if column != left_out]))
        mine = np.zeros((2, 2))
        together = scores(everything)
        for other in everything:
            if other != left_out:
                pair = tuple(sorted((left_out, other)))
                mine += [
                    accuracy(examples, together, everything, left_out, other, tie),
                    accuracy(examples, scores(pair), pair, left_out, other, tie),
                ]
        total += mine
        best, oracle = judge.single[judge.best(everything)], judge.oracle(everything)
        captured = (judge.corpus(judge.choose(together, everything)) - best) / (oracle - best) * 100
        shown = "  ".join(f"{100 * right / judged:5.1f}%" for right, judged in mine)
        print(f"  {systems[left_out]:30} {shown}   {interval(captured, unit='%')}")
    print(f"  {'all':30} " + "  ".join(f"{100 * right / judged:5.1f}%" for right, judged in total))


def report_halves(examples: WithReferences) -> None:
    """Trained on half of the blocks, tried on the other half as a run of its own: means over eight halves, ranges."""
    print(
        "\ntrained on half of the sentences, the other half a run of its own: gap captured, mean and range of 8 halves"
    )
    captured: dict[tuple[int, str], list[float]] = {}
    block = np.arange(len(examples.chrf)) // BLOCK
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(block.max() + 1)
        first = np.isin(block, order[: len(order) // 2])
        for mine, theirs in ((first, ~first), (~first, first)):
            part = examples.take(np.flatnonzero(theirs))
            judge = Judge(part, np.zeros_like(part.chrf, dtype=bool), samples=0)
            ranker = train(examples.take(np.flatnonzero(mine)))
            for name, one in (("", ranker), (", names hidden", nameless(ranker))):
                for size, (share, _) in captured_by_size(judge, shipped(part, one)).items():
                    captured.setdefault((size, name), []).append(float(share[0]))
    for (size, name), values in captured.items():
        print(f"  N = {size}{name}: {np.mean(values):.1f}% ({min(values):.1f} to {max(values):.1f})")


def report_calibration(examples: WithReferences, scores: Scores, sharpness: dict[int, float]) -> None:
    """Of the candidates with a quality in each tenth: the mean quality, and how many are the best of their row."""
    everything = tuple(range(len(examples.systems)))
    for name, subsets in (("N = 2", list(combinations(everything, 2))), (f"N = {len(everything)}", [everything])):
        quality, best = [], []
        for subset in subsets:
            gold = examples.chrf[:, subset]
            top = gold == gold.max(axis=1, keepdims=True)
            quality.append(chances(scores(subset), sharpness[min(len(subset), 3)]).ravel())
            best.append((top / top.sum(axis=1, keepdims=True)).ravel())
        q, b = np.concatenate(quality), np.concatenate(best)
        tenth = np.minimum((q * 10).astype(int), 9)
        bins = [
            (q[tenth == k].mean(), b[tenth == k].mean(), int((tenth == k).sum()))
            for k in range(10)
            if (tenth == k).any()
        ]
        error = sum(abs(a - c) * n for a, c, n in bins) / len(q)
        print(
            f"\nquality against the share that is the best of its row, {name}: expected calibration error {error:.3f}"
        )
        print("  " + "  ".join(f"{a:.2f}:{c:.2f} ({n})" for a, c, n in bins))


def report_policies(judge: Judge, scores: Scores, published: Floats, sharpness: dict[int, float]) -> None:
    """What a recipe's policy makes of each config: corpus chrF, by whether its primary is the best of the systems."""
    everything = tuple(range(len(judge.examples.systems)))
    policies = {
        "replace never": None,
        "replace vetoed": Policy("vetoed"),
        "better by rank_score, margin 0": Policy("better", "rank_score", 0.0),
        "better by rank_score, margin 0.05": Policy("better", "rank_score", 0.05),
        **{f"better by quality, margin {m:g}": Policy("better", "quality", m) for m in (0.0, 0.02, 0.05, 0.1, 0.2)},
    }
    for size in sorted({2, len(everything)}):
        found: dict[str, list[list[float]]] = {name: [[], []] for name in [*policies, "best single"]}
        for subset in combinations(everything, size):
            quality = chances(scores(subset), sharpness[min(size, 3)]).round(4)
            rows = [
                [
                    Scored(
                        judge.examples.systems[column],
                        {"quality": float(quality[row, place]), "rank_score": float(published[row, column])},
                        ("hard",) if judge.vetoed[row, column] else (),
                    )
                    for place, column in enumerate(subset)
                ]
                for row in range(len(quality))
            ]
            best = judge.best(subset)
            for primary in subset:
                for name, policy in policies.items():
                    columns = [primary] * len(rows)
                    if policy is not None:
                        chosen = (choose(row, judge.examples.systems[primary], policy).translator for row in rows)
                        columns = [primary if c is None else judge.examples.systems.index(c) for c in chosen]
                    found[name][primary != best].append(float(judge.corpus(np.array(columns))[0]))
                found["best single"][primary != best].append(float(judge.single[best][0]))
        print(f"\nchrF of a config by its policy, N = {size}: primary is the best system, and is another (means)")
        for name, (is_best, other) in found.items():
            print(f"  {name:36} {np.mean(is_best):.2f}  {np.mean(other):.2f}")


def report_speed(sources: Sequence[str], candidates: dict[str, list[str]], ranker: Ranker) -> None:
    fitted = ranker.fit_batch(sources, candidates)
    count = len(sources) * len(candidates)
    times = []
    start = time.process_time()
    verdicts = {
        name: [check_pair(*pair) for pair in zip(sources, texts, strict=True)] for name, texts in candidates.items()
    }
    times.append(time.process_time() - start)
    for texts in candidates.values():
        score_pairs(zip(sources, texts, strict=True))
    times.append(time.process_time() - start - times[0])
    fitted.score(sources, candidates, verdicts)
    times.append(time.process_time() - start - sum(times))
    each = ", ".join(
        f"{name} {count / t:,.0f}" for name, t in zip(("checks", "metrics", "ranker"), times, strict=True)
    )
    print(f"\nspeed: {count / sum(times):,.0f} candidates a second of CPU time ({each})")


def main() -> None:
    parser = argparse.ArgumentParser(description="How well the ranker chooses among translations.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("prefix")
    parser.add_argument("--cross-validate", action="store_true")
    parser.add_argument("--tie", type=float, default=1.0)
    parser.add_argument("--policies", action="store_true", help="also what a recipe's policies make of each config")
    parser.add_argument(
        "--segments", type=float, metavar="ACCURACY", help="what a scorer that is right so often brings by segment"
    )
    runs = parser.add_argument_group("each two systems as a run of their own", ranking_configs.__doc__)
    runs.add_argument("--names-hidden", action="store_true", help="the ranker meets all systems for the first time")
    runs.add_argument("--documents", type=int, default=0, metavar="N", help="documents of N consecutive lines")
    runs.add_argument("--padded", type=float, default=0.0, metavar="SHARE", help="of rows with a copy and some more")
    runs.add_argument(
        "--calibrate", type=int, default=0, metavar="ROWS", help="labels from so many rows, left out then"
    )
    runs.add_argument(
        "--label-noise", type=float, default=0.0, metavar="P", help="the share of labels that are flipped"
    )
    runs.add_argument(
        "--half", choices=["choose", "held"], help="every other block of 25 lines, from the first or not"
    )
    runs.add_argument("--train-on-rest", action="store_true", help="a ranker trained on the other half; needs --half")
    arguments = parser.parse_args()
    if arguments.train_on_rest and not arguments.half:
        parser.error("--train-on-rest needs --half")
    if arguments.segments:
        ranking_segments.run(arguments)
        return
    of_runs = ("names_hidden", "documents", "padded", "calibrate", "half")
    if any(getattr(arguments, name) for name in of_runs):
        ranking_configs.report(arguments)
        return
    from sacrebleu.metrics import CHRF

    examples = read_folder(arguments.folder, arguments.prefix)
    ranker = Ranker.load()

    def lines(side: str) -> list[str]:
        text = (arguments.folder / f"{arguments.prefix}.{side}").read_text(encoding="utf-8")
        return text.removesuffix("\n").split("\n")

    sources = lines("en")
    candidates = {name: lines(f"{name}.ar") for name in examples.systems}
    vetoed = np.array(
        [[has_hard(check_pair(s, t)) for s, t in zip(sources, texts, strict=True)] for texts in candidates.values()]
    ).T
    judge = Judge(examples, vetoed)
    print(f"{len(sources)} sentences; corpus chrF and vetoed candidates of each system")
    for column, (name, texts) in enumerate(candidates.items()):
        ours, theirs = judge.single[column][0], CHRF().corpus_score(texts, [lines("ar")]).score
        if abs(ours - theirs) > 1e-6:
            raise SystemExit(f"{name}: chrF {ours} here, {theirs} by sacrebleu")
        print(f"  {name:30} {interval(judge.single[column], 2)}   {vetoed[:, column].sum()} vetoed")
    published = np.stack(
        [[s.rank_score for s in score_pairs(zip(sources, t, strict=True))] for t in candidates.values()], axis=1
    )

    def mean_agreement(subset: Subset) -> Floats:
        agreed = examples.measures.take(subset).agreement
        agreed[:, range(len(subset)), range(len(subset))] = 0
        mean: Floats = agreed.sum(axis=2)
        return mean

    def rank_score(subset: Subset) -> Floats:
        picked: Floats = published[:, subset]
        return picked

    if arguments.cross_validate:
        print(f"\nranker: trained on this folder, {FOLDS} folds of blocks of {BLOCK} lines")
        scores, hidden = cross_validated(examples)
    else:
        named = [name for name in examples.systems if name in ranker.standings]
        print(f"\nranker: the shipped one, which knows {', '.join(named) or 'none of these systems'}")
        scores, hidden = shipped(examples, ranker), shipped(examples, nameless(ranker))
    report_gaps(judge, scores, {"MBR (mean chrF with the others)": mean_agreement, "(LR+SCR)/2": rank_score})
    report_hidden(judge, hidden)
    report_pairs(judge, scores, rank_score, arguments.tie)
    if arguments.cross_validate:
        report_left_out(judge, arguments.tie)
        report_halves(examples)
    sharpness = {2: ranker.pair.sharpness, 3: ranker.consensus.sharpness}
    report_calibration(examples, scores, sharpness)
    if arguments.policies:
        report_policies(Judge(examples, vetoed, samples=0), scores, published, sharpness)
    report_speed(sources, candidates, ranker)


if __name__ == "__main__":
    main()
