"""Marks of answers by judges and a rubric of criteria, which is a file: what answers are chosen by, or held to.

Rubrics that ship are in `rubrics`; any of them, or a file of the user's, may be named wherever a panel is.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from builders.pools.panel import PanelQuestion, alpha
from builders.pools.recipe import rubric_file
from builders.pools.stages import Record
from builders.recipes.base import Name, Strict, look_at_names
from builders.recipes.scorers import PanelJudge
from builders.recipes.yaml_file import load_checked
from processors.judging.criteria import (
    Criteria,
    Marks,
    criteria_format,
    criteria_messages,
    read_criteria,
    request_text,
)
from processors.languages.language import Language

RUBRICS = Path(__file__).parent / "rubrics"


class CriteriaFile(Strict):
    """A rubric of criteria, as a file has it."""

    name: Name = Field(description="of the rubric, on the card")
    about: str = Field("", description="what a judge is told first")
    criteria: dict[Name, str] = Field(min_length=1, description="for each criterion what a flawless answer does")

    def criteria_of(self) -> Criteria:
        """As a judge is asked by it."""
        return Criteria(
            self.name, self.about.strip(), tuple((n, " ".join(t.split())) for n, t in self.criteria.items())
        )


class QualityPanel(Strict):
    """Judges that mark each answer by a rubric, from 1 to 5 on each criterion."""

    judges: list[PanelJudge] = Field(min_length=1)
    rubric: str = Field(
        "arabic",
        description="one that ships (`arabic`: an answer's quality; `arabic_writing`: its Arabic alone), or a YAML "
        "file with name, about, criteria",
    )

    @model_validator(mode="after")
    def _names_differ(self) -> "QualityPanel":
        look_at_names([judge.name for judge in self.judges], "judges")
        return self

    def found(self, folder: Path, key: str) -> str:
        """The rubric's file, as a recipe in `folder` names it under `key`. Raises RecipeError."""
        return rubric_file(self.rubric, folder, RUBRICS, key)

    def inputs(self) -> list[Any]:
        """What marks depend on."""
        of = load_criteria(self.rubric)
        shapes = [one.model_dump(mode="json", include={"model", "revision", "decoding"}) for one in self.judges]
        return [of.name, of.about, of.criteria, shapes, self.names]

    @property
    def names(self) -> list[str]:
        return [judge.name for judge in self.judges]


def load_criteria(path: str) -> Criteria:
    """A rubric's file. Raises RecipeError, one line per mistake."""
    expected = "a rubric is a mapping with the keys name, about, criteria"
    return load_checked(Path(path), CriteriaFile, expected).criteria_of()


def mark_question(
    criteria: Criteria, messages: Sequence[Mapping[str, str]], answer: str, language: Language
) -> PanelQuestion[Marks]:
    """What a judge is asked about an answer."""
    asked = criteria_messages(criteria, request_text(messages), answer, language.name)
    return PanelQuestion(asked, partial(criteria_format, criteria), partial(read_criteria, criteria))


def marked(answer: Record, found: Mapping[str, Marks | str]) -> Record:
    """The answer with its `marks` by judge, and `mark`, their mean; None where nobody could mark it."""
    marks = {name: one for name, one in found.items() if isinstance(one, Marks)}
    mean = round(sum(one.mean for one in marks.values()) / len(marks), 4) if marks else None
    said = {name: {"scores": one.scores, "reason": one.reason} for name, one in marks.items()}
    return {**answer, "mark": mean, "marks": said}


def agreement(answers: Sequence[Record], judges: Sequence[str], criteria: Criteria) -> dict[str, float | None]:
    """Krippendorff's alpha between the judges, of each criterion and of the mean; None where it is not defined."""
    if len(judges) < 2:
        return {}
    said = [{judge: one["scores"] for judge, one in answer["marks"].items()} for answer in answers]
    found = {
        name: alpha([{j: s[name] for j, s in unit.items()} for unit in said], judges, "interval")
        for name in criteria.names
    }
    means = [{j: sum(s.values()) / len(s) for j, s in unit.items()} for unit in said]
    return found | {"mean": alpha(means, judges, "interval")}
