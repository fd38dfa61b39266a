"""What a scorer adds as a feature whose worth is learnt from labels, and whether a useless one does harm.

    python -m benchmarks.ranking_scorers FOLDER PREFIX --half choose

reads a folder as `benchmarks.ranking_segments` does. Each pair of systems, names hidden, is a run of its own: labels
on `--labels` rows (the better one by chrF, a tie within a point, `--flipped` of them the wrong way round) tell what
the two, and the scorer, are worth (`processors.ranking.calibration`); on the other rows the candidate of higher
quality is taken, another only where nothing vetoes it. The scorer is simulated: it sees the difference of chrF with so
much noise that it names the better one of a sentence as often as `--accuracy` says; a random one sees noise alone.

"Gap" is the share of what the better system leaves to the oracle; "behind": of sound candidates, and of those whose
last third was cut off (whose score is that of the cut text), how many fall behind by the soft check `scorer_behind`.
"""

import argparse
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.ranking_segments import NEAR, TIE, Folder, noise_for
from processors.ranking.calibration import Label, calibrated
from processors.ranking.model import FittedRanker, Ranker
from processors.ranking.opinions import Opinions
from processors.scoring.agreement import agreement


def scored(folder: Folder, pair: tuple[int, int], noise: float | None, rng: np.random.Generator) -> np.ndarray:
    """Scores of the pair's candidates, shape (rows, 2, 1): chrF with noise, or noise alone."""
    truth = folder.chrf[np.ix_(folder.rows, list(pair))]
    drawn = rng.normal(size=truth.shape)
    # The difference of two has the noise of both.
    return np.asarray(drawn if noise is None else truth + drawn * noise / np.sqrt(2))[..., None]


def labels_on(
    folder: Folder, pair: tuple[int, int], rows: np.ndarray, flipped: float, rng: np.random.Generator
) -> list[Label]:
    found = []
    for row in rows.tolist():
        apart = float(folder.chrf[folder.rows[row], pair[0]] - folder.chrf[folder.rows[row], pair[1]])
        verdict = 0.0 if abs(apart) <= TIE else float(np.sign(apart))
        found.append(Label(row, 0, 1, -verdict if rng.random() < flipped else verdict))
    return found


def gap(folder: Folder, pair: tuple[int, int], fitted: FittedRanker, scores: np.ndarray, rows: np.ndarray) -> float:
    """Of what the better system leaves to the oracle on these rows, in per cent."""
    texts = {
        name: [folder.texts[column][folder.rows[row]] for row in rows] for name, column in zip("ab", pair, strict=True)
    }
    ranks = fitted.score([folder.sources[folder.rows[row]] for row in rows], texts, opinions=scores[rows])
    at = [folder.rows[row] for row in rows]
    chosen = {}
    for row, rank in zip(at, ranks, strict=True):
        order = sorted((0, 1), key=lambda c: (bool(folder.vetoed[row, pair[c]]), -rank["ab"[c]].quality))
        chosen[row] = pair[order[0]]
    best = max(folder.corpus(dict.fromkeys(at, column)) for column in pair)
    oracle = folder.corpus({row: pair[int(folder.chrf[row, list(pair)].argmax())] for row in at})
    return 100 * (folder.corpus(chosen) - best) / (oracle - best)


def behind(folder: Folder, pair: tuple[int, int], noise: float, rng: np.random.Generator) -> tuple[float, float]:
    """The shares, in per cent, of sound candidates and of cut ones that fall behind."""
    scores = scored(folder, pair, noise, rng)
    opinions = Opinions.seen(["simulated"], scores)
    sound = sum(0 in one for one in opinions.behind(scores, (0, 1)))
    cut = [folder.texts[pair[0]][row] for row in folder.rows]
    cut = [text[: 2 * len(text) // 3] for text in cut]
    chrf = [
        100 * float(agreement([[text, folder.references[row]]])[0, 0, 1])
        for text, row in zip(cut, folder.rows, strict=True)
    ]
    damaged = scores.copy()
    damaged[:, 0, 0] += np.array(chrf) - folder.chrf[folder.rows, pair[0]]
    found = sum(0 in one for one in opinions.behind(damaged, (0, 1)))
    return 100 * sound / len(scores), 100 * found / len(scores)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("prefix")
    parser.add_argument("--accuracy", type=float, default=0.68)
    parser.add_argument("--labels", type=int, default=200)
    parser.add_argument("--flipped", type=float, default=0.2)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--half", choices=["choose", "held"])
    options = parser.parse_args()
    folder = Folder(options.folder, options.prefix, options.half)
    ranker = replace(Ranker.load(), standings={})
    found: dict[str, list[list[float]]] = {name: [[], []] for name in ("no scorer", "a good one", "a random one")}
    worths: dict[str, list[float]] = {name: [] for name in found}
    shares: list[tuple[float, float]] = []
    sources = [folder.sources[row] for row in folder.rows]
    for pair in combinations(range(len(folder.systems)), 2):
        texts = {
            name: [folder.texts[column][row] for row in folder.rows] for name, column in zip("ab", pair, strict=True)
        }
        fitted = ranker.fit_batch(sources, texts)
        truth = folder.chrf[folder.rows, pair[0]] - folder.chrf[folder.rows, pair[1]]
        noise, near = noise_for(options.accuracy, truth), abs(truth.mean()) <= NEAR
        for draw in range(options.draws):
            rng = np.random.default_rng((draw, *pair))
            order = rng.permutation(len(folder.rows))
            said = labels_on(folder, pair, order[: options.labels], options.flipped, rng)
            for name, of in (("no scorer", None), ("a good one", noise), ("a random one", None)):
                scores = scored(folder, pair, of, rng)
                seen = fitted if name == "no scorer" else replace(fitted, opinions=Opinions.seen([name], scores))
                told, what = calibrated(seen, sources, texts, said, opinions=scores)
                worths[name] += what.worth.tolist()
                found[name][0].append(gap(folder, pair, told, scores, np.sort(order[options.labels :])))
                found[name][1] += found[name][0][-1:] if near else []
            shares.append(behind(folder, pair, noise, rng))
    for name, (every, near_ones) in found.items():
        worth = f", worth {np.mean(worths[name]):.2f} ± {np.std(worths[name]):.2f} chrF points" if worths[name] else ""
        print(f"{name}: gap captured (N=2) {np.mean(every):.1f}%, near pairs {np.mean(near_ones):.1f}%{worth}")
    print("behind: sound {:.2f}%, cut by a third {:.1f}%".format(*np.mean(shares, axis=0)))


if __name__ == "__main__":
    main()
