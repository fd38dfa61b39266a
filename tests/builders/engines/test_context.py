"""A dialogue's context through a build: told in order, paid once, the same bytes after a kill, and off by default."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.build import run_build
from builders.recipes.load import load_recipe
from hub.card.write import write_card
from processors.errors import RecipeError
from tests.builders.estimates.test_command import plan
from tests.conftest import tree
from tests.standins.processes import environment, kill_when, start_command
from tests.standins.standin_llm import running

TRANSLATOR = '  - {{name: Chat, backend: {backend}, model: stand-in, base_url: "{url}"{more}}}\n'
CONTEXT = ", context: {chunks: 1}"


@pytest.fixture
def write(row: Callable[..., Any], write_split: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """Write dialogues, and a recipe."""
    rows = [
        row(
            ("system", "Answer in one sentence."),
            ("user", f"Where does river number {n} begin?"),
            ("assistant", f"However, river {n} begins in the hills."),
            ("user", f"So who lives by {n}?"),
        )
        for n in range(20, 32)
    ]
    source = write_split("plain", rows)

    def recipe(url: str, more: str = CONTEXT, backend: str = "endpoint") -> Path:
        translator = TRANSLATOR.format(url=url, more=more, backend=backend)
        path = tmp_path / "recipe.yaml"
        path.write_text(f"name: talk\nsource: {{path: {source}, keep: [plain]}}\ntranslators:\n{translator}")
        return path

    return recipe


def answer_of(payloads: list[dict[str, Any]], text: str) -> str:
    """What the server answered for a text, as the request for the next one tells it."""
    return next(m[-2]["content"] for m in (p["messages"] for p in payloads) if len(m) > 2 and m[-3]["content"] == text)


def test_each_chunk_is_told_the_one_before_and_a_second_build_asks_nothing(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with running() as server:
        run_build(str(write(server.url)), output=run, finish=write_card)
        payloads = server.stats()["payloads"]
        run_build(str(write(server.url)), output=run, finish=write_card)
        (run / "translate/Chat/stage.json").unlink()
        run_build(str(write(server.url)), output=run, finish=write_card)
        assert server.stats()["payloads"] == payloads
    # The system prompt is asked once, as it is without a context.
    assert len(payloads) == 1 + 3 * 12
    asked = {messages[-1]["content"]: messages for messages in (payload["messages"] for payload in payloads)}
    texts = ("Where does river number 20 begin?", "However, river 20 begins in the hills.", "So who lives by 20?")
    rules, (first, second, third) = asked["Answer in one sentence."], (asked[text] for text in texts)
    assert [m["role"] for m in rules] == ["system", "user"] and "<system_prompt>" not in rules[0]["content"]
    for messages in (first, second, third):
        assert [m["role"] for m in messages] == ["system", "user", "assistant", "user"]
        assert "<system_prompt>\nAnswer in one sentence.\n</system_prompt>" in messages[0]["content"]
    assert third[1]["content"] == "However, river 20 begins in the hills."
    assert third[2]["content"] == answer_of(payloads, "However, river 20 begins in the hills.")
    card = (run / "dataset/README.md").read_text()
    assert "told the chunk before and the system prompt" in card and "<system_prompt>" in card


def test_a_build_that_was_killed_goes_on_to_the_same_bytes(
    smolkalam: Callable[..., Any], write: Callable[..., Path], tmp_path: Path
) -> None:
    with running("--fault", "empty=0.2", "--steady") as server:
        recipe = write(server.url)
        command = ("build", recipe, "--workers", 1, "--output")
        done = smolkalam(*command, tmp_path / "whole", env=environment())
        assert done.returncode == 0, done.stderr
        server.control(latency=0.02)
        before = sum(server.stats()["answered"].values())
        process = start_command(*command, tmp_path / "broken", env=environment(), cwd=tmp_path)
        kill_when(process, lambda: sum(server.stats()["answered"].values()) >= before + 15)
        done = smolkalam(*command, tmp_path / "broken", env=environment())
        assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "broken" / "dataset") == tree(tmp_path / "whole" / "dataset")


def test_a_plan_walks_the_dialogues_and_knows_what_is_answered(write: Callable[..., Path], tmp_path: Path) -> None:
    without = plan(write("http://127.0.0.1:9", more=""))["translators"][0]
    having = plan(write("http://127.0.0.1:9"))["translators"][0]
    assert having["requests"] == without["requests"] and having["requests_to_send"] == without["requests_to_send"]
    assert having["input_tokens"]["value"] > without["input_tokens"]["value"] + 36 * 20
    with running() as server:
        recipe = write(server.url)
        run_build(str(recipe), output=tmp_path / "run", stop_after="translate", finish=write_card)
        assert plan(recipe, output=tmp_path / "run")["translators"][0]["requests_to_send"]["value"] == 0


def test_without_a_context_nothing_of_it_shapes_anything(write: Callable[..., Path], tmp_path: Path) -> None:
    with running() as server:
        run_build(str(write(server.url, more="")), output=tmp_path / "run", finish=write_card)
        assert all(len(payload["messages"]) == 2 for payload in server.stats()["payloads"])
    assert (
        "context" not in json.loads((tmp_path / "run/translate/Chat/stage.json").read_text())["inputs"]["translator"]
    )
    assert "context: null" not in (tmp_path / "run/dataset/README.md").read_text()


@pytest.mark.parametrize(
    ("more", "backend", "told"),
    [
        (", prompt: seed-x", "endpoint", "context: `seed-x` knows its own request alone"),
        (", prompt: own, template: '{source}'", "endpoint", "template: has no {context}, so that `context` would"),
        (", api: openai", "batch", "context: each chunk would wait for a batch of its own"),
    ],
)
def test_who_cannot_be_told_is_refused_in_one_line(
    more: str, backend: str, told: str, write: Callable[..., Path]
) -> None:
    with pytest.raises(RecipeError) as error:
        load_recipe(str(write("http://localhost:1", CONTEXT + more, backend)))
    assert told in str(error.value) and "\n" not in str(error.value)
