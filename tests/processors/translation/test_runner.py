"""The endpoint engine against a server in another process, with every fault that servers really have."""

import asyncio
import gc
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from loguru import logger

from processors.answers.store import AnswerStore
from processors.clients.answer import Answer
from processors.clients.endpoint import EndpointConfig, HttpServer
from processors.clients.pacing import Pacer, Trouble
from processors.clients.prompts import PromptConfig
from processors.clients.responses import Fault, RequestFailed, read_response
from processors.clients.turns import Turns
from processors.clients.waits import backoff, ordered_wait
from processors.errors import EngineError, InputError, SmolKalamError
from processors.languages.language import Language
from processors.translation.runner import Ask, TranslationRunner
from tests.standins.foreign_server import free_port
from tests.standins.processes import ROOT
from tests.standins.standin_llm import FAULTS, Running, running

CHAT = PromptConfig(Language(code="ar", name="Arabic", script="Arab"))
SEED_X = replace(CHAT, style="seed-x")
SECRET = "sk-very-secret-0123456789"
# Texts of the kinds that are really sent: prose, code, mathematics, JSON, a table, mixed scripts, marks, emoji.
KINDS = [
    "Explain how photosynthesis works.",
    "```python\nprint('hello')\n```",
    r"Solve $x^2 = 4$ and put the result in \boxed{2}.",
    '{"name": "get_weather", "arguments": {"city": "Cairo"}}',
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "كتب the word 'peace' بالعربية\u200f.",
    "\u202bbidi\u202c and emoji 👩‍🚀 and a zero\u200bwidth",
    "line\n\n\nline " * 200,
]


class Collect:
    """A writer that keeps what it gets."""

    def __init__(self) -> None:
        self.results: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> "Collect":
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def write(self, document: Document, rank: int = 0) -> None:
        assert document.id not in self.results
        self.results[document.id] = document.metadata["translation"]


class Broken(Collect):
    """A writer whose third document does not fit its schema."""

    def write(self, document: Document, rank: int = 0) -> None:
        if len(self.results) == 2:
            raise TypeError("expected string, got list")
        super().write(document, rank)


async def once(document: Document, ask: Ask) -> dict[str, Any]:
    """One request a document."""
    answer = await ask(document.text, 0)
    return {"text": answer.text, "finish_reason": answer.finish_reason}


async def until_whole(document: Document, ask: Ask) -> dict[str, Any]:
    """The first rung of a ladder: ask again while the answer is not whole."""
    for attempt in range(20):
        answer = await ask(document.text, attempt)
        if answer.finish_reason == "stop" and answer.text:
            return {"text": answer.text, "attempt": attempt}
    return {"failed": "never whole"}


def texts(number: int) -> list[str]:
    return [f"{KINDS[i % len(KINDS)]} ({i})" for i in range(number)]


def documents(number: int) -> Iterator[Document]:
    for i, text in enumerate(texts(number)):
        yield Document(text=text, id=f"split/{i:05}")


def endpoint(url: str, **changes: Any) -> EndpointConfig:
    fast: dict[str, Any] = {"backoff_s": 0.01, "start_patience_s": 0.3, "timeout_s": 20.0, "concurrency": 16}
    return EndpointConfig(url, "stand-in", CHAT, **(fast | changes))


def run(config: EndpointConfig, number: int = 30, store: Path | None = None, **options: Any) -> TranslationRunner:
    """Run over `number` documents; the results are in the runner's writer."""
    arguments: dict[str, Any] = {"translate": once, "output_writer": Collect()} | options
    runner = TranslationRunner(endpoint=config, store_folder=store, **arguments)
    runner.run(documents(number), rank=0)
    return runner


def results(runner: TranslationRunner) -> dict[str, dict[str, Any]]:
    writer: Any = runner.output_writer
    return writer.results


@pytest.fixture(scope="module")
def healthy() -> Iterator[Running]:
    with running("--translation", "fast") as server:
        yield server


@pytest.fixture
def said(request: pytest.FixtureRequest) -> list[str]:
    lines: list[str] = []
    sink = logger.add(lambda message: lines.append(str(message)), level="DEBUG", format="{level} {message}")
    request.addfinalizer(lambda: logger.remove(sink))
    return lines


# ---- requests and answers


@pytest.mark.parametrize("prompt", [CHAT, SEED_X, replace(CHAT, style="translategemma")])
def test_each_prompt_reaches_its_address_and_is_answered(healthy: Running, prompt: PromptConfig) -> None:
    for address in (healthy.url, f"{healthy.url}/", f"{healthy.url}/v1", f"{healthy.url}/v1/chat/completions"):
        runner = run(replace(endpoint(address), prompt=prompt), 8)
        found = results(runner)
        assert len(found) == 8
        assert all(result["finish_reason"] == "stop" and result["text"] for result in found.values())
        assert runner.counters["documents"] == runner.counters["answers"] == 8
        assert runner.counters["prompt_tokens"] > 0 < runner.counters["completion_tokens"]


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("http://h:1", "http://h:1/v1"),
        ("http://h/v1/", "http://h/v1"),
        ("https://openrouter.ai/api", "https://openrouter.ai/api/v1"),
        ("https://openrouter.ai/api/v1/chat/completions", "https://openrouter.ai/api/v1"),
        ("http://h/v1/completions", "http://h/v1"),
        ("https://g/v1beta/openai/", "https://g/v1beta/openai"),
        ("https://h/v4", "https://h/v4"),
    ],
)
def test_the_version_is_added_where_it_lacks(given: str, base: str) -> None:
    assert endpoint(given).api_base == base


@pytest.mark.parametrize(
    "url", ["h/v1", "ftp://h", "http://me:secret@h/v1", "http://h/v1?key=secret", "http://[h", ""]
)
def test_an_address_that_cannot_be_one_is_one_line_without_the_secret(url: str) -> None:
    with pytest.raises(InputError) as caught:
        endpoint(url)
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value)


def test_the_decoding_is_sent_on_every_try_and_never_changed() -> None:
    """datatrove pops the model from the payload and so cannot retry."""
    decoding = {"temperature": 0.7, "extra": {"a": [1]}}
    with running("--translation", "fast", "--fault", "500=0.5") as server:
        run(endpoint(server.url, decoding=decoding, attempts=30), 20)
        payloads = server.stats()["payloads"]
    assert len(payloads) > 20
    assert all(p["model"] == "stand-in" and p["temperature"] == 0.7 and p["extra"] == {"a": [1]} for p in payloads)
    assert decoding == {"temperature": 0.7, "extra": {"a": [1]}}


def test_no_models_page_is_needed() -> None:
    with running("--translation", "fast", "--no-models") as server:
        assert len(results(run(endpoint(server.url), 5))) == 5


def test_connections_are_kept(healthy: Running) -> None:
    before = healthy.stats()["connections"]
    run(endpoint(healthy.url, concurrency=4), 100)
    assert healthy.stats()["connections"] - before <= 8


# ---- faults


PASSING = ["429", "429-date", "429-reset", "500", "503", "529", "drop", "half", "html", "error200"]


@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_is_retried_counted_and_leaves_no_trace(healthy: Running, fault: str) -> None:
    expected = results(run(endpoint(healthy.url)))
    with running("--translation", "fast", "--fault", f"{fault}=0.4") as server:
        runner = run(endpoint(server.url, attempts=30))
        stats = server.stats()
    assert results(runner) == expected
    assert stats["served"][fault] > 0
    retries = {name: n for name, n in runner.counters.items() if name.startswith("retry_")}
    assert sum(retries.values()) == stats["served"][fault] == runner.counters["requests"] - 30
    assert set(stats["answered"].values()) == {1}


def test_a_hang_ends_at_the_timeout_and_is_retried(healthy: Running) -> None:
    with running("--translation", "fast", "--fault", "hang=0.3") as server:
        runner = run(endpoint(server.url, timeout_s=0.3, attempts=30), 12)
        hung = server.stats()["served"]["hang"]
    assert results(runner) == results(run(endpoint(healthy.url), 12))
    # On a busy machine an answer may come too late as well.
    assert runner.counters["retry_timeout"] >= hung > 0


def test_the_timeout_covers_a_response_that_drips(healthy: Running) -> None:
    """A byte now and then: a time-out for each read, as httpx has it, would never end this one."""

    handlers: set[asyncio.Task[Any] | None] = set()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    async def serve() -> TranslationRunner:
        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        config = endpoint(url, timeout_s=0.2, attempts=2)
        runner = TranslationRunner(once, config, Collect())
        async with asyncio.timeout(60):
            await runner.run_async(documents(2))
            await asyncio.gather(*(handler for handler in handlers if handler))
        server.close()
        await server.wait_closed()
        return runner

    # The readiness check meets the drip too, and takes it for what it is: somebody is there.
    runner = asyncio.run(serve())
    assert [sorted(result) for result in results(runner).values()] == [["failed"]] * 2
    assert "no answer within 0.2 s" in results(runner)["split/00000"]["failed"]


@pytest.mark.parametrize(
    ("fault", "finish_reason"),
    [("length", "length"), ("filter", "content_filter"), ("400-context", "length"), ("empty", "stop")],
)
def test_what_is_no_whole_answer_comes_back_with_its_reason(fault: str, finish_reason: str) -> None:
    with running("--translation", "fast", "--fault", f"{fault}=1") as server:
        runner = run(endpoint(server.url), 5)
        assert sum(server.stats()["asked"].values()) == 5
    for result in results(runner).values():
        assert result["finish_reason"] == finish_reason
        assert bool(result["text"]) == (fault == "length")


def test_a_request_that_keeps_failing_fails_its_document_and_no_other(healthy: Running) -> None:
    """Never lost, never empty, and the task goes on."""

    async def picky(document: Document, ask: Ask) -> dict[str, Any]:
        if int(document.id[-1]) % 2:
            raise RequestFailed("host: refuses the request (400: no)")
        return await once(document, ask)

    with running("--translation", "fast", "--fault", "500=0.6") as server:
        runner = run(endpoint(server.url, attempts=2), 60)
    found = results(runner)
    failed = {name for name, result in found.items() if "failed" in result}
    assert len(found) == 60 and 0 < len(failed) < 60
    assert all("failed 2 times, last: 500: injected 500" in found[name]["failed"] for name in failed)
    assert all(result["text"] for name, result in found.items() if name not in failed)
    assert runner.counters["failed_documents"] == len(failed) == runner.counters["failed_requests"]

    runner = run(endpoint(healthy.url), 20, translate=picky)
    assert sum("failed" in result for result in results(runner).values()) == 10


def test_all_faults_at_once_end_in_the_bytes_of_none(healthy: Running, tmp_path: Path) -> None:
    bad = [f for f in FAULTS if f[:3] not in ("400", "401", "402", "403", "404") and f not in ("redirect", "think")]
    arguments = [argument for fault in bad for argument in ("--fault", f"{fault}=0.04")]
    with running("--translation", "fast", *arguments) as server:
        config = endpoint(server.url, timeout_s=0.8, attempts=50, decoding={"temperature": 0.7})
        runner = run(config, 200, tmp_path, translate=until_whole)
        served = server.stats()["served"]
    assert all(served[fault] for fault in bad)
    expected = results(run(endpoint(healthy.url), 200, translate=until_whole))
    assert {name: result["text"] for name, result in results(runner).items()} == {
        name: result["text"] for name, result in expected.items()
    }


# ---- the server as a whole


def test_nobody_there_stops_the_run(unused: int) -> None:
    with pytest.raises(EngineError, match=f"127.0.0.1:{unused}: cannot be reached"):
        run(endpoint(f"http://127.0.0.1:{unused}"))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_that_takes_no_connection_stops_the_run(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As behind a firewall that drops packets, and as TLS to a server without it that waits for more."""
    for module in ("connection", "session"):
        monkeypatch.setattr(f"processors.clients.{module}.CONNECT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as waiting:
        address = listener.getsockname()
        for _ in range(3 if scheme == "http" else 0):
            # Nobody accepts: with its queue full, the listener answers no more.
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(address)
        with pytest.raises(EngineError, match=r"cannot be reached \(no connection within 0.2 s\); check base_url"):
            run(endpoint(f"{scheme}://127.0.0.1:{address[1]}", patience_s=0.5))


def test_a_server_that_has_answered_is_waited_for_with_all_patience(tmp_path: Path) -> None:
    """The tasks of a build begin one after the other, some while the server is started again."""
    with running("--translation", "fast") as server:
        config = endpoint(server.url, start_patience_s=0.0, patience_s=0.2)
        run(config, 3, tmp_path)
    with pytest.raises(EngineError, match=r"no usable answer for .* last: ConnectError"):
        run(config, 6, tmp_path)


def test_an_unknown_model_stops_the_run(healthy: Running) -> None:
    with pytest.raises(
        EngineError, match=r"model 'gemma-99': the model or the address is unknown there \(404"
    ) as caught:
        run(replace(endpoint(healthy.url), model="gemma-99"), 300)
    assert "\n" not in str(caught.value)


def test_an_address_without_such_a_page_stops_the_run(healthy: Running) -> None:
    with pytest.raises(EngineError, match="404"):
        run(endpoint(f"{healthy.url}/nothing/here"))


@pytest.mark.parametrize(
    ("fault", "words"), [("402", "no credit"), ("403", "may not do this"), ("400", "every request")]
)
def test_what_no_request_gets_past_stops_the_run(fault: str, words: str) -> None:
    with running("--translation", "fast", "--fault", f"{fault}=1") as server:
        with pytest.raises(EngineError, match=words):
            run(endpoint(server.url), 100)
        assert sum(server.stats()["asked"].values()) < 60


def test_an_outage_pauses_says_why_and_costs_no_row(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.clients.pacing.FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr("processors.clients.pacing.LONGEST_PAUSE_S", 0.05)
    monkeypatch.setattr("processors.clients.pacing.TELL_S", 0.0)
    told: list[list[Trouble]] = []
    with running("--translation", "fast", "--fault", "500=1") as server:

        def repair(counters: Any, troubles: Any) -> None:
            told.append(list(troubles))
            # 19 failures of three requests are at least seven of one: more than it is tried on a server that works.
            if counters.get("retry_500", 0) >= 19:
                server.control(faults={})

        config = endpoint(server.url, concurrency=3, attempts=6)
        runner = run(config, 50, progress=repair, progress_s=0.02)
    assert [result.get("finish_reason") for result in results(runner).values()] == ["stop"] * 50
    assert runner.counters["retry_500"] >= 19
    assert any("paused" in line and "failures in a row, last: 500: injected 500" in line for line in said)
    assert any("answers again" in line for line in said)
    paused = [troubles[0] for troubles in told if troubles]
    assert paused and not told[0] and not told[-1]
    assert all(one.where == server.url.removeprefix("http://") and not one.left_aside for one in paused)
    assert paused[-1].reason.endswith("failures in a row, last: 500: injected 500")
    # From the first pause on, over all probes.
    assert [one.seconds for one in paused] == sorted(one.seconds for one in paused) and paused[-1].seconds > 0.05


def test_the_last_rows_may_all_be_bad_and_the_run_still_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else is asked any more that could show that the server works."""
    monkeypatch.setattr("processors.clients.pacing.FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr("processors.clients.pacing.LONGEST_PAUSE_S", 0.02)
    with running("--fault", "500=1") as server:
        runner = run(endpoint(server.url, attempts=6), 3)
        assert 10 < sum(server.stats()["asked"].values()) <= 3 * 2 * 6
    assert ["failed" in result for result in results(runner).values()] == [True] * 3


def test_an_outage_without_end_stops_the_run_and_keeps_what_was_paid(tmp_path: Path) -> None:
    with running("--translation", "fast") as server:
        config = endpoint(server.url, patience_s=0.5)
        run(config, 10, tmp_path)
        server.control(faults={"500": 1.0})
        with pytest.raises(EngineError, match=r"no usable answer for .* last: 500"):
            run(config, 40, tmp_path)
        server.control(faults={})
        runner = run(config, 40, tmp_path)
        assert runner.counters["cached"] == 10 and runner.counters["answers"] == 30
        assert set(server.stats()["answered"].values()) == {1}


def test_a_wait_beyond_patience_stops_the_run() -> None:
    with running("--fault", "429=1", "--retry-after", "86400") as server, pytest.raises(EngineError, match="86400 s"):
        run(endpoint(server.url))


def test_concurrency_is_the_most_and_falls_when_the_server_is_busy() -> None:
    limits = []

    def watch(counters: Any, troubles: Any) -> None:
        limits.append(counters.get("limit", 8.0))

    with running(
        "--translation", "fast", "--latency", "0.01", "--fault", "429=0.3", "--retry-after", "0.01"
    ) as server:
        run(endpoint(server.url, concurrency=8), 150, progress=watch, progress_s=0.05)
        assert 2 <= server.stats()["most_in_flight"] <= 8
    assert min(limits) < 6


# ---- the key


def test_the_key_goes_to_its_host_and_is_written_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STAND_IN_KEY", SECRET)
    with running("--translation", "fast", "--requires-key", SECRET, "--fault", "500=0.2") as server:
        config = endpoint(server.url, api_key_env="STAND_IN_KEY", attempts=20)
        runner = TranslationRunner(once, config, Collect(), tmp_path / "answers")
        LocalPipelineExecutor([list(documents(20)), runner], tasks=1, logging_dir=str(tmp_path / "logs")).run()
        assert set(server.stats()["keys"]) == {f"Bearer {SECRET}"}
        # A wrong key, which this server quotes in its message; datatrove logs the traceback with its variables.
        monkeypatch.setenv("STAND_IN_KEY", wrong := SECRET[::-1])
        with pytest.raises(EngineError, match=r"the key is rejected .*the key comes from STAND_IN_KEY") as caught:
            runner = TranslationRunner(once, config, Collect(), tmp_path / "others")
            LocalPipelineExecutor([list(documents(20)), runner], tasks=1, logging_dir=str(tmp_path / "wrong")).run()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    shown = "".join(capfd.readouterr()) + str(caught.value) + repr(runner.__dict__) + repr(config)
    assert (tmp_path / "logs" / "executor.json").exists() and b"STAND_IN_KEY" in written
    for secret in (SECRET, wrong):
        assert secret.encode() not in written
        assert secret not in shown


def test_a_missing_key_is_one_line(healthy: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STAND_IN_KEY", raising=False)
    with pytest.raises(EngineError, match="environment variable STAND_IN_KEY"):
        run(endpoint(healthy.url, api_key_env="STAND_IN_KEY"))


def test_a_redirect_is_not_followed(healthy: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN_KEY", SECRET)
    with (
        running("--fault", "redirect=1", "--redirect-to", healthy.url) as server,
        pytest.raises(EngineError, match=f"redirects to {healthy.url}/v1/chat/completions"),
    ):
        run(endpoint(server.url, api_key_env="STAND_IN_KEY"))
    assert f"Bearer {SECRET}" not in healthy.stats()["keys"]


# ---- never pay twice, never swallow


def test_the_same_question_in_flight_is_sent_once_and_stored_for_the_next_run(tmp_path: Path) -> None:
    async def with_system_prompt(document: Document, ask: Ask) -> dict[str, Any]:
        system, own = await asyncio.gather(ask("You are a helpful assistant.", 0), ask(document.text, 0))
        return {"text": system.text + own.text, "cached": system.cached}

    with running("--translation", "fast", "--latency", "0.01") as server:
        runner = run(endpoint(server.url), 50, tmp_path, translate=with_system_prompt)
        assert server.stats()["asked"]["You are a helpful assistant."] == 1
        assert sum(not result["cached"] for result in results(runner).values()) == 1
        assert runner.counters["cached"] == 49 and runner.counters["answers"] == 51
        again = run(endpoint(server.url), 50, tmp_path, translate=with_system_prompt)
        assert sum(server.stats()["asked"].values()) == 51 and again.counters["requests"] == 0
        # A changed recipe asks again, and only then.
        run(endpoint(server.url, decoding={"temperature": 0.2}), 50, tmp_path, translate=with_system_prompt)
        assert sum(server.stats()["asked"].values()) == 102


WORKER = """
import sys
from tests.processors.translation.test_runner import *
config = endpoint(sys.argv[1], concurrency=4)
run(config, 400, Path(sys.argv[2]), progress=lambda c, _: print(int(c.get("answers", 0)), flush=True), progress_s=0.05)
"""


def test_killed_with_9_and_run_again_asks_nothing_twice(tmp_path: Path) -> None:
    with running("--translation", "fast", "--latency", "0.005") as server:
        acknowledged = 0
        for _ in range(3):
            with subprocess.Popen(
                [sys.executable, "-c", WORKER, server.url, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
            ) as process:
                assert process.stdout
                answers = 0
                while answers < 40:
                    answers = int(process.stdout.readline())
                os.kill(process.pid, signal.SIGKILL)
            acknowledged += answers
        killed = sum(server.stats()["asked"].values())
        runner = run(endpoint(server.url), 400, tmp_path)
        stats = server.stats()
    assert len(results(runner)) == 400 and runner.counters["cached"] >= acknowledged >= 120
    # Twice asked may be only what was in flight at a kill: 4 requests and what one commit held, three times.
    twice = sum(stats["asked"].values()) - 400
    assert twice <= 3 * (4 + 4), (twice, killed)
    assert max(stats["asked"].values()) <= 4


def test_an_error_in_a_document_keeps_the_answers_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running("--translation", "fast") as server:
        server.control(hold=True)

        async def fragile(document: Document, ask: Ask) -> dict[str, Any]:
            while document.id == "split/00003":
                await asyncio.sleep(0.001)
                if runner.snapshot().get("in_flight") == 9:
                    # The others have asked and wait for their answers.
                    raise KeyError("model")
            return await once(document, ask)

        def stop_and_let_go(connected: HttpServer) -> None:
            stop(connected)
            server.control(hold=False)

        stop = HttpServer.stop
        monkeypatch.setattr(HttpServer, "stop", stop_and_let_go)
        runner = TranslationRunner(fragile, endpoint(server.url), Collect(), tmp_path)
        with pytest.raises(SmolKalamError, match=r"split/00003: translating failed: KeyError: 'model'"):
            runner.run(documents(10))
        assert results(runner) == {}
        again = run(endpoint(server.url), 10, tmp_path)
        assert again.counters["cached"] == 9 and len(results(again)) == 10
        assert set(server.stats()["asked"].values()) == {1}


def test_a_writer_that_fails_stops_the_run_and_names_the_document(
    healthy: Running, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SmolKalamError, match=r"split/\d{5}: its translation cannot be written: TypeError: expected"):
        run(endpoint(healthy.url), output_writer=Broken())
    # The documents that failed beside it are no noise at the end ('Task exception was never retrieved').
    gc.collect()
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []


EXECUTOR = """
import sys
from tests.processors.translation.test_runner import *
from processors.errors import EngineError

if __name__ == "__main__":
    config = EndpointConfig(sys.argv[1], sys.argv[3], CHAT, start_patience_s=0.3)
    runner = TranslationRunner(once, config, Collect(), sys.argv[2] + "/answers")
    executor = LocalPipelineExecutor(
        [list(documents(4)), runner], tasks=4, workers=2, logging_dir=sys.argv[2] + "/logs", start_method="fork"
    )
    try:
        executor.run()
    except EngineError as error:
        print("EngineError", error)
    else:
        print("done")
"""


@pytest.mark.parametrize(("model", "words"), [("stand-in", "done"), ("other", "EngineError")])
def test_with_workers_an_error_reaches_the_parent_and_hangs_nobody(
    healthy: Running, tmp_path: Path, model: str, words: str
) -> None:
    """datatrove's InferenceError does not unpickle: the parent waits for ever."""
    done = subprocess.run(
        [sys.executable, "-c", EXECUTOR, healthy.url, str(tmp_path), model],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert done.stdout.startswith(words), done.stderr[-2000:]


@pytest.mark.parametrize("error", [RequestFailed("a"), EngineError("a"), SmolKalamError("a")])
def test_errors_survive_pickling(error: SmolKalamError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and str(again) == "a"


def test_the_runner_is_quiet_and_its_counters_can_be_polled(healthy: Running, said: list[str]) -> None:
    told: list[dict[str, float]] = []
    runner = run(endpoint(healthy.url), 20, progress=lambda counters, _: told.append(dict(counters)))
    assert [line for line in said if not line.startswith("DEBUG")] == []
    assert told[-1]["documents"] == 20 and {"in_flight", "waiting", "limit"} <= told[-1].keys()
    stats = {name: runner.stats[name].total for name in ("requests", "documents", "prompt_tokens")}
    assert stats == {name: runner.counters[name] for name in stats}


@pytest.mark.parametrize("output", [Collect, Broken])
def test_pythons_collector_is_held_back_for_the_run_and_no_longer(healthy: Running, output: type[Collect]) -> None:
    before, during = gc.get_threshold(), []

    async def watch(document: Document, ask: Ask) -> dict[str, Any]:
        during.append((gc.get_threshold()[0], gc.get_freeze_count()))
        return await once(document, ask)

    with pytest.raises(SmolKalamError) if output is Broken else nullcontext():
        run(endpoint(healthy.url), 8, translate=watch, output_writer=output())
    assert all(threshold > before[0] and frozen > 0 for threshold, frozen in during) and during
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


# ---- pure parts

NOW = datetime(2026, 1, 2, 3, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Fri, 02 Jan 2026 03:04:30 GMT"}, 30.0),
        ({"retry-after": "Fri, 02 Jan 2026 03:00:00 GMT"}, 0.0),
        # The server's clock is an hour ahead of ours: what counts is the difference to its own Date.
        ({"retry-after": "Fri, 02 Jan 2026 04:04:10 GMT", "date": "Fri, 02 Jan 2026 04:04:00 GMT"}, 10.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-requests": "20ms", "x-ratelimit-reset-tokens": "1m2.5s"}, 0.02),
        (
            {
                "x-ratelimit-reset-requests": "20ms",
                "x-ratelimit-reset-tokens": "1m2.5s",
                "x-ratelimit-remaining-tokens": "0",
            },
            62.5,
        ),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 12)}, 12.0),
        ({"x-ratelimit-reset": str((int(NOW.timestamp()) + 12) * 1000)}, 12.0),
        ({"x-ratelimit-reset": "30"}, 30.0),
        ({"x-ratelimit-reset": "never"}, None),
    ],
)
def test_every_form_of_an_ordered_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert ordered_wait(headers, NOW) == (None if seconds is None else pytest.approx(seconds))


def test_backoff_doubles_varies_and_ends() -> None:
    waits = [[backoff(attempt, 0.5) for _ in range(50)] for attempt in range(40)]
    for attempt, some in enumerate(waits):
        full = min(30.0, 0.5 * 2**attempt)
        assert all(full / 2 <= wait <= full for wait in some)
        assert len(set(some)) > 1


def body(**choice: Any) -> bytes:
    return json.dumps({"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}).encode()


@pytest.mark.parametrize(
    ("status", "content", "expected"),
    [
        (200, body(message={"content": "نعم"}, finish_reason="stop"), Answer("نعم", "stop", 3, 4)),
        (200, body(message={"content": None}, finish_reason="length"), Answer("", "length", 3, 4)),
        (200, body(message={"content": [{"type": "text", "text": "نعم"}]}, finish_reason="eos_token"), "stop"),
        (200, body(message={"content": "نعم"}, finish_reason=None), "unknown"),
        (200, b'{"choices": [{"message": {"content": "a\\ud83d"}, "finish_reason": "stop"}]}', "stop"),
        (200, body(message={"content": "half"}, finish_reason="error"), "fault"),
        (200, body(text="completion in a chat"), "fault"),
        (200, b'{"choices": []}', "fault"),
        (200, b"[]", "fault"),
        (200, b"", "fault"),
        (200, b"\xff\xfe", "fault"),
        (200, b'{"error": {"message": "rate limited", "code": 429}}', "busy"),
        (
            400,
            b'{"object":"error","message":"This model\'s maximum context length is 512 tokens.","code":400}',
            "length",
        ),
        (400, b'{"error":{"message":"the request exceeds the available context size","type":"x"}}', "length"),
        (413, b"too large", "length"),
        (422, b'{"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096"}', "rejected"),
        (400, b'{"error":{"message":"unknown field seed"}}', "rejected"),
        (400, b'{"error":{"message":"x","code":"model_not_found"}}', "denied"),
        (403, b'{"error":{"message":"Your input was flagged","code":403}}', "content_filter"),
        (403, b"", "denied"),
        (401, b"", "fatal"),
        (302, b"", "fatal"),
        (408, b"", "fault"),
        (409, b"", "fault"),
        (502, b"<html>", "fault"),
        (529, b"", "busy"),
    ],
)
def test_every_response_has_one_meaning(status: int, content: bytes, expected: Any) -> None:
    found = read_response(status, {}, content, "chat")
    if isinstance(expected, Answer):
        assert found == expected
    else:
        assert (found.kind if isinstance(found, Fault) else found.finish_reason) == expected
    if isinstance(found, Fault):
        assert "\n" not in found.reason and len(found.reason) < 400
    else:
        found.text.encode("utf-8")


def test_the_pacer_never_lends_more_than_it_has_and_loses_no_slot() -> None:
    async def exercise() -> None:
        pacer = Pacer("host", 5, 60.0, 6)
        turns = Turns([pacer], [1.0])
        most = 0

        async def user(number: int) -> None:
            nonlocal most
            _, ticket = await turns.acquire()
            most = max(most, pacer.in_flight)
            try:
                await asyncio.sleep(0.001 * (number % 3))
                if number % 7 == 0:
                    pacer.busy(ticket, "429", 0.002)
                elif number % 11 == 0:
                    pacer.failed("500")
                else:
                    pacer.succeeded()
            finally:
                turns.release(0)

        users = [asyncio.create_task(user(number)) for number in range(300)]
        await asyncio.sleep(0.01)
        for task in users[200::3]:
            task.cancel()
        async with asyncio.timeout(30):
            await asyncio.gather(*users, return_exceptions=True)
        assert pacer.in_flight == turns.waiting == 0
        assert 2 <= most <= 5
        assert 1.0 <= pacer.limit <= 5.0

    asyncio.run(exercise())


def test_one_round_of_busy_cuts_the_limit_once() -> None:
    async def exercise() -> None:
        pacer = Pacer("host", 100, 60.0, 6)
        tickets = [pacer.take() for _ in range(100)]
        for ticket in tickets:
            pacer.busy(ticket, "429", None)
            pacer.release()
        assert pacer.limit == pytest.approx(70.0)
        for _ in range(80):
            if pacer.free():
                pacer.take()
            pacer.succeeded()
        assert 71.0 <= pacer.limit <= 72.0

    asyncio.run(exercise())


@pytest.fixture
def unused() -> int:
    return free_port()


def test_a_store_that_cannot_be_written_stops_the_run(healthy: Running, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match="answers cannot be stored"):
        run(endpoint(healthy.url), 3, tmp_path / "file")


def test_runs_side_by_side_leave_a_store_that_any_can_read(healthy: Running, tmp_path: Path) -> None:
    with AnswerStore(tmp_path):
        run(endpoint(healthy.url), 10, tmp_path)
    assert run(endpoint(healthy.url), 10, tmp_path).counters["cached"] == 10
