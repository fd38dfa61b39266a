"""The model card of a trained model: base, data with what became of its rows, settings, losses."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from model_recipes.training.recipe import TrainingRecipe
from processors.atomic_files import replacing_text

_NO_SETTING = ("model", "data", "date", "test_rows", "rows")


def write_model_card(
    folder: Path, recipe: TrainingRecipe, described: dict[str, Any], history: Sequence[dict[str, Any]], rows: str
) -> None:
    """Write `README.md` into a model's folder. `history`: the trainer's log, `rows`: the table of accounts."""
    about: dict[str, Any] = {
        "library_name": "transformers",
        "pipeline_tag": recipe.task,
        "tags": ["trl", recipe.name, "smolkalam"],
    }
    # A folder is no model of the Hub, and the Hub refuses it as one.
    base = str(described["model"])
    if base.count("/") == 1 and not Path(base).exists():
        about["base_model"] = base
    settings = "\n".join(
        f"| {name} | {value} |" for name, value in described.items() if name not in _NO_SETTING and value is not None
    )
    with replacing_text(folder / "README.md") as stream:
        stream.write(
            f"---\n{yaml.safe_dump(about, sort_keys=False, allow_unicode=True)}---\n\n# {folder.name}\n\n"
            f"{Path(base).name if Path(base).exists() else base}, trained by TRL's `{recipe.trainer_name}` "
            "on the rows below.\n\n"
            f"## Data\n\n{_paragraphs(rows)}\n\n## Losses\n\n{_losses(history)}\n\n"
            f"## Settings\n\n| | |\n|---|---|\n{settings}\n\n"
            f"All that was set stands in `settings.yaml`, which `smolkalam train {recipe.name} --config` reads.\n"
        )


def _paragraphs(rows: str) -> str:
    lines = rows.splitlines()
    table = [line for line in lines if line.startswith("|")]
    return "\n".join(table + [f"\n- {line}" for line in lines if not line.startswith("|")])


def _losses(history: Sequence[dict[str, Any]]) -> str:
    steps = [entry for entry in history if "loss" in entry]
    tests = [entry for entry in history if "eval_loss" in entry]
    if not steps:
        return "No step was logged."
    parts = [
        f"{steps[0]['loss']:.4f} at step {steps[0]['step']:,}, {steps[-1]['loss']:.4f} at step {steps[-1]['step']:,}."
    ]
    if tests:
        parts.append(
            f"On the rows held back {tests[0]['eval_loss']:.4f} first, {tests[-1]['eval_loss']:.4f} at the end."
        )
    if (accuracy := steps[-1].get("rewards/accuracies")) is not None:
        parts.append(f"Of the last steps' pairs {accuracy:.0%} have the larger reward on the chosen side.")
    return " ".join(parts)
