"""The score columns: what each is called, what it can be, and what is done with it.

Each candidate and each row of a dataset has them, in the order of `COLUMNS`. Whatever writes, sums, limits, orders by,
draws or describes scores loops over this table, so that a column that is added to it appears everywhere: in the rows,
`statistics/`, a recipe's `ranking`, the ablations, the plots, the card and its changelog. Where a score is computed
stands elsewhere: `processors.scoring.candidate` from the texts, `builders.stages` what needs a model.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    # A type checker cannot read a Literal from a table.
    Score = str
    Order = str


@dataclass(frozen=True, slots=True)
class Column:
    """One score of a candidate. A value is a number from `low` to `high`, or null (see `optional`).

    `short` says what it is in a recipe's reference, `meaning` in the card; neighbours of one meaning share its line.
    """

    name: str
    short: str
    meaning: str
    low: float = 0.0
    high: float = 1.0
    # Places that tables show; a smaller change is none.
    decimals: int = 3
    # Null for some candidates: means are over those that have it, and tables leave it out where none has.
    optional: bool = False
    # The key of a recipe's `ranking` below which a candidate is vetoed, and whether one without a value is, too.
    limit: str | None = None
    vetoes_null: bool = False
    # It may order candidates (`order_by`): by how much another must be better, where the recipe does not say.
    margin: float | None = None
    # A chance among the candidates of the row: null where there is one, and compared by its ratio.
    relative: bool = False
    # What a model thinks of the translation; otherwise a measure of its form.
    opinion: bool = False
    # In a dataset only where the recipe has a model that gives it.
    on_demand: bool = False
    # It is the mean of these, and so are its means: no statistics of its own.
    mean_of: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Its head in a table: `LR`, `Quality`."""
        return self.name if self.name.isupper() else self.name.replace("_", " ").capitalize()

    @property
    def largest_margin(self) -> float:
        """What no margin reaches, since no two values differ by it; of a chance, how far it can be above one half."""
        return 0.5 if self.relative else self.high - self.low


_PAPER = "length ratio, script purity and their mean (arXiv 2511.18411, section 3.5)"
COLUMNS = (
    Column("LR", "length ratio", _PAPER, limit="min_LR"),
    Column("SCR", "script purity", _PAPER, limit="min_SCR"),
    # Margins are measured on FLORES by benchmarks/ranking_quality.py: of quality, 0.02 keeps the primary in near ties
    # at no cost in chrF.
    Column("rank_score", "(LR+SCR)/2, as published", _PAPER, margin=0.05, mean_of=("LR", "SCR")),
    Column(
        "quality",
        "the ranker's chance to be the best of the row",
        "the ranker's chance, from 0 to 1, that this is the best of the row's candidates; it compares them with each "
        "other, not rows, and is null where the row has one candidate",
        optional=True,
        limit="min_quality",
        margin=0.25,
        relative=True,
        opinion=True,
    ),
    Column(
        "reward",
        "a reward model's score",
        "the score of the recipe's reward model",
        # Beyond any that a model gives; the least of it is no limit, so that min_reward may be 0 or negative.
        low=-1e6,
        high=1e6,
        optional=True,
        limit="min_reward",
        vetoes_null=True,
        margin=0.0,
        opinion=True,
    ),
    Column(
        "judge_score",
        "a judge's mark from 0 to 100",
        "the mean mark, from 0 to 100, that the recipe's judge gave the passages of the translation; null where it "
        "gave none",
        high=100.0,
        decimals=1,
        optional=True,
        limit="min_judge_score",
        margin=5.0,
        opinion=True,
        on_demand=True,
    ),
    Column(
        "likelihood",
        "a language model's log-probability",
        "the mean log-probability (nats) of a token of the translation after its source, by the recipe's language "
        "model; it rewards copied English, and compares candidates of a row, not rows",
        low=-1e6,
        high=0.0,
        optional=True,
        limit="min_likelihood",
        margin=0.1,
        opinion=True,
        on_demand=True,
    ),
    Column(
        "metricx",
        "learned quality estimation, 0 to 25",
        "25 less the errors, 0 to 25, that the recipe's MetricX model predicts for the translation",
        high=25.0,
        decimals=2,
        optional=True,
        limit="min_metricx",
        margin=1.0,
        opinion=True,
        on_demand=True,
    ),
    Column(
        "cometkiwi",
        "learned quality estimation, about 0 to 1",
        "the quality, about 0 to 1, that the recipe's COMET model predicts for the translation from its source",
        # A regression: a number a little beyond either end is possible.
        low=-10.0,
        high=10.0,
        optional=True,
        limit="min_cometkiwi",
        margin=0.02,
        opinion=True,
        on_demand=True,
    ),
)
COLUMN = {column.name: column for column in COLUMNS}
NAMES = tuple(COLUMN)
# Those of which statistics are kept: all but what is the mean of others.
SUMMED = tuple(column for column in COLUMNS if not column.mean_of)
# What `order_by` of a recipe may be.
ORDERS = tuple(sorted(column.name for column in COLUMNS if column.margin is not None))
# The one as published: what an ablation, a memory of a build and the count of what an order changed compare by.
PUBLISHED = "rank_score"
# Key of a recipe's `ranking` -> the column that it limits.
LIMITS = {column.limit: column for column in COLUMNS if column.limit is not None}


def columns_with(asked: Collection[str]) -> tuple[str, ...]:
    """The names of a dataset's score columns, where the recipe has models that give those that are `asked`.

    >>> columns_with([])
    ('LR', 'SCR', 'rank_score', 'quality', 'reward')
    """
    return tuple(column.name for column in COLUMNS if not column.on_demand or column.name in asked)


if not TYPE_CHECKING:
    Score = Literal[NAMES]
    Order = Literal[ORDERS]
