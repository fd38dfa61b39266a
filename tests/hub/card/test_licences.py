from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from builders.recipes.recipe import Recipe
from hub.card.licences import licences

HERE = "http://localhost:8000/v1"


def section(path: str, translators: list[dict[str, Any]], splits: Sequence[str], **more: Any) -> str:
    recipe = Recipe.model_validate({"name": "t", "source": {"path": path}, "translators": translators} | more)
    made: Any = SimpleNamespace(recipe=recipe, selected=[SimpleNamespace(split=split) for split in splits])
    return licences(made)


def test_a_line_for_the_source_its_parts_and_each_translator() -> None:
    text = section(
        "hf://datasets/HuggingFaceTB/smoltalk2",
        [
            {"name": "gemma", "backend": "endpoint", "model": "google/gemma-3-27b-it", "base_url": HERE},
            {"name": "gpt", "backend": "endpoint", "model": "gpt-4o", "base_url": "https://api.openai.com/v1"},
            {"name": "x", "backend": "endpoint", "model": "some/model", "base_url": HERE},
            {"name": "tmx", "backend": "memory", "memory": ["a.tmx"]},
        ],
        ["OpenThoughts3_1.2M_think", "s1k", "OpenThoughts3_1.2M_no_think"],
    )
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert "`other`" in text.splitlines()[2] and len(lines) == 7
    assert lines[1].startswith("| Source: SmolTalk2 | [`other`](https://huggingface.co/datasets/HuggingFaceTB/")
    assert lines[2].startswith("| open-thoughts/OpenThoughts3-1.2M: `OpenThoughts3_1.2M_think` and `OpenThoughts3_")
    assert "with conditions" in lines[3] and "**no**" in lines[4] and "compete with OpenAI" in lines[4]
    assert "that of [`some/model`](https://huggingface.co/some/model), and of whoever served it" in lines[5]
    assert "translation memory" in lines[6]


def test_of_one_s_own_data_nothing_is_made_up() -> None:
    text = section("/data/mine", [{"name": "one", "backend": "pseudo"}], ["alpha"])
    assert "no licence was given" in text and "| Source: mine | not known | not known |" in text
    assert "no model, no terms" in text
