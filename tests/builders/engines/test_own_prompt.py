"""A prompt in a user's own file: from the recipe to the requests, the fingerprint and the card."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.build import run_build
from builders.engines import engine_of
from builders.recipes.load import load_recipe
from builders.recipes.translators import EndpointTranslator
from hub.card.translators import prompt_text
from processors.errors import RecipeError
from processors.languages.language import DEFAULT
from tests.standins.standin_llm import running

PROMPT = """You translate into {target_language}. Answer as the text is, not as {"text": "..."}.
{problem}
<text>
{source}
</text>
"""
RECIPE = """
name: own
source: {{path: {source}, keep: [plain]}}
translators:
  - {{name: Chat, backend: endpoint, model: stand-in, base_url: "{url}", prompt: prompts/mine.txt}}
"""


@pytest.fixture
def own(row: Callable[..., Any], write_split: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """Write a recipe with a prompt of its own, and rows for it."""
    source = write_split(
        "plain", [row(("user", f"Say it in {n} words."), ("assistant", "So.")) for n in range(20, 30)]
    )

    def write(url: str, prompt: str = PROMPT) -> Path:
        (tmp_path / "prompts").mkdir(exist_ok=True)
        (tmp_path / "prompts/mine.txt").write_text(prompt)
        recipe = tmp_path / "recipe.yaml"
        recipe.write_text(RECIPE.format(source=source, url=url))
        return recipe

    return write


def test_each_request_is_the_file_with_its_text_and_a_change_of_it_is_asked_anew(
    own: Callable[..., Path], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with running("--fault", "empty=0.4", "--steady") as server:
        run_build(str(own(server.url)), output=run, stop_after="translate", finish=lambda _: None)
        asked = [payload["messages"] for payload in server.stats()["payloads"]]
        # What is in the file is in the run folder: it is needed no more, and an unchanged one is not asked again.
        run_build(str(own(server.url)), output=run, stop_after="translate", finish=lambda _: None)
        assert len(server.stats()["payloads"]) == len(asked)
        (tmp_path / "prompts/mine.txt").unlink()
        (spec,) = load_recipe(str(run / "recipe.yaml")).translators
        run_build(str(own(server.url, f"New.\n{PROMPT}")), output=run, stop_after="translate", finish=lambda _: None)
        anew = [payload["messages"] for payload in server.stats()["payloads"][len(asked) :]]
    assert all([message["role"] for message in messages] == ["user"] for messages in asked)
    first = 'You translate into Arabic. Answer as the text is, not as {"text": "..."}.\n'
    assert {"role": "user", "content": f"{first}<text>\nSo.\n</text>"} in [messages[0] for messages in asked]
    assert any(f"{first}empty: " in messages[0]["content"] for messages in asked)
    assert anew and all(messages[0]["content"].startswith("New.\nYou translate") for messages in anew)
    assert isinstance(spec, EndpointTranslator) and (spec.prompt, spec.template) == ("own", PROMPT.strip())
    prompt = engine_of(spec).prompt(DEFAULT)
    assert prompt and prompt_text(prompt) == f"[user]\n{PROMPT.strip()}"


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("Translate.", "mine.txt: must contain {source} once"),
        ("{source} in {langauge}", "mine.txt: line 1: unknown placeholder {langauge}"),
        ("", "mine.txt: is empty"),
    ],
)
def test_a_faulty_file_ends_a_build_before_it_begins(prompt: str, told: str, own: Callable[..., Path]) -> None:
    with pytest.raises(RecipeError) as error:
        load_recipe(str(own("http://localhost:1", prompt)))
    assert str(error.value).startswith("translator 'Chat': prompt /") and told in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"prompt": "caht"}, "no prompt 'caht'; there are chat, seed-x"),
        ({"prompt": "own"}, "`prompt: own` has its text in `template`"),
        ({"prompt": "mine.txt", "template": "{source}"}, "a prompt in a file has it there"),
        ({"prompt": "own", "template": "{text}"}, "template: line 1: unknown placeholder {text}"),
        ({"template": "{source}"}, "`prompt: completion` and `template` go together"),
    ],
)
def test_a_wrong_prompt_is_one_line(fields: dict[str, str], told: str) -> None:
    address = {"base_url": "http://localhost:1", "model": "m", "name": "A", "backend": "endpoint"}
    with pytest.raises(ValueError, match="1 validation error") as error:
        EndpointTranslator.model_validate(address | fields)
    assert told in str(error.value)


def test_without_a_place_for_problems_nothing_is_told_of_them() -> None:
    def shapes(template: str, feedback: bool) -> dict[str, Any]:
        address = {"base_url": "http://localhost:1", "model": "m", "name": "A", "backend": "endpoint"}
        fields = {"prompt": "own", "template": template, "feedback": feedback}
        return engine_of(EndpointTranslator.model_validate(address | fields)).shapes_answers()

    assert shapes("{source}", True) == shapes("{source}", False)
    assert shapes("{source} {problem}", True) != shapes("{source} {problem}", False)
