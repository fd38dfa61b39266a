"""The ranking of a recipe: what orders candidates, what filters them, and where that differs by split.

Which scores order and which have a limit (`min_LR`), `processors.scoring.columns` says; the fields follow from it.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    create_model,
    field_validator,
    model_serializer,
    model_validator,
)

from builders.recipes.base import Strict
from builders.recipes.scorers import Panel, Reward, Scorers
from processors.ranking.policy import Policy
from processors.scoring.columns import COLUMN, LIMITS, ORDERS, Column, Order

Replace = Literal["never", "vetoed", "better", "segments"]


def _no_limit(column: Column) -> float | None:
    """The value of a limit that limits nothing: 0 where no score is below, else null."""
    return 0.0 if column.low == 0 else None


def _vetoed(column: Column) -> str:
    """What a limit does, for the recipe's reference."""
    without = f" or without {column.name}" if column.vetoes_null else ""
    return f"candidates below{without} are vetoed{', if there are others' if column.relative else ''}"


def _limits(base: type[Strict], *, optional: bool) -> Any:
    """`base` with a field for each limit of the table; `optional`: null, for as elsewhere, unless given."""
    fields: dict[str, Any] = {}
    for key, column in LIMITS.items():
        default, about = (None, "as in ranking") if optional else (_no_limit(column), _vetoed(column))
        kind: Any = float | None if default is None else float
        fields[key] = (kind, Field(default, ge=column.low, le=column.high, description=about))
    return create_model(f"_{base.__name__}WithLimits", __base__=base, __module__=__name__, **fields)


def _margins() -> str:
    """What a margin is by each score, and how large unless given."""
    plain, relative = (
        [f"{name} ({COLUMN[name].margin:g})" for name in ORDERS if COLUMN[name].relative is kind]
        for kind in (False, True)
    )
    return (
        f"with `better`, by how much: a difference of {' or of '.join(plain)}; of {' and '.join(relative)}, how far "
        "the chance that the other is the better of the two is above one half. In brackets what it is unless given"
    )


class _SplitOrder(Strict):
    match: str = Field(min_length=1, description="name or shell pattern of built splits")
    order_by: Order | None = Field(None, description="as in ranking")
    replace: Replace | None = Field(None, description="as in ranking")
    margin: float | None = Field(None, ge=0, description="as in ranking; of another order, its default")


class _RankingOrder(Strict):
    order_by: Order = Field("quality", description="; ".join(f"{name}: {COLUMN[name].short}" for name in ORDERS))
    replace: Replace = Field(
        "better",
        description="take another translator's candidate: never, when the primary's is vetoed, or also when better; "
        "segments: each segment between the candidates' common boundaries takes the best one's, if the whole passes "
        "every check, else as better",
    )
    margin: float | None = Field(None, ge=0, description=_margins())


if TYPE_CHECKING:
    # A type checker does not see fields that are made of a table.
    _SplitLimits = _SplitOrder
    _RankingLimits = _RankingOrder
else:
    _SplitLimits = _limits(_SplitOrder, optional=True)
    _RankingLimits = _limits(_RankingOrder, optional=False)


class SplitRanking(_SplitLimits):
    """What is different in the splits that match. The first entry that matches a split is its; null: as elsewhere."""


class LabelledRows(Strict):
    """Rows of this run of which it is known which candidate is better: from some hundred the ranker learns which
    translators are better at large, where a run alone shows it dimly."""

    by: Literal["references", "judges", "people"] = Field(
        description="references: approved translations, to which the better candidate is the nearer one (chrF); "
        "judges: a panel that the build asks, or what `smolkalam judge` wrote; people: what `smolkalam review` wrote, "
        "or a file of id, better, worse"
    )
    path: str | None = Field(
        None,
        min_length=1,
        description="of references a memory that holds whole rows (.tmx, .tsv, .csv, .jsonl, or a folder of such); "
        "else the verdicts' file or folder",
    )
    panel: str | None = Field(
        None,
        min_length=1,
        description="of judges that the build itself asks: the file of a panel, as `smolkalam judge` takes it",
    )
    judges: Panel | None = Field(None, description="such a panel itself, in place of its file")
    rows: int = Field(
        200,
        ge=1,
        description="the most rows that are looked at; a panel that the build asks judges two candidates of each, and "
        "no more once it is settled who is better at large",
    )

    @model_validator(mode="after")
    def _one_source(self) -> "LabelledRows":
        given = [name for name in ("path", "panel", "judges") if getattr(self, name) is not None]
        if self.by != "judges" and given != ["path"]:
            raise ValueError(f"by {self.by}: give path, and neither panel nor judges")
        if self.by == "judges" and len(given) != 1:
            raise ValueError("by judges: give one of path (what smolkalam judge wrote), panel (a file) and judges")
        return self


class Ranking(_RankingLimits):
    """Which candidate a config's row takes. A hard check vetoes a candidate whatever its scores."""

    veto: dict[str, bool] = Field(
        {},
        description="which checks veto, such as `numbers: false`: true, whatever they say of a candidate; false, "
        "nothing that they say; of all others, their hard verdicts. It decides the choice only: what the ranker "
        "learns and which rows are put together goes by the hard verdicts",
    )
    ranker: str | None = Field(
        None, description="a ranker of your own, by python -m model_recipes.ranker.train; null: the shipped one"
    )
    reward: Reward | None = Field(None, description="a reward model that scores every candidate")
    scorers: Scorers = Field(Scorers(), description="further models that score every candidate")
    verdicts: str | None = Field(
        None,
        description="verdicts of judges (what `smolkalam judge` wrote) or of people (what `smolkalam review` wrote, "
        "or a file of id, better, worse), which settle the rows that they are on",
    )
    dictionary: str | None = Field(
        None,
        description="a hunspell dictionary of yours, such as /usr/share/hunspell/ar, for typing errors: `spelling` in "
        "the soft check `arabic`, of an Arabic target; null: none is looked for",
    )
    rescue: bool = Field(
        True,
        description="complete what others have (`segments` says whose what is), if the whole passes the checks: of a "
        "row that all translators failed, but not in the same chunk, each by the others, for which what is left of a "
        "row is asked for though a chunk has failed; of a candidate that a check vetoes, the passages to blame by "
        "another's. Not in splits with `replace: never`, nor of pairs",
    )
    calibration: LabelledRows | None = Field(
        None, description="labels on rows of this run, which tell the ranker whose translations are better at large"
    )
    splits: list[SplitRanking] = Field([], description="what differs in some splits")
    alpha: float = Field(1.0, ge=1.0, le=1.5, description="steepness of LR (paper section 3.5)")
    scr_threshold: float = Field(0.90, gt=0, le=1, description="script ratio that counts as pure")

    @field_validator("veto")
    @classmethod
    def _known_checks(cls, veto: dict[str, bool]) -> dict[str, bool]:
        if not veto:
            return veto
        from processors.checks.run import VERDICTS

        for name in veto:
            if name not in VERDICTS:
                near = get_close_matches(name, VERDICTS, n=1)
                raise ValueError(f"no check '{name}'; {f'did you mean {near[0]}?' if near else ', '.join(VERDICTS)}")
        return veto

    @model_serializer(mode="wrap")
    def _without_what_says_nothing(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # A run that was built before there was the key stays as it is.
        plain = handler(self)
        return {key: value for key, value in plain.items() if value or key not in ("veto", "dictionary")}

    @model_validator(mode="after")
    def _no_contradiction(self) -> "Ranking":
        for name, policy in self._policies():
            column = COLUMN[policy.order_by]
            if policy.by >= column.largest_margin:
                said = f"{name}margin {policy.by:g} of {column.name} is never exceeded"
                if column.relative:
                    said += "; it is how far a chance is above one half: give less than 0.5, or replace: vetoed"
                    raise ValueError(said)
                raise ValueError(f"{said}; give less than {column.largest_margin:g}")
        patterns = [entry.match for entry in self.splits]
        for later, pattern in enumerate(patterns):
            if any(pattern == earlier or earlier == "*" for earlier in patterns[:later]):
                raise ValueError(f"splits: the entry {later + 1}, '{pattern}', is never used: one before it matches")
        for name, policy in self._policies():
            for score in self._missing():
                if score in (policy.order_by, *policy.limits):
                    what = f"order_by is {score}" if policy.order_by == score else f"min_{score} is given"
                    model = "reward model; add ranking.reward" if score == "reward" else ""
                    model = model or f"model that gives it; add ranking.scorers.{score}"
                    raise ValueError(f"{name}{what}, but there is no {model}")
        return self

    def _missing(self) -> list[str]:
        """Columns that a model gives which this recipe lacks."""
        return [name for name in ("reward", *Scorers.model_fields) if name not in self.scoring()]

    def scoring(self) -> dict[str, Strict]:
        """The models that score candidates, by the column that they give."""
        return ({"reward": self.reward} if self.reward else {}) | self.scorers.given()

    def check(self, translators: int) -> None:
        """Raise ValueError for what asks for more translators than a recipe has."""
        if self.calibration is not None and translators == 1:
            raise ValueError("ranking.calibration: labels compare translators, and there is one; remove it")
        for name, policy in self._policies():
            relative = [score for score in policy.limits if COLUMN[score].relative]
            if relative and translators == 1:
                raise ValueError(
                    f"ranking: {name}{COLUMN[relative[0]].limit}: {relative[0]} compares translators, and there is "
                    "one; remove it, or add a translator"
                )

    def policy(self, split: str) -> Policy:
        """What decides in a built split."""
        return self.policy_of(self.entry(split))

    def entry(self, split: str) -> SplitRanking | None:
        """What differs in a built split; None where nothing does."""
        return next((entry for entry in self.splits if fnmatchcase(split, entry.match)), None)

    @property
    def by_segment(self) -> bool:
        """Whether any split is chosen by segment."""
        return any(policy.replace == "segments" for _, policy in self._policies())

    def rescues(self, split: str) -> bool:
        """Whether a built split takes candidates that others completed."""
        return self.rescue and self.policy(split).replace != "never"

    def unmatched(self, splits: Iterable[str]) -> list[str]:
        """Patterns of `splits` that decide in none of these splits."""
        used = {
            next((entry.match for entry in self.splits if fnmatchcase(split, entry.match)), None) for split in splits
        }
        return [entry.match for entry in self.splits if entry.match not in used]

    def _policies(self) -> list[tuple[str, Policy]]:
        return [("", self.policy_of(None)), *((f"splits '{e.match}': ", self.policy_of(e)) for e in self.splits)]

    def policy_of(self, entry: SplitRanking | None) -> Policy:
        """What decides where `entry` matches, or, for None, where none does."""
        changes = entry.model_dump(exclude_none=True, exclude={"match"}) if entry else {}
        if changes.get("order_by", self.order_by) != self.order_by:
            # A margin is in the unit of its order.
            changes.setdefault("margin", None)
        names = ("order_by", "replace", "margin", *LIMITS)
        values: dict[str, Any] = {name: getattr(self, name) for name in names} | changes
        limits = {column.name: values[key] for key, column in LIMITS.items() if values[key] != _no_limit(column)}
        return Policy(values["replace"], values["order_by"], values["margin"], limits)
