"""What an ablation measures: each variant's scores on the rows that all variants translated, row against row."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from processors.ranking.policy import vetoing
from processors.scoring.columns import NAMES, PUBLISHED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from builders.run_folder.units import UnitFiles

# Of the bootstrap, for a 95 % interval: 50 of 2,000 means lie beyond each end of it, enough to place the ends.
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over rows with the ends of its 95% bootstrap interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class VariantScores:
    """One variant's line of the table. `failed` and `vetoed` are numbers of rows, of all that were selected.

    `scores` and `mean_rank` (1 is best; equal scores share their places) are over the rows that every variant
    translated; `difference` is `rank_score` less the first variant's on the same rows.
    """

    name: str
    failed: int
    vetoed: int
    scores: dict[str, Estimate]
    mean_rank: Estimate
    difference: Estimate


@dataclass(frozen=True, slots=True)
class Ablation:
    """`rows` were selected; `compared` of them have a candidate of every variant."""

    rows: int
    compared: int
    variants: list[VariantScores]


def read_scores(
    files: Iterable["UnitFiles"], veto: Mapping[str, bool] = MappingProxyType({})
) -> list[dict[str, dict[str, Any]]]:
    """For each ranked row, by translator: its scores, and `vetoed`. Rows that rank dropped are not among them.

    `veto` is the recipe's `ranking.veto`.
    """
    import pyarrow.parquet as pq

    rows = []
    for unit in files:
        names = pq.read_schema(unit.kept).field("candidates").type.value_type
        held = [names.field(i).name for i in range(names.num_fields)]
        wanted = ["translator", "checks", *(name for name in NAMES if name in held)]
        candidates = pq.read_table(unit.kept, columns=["candidates"], partitioning=None).column("candidates")
        for chunk in candidates.iterchunks():
            plain = zip(*(chunk.values.field(held.index(name)).to_pylist() for name in wanted), strict=True)
            flat = [dict(zip(wanted, values, strict=True)) for values in plain]
            for start, end in zip(chunk.offsets[:-1].to_pylist(), chunk.offsets[1:].to_pylist(), strict=True):
                rows.append({one["translator"]: _scored(one, veto) for one in flat[start:end]})
    return rows


def _scored(candidate: dict[str, Any], veto: Mapping[str, bool]) -> dict[str, Any]:
    vetoed = bool(vetoing(((one["check"], one["hard"]) for one in candidate.pop("checks") or []), veto))
    return {key: value for key, value in candidate.items() if key != "translator"} | {"vetoed": vetoed}


def compare(names: Sequence[str], rows: list[dict[str, dict[str, Any]]], dropped: int, seed: int) -> Ablation:
    """Each variant's scores with bootstrap intervals; `dropped` rows had no candidate that was not vetoed."""
    import numpy as np

    held: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for row in rows:
        for name in names:
            if (found := row.get(name)) and found[PUBLISHED] is not None:
                held[name] += 1
                accepted[name] += not found["vetoed"]
    paired = [row for row in rows if all((row.get(name) or {}).get(PUBLISHED) is not None for name in names)]
    present = [
        key for key in NAMES if paired and all(row[name].get(key) is not None for row in paired for name in names)
    ]
    values = {key: np.array([[row[name][key] for name in names] for row in paired], dtype=float) for key in present}
    vetoed = np.array([[row[name]["vetoed"] for name in names] for row in paired], dtype=bool)
    scored = values.get(PUBLISHED, np.zeros((0, len(names))))
    places, differences = _places(scored, vetoed.reshape(scored.shape)), scored - scored[:, :1]
    picks = np.random.default_rng(seed).integers(max(1, len(paired)), size=(RESAMPLES, len(paired)))
    variants = []
    for i, name in enumerate(names):
        variants.append(
            VariantScores(
                name,
                failed=len(rows) - held[name],
                vetoed=held[name] - accepted[name],
                scores={key: _estimate(of[:, i], picks) for key, of in values.items()},
                mean_rank=_estimate(places[:, i], picks),
                difference=_estimate(differences[:, i], picks),
            )
        )
    return Ablation(len(rows) + dropped, len(paired), variants)


def _places(scores: "NDArray[np.float64]", vetoed: "NDArray[np.bool_]") -> "NDArray[np.float64]":
    """Places from 1 in each row, shape (rows, variants): by score, vetoed ones after all others, ties shared."""
    import numpy as np

    # Scores are at most 1. Rounded, since a tie must not be broken by the last bit of a float.
    ordered = np.round(np.where(vetoed, scores - 2.0, scores), 12)
    better = (ordered[:, None, :] > ordered[:, :, None]).sum(axis=2)
    equal = (ordered[:, None, :] == ordered[:, :, None]).sum(axis=2)
    places: NDArray[np.float64] = better + (equal + 1) / 2
    return places


def _estimate(values: "NDArray[np.float64]", picks: "NDArray[np.int64]") -> Estimate:
    import numpy as np

    if not len(values):
        return Estimate(float("nan"), float("nan"), float("nan"))
    # A resample at a time: all at once are rows x resamples x 8 bytes.
    means = [values[pick].mean() for pick in picks]
    low, high = np.quantile(means, [0.025, 0.975])
    return Estimate(float(values.mean()), float(low), float(high))
