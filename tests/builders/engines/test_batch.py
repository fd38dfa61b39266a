"""A build whose translator asks by batches: killed at each step, and nothing is paid for twice."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from builders.engines import engine_of
from builders.recipes.load import load_recipe
from processors.errors import RecipeError
from tests.processors.translation.test_trial import write_rows
from tests.standins.processes import command_line, environment, start_command, wait_for
from tests.standins.standin_batch import running_batches
from tests.standins.standin_llm import Running

RECIPE = """
name: x
source: {path: sample}
translators:
  - name: Chat
    backend: batch
    api: API
    model: stand-in
    base_url: URL/v1
    decoding: {max_tokens: 2000}
    give_up: false
    gather_s: 0.5
    poll_s: 0.05
    cost: {usd_per_million_input: 100, usd_per_million_output: 100}
ranking: {replace: never}
"""
STEPS = ("files", "create", "created", "poll", "results")


@pytest.fixture
def server() -> Iterator[Running]:
    with running_batches() as found:
        yield found


def recipe(folder: Path, url: str, api: str, was: str = "", is_: str = "") -> Path:
    path = folder / "r.yaml"
    path.write_text(RECIPE.replace("URL", url).replace("API", api).replace(was, is_) if was else
                    RECIPE.replace("URL", url).replace("API", api))  # fmt: skip
    return path


def arguments(path: Path, folder: str = "run") -> tuple[str | Path, ...]:
    return ("build", path, "--output", path.parent / folder, "--stop-after", "translate", "--workers", "1", "--yes")


def build(path: Path, folder: str = "run") -> None:
    done = subprocess.run(
        command_line(*arguments(path, folder)), env=environment(), text=True, capture_output=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


def translated(folder: Path) -> dict[str, bytes]:
    stage = folder / "translate" / "Chat"
    return {str(path.relative_to(stage)): path.read_bytes() for path in stage.rglob("*.parquet")}


def held(server: Running, step: str) -> int:
    return server.stats()["held"].get(step, 0)


def paid_once_though_killed(path: Path, server: Running, steps: tuple[str, ...]) -> dict[str, Any]:
    """Kill a build with 9 at each step and let it end: every question was in one batch, paid for once. The stats."""
    for step in steps:
        server.control(hold=step)
        process = start_command(*arguments(path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(partial(held, server, step), f"a request held at {step}")
        finally:
            process.kill()
            process.wait()
        server.control(hold="")
    build(path)
    stats = server.stats()
    assert stats["batches"] and set(stats["paid"].values()) == {1}
    ids = Counter(name for batch in stats["batches"] for name in batch["ids"])
    assert set(ids.values()) == {1}
    return stats


@pytest.mark.parametrize(
    ("api", "steps"),
    [("openai", STEPS), ("anthropic", ("created",)), ("openrouter", ("created",))],
)
def test_killed_with_9_at_each_step_every_batch_is_paid_for_once(
    tmp_path: Path, server: Running, api: str, steps: tuple[str, ...]
) -> None:
    path = recipe(tmp_path, server.url, api)
    paid_once_though_killed(path, server, steps)
    assert not list((tmp_path / "run" / "answers" / "Chat" / "batches").glob("*.json"))
    # As a build that nobody killed.
    build(path, "whole")
    assert translated(tmp_path / "run") == translated(tmp_path / "whole") != {}


OTHERS = "  - {name: One, backend: pseudo, variant: 0}\n  - {name: Two, backend: pseudo, variant: 1}\n"
FUSE = "{max_tokens: 2000}\n    prompt: fuse\n    of: [One, Two]\n    only: all"


@pytest.mark.slow
def test_fusion_by_batches_is_killed_and_paid_for_once(tmp_path: Path, server: Running) -> None:
    path = recipe(tmp_path, server.url, "openai", "{max_tokens: 2000}", FUSE)
    path.write_text(path.read_text().replace("translators:\n", f"translators:\n{OTHERS}"))
    stats = paid_once_though_killed(path, server, ("created", "results"))
    # It was shown both candidates, and what it said is a candidate of its own.
    texts = [batch["first"]["body"]["messages"][-1]["content"] for batch in stats["batches"]]
    assert all("<translation_1>\n" in text and "<translation_2>\n" in text for text in texts)
    build(path, "whole")
    assert translated(tmp_path / "run") == translated(tmp_path / "whole") != {}


def test_refused_answers_stand_in_a_second_batch(tmp_path: Path, server: Running) -> None:
    server.control(wrong=0.3)
    build(recipe(tmp_path, server.url, "openai"))
    first, second, *_ = (len(batch["ids"]) for batch in server.stats()["batches"])
    assert 0 < second < first and server.stats()["alone"] >= 0


def test_the_first_chunks_are_asked_one_by_one_and_a_useless_model_gets_no_batch(
    tmp_path: Path, server: Running
) -> None:
    path = recipe(tmp_path, server.url, "openai", "give_up: false", "give_up: true")
    build(path)
    stats = server.stats()
    # Eight good ones end the trial, and each lets in two more.
    # Eight good chunks end the trial, and each lets in two more.
    told = [json.loads(path.read_text())["counters"] for path in (tmp_path / "run").rglob("engines/*.json")]
    assert 8 <= sum(one.get("asked_before_batches", 0) for one in told) <= 6 * (8 + 2 * 8)
    assert stats["batches"] and set(stats["paid"].values()) == {1}
    server.control(wrong=1)
    write_rows(tmp_path / "source", 300)
    path.write_text(path.read_text().replace("path: sample", f"path: {tmp_path / 'source'}, keep: [part]"))
    done = subprocess.run(
        command_line(*arguments(path, "useless")), env=environment(), text=True, capture_output=True, timeout=300
    )
    after = server.stats()
    assert after["alone"] - stats["alone"] <= 200 and len(after["batches"]) == len(stats["batches"])
    said = " ".join(done.stderr.split())
    assert done.returncode == 1 and "chunks got no usable answer" in said and "sample 2: " in said


@pytest.mark.parametrize(
    ("was", "is_", "words"),
    [
        ("api: API", "api: google", "input should be 'openai', 'anthropic' or 'openrouter'"),
        ("api: API", "api: anthropic\n    prompt: seed-x", "anthropic takes chats alone"),
        ("max_tokens: 2000", "temperature: 0.7", "decoding.max_tokens: missing; Anthropic requires it"),
        ("base_url: URL/v1", "endpoints: [{base_url: http://a/v1}, {base_url: http://b/v1}]", "goes to one address"),
    ],
)
def test_what_a_batch_cannot_be_is_one_line(tmp_path: Path, was: str, is_: str, words: str) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(RECIPE.replace(was, is_).replace("URL", "http://a").replace("API", "anthropic"))
    with pytest.raises(RecipeError, match=words):
        load_recipe(str(path))


def test_a_key_travels_as_each_api_wants_it(tmp_path: Path) -> None:
    for api, header in (("openai", "Authorization"), ("openrouter", "Authorization"), ("anthropic", "x-api-key")):
        text = RECIPE.replace("URL/v1", "https://a.example/v1\n    api_key_env: A_KEY").replace("API", api, 1)
        path = tmp_path / "r.yaml"
        path.write_text(text)
        engine = engine_of(load_recipe(str(path)).translators[0])
        assert engine.addresses()[0].key_header == header
        assert engine.price_share == 0.5 and engine.together
