"""What the threshold explorer computes with: every candidate's scores and verdicts, packed, and the policies.

The page chooses as `processors.ranking.policy.choose` and `processors.ranking.votes_decide.settle` do. Scores are
doubles, since a threshold of 0.9 and a score of 0.9 must compare as they do in a build; quality has four places and so
needs two bytes.
"""

import base64
import gzip
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders.dataset.statistics import SplitStatistics, summarise
from builders.recipes.recipe import Recipe
from builders.stages.rank import configs_of
from hub.report.rows import SampledRows
from processors.judging.votes import Votes
from processors.scoring.columns import COLUMN, LIMITS, columns_with

if TYPE_CHECKING:
    import numpy as np

# In place of a quality or of a set of verdicts that there is none of, and what a quality of 1 is.
_NONE, _QUALITY_SCALE = 65535, 10_000
SCRIPT = Path(__file__).parent / "explorer.js"


def scores_of(recipe: Recipe) -> list[str]:
    """The scores that a policy may look at in this run; rank_score is computed of LR and SCR."""
    models = {"reward": recipe.ranking.reward is not None, "quality": len(recipe.translators) > 1}
    return [
        name
        for name in columns_with(recipe.ranking.scorers.given())
        if not COLUMN[name].mean_of and models.get(name, True)
    ]


def explorer_data(
    recipe: Recipe, found: SampledRows, built: Mapping[str, Mapping[str, SplitStatistics]], votes: Votes | None
) -> dict[str, Any]:
    """All that `explorer.js` needs, as plain values; `built` are the statistics of the dataset as it lies there."""
    names = list(configs_of(recipe).values())
    rows, splits = found.rows, list(found.population)
    sets: dict[tuple[tuple[str, bool], ...], int] = {}
    packed = {name: _pack([row["candidates"][i] for row in rows], recipe, sets) for i, name in enumerate(names)}
    blob = b"".join(part for name in names for part in packed[name])
    sampled = {split: sum(row["split"] == split for row in rows) for split in splits}
    return {
        "exact": found.exact,
        "splits": [
            {"name": name, "rows": found.population[name], "sampled": sampled[name], **_policy(recipe, name)}
            for name in splits
        ],
        "translators": [{"name": name, "config": config} for config, name in configs_of(recipe).items()],
        "scores": [
            {
                "name": name,
                "key": COLUMN[name].limit,
                "bytes": 2 if name == "quality" else 8,
                "decimals": COLUMN[name].decimals,
                "vetoesNull": COLUMN[name].vetoes_null,
                "relative": COLUMN[name].relative,
                "now": getattr(recipe.ranking, COLUMN[name].limit or ""),
                # What limits nothing.
                "none": 0 if COLUMN[name].low == 0 else None,
            }
            for name in scores_of(recipe)
        ],
        "sets": [list(map(list, one)) for one in sets],
        "veto": recipe.ranking.veto,
        "votes": _votes(rows, names, votes),
        "built": {
            config: {split: of.means() for split, of in by_split.items()} | {"": summarise(by_split.values()).means()}
            for config, by_split in built.items()
        },
        "data": base64.b64encode(gzip.compress(blob, mtime=0)).decode("ascii"),
    }


def _policy(recipe: Recipe, split: str) -> dict[str, Any]:
    """A split's policy, and of its limits those that are its own (null: none) and do not follow the page's."""
    ranking = recipe.ranking
    policy, entry = ranking.policy(split), ranking.entry(split)
    own = {LIMITS[key].name for key in LIMITS if entry is not None and getattr(entry, key) is not None}
    return {
        "replaces": policy.replace != "never",
        "compares": policy.compares,
        "settles": policy.replace != "never" and policy.compares,
        "order": policy.order_by,
        "relative": COLUMN[policy.order_by].relative,
        "by": policy.by,
        "limits": {name: policy.limits.get(name) for name in sorted(own)},
    }


def _pack(
    candidates: Sequence[Mapping[str, Any]], recipe: Recipe, sets: dict[tuple[tuple[str, bool], ...], int]
) -> list[bytes]:
    """A translator's columns one after the other, little-endian: scores, tokens, the number of its verdicts' set."""
    import numpy as np

    parts = []
    for name in scores_of(recipe):
        values = [one[name] for one in candidates]
        if name == "quality":
            short = [_NONE if value is None else round(value * _QUALITY_SCALE) for value in values]
            parts.append(_bytes(np.array(short, "<u2")))
        else:
            parts.append(_bytes(np.array([np.nan if value is None else value for value in values], "<f8")))
    parts.append(_bytes(np.array([one["tokens"] or 0 for one in candidates], "<u4")))
    found = []
    for one in candidates:
        if one["tokens"] is None:
            found.append(_NONE)
            continue
        verdicts = tuple(sorted({(verdict["check"], verdict["hard"]) for verdict in one["checks"]}))
        found.append(sets.setdefault(verdicts, len(sets)))
    assert len(sets) < _NONE
    return [*parts, _bytes(np.array(found, "<u2"))]


def _bytes(values: "np.ndarray") -> bytes:
    """The values' first bytes, then their second ones and so on: like lies beside like, and packs better."""
    import numpy as np

    return np.ascontiguousarray(values.view("u1").reshape(len(values), -1).T).tobytes()


def _votes(rows: Sequence[Mapping[str, Any]], names: Sequence[str], votes: Votes | None) -> dict[str, Any]:
    """Of rows by number: the pairs of translators that were voted on, and the share for the first less the other's."""
    found: dict[str, Any] = {}
    for number, row in enumerate(rows if votes else ()):
        assert votes
        pairs = [
            [a, b, difference]
            for a, b in combinations(range(len(names)), 2)
            if (difference := votes.difference(row["id"], names[a], names[b], {})) is not None
        ]
        if pairs:
            found[str(number)] = pairs
    return found
