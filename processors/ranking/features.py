"""What the ranker sees of a row's candidates: measures of each, and contrasts of each two.

No feature knows a translator's name. A contrast is always `a` less `b`, so that swapping the two turns its sign.

What else was tried, and what it brought on FLORES dev: docs/decisions/005-features-of-the-ranker.md.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import regex
from numpy.typing import NDArray

from processors.checks.pairs.pair import Pair
from processors.checks.pairs.verdict import Verdict
from processors.checks.quantities.digits import check_numbers
from processors.languages.language import DEFAULT
from processors.languages.scripts import count_many
from processors.ranking.contained import contained
from processors.scoring.agreement import agreement

Floats = NDArray[np.float64]
Texts = Sequence[Sequence[str | None]]
Verdicts = Sequence[Sequence[Sequence[Verdict]]]

# Of one candidate: share of letters of other scripts, the share that SCR is made of, logarithms of the target's length
# over the source's in characters and in words; and, for each 20 words of the source so that a long conversation is not
# thought worse than a sentence: verdicts on its numbers, and how many sentence ends and opening brackets it has more
# or less than the source. Last the combining marks a word: in Arabic the vowels that most writers leave out.
MEASURES = ("foreign_letters", "script", "length", "words", "numbers", "sentences", "brackets", "marks")
# Of two candidates, before the differences of the measures. `agreement`: chrF with the other candidates as references;
# `agreement_as_reference`: the other way round; `recall`: chrF of a against b less that of b against a, high where b's
# content is all in a, but not where a is b and something more (`processors.ranking.contained`).
CONTRASTS = ("agreement", "agreement_as_reference", "recall", *MEASURES)
# The translators' prior is learnt from a few systems: only what every one of them must pay for, each with its sign.
# Halves of FLORES dev, one system left out: its difference to another within 3 points of it, estimated without labels,
# is off by 1.8 chrF points (root mean square). With brackets by 2.1, with marks 2.6, with the language model 2.0 to
# 2.3, with other checks 1.8 to 1.9, without numbers 2.5; 2.2 with the mean in place of the root of their rate, and 2.0
# with the means shrunk by their standard errors.
PRIOR = ("agreement", "script", "length", "numbers", "sentences")
SIGNS = {
    "agreement": 1, "agreement_as_reference": 1, "recall": 0, "foreign_letters": -1, "script": 1, "length": 0,
    "words": 0, "numbers": -1, "sentences": -1, "brackets": -1, "marks": 0,
}  # fmt: skip
# How much more a better peer's agreement counts: e ** 0.5 for 0.1 of mean agreement.
_TRUST = 5.0
# Faults, ends and brackets are counted a sentence; a text's sentences are taken from its words, at about so many each.
_WORDS_A_SENTENCE = 20
_MARK = regex.compile(r"\p{M}")
_SENTENCE_END = re.compile(r"[.?!؟](?=\s|$)")


@dataclass(frozen=True)
class Measures:
    """Of n rows of S candidates. `agreement` [row, a, b]: chrF of a against b, shape (n, S, S); `candidates`: shape
    (n, S, len(MEASURES)). Both are NaN where a candidate is missing."""

    agreement: Floats
    candidates: Floats

    @cached_property
    def contained(self) -> Floats:
        """Which candidate is another one and something more (`processors.ranking.contained`), shape (n, S, S)."""
        return contained(self.agreement)

    @classmethod
    def joined(cls, parts: Sequence["Measures"]) -> "Measures":
        """The rows of one or more parts, of the same candidates, one after another."""
        agreement, candidates = (np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(cls))
        return cls(agreement, candidates)

    def take(self, columns: Sequence[int], rows: NDArray[np.intp] | slice = slice(None)) -> "Measures":
        picked = self.agreement[rows][:, columns][:, :, columns]
        return Measures(picked, self.candidates[rows][:, columns])


def measure(
    sources: Sequence[str],
    rows: Texts,
    verdicts: Verdicts | None = None,
    *,
    script: str = DEFAULT.script,
    language: str = DEFAULT.code,
) -> Measures:
    """Measures every candidate of every row; a missing candidate is None.

    `verdicts` are the checks' (`check_pair`, `check_conversation`) on each candidate, of which those on numbers are
    used; without them the numbers are checked here.
    """
    width = len(rows[0]) if rows else 0
    texts = [[text or "" for text in row] for row in rows]
    flat = [text for row in texts for text in row]
    source = np.repeat(count_many(sources), width, axis=0)
    target = count_many(flat, script)
    digits = np.array([sum(text.count(digit) for digit in "0123456789") for text in flat])
    counted = np.maximum(target[:, 2], 1)
    # A protected span's digits are not in the count of letters.
    foreign = np.maximum(target[:, 2] - target[:, 3] - digits, 0)
    ratio = np.log((target[:, :2] + 1.0) / (source[:, :2] + 1.0))
    if verdicts is None:
        pairs = (
            Pair.of(source, target, language=language, script=script)
            for source, row in zip(sources, texts, strict=True)
            for target in row
        )
        faults = [len(check_numbers(pair)) for pair in pairs]
    else:
        faults = [sum(v.check == "numbers" for v in found) for row in verdicts for found in row]
    ends = _distances(sources, flat, lambda text: len(_SENTENCE_END.findall(text)))
    brackets = _distances(sources, flat, lambda text: text.count("("))
    pure = np.where(target[:, 2] == 0, 1.0, target[:, 3] / counted)
    sentences = np.maximum(source[:, 0] / _WORDS_A_SENTENCE, 1.0)
    columns = [
        foreign / counted,
        pure,
        ratio[:, 1],
        ratio[:, 0],
        *(np.array(f) / sentences for f in (faults, ends, brackets)),
        np.array([len(_MARK.findall(text)) for text in flat]) / np.maximum(target[:, 0], 1),
    ]
    candidates = np.stack(columns, axis=1).astype(float).reshape(len(rows), width, len(MEASURES))
    agreed = agreement(texts)
    missing = np.array([[text is None for text in row] for row in rows], dtype=bool).reshape(len(rows), width)
    candidates[missing] = np.nan
    agreed[missing] = np.nan
    agreed.transpose(0, 2, 1)[missing] = np.nan
    return Measures(agreed, candidates)


def _distances(sources: Sequence[str], targets: Sequence[str], count: Callable[[str], int]) -> NDArray[np.int_]:
    """How far each target's count is from its source's; the targets of a source stand together."""
    width = len(targets) // max(len(sources), 1)
    expected = np.repeat(np.array([count(source) for source in sources], dtype=int), width)
    return np.abs(np.array([count(target) for target in targets], dtype=int) - expected)


def trust(measures: Measures) -> Floats:
    """Weight of each candidate as a judge of the others, shape (S,): by its mean agreement with them over all rows.

    The weights are relative; needs complete rows. With two candidates there is nobody to judge.
    """
    width = measures.agreement.shape[1]
    if width < 3 or not len(measures.agreement):
        return np.ones(width)
    mean = measures.agreement.mean(axis=0)
    both = (mean + mean.T) / 2
    agreed = (both.sum(axis=1) - both.diagonal()) / (width - 1)
    weights: Floats = np.exp(_TRUST * (agreed - agreed.max()))
    return weights


def contrasts(measures: Measures, weights: Floats) -> Floats:
    """Contrasts of each two candidates, shape (n, S, S, len(CONTRASTS)) at [row, a, b]: a less b. Needs complete rows.

    The two agreements compare a and b on their common peers, so that neither has the better company.
    """
    width = len(weights)
    agreed = measures.agreement * (1 - np.eye(width))
    peers = np.maximum(weights.sum() - weights[:, None] - weights, 0)
    # With m peers the mean is the less noisy the more they are.
    reliability = (width - 2) / width
    columns = []
    for directed in (agreed, agreed.transpose(0, 2, 1)):
        # Added up one by one: the last digits of numpy's matrix product depend on how many rows there are.
        total = add_up([directed[:, :, peer] * weights[peer] for peer in range(width)])
        one = total[:, :, None] - weights * directed
        other = total[:, None, :] - weights[:, None] * directed.transpose(0, 2, 1)
        mean = (one - other) / np.where(peers > 0, peers, 1.0) if width > 2 else np.zeros_like(agreed)
        columns.append(reliability * mean)
    recall = agreed - agreed.transpose(0, 2, 1)
    columns.append(recall * (1 - np.abs(measures.contained)))
    own = measures.candidates[:, :, None, :] - measures.candidates[:, None, :, :]
    return np.concatenate([np.stack(columns, axis=-1), own], axis=-1)


def add_up(terms: Iterable[Floats]) -> Floats:
    """The sum of some arrays, each number of which depends on its own terms and their order alone."""
    first, *others = terms
    total: Floats = first.copy()
    for term in others:
        total += term
    return total


def dissimilarity(measures: Measures) -> Floats:
    """1 less the mean agreement of each two candidates, shape (n, S, S): 0 if they are the same text."""
    apart: Floats = 1 - (measures.agreement + measures.agreement.transpose(0, 2, 1)) / 2
    return apart
