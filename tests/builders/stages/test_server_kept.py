"""Translators that follow each other with the same server: it is started once. By a stand-in for vLLM's process."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.build import run_build
from tests.standins.fake_vllm import interpreter, starts
from tests.standins.processes import alive, wait_for

RECIPE = """
name: kept
source: {{path: {source}}}
translators:
  - {{name: Cold, backend: vllm, model: m, server: &server {server}, decoding: {{temperature: 0.0}}}}
  - {{name: Warm, backend: vllm, model: m, server: *server, decoding: {{temperature: 0.7}}, concurrency: 8}}
  - {{name: none, backend: pseudo}}
  - {{name: Late, backend: vllm, model: m, server: *server, decoding: {{temperature: 0.3}}}}
  - {{name: Other, backend: vllm, model: other, server: *server}}
  - {{name: Larger, backend: vllm, model: other, server: {larger}}}
"""


def test_a_server_serves_the_translators_that_follow_with_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: Callable[..., Any], write_split: Callable[..., Path]
) -> None:
    journal = tmp_path / "journal"
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", os.defpath)  # no nvidia-smi: a machine without GPUs, wherever the tests run
    server = f"{{python: {interpreter(tmp_path)}, start_timeout_s: 60, environment: {{FAKE_VLLM_JOURNAL: {journal}}}}}"
    larger = server.replace("{python", "{max_model_len: 4096, python", 1)
    recipe = tmp_path / "kept.yaml"
    rows = [row(("user", f"What is day {n}?"), ("assistant", f"It is day {n}.")) for n in range(6)]
    recipe.write_text(RECIPE.format(source=write_split("plain", rows), server=server, larger=larger))
    run = run_build(str(recipe), output=tmp_path / "run", stop_after="translate", finish=lambda _: None)
    began = starts(journal)
    served = [start["arguments"][start["arguments"].index("--served-model-name") + 1] for start in began]
    # Warm has the server of Cold; it does not idle while a translator works that asks none; Other is
    # another model, and Larger another server of it.
    assert served == ["m", "m", "other", "other"]
    for name in ("Cold", "Warm", "Late", "Other", "Larger"):
        assert len(list((run / "translate" / name).glob("*.parquet"))) == 1
        assert not list((run / "translate" / name).glob("dropped/*"))
    wait_for(lambda: not any(alive(start["pid"]) or alive(start["engine"]) for start in began), "the servers' end")
