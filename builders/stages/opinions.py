"""What the scorers of a build said of its candidates, as the ranker takes it and as a soft check tells it.

The scores lie in the folders of the stage `score`, unit by unit. The ranker sees what is usual of them in the sample
that it is fitted to, and what they are worth by labels (`processors.ranking.opinions`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from builders.recipes.recipe import Recipe
from builders.run_folder.folder import SCORE, Run
from builders.run_folder.units import UnitFiles, read_unit
from processors.checks.pairs.verdict import Verdict
from processors.checks.run import SCORER_BEHIND
from processors.ranking.features import Floats
from processors.ranking.model import FittedRanker
from processors.ranking.opinions import Opinions
from processors.ranking.policy import vetoing


@dataclass(frozen=True, slots=True)
class ScoreFolders:
    """The scorers' folders by their columns, in the recipe's order, and the translators in theirs."""

    folders: Mapping[str, Path]
    translators: tuple[str, ...]

    @classmethod
    def of(cls, recipe: Recipe, run: Run) -> "ScoreFolders | None":
        """None where the recipe has no scorer."""
        folders = {column: run.stage(SCORE, column) for column in recipe.ranking.scoring()}
        return cls(folders, tuple(spec.name for spec in recipe.translators)) if folders else None

    def rows(self, unit: str, ids: Iterable[str] | None = None) -> dict[str, Floats]:
        """A unit's scores by row, each of shape (S, K), NaN where there is none; only of `ids`, if given."""
        wanted = None if ids is None else set(ids)
        places = {name: place for place, name in enumerate(self.translators)}
        found: dict[str, Floats] = {}
        for column, folder in enumerate(self.folders.values()):
            for row in read_unit(UnitFiles(folder, unit)).to_pylist():
                if wanted is None or row["id"] in wanted:
                    scores = found.setdefault(row["id"], self.nothing())
                    for one in row["scores"]:
                        if one["score"] is not None and one["translator"] in places:
                            scores[places[one["translator"]], column] = one["score"]
        return found

    def nothing(self) -> Floats:
        return np.full((len(self.translators), len(self.folders)), np.nan)

    def usual(self, units: Sequence[str]) -> Opinions:
        """What is usual in these units."""
        rows = [scores for unit in units for _, scores in sorted(self.rows(unit).items())]
        return Opinions.seen(tuple(self.folders), np.array(rows) if rows else np.zeros((0, *self.nothing().shape)))


def opinions_of(fitted: FittedRanker, rows: Sequence[Mapping[str, Any]]) -> Floats | None:
    """Judged rows' scores as the ranker takes them, shape (n, S, K): of each {translator: candidate with `scores`}."""
    if fitted.opinions is None:
        return None
    columns = fitted.opinions.columns
    scores = [
        [
            [(row[name].scores.get(column) if name in row else None) for column in columns]
            for name in fitted.translators
        ]
        for row in rows
    ]
    shape = len(rows), len(fitted.translators), len(columns)
    return np.array(scores, dtype=float).reshape(shape)


def note_behind(fitted: FittedRanker, rows: Sequence[Mapping[str, Any]], veto: Mapping[str, bool]) -> None:
    """Adds the soft verdict to each judged candidate that a scorer puts far behind all others of its row.

    It is for after quality, which knows what the scores are worth: nobody loses anything by it but by the recipe's
    `veto`.
    """
    if (opinions := opinions_of(fitted, rows)) is None or fitted.opinions is None:
        return
    names, columns = fitted.translators, fitted.opinions.columns
    for row, scores in zip(rows, opinions, strict=True):
        here = [place for place, name in enumerate(names) if name in row]
        (found,) = fitted.opinions.behind(scores[None, here], here)
        for place, (scorer, by) in found.items():
            one = row[names[here[place]]]
            said = [f"{scores[at, scorer]:.4g}" for at in here if at != here[place]]
            detail = (
                f"{columns[scorer]} {scores[here[place], scorer]:.4g}, the others' {', '.join(said)}: {by:.1f} usual "
                "differences behind"
            )
            one.verdicts.append(Verdict(SCORER_BEHIND, False, detail))
            one.vetoes = vetoing(((verdict.check, verdict.hard) for verdict in one.verdicts), veto)
