"""What further models' scores (`ranking.scorers`) tell of a row's candidates, and what that is worth.

A score counts by how far it is apart from another candidate's beyond what is usual between the two translators, in
the run's usual differences: scorers have units and favourites of their own, and which translator is better at large is
told by labels. What such a difference is worth in chrF points, labels tell too (`processors.ranking.calibration`);
without labels it is worth nothing. But who falls far behind all others of its row is worth a look in any run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from processors.ranking.features import Floats, add_up

# Differences that are farther out say no more.
_FARTHEST = 3.0
# Rows at which what is usual between two translators weighs as much as knowing nothing.
_FEW_ROWS = 20
# So many usual differences behind each other candidate of the row is far: of normal differences 1 in 740 pairs.
BEHIND = 3.0


@dataclass(frozen=True, slots=True)
class Opinions:
    """Of K scorers and S translators: the `columns`; `usual`, shape (K, S, S), by how much a's score is above b's;
    `scales`, shape (K,), how far differences usually lie from that, 0 where the scorer says the same of all; `worth`,
    shape (K,), chrF points of a usual difference."""

    columns: tuple[str, ...]
    usual: Floats
    scales: Floats
    worth: Floats

    @classmethod
    def seen(cls, columns: Sequence[str], scores: Floats) -> "Opinions":
        """By a sample of rows' scores, shape (n, S, K), NaN where there is none."""
        apart = np.moveaxis(scores[:, :, None, :] - scores[:, None, :, :], -1, 0)
        width, known = scores.shape[1], (~np.isnan(apart)).sum(axis=1)
        middle = np.zeros((len(columns), width, width))
        scales = np.zeros(len(columns))
        for place, found in enumerate(apart):
            pairs = []
            for a in range(width):
                for b in range(width):
                    some = found[:, a, b][~np.isnan(found[:, a, b])]
                    if a != b and len(some):
                        middle[place, a, b] = np.median(some)
                        pairs.append(np.abs(some - middle[place, a, b]))
            if pairs:
                # As many standard deviations as the median of absolute ones has, where they are normal.
                scales[place] = 1.4826 * np.median(np.concatenate(pairs))
        return cls(tuple(columns), middle * known / (known + _FEW_ROWS), scales, np.zeros(len(columns)))

    def apart(self, scores: Floats, columns: Sequence[int] | None = None) -> Floats:
        """By how many usual differences a is above b beyond the usual, shape (n, s, s, K); 0 where one has no score.

        `scores` are of some rows' candidates of the translators at `columns`, shape (n, s, K).
        """
        some = list(range(scores.shape[1])) if columns is None else list(columns)
        usual = np.moveaxis(self.usual[:, some][:, :, some], 0, -1)
        scales = np.where(self.scales > 0, self.scales, np.inf)
        found = (scores[:, :, None, :] - scores[:, None, :, :] - usual) / scales
        found[:, range(len(some)), range(len(some))] = 0.0
        return np.nan_to_num(found, nan=0.0)

    def points(self, scores: Floats, columns: Sequence[int]) -> Floats:
        """Points by which a is better than b, shape (n, s, s)."""
        apart = np.clip(self.apart(scores, columns), -_FARTHEST, _FARTHEST)
        # Scorer by scorer: what a row gets must not depend on which rows are scored with it.
        return add_up(apart[..., place] * worth for place, worth in enumerate(self.worth.tolist()))

    def contrasts(self, scores: Floats, rows: Sequence[int], a: Sequence[int], b: Sequence[int]) -> Floats:
        """What `worth` weighs of labelled candidates, shape (labels, K): a less b."""
        apart = np.clip(self.apart(scores), -_FARTHEST, _FARTHEST)
        found: Floats = apart[list(rows), list(a), list(b)]
        return found

    def rewards(self, scores: Floats) -> Floats | None:
        """Of such scores, shape (n, S, K), the reward model's; None where it is no scorer."""
        return scores[..., self.columns.index("reward")] if "reward" in self.columns else None

    def behind(self, scores: Floats, columns: Sequence[int]) -> list[dict[int, tuple[int, float]]]:
        """Of each row the candidates that fall behind: {place: (scorer's place, by how many usual differences)}.

        Of two a candidate is only ever behind the other; of more it must be behind each.
        """
        apart = self.apart(scores, columns)
        width = apart.shape[1]
        if width < 2:
            return [{} for _ in apart]
        nearest = np.min(np.where(np.eye(width, dtype=bool)[None, :, :, None], np.inf, -apart), axis=2)
        found: list[dict[int, tuple[int, float]]] = []
        for row in nearest:
            worst = row.argmax(axis=-1)
            by = row[np.arange(width), worst]
            found.append({c: (int(worst[c]), float(by[c])) for c in range(width) if by[c] > BEHIND})
        return found

    def worth_of(self, worth: Floats) -> "Opinions":
        return replace(self, worth=worth)

    def saved(self) -> dict[str, Any]:
        """As arrays, for a file."""
        return {
            "scorers": np.array(self.columns), "scorers_usual": self.usual,
            "scorers_scales": self.scales, "scorers_worth": self.worth,
        }  # fmt: skip

    @classmethod
    def loaded(cls, saved: Mapping[str, Any]) -> "Opinions | None":
        """Of such arrays; None where there are none. Raises KeyError where some are missing."""
        if "scorers" not in saved:
            return None
        arrays = (saved[f"scorers_{name}"] for name in ("usual", "scales", "worth"))
        return cls(tuple(saved["scorers"].tolist()), *arrays)
