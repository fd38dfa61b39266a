"""Answers of a served model: by an API that takes it by its name, by vLLM's server, paid once and marked where cut.

The real vLLM: `VLLM_PYTHON=/opt/vllm/bin/python python -m pytest -m vllm tests/model_recipes/on_policy`
"""

import os
from pathlib import Path
from typing import Any

import pytest

from model_recipes.on_policy.answers import Sampling
from model_recipes.on_policy.sampling import read_answers, sample, write_asked
from model_recipes.on_policy.settings import SamplingSettings
from processors.errors import EngineError
from tests.builders.engines.test_vllm import CPU
from tests.standins.fake_vllm import interpreter, starts
from tests.standins.standin_models import asked_last, models
from tests.standins.tiny_model import write_model

PROMPTS = [[{"role": "user", "content": f"كم {n} + {n}؟ {'طويل ' * n}"}] for n in range(7)]


def asked_for(folder: Path, model: str, prompts: Any = PROMPTS, **more: Any) -> Sampling:
    given = {"samples": 3, "temperature": 1.0, "top_p": 0.9, "max_tokens": 20, "batch_size": 2, "seed": 5} | more
    asked = Sampling(model, None, str(folder / "prompts.jsonl"), str(folder / "answers.jsonl"), **given)
    write_asked(folder / "asked.json", asked, prompts)
    return asked


def test_an_api_answers_as_the_round_s_model_and_is_paid_once(tmp_path: Path) -> None:
    def says(body: dict[str, Any]) -> dict[str, Any]:
        text = f"{asked_last(body)[:6]} بذرة {body['seed']}"
        return {"content": text, "finish_reason": "length" if body["seed"] == 6 else "stop"}

    model = str(tmp_path / "round_1" / "model")
    with models(**{model: says}) as server:
        asked = asked_for(tmp_path, model, engine="endpoint", base_url=f"{server.url}/v1")
        sample(asked)
        found = read_answers(tmp_path / "answers.jsonl")
        assert len(server.asked) == 21 and server.asked[0]["max_tokens"] == 20 and server.asked[0]["top_p"] == 0.9
        # What a kill left half written is written again, and nobody is asked.
        (tmp_path / "answers.jsonl").write_bytes((tmp_path / "answers.jsonl").read_bytes()[:40])
        sample(asked)
        assert len(server.asked) == 21 and read_answers(tmp_path / "answers.jsonl") == found
    assert [[one.text for one in of] for of in found] == [
        [f"كم {n} + بذرة {seed}" for seed in (5, 6, 7)] for n in range(7)
    ]
    assert [one.cut for one in found[0]] == [False, True, False] and found[0][0].tokens == 5


def test_an_api_that_does_not_know_the_model_ends_it(tmp_path: Path) -> None:
    with models() as server, pytest.raises(EngineError, match="no model"):
        sample(asked_for(tmp_path, "away", engine="endpoint", base_url=f"{server.url}/v1"))


def test_vllm_is_started_for_the_model_and_asked_for_draws_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", os.defpath)
    environment = {"FAKE_VLLM_JOURNAL": str(tmp_path / "journal")}
    server = {"python": str(interpreter(tmp_path)), "start_timeout_s": 60.0, "environment": environment}
    settings = SamplingSettings.model_validate({"engine": "vllm", "server": server})
    assert "server" not in settings.decisive() and "batch_size" not in settings.decisive()
    model = str(tmp_path / "model")
    served = settings.model_dump(mode="json", include={"server", "concurrency"})
    sample(asked_for(tmp_path, model, engine="vllm", **served))
    [start] = starts(tmp_path / "journal")
    assert start["arguments"][start["arguments"].index("--model") + 1] == model
    assert [len(of) for of in read_answers(tmp_path / "answers.jsonl")] == [3] * 7


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"engine": "vllm"}, "server: missing, and engine vllm needs it"),
        ({"engine": "endpoint"}, "base_url: missing, and engine endpoint needs it"),
        ({"base_url": "http://x"}, "base_url: is of engine endpoint alone; the engine is transformers"),
    ],
)
def test_an_engine_without_what_it_needs_is_told(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        SamplingSettings.model_validate(given)


@pytest.mark.vllm
@pytest.mark.timeout(1800)
def test_a_real_vllm_draws_several_answers_and_the_same_again(tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", seed=0)
    server = {"python": os.environ["VLLM_PYTHON"], "environment": CPU, "max_model_len": 512}
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        sample(asked_for(tmp_path / name, str(model), PROMPTS[:2], engine="vllm", server=server, concurrency=4))
        found.append(read_answers(tmp_path / name / "answers.jsonl"))
    assert found[0] == found[1] and len({one.text for of in found[0] for one in of}) > 2
    assert all(one.tokens <= 20 and one.cut == (one.tokens == 20) for of in found[0] for one in of)
