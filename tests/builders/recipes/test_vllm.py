"""The vLLM backend in a recipe, and against a server that runs: the stand-in for an API."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.engines.vllm import VllmEngine
from builders.recipes.load import load_recipe
from builders.recipes.translators import VllmTranslator
from processors.errors import InputError, RecipeError
from tests.standins.standin_llm import running

HEAD = """\
name: x
source: {path: sample, keep: [OpenHermes_2.5_no_think]}
translators:
  - name: a
    backend: vllm
    model: m
"""
SERVER = "    server: {python: /opt/vllm/bin/python, dtype: float16, max_model_len: 1024"


def load(tmp_path: Path, text: str) -> VllmTranslator:
    path = tmp_path / "r.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    (translator,) = load_recipe(str(path)).translators
    assert isinstance(translator, VllmTranslator)
    return translator


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "translators[0]: give one of base_url, endpoints"),
        (f"{SERVER}}}\n    base_url: http://localhost:8000\n", "give one of base_url, endpoints"),
        (f"{SERVER}}}\n    api_key_env: KEY\n", "api_key_env goes with base_url"),
        ("    base_url: http://x\n    prompt: seed-x\n", "seed-x needs decoding.max_tokens"),
        ("    base_url: http://x\n    decoding: {max_tokens_per_character: 1.0}\n", "give max_tokens too"),
        (f"{SERVER}, dtpye: auto}}\n", "r.yaml:7: translators[0].server.dtpye: unknown key; did you mean 'dtype'?"),
        (f"{SERVER}, arguments: {{port: 1}}}}\n", "'port' is not given here but by nothing: the server listens"),
        (f"{SERVER}, arguments: {{--max_model_len: 1}}}}\n", "'max-model-len' is not given here but by server.max"),
        (f"{SERVER}, environment: {{HF_TOKEN: abc}}}}\n", "no secrets in a recipe: export HF_TOKEN"),
        (f"{SERVER}, gpu_memory_utilization: 1.5}}\n", "server.gpu_memory_utilization: input should be less than"),
        (
            "    base_url: http://x\n    repetition_detection: {min_pattern_size: 9, max_pattern_size: 8}\n",
            "must be within max_pattern_size",
        ),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load(tmp_path, text)
    assert line in str(caught.value) and "\n" not in str(caught.value)


def test_one_server_for_each_group_of_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = load(tmp_path, f"{SERVER}}}\n"), load(tmp_path, f"{SERVER}, tensor_parallel: 2}}\n")
    assert VllmEngine(one).settings().dtype == "float16" and VllmEngine(two).settings().gpus == 2
    said: list[str] = []
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3")
    assert [VllmEngine(spec).servers_here(tmp_path, said.append) for spec in (one, two)] == [4, 2]
    assert "one on each of the GPUs 0,1 | 2,3" in said[1] and str(tmp_path) in said[1]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert [VllmEngine(spec).servers_here(tmp_path, said.append) for spec in (one, two)] == [1, 1]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    with pytest.raises(InputError, match=r"takes 2 GPUs \(server\.tensor_parallel\), but this machine shows 1"):
        VllmEngine(two).servers_here(tmp_path, said.append)


def test_a_server_that_runs_is_asked_to_end_loops_and_a_loop_is_asked_again(
    tmp_path: Path, smolkalam: Callable[..., Any]
) -> None:
    recipe, run = tmp_path / "r.yaml", tmp_path / "run"
    with running("--model", "m", "--fault", "repetition=0.3", "--seed", "3") as server:
        beam = "{temperature: 0.0, max_tokens: 64, extra: {use_beam_search: true, n: 4}}"
        recipe.write_text(
            f"{HEAD}    base_url: {server.url}\n    prompt: seed-x\n    spans: tag\n    decoding: {beam}\n"
        )
        arguments = ("build", recipe, "--workers", 1, "--stop-after", "translate")
        done = smolkalam(*arguments, "--output", run)
        assert done.returncode == 0, done.stderr
        stats = server.stats()
        assert stats["served"]["repetition"] > 0
        retried = [payload for payload in stats["payloads"] if "use_beam_search" not in payload]
        # The recipe's own way first; a retry samples, for the beam would say the same again.
        assert 0 < len(retried) < len(stats["payloads"])
        assert all("n" not in payload and payload["temperature"] > 0 for payload in retried)
        detection = {"min_pattern_size": 8, "max_pattern_size": 48, "min_count": 5}
        assert all(payload["repetition_detection"] == detection for payload in stats["payloads"])
        server.control(faults={"repetition": 1.0})
        assert smolkalam(*arguments, "--output", tmp_path / "loops").returncode == 0
    dropped = list((tmp_path / "loops" / "translate" / "a" / "dropped").glob("*.jsonl"))
    assert dropped and "finish_reason: repetition" in dropped[0].read_text()
