"""`smolkalam try` against a stand-in: what it shows is what a build asks, and the build pays for none of it again."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.run_folder import schemas
from tests.standins import processes
from tests.standins.standin_batch import running_batches
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


def test_who_waits_for_a_server_is_told_and_reads_the_rules_once(smolkalam: Run, tmp_path: Path, source: Path) -> None:
    env = processes.environment(SMOLKALAM_TEST_KEY=KEY)
    with running("--fault", "503=0.5", "--seed", "78") as server:
        done = smolkalam("try", recipe(tmp_path, server.url, source), "--row", "0", env=env)
    assert done.returncode == 0, done.stderr
    assert "Chat: no answer yet (" in done.stderr, done.stderr
    # Each of the two texts is refused once. Their prompts have the same rules.
    assert done.stdout.count("... (as before)") == 1, done.stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--row", "train/0000007"), "split 'train' has 2 rows, from 0 on"),
        (("--row", "other/0000000"), "no split 'other'"),
        (("--row", "train/7"), "split 'train' has 2 rows, from 0 on"),
        (("--row", "7"), "split 'train' has 2 rows, from 0 on"),
        (("--row", "train"), "there is no such row; give a split and a row's number"),
        (("--text", " "), "--text: is empty"),
        (("--text", os.fsdecode(b"caf\xe9")), "--text: is no UTF-8 text"),
        (("--text", "a", "--row", "0"), "give --text or --row"),
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


@pytest.fixture
def with_ids(tmp_path: Path, row: Callable[..., Any]) -> Path:
    """Two splits, whose source has named its rows: with a number, a word, a word that two have, and not at all."""
    folder = tmp_path / "named" / "SFT"
    folder.mkdir(parents=True)
    names: dict[str, list[Any]] = {"one": [3, 0, None], "two": ["calls", "x/1", "x/1"]}
    for split, ids in names.items():
        rows = [row(("user", f"{split} {number}"), ("assistant", "x")) for number in range(3)]
        table = pa.Table.from_pylist(rows, schema=schemas.source()).append_column("source_id", pa.array(ids))
        pq.write_table(table, folder / f"{split}-00000-of-00001.parquet")
    return folder.parent


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("one/0000002", "one/0000002"),
        ("one/2", "one/0000002"),
        ("3", "one/0000000"),
        ("0", "one/0000001"),
        ("calls", "two/0000000"),
        ("2", "--row 2: of which split? Such as one/2; there are one, two"),
        ("x/1", "--row x/1: 2 rows of the source have that id: two/0000001, two/0000002; give one of these"),
        ("y/1", "--row y/1: the source has no split 'y' that is kept; it has one, two"),
    ],
)
def test_a_row_is_named_as_people_name_it(
    asked: str, found: str, smolkalam: Run, tmp_path: Path, with_ids: Path
) -> None:
    done = smolkalam("try", plain(tmp_path), "--row", asked, "--input", with_ids, "--translator", "One")
    assert found in (done.stderr if found.startswith("--row") else done.stdout.splitlines()[0]), done.stderr
    assert done.returncode == (2 if found.startswith("--row") else 0) and done.stderr.count("\n") <= 1


def test_a_number_is_enough_where_there_is_one_split(smolkalam: Run, tmp_path: Path, source: Path) -> None:
    done = smolkalam("try", plain(tmp_path), "--row", "0", "--input", source)
    assert done.returncode == 0 and done.stdout.startswith("train/0000000 of plain"), done.stderr


def test_nobody_who_tries_waits_for_a_batch(smolkalam: Run, tmp_path: Path) -> None:
    path = tmp_path / "batches.yaml"
    with running_batches() as server:
        path.write_text(
            "name: batches\nsource: {path: sample}\ntranslators: [{name: Chat, backend: batch, api: openai, "
            f"model: stand-in, base_url: {server.url}/v1, decoding: {{max_tokens: 2000}}, poll_s: 0.05, "
            "cost: {usd_per_million_input: 1, usd_per_million_output: 1}}]\n"
        )
        done = smolkalam("try", path, "--text", "Good day to you.", cwd=tmp_path)
        assert done.returncode == 0 and "Chat: 1 request, about $0.0" in done.stderr, done.stderr
        assert not server.stats()["batches"] and server.stats()["alone"] == 1


def test_a_missing_source_is_one_line(smolkalam: Run, tmp_path: Path) -> None:
    done = smolkalam("try", plain(tmp_path), "--row", "train/0000000", "--input", tmp_path / "nowhere")
    assert done.returncode == 2 and "there is no such folder" in done.stderr, done.stderr
    assert done.stderr.count("\n") == 1
