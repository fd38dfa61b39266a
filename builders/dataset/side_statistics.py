"""What tells the sides of pairs apart, in the source and in the dataset: lengths, scores, what checks noted.

A translator that makes one side longer or worse than the source has it teaches that, and not what people prefer.
Sums are whole numbers of fixed point, so that they do not depend on the order of the rows.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from processors.conversations.sides import CHOSEN, REJECTED, SIDES, Sides

SOURCE, TRANSLATED = "source", "translated"
SIDE_SCORES = ("LR", "SCR", "quality")
_MEASURES = ("characters", "tokens")


def sides_by_config(splits: Iterable[Mapping[str, Any]]) -> "dict[str, dict[str, SideStatistics]]":
    """What tells the sides apart in each config's splits, of the records of built splits; nothing where there are no
    pairs."""
    found: dict[str, dict[str, SideStatistics]] = {}
    for split in splits:
        if split.get("sides"):
            found.setdefault(split["config"], {})[split["split"]] = SideStatistics.merged([split["sides"]])
    return found


@dataclass(slots=True)
class SideStatistics:
    """Counts and sums over a config's rows of pairs; of answers alone, without the prompt, but for the scores."""

    counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def merged(cls, plain: Iterable[Mapping[str, int]]) -> "SideStatistics":
        """The sum of what `to_plain` gave."""
        made = cls()
        for one in plain:
            made.counts.update(one)
        return made

    def to_plain(self) -> dict[str, int]:
        """For JSON, and `merged`."""
        return dict(sorted(self.counts.items()))

    def add(self, row: Mapping[str, Any], taken: Mapping[str, Any]) -> None:
        """Adds a ranked row of a pair (`schemas.ranked_unit`) and the candidate that a config takes of it."""
        sides = Sides.of(row)
        assert sides is not None
        self.counts["rows"] += 1
        english, arabic = (_characters(sides, one["messages"]) for one in (row, taken))
        tokens = {side: taken["by_side"][side]["tokens"] for side in SIDES}
        for place, characters, of_tokens in (
            (SOURCE, english, row["source_tokens"]),
            (TRANSLATED, arabic, tokens),
        ):
            self.counts[f"{place}_longer"] += characters[CHOSEN] > characters[REJECTED]
            for side in SIDES:
                self.counts[f"{place}_{side}_characters"] += characters[side]
                self.counts[f"{place}_{side}_tokens"] += of_tokens[side]
        self.counts["same_longer"] += _sign(english) == _sign(arabic)
        for side in SIDES:
            for score in SIDE_SCORES:
                if (value := taken["by_side"][side][score]) is not None:
                    self.counts[f"{side}_{score}_ppm"] += round(value * 1e6)
                    self.counts[f"{side}_{score}_rows"] += 1
            of_side = (one["check"] for one in taken["checks"] if sides.side_of(one["message"]) == side)
            self.counts.update(f"{side}_noted_{check}" for check in set(of_side))

    @property
    def rows(self) -> int:
        return self.counts["rows"]

    def mean_length(self, place: str, side: str, measure: str) -> float | None:
        """Mean `characters` or `tokens` of a side's answers in `source` or `translated`."""
        return self.counts[f"{place}_{side}_{measure}"] / self.rows if self.rows else None

    def share_longer(self, place: str) -> float | None:
        """The share of pairs whose chosen answer has more characters."""
        return self.counts[f"{place}_longer"] / self.rows if self.rows else None

    def share_same(self) -> float | None:
        """The share of pairs of which the same side is the longer one in the source and in the translation."""
        return self.counts["same_longer"] / self.rows if self.rows else None

    def mean_score(self, side: str, score: str) -> float | None:
        """Mean of one of SIDE_SCORES of a side with its prompt, over the pairs that have it."""
        rows = self.counts[f"{side}_{score}_rows"]
        return self.counts[f"{side}_{score}_ppm"] / rows / 1e6 if rows else None

    def noted(self) -> dict[str, tuple[int, int]]:
        """Of each check that noted something of an answer: pairs by side, chosen and rejected."""
        names = sorted({name.split("_noted_", 1)[1] for name in self.counts if "_noted_" in name})
        return {
            name: (self.counts[f"{CHOSEN}_noted_{name}"], self.counts[f"{REJECTED}_noted_{name}"]) for name in names
        }

    def means(self) -> dict[str, Any]:
        """All of that, as it is published."""
        lengths = {
            place: {side: {of: self.mean_length(place, side, of) for of in _MEASURES} for side in SIDES}
            | {"chosen_longer": self.share_longer(place)}
            for place in (SOURCE, TRANSLATED)
        }
        scores = {side: {score: self.mean_score(side, score) for score in SIDE_SCORES} for side in SIDES}
        noted = {name: dict(zip(SIDES, of, strict=True)) for name, of in self.noted().items()}
        return {"rows": self.rows, **lengths, "same_side_longer": self.share_same(), "scores": scores, "noted": noted}


def _characters(sides: Sides, messages: list[dict[str, str]]) -> dict[str, int]:
    _, *answers = sides.parts(messages)
    return {side: sum(len(one["content"]) for one in of) for side, of in zip(SIDES, answers, strict=True)}


def _sign(lengths: Mapping[str, int]) -> int:
    return (lengths[CHOSEN] > lengths[REJECTED]) - (lengths[CHOSEN] < lengths[REJECTED])
