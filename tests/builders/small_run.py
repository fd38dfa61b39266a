"""A run folder with ranked rows as a test wants them, without a build."""

import json
from pathlib import Path
from typing import Any

from builders.recipes.load import dump_recipe
from builders.recipes.recipe import Recipe
from builders.run_folder import schemas
from builders.run_folder.units import UnitFiles, write_unit

Message = dict[str, str]


def message(role: str, content: str) -> Message:
    return {"content": content, "role": role}


def candidate(translator: str, *contents: str | None, **more: Any) -> dict[str, Any]:
    """A user's message and the answer to it, in turn; without contents the translator failed."""
    roles = ("user", "assistant")
    messages = [message(roles[i % 2], content or "") for i, content in enumerate(contents)] or None
    scores = dict.fromkeys(("LR", "SCR", "rank_score"), 0.9 if messages else None)
    plain = {"translator": translator, **scores, "quality": None, "reward": None, "checks": [], "messages": messages}
    return plain | {"custom_instructions": "" if messages else None, "tokens": 10 if messages else None} | more


def hard(check: str) -> list[dict[str, Any]]:
    return [{"check": check, "hard": True, "message": 0, "detail": "here"}]


def row(number: int, source: list[str], *candidates: dict[str, Any], split: str = "s1k_1.1_think") -> dict[str, Any]:
    roles = ("user", "assistant")
    kwargs = {"custom_instructions": "", "enable_thinking": False, "python_tools": [], "xml_tools": []}
    return {
        "id": f"{split}/{number:07d}",
        "messages": [message(roles[i % 2], content) for i, content in enumerate(source)],
        "chat_template_kwargs": kwargs,
        "source": "test",
        "candidates": list(candidates),
        "choices": [],
    }


def small_recipe(translators: tuple[str, ...], **more: Any) -> Recipe:
    named = [{"name": name, "backend": "pseudo"} for name in translators]
    return Recipe.model_validate({"name": "small", "source": {"path": "sample"}, "translators": named} | more)


def write_run(folder: Path, rows: list[dict[str, Any]], translators: tuple[str, ...], units: int = 1) -> Path:
    """Write `rows` as the ranked units of a run; returns `folder`."""
    recipe = small_recipe(translators)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.yaml").write_text(dump_recipe(recipe), encoding="utf-8")
    for index in range(units):
        part = rows[index * len(rows) // units : (index + 1) * len(rows) // units]
        name = f"s1k_1.1_think-{index:08d}"
        counts = folder / "select" / "counts"
        counts.mkdir(parents=True, exist_ok=True)
        (counts / f"{name}.json").write_text(json.dumps({"read": len(part), "kept": len(part), "dropped": {}}))
        write_unit(UnitFiles(folder / "rank", name), schemas.ranked_unit(), len(part), part, [])
    return folder
