"""What a build's panel and scorers have been asked, for `smolkalam status`: by the answers that are stored of them."""

from collections import Counter
from pathlib import Path
from typing import Any

from builders.recipes.recipe import Recipe
from builders.recipes.translator_base import Cost
from builders.run_folder.folder import SCORE, Run
from processors.answers.reader import AnswerReader


class AskedOpinions:
    """A run folder's stores of answers of models that judge or score candidates; looked at again and again."""

    def __init__(self, recipe: Recipe, run: Run) -> None:
        answers = run.folder / "answers"
        self._stores: list[tuple[str, Path, Cost | None]] = []
        labels = recipe.ranking.calibration
        if labels is not None and labels.judges is not None:
            judges = labels.judges.judges
            # They share a store, which does not say whose an answer is.
            same = all(one.cost == judges[0].cost for one in judges)
            name = f"judge {judges[0].name}" if len(judges) == 1 else f"panel of {len(judges)} judges"
            self._stores.append((name, answers / "judges", judges[0].cost if same else None))
        for column, spec in recipe.ranking.scorers.given().items():
            self._stores.append((column, answers / SCORE / column, getattr(spec, "cost", None)))
        self._readers: dict[Path, AnswerReader] = {}
        self._counts: dict[Path, Counter[str]] = {}

    def look(self) -> list[dict[str, Any]]:
        """Of each that was asked anything: its answers, their tokens, and dollars (None without prices)."""
        found = []
        for name, folder, cost in self._stores:
            if counts := self._counted(folder):
                usd = round(cost.bill(counts), 6) if cost is not None and cost.priced else None
                tokens = {"input": counts["prompt_tokens"], "output": counts["completion_tokens"]}
                found.append({"name": name, "answered": counts["answers"], "tokens": tokens, "usd": usd})
        return found

    def _counted(self, folder: Path) -> Counter[str]:
        """What the answers in a folder are billed by; read again only where there are new ones."""
        if not folder.is_dir():
            return Counter()
        new = folder not in self._readers
        reader = self._readers.setdefault(folder, AnswerReader(folder))
        if new or reader.look():
            counts = reader.counts()
            self._counts[folder] = counts if counts["answers"] else Counter()
        return self._counts[folder]
