"""Whatever the servers of all engines quote: no file of a run, and no line on the terminal, has a part of a key."""

import base64
import contextlib
import html
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow.parquet as pq
import pytest
from loguru import logger

from builders.judging.command import run_judge
from processors.errors import EngineError, SmolKalamError
from processors.reward.served_model import EndpointScorer
from processors.scrub import know
from tests.builders.small_run import candidate, write_run
from tests.builders.small_run import row as ranked_row
from tests.processors.servers.test_vllm import Fake
from tests.standins.processes import environment
from tests.standins.standin_echo import BEFORE, WAYS, echoing
from tests.standins.standin_llm import Running

KEYS = {
    "OPEN_KEY": "sk-or-v1-a+b/c&d=e0f1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9",
    "PROXY_KEY": "sk-proxy-Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4",
    "TEAM_SECRET": "team/secret+Qm4Kx81jTz0pLw5vR7yNf2hGdS9aEcU3",
    "BATCH_KEY": "sk-ant-api03-Xq7Lw2Nn0Jk5Rt8Yv1Bz4Dc6Fg9Hs3Ua",
    "LT_KEY": "6f1c2a77-3b9d-4e58-8c21-1234567890ab",
}
ADDRESS = (
    "base_url: {url}/mixed/v1, api_key_env: OPEN_KEY, key_header: api-key, headers_env: {{X-Team-Secret: TEAM_SECRET}}"
)
REFUSING = ", ".join(
    f"{{{{base_url: {{url}}/{status}/v1, api_key_env: PROXY_KEY}}}}" for status in ("401", "402", "403", "404", "307")
)
BATCH = "base_url: {url}/batch/v1, api_key_env: BATCH_KEY, gather_s: 0.2, poll_s: 0.05, decoding: {{max_tokens: 900}}"
TRANSLATORS = {
    "Chat": f"backend: endpoint, model: x, endpoints: [{{{{{ADDRESS}}}}}, {REFUSING}]",
    "Text": f"backend: endpoint, model: x, prompt: seed-x, {ADDRESS}",
    "Tgi": f"backend: tgi, model: x, prompt: seed-x, decoding: {{{{max_tokens: 900}}}}, {ADDRESS}",
    "Vllm": "backend: vllm, model: x, base_url: {url}/mixed/v1, api_key_env: OPEN_KEY",
    "OpenAi": f"backend: batch, api: openai, model: x, {BATCH}",
    "Anthropic": f"backend: batch, api: anthropic, model: x, {BATCH}",
    "OpenRouter": f"backend: batch, api: openrouter, model: x, {BATCH}",
    "Libre": "backend: libretranslate, base_url: {url}/mixed, api_key_env: LT_KEY",
}
RECIPE = """
name: echo
source: {{path: sample, keep: [OpenHermes_2.5_no_think]}}
selection: {{max_rows_per_split: 8}}
translators:
"""

Build = Callable[..., Any]


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with echoing() as found:
        yield found


def recipe(path: Path, url: str, *names: str) -> Path:
    lines = [f"  - {{{{name: {name}, give_up: false, {TRANSLATORS[name]}}}}}\n" for name in names]
    path.write_text((RECIPE + "".join(lines)).format(url=url))
    return path


def readings(text: str) -> Iterator[str]:
    """A text as a curious reader would decode it."""
    for one in (text, unquote(unquote(text)), html.unescape(html.unescape(text)), text.replace("\\", "")):
        yield one
        yield re.sub(r"\\[nrt]|\s", "", one)
    yield re.sub(r"\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    for run in re.findall(r"[A-Za-z0-9+/_-]{12,}", re.sub(r"\\[nrt]|\s", "", text)):
        for skipped in range(4):
            whole = run[skipped : skipped + (len(run) - skipped) // 4 * 4]
            yield base64.urlsafe_b64decode(whole.replace("+", "-").replace("/", "_")).decode("latin-1")


def texts(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield path, path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".parquet":
            yield path, json.dumps(pq.read_table(path, partitioning=None).to_pylist(), default=str)


def found(text: str) -> list[str]:
    """Pieces of eight letters or digits of a key that a text has, in whatever spelling."""
    pieces = {
        word[at : at + 8]
        for key in KEYS.values()
        for word in re.findall(r"[A-Za-z0-9]{8,}", key)
        for at in range(len(word) - 7)
    }
    return sorted(piece for reading in readings(text) for piece in pieces if piece in reading)


def test_the_reader_of_this_test_finds_keys_in_all_spellings() -> None:
    from tests.standins.standin_echo import SPELLINGS

    for key in KEYS.values():
        for spell in SPELLINGS:
            assert found(json.dumps(f"words {spell(key)}!")) and found(f"words {spell(key)}!")


def test_no_file_of_a_run_over_all_engines_has_a_part_of_a_key(
    smolkalam: Build, tmp_path: Path, server: Running
) -> None:
    path, run = recipe(tmp_path / "r.yaml", server.url, *TRANSLATORS), tmp_path / "run"
    done = smolkalam("build", path, "--output", run, "--yes", env=environment(**KEYS))
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    said = [done.stdout, done.stderr, smolkalam("status", run, "--format", "json", env=environment(**KEYS)).stdout]
    stats = server.stats()
    assert set(WAYS) == set(stats["ways"]) and {"401", "402", "403", "404", "307"} <= set(stats["requests"])
    assert {name for name in TRANSLATORS if list((run / "translate" / name).glob("*.parquet"))} == set(TRANSLATORS)
    for name, text in [*texts(tmp_path), *((Path("terminal"), text) for text in said)]:
        assert not found(text), name
    assert any("<key>" in text for _, text in texts(run))


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is logged in this process, which knows the keys."""
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    lines: list[str] = []
    sink = logger.add(lambda line: lines.append(str(line)), level="TRACE")
    yield lines
    # `run_judge` has its own ideas of where a log goes.
    with contextlib.suppress(ValueError):
        logger.remove(sink)


def test_judges_that_quote_their_keys(
    tmp_path: Path, server: Running, shown: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [
        ranked_row(n, [f"Sentence {n}."], candidate("One", f"ترجمة {n}."), candidate("Two", f"نقل {n}."))
        for n in range(8)
    ]
    run, panel, output = write_run(tmp_path / "run", rows, ("One", "Two")), tmp_path / "panel.yaml", tmp_path / "out"
    judge = {"name": "J", "model": "x", "base_url": f"{server.url}/mixed/v1", "api_key_env": "OPEN_KEY", "attempts": 1}
    panel.write_text(json.dumps({"judges": [judge]}))
    run_judge(run, panel, output, sample=100, yes=True)
    assert (output / "verdicts.jsonl").read_text().count("no_judgement") > 3
    for name, text in [*texts(tmp_path), *((Path("said"), text) for text in (*shown, *capfd.readouterr()))]:
        assert not found(text), name


def test_reward_models_that_quote_their_keys(server: Running, shown: list[str]) -> None:
    kept: list[list[float]] = []
    # One request at a time is refused so often that the key stands once behind each number of words.
    for kind in ("mixed", "mixed", "401", "400", *["404"] * len(BEFORE)):
        scorer = EndpointScorer(f"{server.url}/{kind}", "x", None, api_key_env="OPEN_KEY")
        rows = [[[1, 2, 3]], [[4, 5]]] * 4 if kind == "mixed" else [[[1, 2, 3]]]
        try:
            scorer.score(rows, lambda _, rewards: kept.append(rewards))
        except SmolKalamError as error:
            shown.append(f"{error!r} {error}")
    assert kept and any("<key>" in line for line in shown)
    assert not found("\n".join(shown))


def test_the_log_of_a_server_that_prints_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: list[str]
) -> None:
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.setenv("OPENAI_API_KEY", KEYS["LT_KEY"])
    monkeypatch.setenv("HF_TOKEN", "of-the-hub")
    for key in KEYS.values():
        know(key)
    fake = Fake(tmp_path)
    said = " ".join(f"{name}=${name}" for name in (*KEYS, "OPENAI_API_KEY", "HF_TOKEN"))
    with pytest.raises(EngineError) as raised:
        fake.run(fake.settings(environment={"FAKE_VLLM_SAYS": said, "FAKE_VLLM_EXIT": "1"}))
    assert "HF_TOKEN=of-the-hub" in fake.log()
    assert not found("\n".join((fake.log(), str(raised.value), *shown)))
