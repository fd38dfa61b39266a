"""Fusion, likelihood and a judge's marks of one build through a real vLLM, and through llama.cpp, with kills between.

The models are of random weights; grammars make Arabic and marks of their noise. `VLLM_PYTHON=... python -m pytest -m
vllm tests/builders/stages`, and `python -m pytest -m llamacpp tests/builders/stages`.
"""

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.build import run_build
from hub.card.write import write_card
from processors.answers.reader import AnswerReader
from tests.builders.engines.test_vllm import CONTEXT, CPU
from tests.builders.stages.test_fusion import candidates
from tests.conftest import tree
from tests.standins.counting_proxy import CountingProxy, counting
from tests.standins.foreign_server import serving
from tests.standins.processes import ROOT, environment, kill_when, start_command
from tests.standins.tiny_gguf import write_tiny_gguf
from tests.standins.tiny_model import write_model

pytestmark = pytest.mark.timeout(1800)
# Twelve words of the target's language, and any mark of two digits.
VLLM = (
    {"structured_outputs": {"regex": "[ابتثجحدرسعفقكلمنهوي]{3,6}( [ابتثجحدرسعفقكلمنهوي]{3,6}){11}\\."}},
    {"structured_outputs": {"regex": '\\{"worst": "none", "mark": [1-9][0-9]\\}'}},
)
LETTER = "[ابتثجحدرسعفقكلمنهوي]"
WORD = f"{LETTER} {LETTER} {LETTER} {LETTER}? {LETTER}?"
LLAMACPP = (
    {"grammar": f'root ::= word{" [ ] word" * 11} "."\nword ::= {WORD}'},
    {"grammar": 'root ::= "{\\"worst\\": \\"none\\", \\"mark\\": " [1-9] [0-9] "}"'},
)
# Libraries of the optional engines may lie beside this environment.
PATHS = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
SENTENCES = (
    "The old bridge leads over a quiet river into the town.",
    "People sell bread and fruit in the market near our house.",
    "The teacher reads a long story to the children every evening.",
    "Our village lies between a green hill and a deep valley.",
    "The ships come home in spring when the wind is warm.",
    "She writes a letter to her brother who lives by the sea.",
)


def write_recipe(path: Path, source: Path, url: str, model: str, extra: tuple[Any, Any], likelihood: Any) -> Path:
    fused = {
        "name": "Fused", "backend": "endpoint", "model": model, "base_url": url, "give_up": False, "concurrency": 2,
        "prompt": "fuse", "of": ["One", "Two"], "only": "all", "retry_budget": 1,
        "decoding": {"temperature": 0.0, "max_tokens": 400, "extra": extra[0]},
    }  # fmt: skip
    judge = {
        "model": model, "base_url": url, "output": "text", "attempts": 1, "concurrency": 2,
        # The likeliest mark of a model of noise is the same for all.
        "decoding": {"temperature": 1.0, "max_tokens": 60, "extra": extra[1]},
    }  # fmt: skip
    recipe = {
        "name": "served", "source": {"path": str(source), "keep": ["plain"]},
        "translators": [{"name": n, "backend": "pseudo", "variant": v} for n, v in (("One", 0), ("Two", 1))] + [fused],
        "ranking": {"scorers": {"judge_score": judge, "likelihood": likelihood}},
    }  # fmt: skip
    path.write_text(json.dumps(recipe))
    return path


@pytest.fixture
def source(row: Callable[..., Any], write_split: Callable[..., Path]) -> Path:
    pairs = zip(SENTENCES, SENTENCES[1:] + SENTENCES[:1], strict=True)
    return write_split("plain", [row(("user", one), ("assistant", other + " " + one)) for one, other in pairs])


def stored(run: Path) -> int:
    total = 0
    for place in ("Fused", "score/likelihood", "score/judge_score"):
        if (run / "answers" / place).is_dir():
            with AnswerReader(run / "answers" / place) as answers:
                total += answers.totals()[0]
    return total


def killed_and_resumed(recipe: Path, run: Path, proxy: CountingProxy) -> None:
    """A build that is killed in its fusion, and twice later; nothing is answered twice, and all comes out."""
    for answers in (5, 14, 12):
        before = len(proxy.answered)
        proxy.allow(answers)
        log = (run.parent / "build.log").open("w")
        command = ("build", recipe, "--output", run, "--yes", "--workers", 1)
        process = start_command(*command, env=environment(PYTHONPATH=os.pathsep.join(PATHS)), stderr=log)
        assert kill_when(process, lambda least=before + answers: stored(run) >= least)  # type: ignore[misc]
        assert stored(run) == len(proxy.answered) == before + answers
    proxy.allow(None)
    run_build(str(recipe), output=run, finish=write_card)
    assert stored(run) == len(proxy.answered) and max(Counter(proxy.answered).values()) == 1
    # Words of no meaning pass no check; what counts here is what was asked, and what was paid for.
    fused = candidates(run, "Fused")
    shown = [body for path, body in proxy.answered if b"<translation_1>" in body]
    assert len(shown) >= 2 * len(SENTENCES)
    table = [row for path in run.glob("dataset/parallel/*.parquet") for row in pq.read_table(path).to_pylist()]
    for row in table:
        of = {one["translator"]: one for one in row["candidates"]}
        for name in ("One", "Two", *(["Fused"] if row["id"] in fused else [])):
            assert of[name]["likelihood"] < 0 and 10 <= of[name]["judge_score"] <= 99
    before = tree(run / "dataset")
    for part in ("translate/Fused", "score/likelihood", "score/judge_score"):
        (run / part / "stage.json").unlink()
    run_build(str(recipe), output=run, finish=write_card)
    assert stored(run) == len(proxy.answered) and tree(run / "dataset") == before


@pytest.mark.vllm
def test_vllm_fuses_scores_and_is_paid_once(source: Path, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", context=2 * CONTEXT)
    command = [os.environ["VLLM_PYTHON"], "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    command += ["--max-model-len", str(2 * CONTEXT), "--enforce-eager", "--no-enable-chunked-prefill"]
    with (
        serving(command, tmp_path / "vllm.log", os.environ | CPU | {"VLLM_NO_USAGE_STATS": "1"}) as address,
        counting(address) as proxy,
    ):
        url = f"{proxy.url}/v1"
        likelihood = {"model": str(model), "base_url": url, "concurrency": 2}
        recipe = write_recipe(tmp_path / "recipe.yaml", source, url, str(model), VLLM, likelihood)
        killed_and_resumed(recipe, tmp_path / "run", proxy)


@pytest.mark.llamacpp
def test_llamacpp_fuses_scores_and_is_paid_once(source: Path, tmp_path: Path) -> None:
    """Likelihood is that of a model in the build's process: llama.cpp's server returns none."""
    from processors.servers.llamacpp import LlamaCppSettings, _Loaded

    loaded = _Loaded(LlamaCppSettings(write_tiny_gguf(tmp_path / "tiny.gguf"), 2, 4096, 1))
    try:
        with counting(loaded.url) as proxy:
            url = f"{proxy.url}/v1"
            likelihood = {"model": str(write_model(tmp_path / "model"))}
            recipe = write_recipe(tmp_path / "recipe.yaml", source, url, "tiny", LLAMACPP, likelihood)
            killed_and_resumed(recipe, tmp_path / "run", proxy)
    finally:
        loaded.stop()
