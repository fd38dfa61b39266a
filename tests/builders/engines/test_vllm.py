"""The real vLLM, with a tiny model of random weights: what it says is noise, how it says it is the real thing.

Needs vLLM in an environment of its own, named by its interpreter, and here the extra `train` (to make the model):
`VLLM_PYTHON=/opt/vllm/bin/python python -m pytest -m vllm tests/builders/engines/test_vllm.py`
"""

import json
import os
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from datatrove.data import Document

from builders.engines.vllm import VllmEngine
from builders.recipes.translators import VllmTranslator
from processors.clients.answer import Answer
from processors.errors import EngineError
from processors.languages.language import Language
from processors.servers.process import stop_server
from processors.servers.vllm import VllmServer
from processors.translation.runner import Ask, TranslationRunner
from tests.standins.foreign_server import serving
from tests.standins.processes import alive, environment, start_command, wait_for
from tests.standins.tiny_model import write_model

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1800)]

# The tokenizer knows few words: the chat prompt's instructions alone are some 800 of its tokens.
CONTEXT = 2048
ARABIC = Language(code="ar", name="Arabic", script="Arab")
BEAM = {"temperature": 0.0, "max_tokens": 24, "extra": {"use_beam_search": True, "n": 4}}
CPU = {"VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1"}
RECIPE = """
name: vllm
source: {{path: sample, keep: [{keep}]}}
translators:
  - name: Seed
    backend: vllm
    # A model of random weights fails nearly everything.
    give_up: false
    model: {model}
    prompt: seed-x
    spans: tag
    chunking: {{max_tokens: 490, window: 50}}
    decoding: {{temperature: 0.0, max_tokens: 4, extra: {{use_beam_search: true, n: 4}}}}
    {server}
  - name: Chat
    backend: vllm
    # A model of random weights fails nearly everything.
    give_up: false
    model: {model}
    chunking: {{max_tokens: 490, window: 50}}
    decoding: {{temperature: 0.7, max_tokens: 4}}
    {server}
"""


@pytest.fixture(scope="module")
def python() -> str:
    if "VLLM_PYTHON" not in os.environ:
        pytest.fail("set VLLM_PYTHON to the interpreter of vLLM's environment")
    return os.environ["VLLM_PYTHON"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("vllm") / "model")


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tmp_path_factory.mktemp("logs")
    stop_server()


@pytest.fixture(scope="module")
def url(python: str, model: Path, logs: Path) -> Iterator[str]:
    """A server that somebody else has started."""
    command = [python, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    # vLLM 0.32 on a CPU dies of seeded requests that it works on together, where prompts are cut into chunks: nobody
    # starts this server again. One that the build starts has no such help, and must cope.
    command += ["--max-model-len", str(CONTEXT), "--enforce-eager", "--no-enable-chunked-prefill"]
    environment = os.environ | CPU | {"VLLM_NO_USAGE_STATS": "1"}
    with serving(command, logs / "running.log", environment) as address:
        yield f"{address}/v1"


def spec(model: Path, python: str, **changes: Any) -> VllmTranslator:
    server = {
        "python": python,
        "dtype": "bfloat16",
        "max_model_len": CONTEXT,
        "arguments": {"enforce-eager": True},
        "environment": CPU,
    }
    given = {"name": "T", "backend": "vllm", "model": str(model), "server": server} | changes
    return VllmTranslator.model_validate({key: value for key, value in given.items() if value is not None})


class Answers:
    def __init__(self) -> None:
        self.given: dict[str, list[Answer]] = {}

    def __enter__(self) -> "Answers":
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def write(self, document: Document, rank: int = 0) -> None:
        self.given[document.id] = document.metadata["translation"]["answers"]


def ask(translator: VllmTranslator, logs: Path, texts: list[str], attempts: int = 1) -> list[list[Answer]]:
    """Each text's answers to its first attempts, through the pipeline's own server."""

    async def rollout(document: Document, ask: Ask) -> dict[str, Any]:
        return {"answers": [await ask(document.text, attempt) for attempt in range(attempts)]}

    engine = VllmEngine(translator)
    config = replace(engine.endpoint(ARABIC), concurrency=16)
    writer = Answers()
    make_server = partial(VllmServer, engine.settings(), logs)
    runner = TranslationRunner(rollout, config, writer, make_server=make_server)
    runner.run((Document(text=text, id=str(number)) for number, text in enumerate(texts)), 0)
    assert runner.counters["failed_requests"] == 0
    return [writer.given[str(number)] for number in range(len(texts))]


def test_beam_search_by_completions_then_a_sampled_retry(model: Path, python: str, logs: Path) -> None:
    seed_x = spec(model, python, prompt="seed-x", decoding=BEAM)
    texts = ["Hello world.", "A second sentence, with 2 numbers.", "رسالة"]
    first, again = ask(seed_x, logs, texts, attempts=3), ask(seed_x, logs, texts, attempts=3)
    # The beam is deterministic, and so is sampling with a seed; a retry is another answer.
    assert first == again
    for beam, second, third in first:
        # vLLM bills all four beams, of which one answer comes.
        assert beam.text and beam.completion_tokens == 4 * 24 and beam.finish_reason == "length"
        assert second.completion_tokens == third.completion_tokens == 24
        assert len({beam.text, second.text, third.text}) == 3
    log = "".join(path.read_text() for path in logs.glob("vllm-*.log"))
    assert log.count("--- ") == 1, "both runs were served by one process"


def test_chat_prompts_come_through_the_models_template(model: Path, python: str, logs: Path) -> None:
    ((answer,),) = ask(spec(model, python, decoding={"temperature": 0.7, "max_tokens": 8}), logs, ["Hello."])
    assert answer.completion_tokens == 8 and answer.prompt_tokens > 100


def test_a_text_over_the_context_is_an_answer_cut_off(model: Path, python: str, logs: Path) -> None:
    for prompt, decoding in (("chat", {"max_tokens": 8}), ("seed-x", BEAM), ("seed-x", {"max_tokens": 8})):
        ((answer,),) = ask(spec(model, python, prompt=prompt, decoding=decoding), logs, ["word " * 2 * CONTEXT])
        assert (answer.text, answer.finish_reason) == ("", "length")


def test_a_loop_is_ended_by_vllm_itself(model: Path, python: str, logs: Path) -> None:
    one_token = {"temperature": 0.0, "max_tokens": 400, "extra": {"logit_bias": {"50": 100}}}
    detected = spec(model, python, prompt="seed-x", decoding=one_token)
    ((loop,),) = ask(detected, logs, ["Hello."])
    assert loop.finish_reason == "repetition" and loop.completion_tokens == 8 * 5
    without = spec(model, python, prompt="seed-x", decoding=one_token).model_copy(
        update={"repetition_detection": None}
    )
    ((whole,),) = ask(without, logs, ["Hello."])
    assert whole.finish_reason == "length" and whole.completion_tokens == 400


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"model": "/nonexistent/model"}, "check the translator's model"),
        ({"max_model_len": 99999}, "max_model_len (99999) is greater"),
        ({"environment": {"VLLM_CPU_KVCACHE_SPACE": "4000"}}, "gpu_memory_utilization"),
        ({"arguments": {"no-such-option": 1}}, "server.arguments"),
    ],
)
def test_a_server_that_cannot_start_says_why(
    changes: dict[str, Any], expected: str, model: Path, python: str, tmp_path: Path
) -> None:
    plain = spec(model, python)
    assert plain.server
    broken = plain.model_copy(
        update={
            "model": changes.pop("model", plain.model),
            "server": plain.server.model_copy(update=changes),
        }
    )
    with pytest.raises(EngineError) as caught:
        ask(broken, tmp_path, ["Hello."])
    assert expected in str(caught.value) and "\n" not in str(caught.value)


def write_recipe(path: Path, model: Path, server: str, keep: str = "'*'") -> Path:
    path.write_text(RECIPE.format(model=model, server=server, keep=keep))
    return path


def managed(python: str) -> str:
    environment = ", ".join(f"{name}: '{value}'" for name, value in CPU.items())
    return (
        f"server: {{python: {python}, dtype: bfloat16, max_model_len: {CONTEXT}, arguments: {{enforce-eager: true}}, "
        f"environment: {{{environment}}}}}"
    )


def check_counts(run: Path) -> Counter[str]:
    """Rows read = kept + dropped, of each translator; every dropped one with its reason. Returns the sums."""
    total: Counter[str] = Counter()
    selected = sum(json.loads(p.read_text())["kept"] for p in (run / "select" / "counts").glob("*.json"))
    for name in ("Seed", "Chat"):
        folder = run / "translate" / name
        counts = [json.loads(path.read_text()) for path in (folder / "counts").glob("*.json")]
        read = sum(count["read"] for count in counts)
        kept = sum(count["kept"] for count in counts)
        dropped = [json.loads(line) for path in (folder / "dropped").glob("*.jsonl") for line in path.open()]
        assert read == selected == kept + len(dropped) > 90
        assert all(row["reason"] for row in dropped)
        total += Counter(read=read, kept=kept, dropped=len(dropped))
    return total


def engines(run: Path) -> list[int]:
    """vLLM's processes that serve this run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"SMOLKALAM_TEST_RUN={run}".encode() in path.read_bytes() and alive(int(path.parent.name)):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def test_the_demos_rows_through_a_server_of_the_pipelines_own(
    model: Path, python: str, tmp_path: Path, smolkalam: Callable[..., Any]
) -> None:
    stop_server()
    run = tmp_path / "run"
    recipe = write_recipe(tmp_path / "r.yaml", model, managed(python))
    marked = environment(SMOLKALAM_TEST_RUN=str(run))
    arguments = ["build", str(recipe), "--output", str(run), "--stop-after", "translate"]
    began = time.monotonic()
    first = start_command(*arguments, cwd=tmp_path, env=marked)
    logs = run / "logs" / "translate" / "Seed" / "engines"

    def answered() -> bool:
        return any(json.loads(path.read_text())["counters"].get("answers") for path in logs.glob("*.json"))

    wait_for(answered, "an answer", seconds=600)
    assert len(engines(run)) > 3
    first.kill()
    first.wait()
    wait_for(lambda: not engines(run), "the engines' end")

    done = smolkalam(*arguments, env=marked, timeout=1500)
    assert done.returncode == 0, done.stderr
    assert not engines(run)
    total = check_counts(run)
    print(f"{total} in {time.monotonic() - began:.0f} s", file=sys.stderr)
    before = sorted(run.glob("logs/translate/*/vllm-*.log"))
    again = smolkalam(*arguments, env=marked)
    assert again.returncode == 0 and sorted(run.glob("logs/translate/*/vllm-*.log")) == before


def test_the_demos_rows_through_a_server_that_runs(
    url: str, model: Path, tmp_path: Path, smolkalam: Callable[..., Any]
) -> None:
    run = tmp_path / "run"
    recipe = write_recipe(tmp_path / "r.yaml", model, f"base_url: {url}")
    arguments = ("build", recipe, "--output", run, "--stop-after", "translate")
    done = smolkalam(*arguments, timeout=1500)
    assert done.returncode == 0, done.stderr
    check_counts(run)
    served = _served(url)
    assert served > 0
    again = smolkalam(*arguments)
    assert again.returncode == 0
    # A changed recipe walks through all rows again, and asks for no answer that is stored.
    other = smolkalam(*arguments, "--set", "seed=7", timeout=1500)
    assert other.returncode == 0, other.stderr
    assert _served(url) == served


def _served(url: str) -> float:
    """Requests that vLLM has finished since it runs."""
    with urllib.request.urlopen(url.removesuffix("/v1") + "/metrics") as response:
        lines = response.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("vllm:request_success_total"))
