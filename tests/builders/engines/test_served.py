"""Whole builds through an OpenAI-compatible server: a stand-in in a process of its own, with faults on demand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.build import run_build, work_on
from processors.errors import InputError
from processors.protected.compare import compare_protected
from tests.conftest import tree
from tests.standins import processes
from tests.standins.processes import kill_when, start_command
from tests.standins.standin_llm import running

KEY = "sk-never-to-be-seen-8472"
FAULTS = ("429", "500", "503", "529", "drop", "half", "html", "length", "empty", "filter")

RECIPE = """
name: endpoint
source:
  path: sample
  keep: [OpenHermes_2.5_no_think, OpenThoughts3_1.2M_think, hermes_function_calling_v1_no_think]
translators:
  - name: Chat
    backend: endpoint
    model: stand-in
    base_url: {url}
    api_key_env: SMOLKALAM_TEST_KEY
    chunking: {{max_tokens: 120, window: 20}}
  - name: Seed
    backend: endpoint
    model: stand-in
    base_url: {url}/v1
    prompt: seed-x
    spans: tag
    decoding: {{temperature: 0.0, extra: {{use_beam_search: true, n: 4}}}}
"""


def environment() -> dict[str, str]:
    return processes.environment(SMOLKALAM_TEST_KEY=KEY)


def write_recipe(tmp_path: Path, url: str) -> Path:
    path = tmp_path / "endpoint.yaml"
    path.write_text(RECIPE.format(url=url))
    return path


def test_chat_and_completions_translate_the_sample_and_the_key_stays_secret(
    smolkalam: Callable[..., Any], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with running() as server:
        recipe = write_recipe(tmp_path, server.url)
        done = smolkalam("build", recipe, "--output", run, "--workers", 1, env=environment())
        assert done.returncode == 0, done.stderr
        asked = server.stats()
        again = smolkalam("build", recipe, "--output", run, "--workers", 1, env=environment())
        assert again.returncode == 0 and server.stats()["asked"] == asked["asked"]
    rows = 0
    for config in ("SFT_Chat_ranked", "SFT_Seed_ranked"):
        for path in (run / "dataset" / config).glob("*.parquet"):
            rows += pq.read_metadata(path).num_rows
    assert rows == 2 * 17
    for path in (run / "dataset" / "parallel").glob("*.parquet"):
        for row in pq.read_table(path).to_pylist():
            assert {c["translator"] for c in row["candidates"]} == {"Chat", "Seed"}
            for candidate in row["candidates"]:
                for one, other in zip(row["messages"], candidate["translation"], strict=True):
                    assert not compare_protected(one["content"], other["content"])
    for name, content in tree(run).items():
        assert KEY.encode() not in content, name
    assert KEY not in done.stdout + done.stderr


def test_faults_and_kill_9_change_no_byte(smolkalam: Callable[..., Any], tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    with running() as server:
        recipe = write_recipe(tmp_path, server.url)
        assert smolkalam("build", recipe, "--output", whole, "--workers", 1, env=environment()).returncode == 0
    arguments = [item for fault in FAULTS[:7] for item in ("--fault", f"{fault}=0.03")]
    with running(*arguments, "--seed", "5", "--latency", "0.01") as server:
        recipe = write_recipe(tmp_path, server.url)
        command = ("build", recipe, "--output", broken, "--workers", 2)
        for answers in (5, 40):
            process = start_command(*command, env=environment(), cwd=tmp_path)
            kill_when(process, lambda least=answers: sum(server.stats()["answered"].values()) >= least)
        done = smolkalam("build", recipe, "--output", broken, "--workers", 2, env=environment())
        assert done.returncode == 0, done.stderr
    assert tree(broken / "dataset") == tree(whole / "dataset")


def test_answers_that_stay_bad_fail_the_row_and_not_the_build(smolkalam: Callable[..., Any], tmp_path: Path) -> None:
    with running("--fault", "empty=1") as server:
        recipe = write_recipe(tmp_path, server.url)
        # Or else it would be stopped after its first chunks (see tests/processors/translation/test_trial.py).
        recipe.write_text(recipe.read_text().replace("    model:", "    give_up: false\n    model:"))
        arguments = ("build", recipe, "--output", tmp_path / "run", "--workers", 1, "--stop-after", "translate")
        done = smolkalam(*arguments, env=environment())
    assert done.returncode == 0, done.stderr
    dropped = list((tmp_path / "run" / "translate" / "Chat" / "dropped").glob("*.jsonl"))
    assert dropped and '"reason": "empty"' in dropped[0].read_text()


@pytest.mark.parametrize(("fault", "expected"), [("401", "key"), ("404", "model"), ("403", "key")])
def test_a_server_that_cannot_be_used_is_one_line(
    fault: str, expected: str, smolkalam: Callable[..., Any], tmp_path: Path
) -> None:
    with running("--fault", f"{fault}=1") as server:
        recipe = write_recipe(tmp_path, server.url)
        done = smolkalam("build", recipe, "--output", tmp_path / "run", "--workers", 2, env=environment())
    lines = [line for line in done.stderr.splitlines() if line.startswith("smolkalam: ")]
    assert done.returncode == 1 and len(lines) == 1 and expected in lines[0], done.stderr
    assert "Traceback" not in done.stderr and KEY not in done.stderr


def test_a_missing_key_is_said_before_any_work(smolkalam: Callable[..., Any], tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "http://127.0.0.1:9")
    without = {name: value for name, value in environment().items() if name != "SMOLKALAM_TEST_KEY"}
    done = smolkalam("build", recipe, "--output", tmp_path / "run", env=without)
    assert done.returncode == 2 and "SMOLKALAM_TEST_KEY is not set" in done.stderr
    assert not (tmp_path / "run" / "select").exists()


def test_who_asks_no_model_needs_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run"
    monkeypatch.delenv("SMOLKALAM_TEST_KEY", raising=False)
    with running() as server:
        recipe = write_recipe(tmp_path, server.url)
        run_build(str(recipe), output=run, executor="queue", stop_after="select", finish=lambda _: None)
        work_on(run, only="translate/Seed", finish=lambda _: None)
        assert list((run / "translate" / "Seed" / "counts").iterdir())
        with pytest.raises(InputError, match="SMOLKALAM_TEST_KEY is not set"):
            work_on(run, only="translate/Chat", finish=lambda _: None)


def test_a_changed_recipe_asks_only_what_was_not_asked_before(smolkalam: Callable[..., Any], tmp_path: Path) -> None:
    with running() as server:
        recipe = write_recipe(tmp_path, server.url)
        # Or else it would be stopped after its first chunks (see tests/processors/translation/test_trial.py).
        recipe.write_text(recipe.read_text().replace("    model:", "    give_up: false\n    model:"))
        arguments = ("build", recipe, "--output", tmp_path / "run", "--workers", 1, "--stop-after", "translate")

        def asked(*settings: str) -> int:
            before = sum(server.stats()["asked"].values())
            changes = [part for setting in settings for part in ("--set", setting)]
            done = smolkalam(*arguments, *changes, env=environment())
            assert done.returncode == 0, done.stderr
            return sum(server.stats()["asked"].values()) - before

        everything = asked()
        warmer = asked("translators.Chat.decoding.temperature=0.3")
        assert 0 < warmer < everything
        # Most parts are shorter than either budget: the same requests, answered already.
        assert 0 < asked("translators.Chat.chunking.max_tokens=100") < warmer / 2
        assert asked() == 0
