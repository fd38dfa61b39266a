"""The card of a pipeline's model: every step, with its figures, down to the evaluation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from model_recipes.pipeline.base import PipelineStep
from model_recipes.plans.placed import linked_copy
from processors.atomic_files import write_text

RESULT, STORY = "model", "plan.md"


def write_card(
    folder: Path, name: str, steps: Sequence[PipelineStep], found: Mapping[str, Mapping[str, Any]], result: str
) -> Path:
    """Put the result's files at `model` in the plan's folder, with a card of all steps; returns that folder."""
    words = story(steps, found, result)
    write_text(folder / STORY, f"# {name}\n\n{words}\n")
    source = folder / found[result]["output"]
    place = linked_copy(source, folder / RESULT)
    card = place / "README.md"
    head = _front_matter(card.read_text(encoding="utf-8")) if card.is_file() else ""
    write_text(card, f"{head}# {name}\n\n{words}\n")
    return place


def story(steps: Sequence[PipelineStep], found: Mapping[str, Mapping[str, Any]], result: str) -> str:
    """Markdown: a table of the steps, then each with what it came to."""
    lines = ["| step | does | uses |", "|---|---|---|"]
    lines += [f"| {step.name} | {step.do} | {', '.join(_named(step)) or '-'} |" for step in _typed(steps)]
    parts = [f"### {step.name}\n\n{found[step.name]['told']}" for step in steps]
    return "\n".join([*lines, "", f"The model is that of `{result}`.", "", "## Steps", "", "\n\n".join(parts)])


def _typed(steps: Sequence[PipelineStep]) -> Sequence[Any]:
    # Each kind names itself by `do`, which the base cannot say.
    return steps


def _named(step: PipelineStep) -> list[str]:
    return [Path(name).name if Path(name).is_absolute() else name for name in dict.fromkeys(step.uses().values())]


def _front_matter(card: str) -> str:
    """The metadata at the top of a card, which the Hub reads, with its marks; nothing where there is none."""
    if not card.startswith("---\n"):
        return ""
    end = card.find("\n---\n", 4)
    return card[: end + 5] + "\n" if end > 0 else ""
