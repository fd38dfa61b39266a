"""`smolkalam try` against a stand-in: what it shows is what a build asks, and the build pays for none of it again."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.standins import processes
from tests.standins.standin_llm import running

Run = Callable[..., Any]
KEY = "sk-never-to-be-seen-8472"
RECIPE = """
name: tried
source: {{path: {source}}}
translators:
  - name: Chat
    backend: endpoint
    model: stand-in
    base_url: {url}/v1
    api_key_env: SMOLKALAM_TEST_KEY
    cost: {{usd_per_million_input: 1.0, usd_per_million_output: 2.0}}
"""
TEXT = "Water boils sooner in the mountains. See `boil()` at https://example.org/tea for more."


@pytest.fixture
def source(row: Callable[..., Any], write_split: Callable[..., Path]) -> Path:
    return write_split(
        "train", [row(("user", TEXT), ("assistant", "It does.")), row(("user", "一"), ("assistant", "x"))]
    )


def recipe(tmp_path: Path, url: str, source: Path) -> Path:
    path = tmp_path / "tried.yaml"
    path.write_text(RECIPE.format(url=url, source=source))
    return path


def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain.yaml"
    translators = "translators: [{name: One, backend: pseudo}, {name: Two, backend: pseudo}]"
    path.write_text(f"name: plain\nsource: {{path: unused}}\n{translators}\n")
    return path


def test_a_row_is_shown_whole_and_the_build_pays_for_none_of_it_again(
    smolkalam: Run, tmp_path: Path, source: Path
) -> None:
    env = processes.environment(SMOLKALAM_TEST_KEY=KEY)
    with running("--requires-key", KEY) as server:
        mine, run = recipe(tmp_path, server.url, source), tmp_path / "run"
        tried = ("try", mine, "--row", "train/0000000", "--output", run)
        done = smolkalam(*tried, "--format", "json", env=env)
        assert done.returncode == 0, done.stderr
        assert "Chat: 2 requests, about $0.0" in done.stderr and KEY not in done.stdout + done.stderr
        told = json.loads(done.stdout)
        (one,) = told["translators"]
        chunk = one["parts"][0]["chunks"][0]
        assert chunk["text"] == TEXT and [span["text"] for span in chunk["protected"]] == [
            "`boil()`",
            "https://example.org/tea",
        ]
        request = chunk["requests"][0]["request"]
        assert request["headers"]["Authorization"] == "Bearer $SMOLKALAM_TEST_KEY"
        assert request["url"] == f"{server.url}/v1/chat/completions" and request["body"]["model"] == "stand-in"
        assert chunk["requests"][0]["refused"] is None and "`boil()`" in chunk["translation"]
        assert one["scores"]["SCR"] == 1 and told["choices"][0]["translator"] == "Chat"
        asked = server.stats()["answered"]
        again = smolkalam(*tried, env=env)
        assert "0 requests" in again.stderr and "stored before" in again.stdout, again.stderr
        built = smolkalam("build", mine, "--output", run, "--workers", 1, env=env)
        assert built.returncode == 0, built.stderr
        assert server.stats()["answered"] == asked


def test_each_refused_answer_is_told_with_its_reason(smolkalam: Run, tmp_path: Path, source: Path) -> None:
    env = processes.environment(SMOLKALAM_TEST_KEY=KEY)
    with running("--fault", "length=1") as server:
        done = smolkalam(
            "try", recipe(tmp_path, server.url, source), "--text", "Good day to you.", "--format", "json", env=env
        )
    assert done.returncode == 1, done.stderr
    (one,) = json.loads(done.stdout)["translators"]
    requests = one["parts"][0]["chunks"][0]["requests"]
    assert len(requests) > 1 and all(asked["refused"] == "finish_reason: length" for asked in requests)
    assert one["failure"].startswith("finish_reason: messages[0]") and not one["scores"]["LR"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--row", "train/0000007"), "split 'train' has 2 rows, from 0 on"),
        (("--row", "other/0000000"), "no split 'other'"),
        (("--row", "7"), "expected a split and a row's number"),
        (("--row", "train/0000001"), "a build leaves it out: han"),
        (("--text", "a", "--translator", "Nobody"), "the recipe has One, Two"),
        ((), "give --text or --row"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: tuple[str, ...], line: str, smolkalam: Run, tmp_path: Path, source: Path
) -> None:
    done = smolkalam("try", plain(tmp_path), *arguments, "--input", source)
    assert done.returncode == 2 and line in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_a_missing_source_is_one_line(smolkalam: Run, tmp_path: Path) -> None:
    done = smolkalam("try", plain(tmp_path), "--row", "train/0000000", "--input", tmp_path / "nowhere")
    assert done.returncode == 2 and "there is no such folder" in done.stderr, done.stderr
    assert done.stderr.count("\n") == 1
