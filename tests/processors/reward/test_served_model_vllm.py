"""A reward model served by a real vLLM gives the rewards that transformers gives.

Needs vLLM in an environment of its own, named by its interpreter, and here the extra `train`:
`VLLM_PYTHON=/opt/vllm/bin/python python -m pytest -m vllm tests/processors/reward/test_served_model_vllm.py`
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.standins.foreign_server import serving
from tests.standins.tiny_reward import plant, sample_pairs, write_base

pytestmark = pytest.mark.vllm


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reward model of random weights, its head enlarged so that its rewards differ."""
    import torch
    from transformers import AutoModelForSequenceClassification

    folder = tmp_path_factory.mktemp("reward") / "model"
    write_base(folder, [text for pair in sample_pairs() for text in pair], hidden=128)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=1)
    with torch.no_grad():
        model.score.weight.mul_(10)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def url(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command = [os.environ["VLLM_PYTHON"], "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    command += ["--served-model-name", "reward", "--runner", "pooling", "--max-model-len", "512"]
    command += ["--dtype", "float32", "--enforce-eager"]
    environment = os.environ | {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1"}
    with serving(command, tmp_path_factory.mktemp("vllm") / "log", environment) as address:
        yield address


def test_served_rewards_are_those_of_transformers(model: Path, url: str) -> None:
    from processors.reward.local_model import ModelScorer, load_reward_tokenizer
    from processors.reward.score import Encoder, judged, score_candidates
    from processors.reward.served_model import EndpointScorer

    tokenizer, draw = load_reward_tokenizer(str(model)), random.Random(0)
    encoder = Encoder(tokenizer, "Arabic", 512)
    pairs = sample_pairs()[:40]
    texts = [(e, a) for e, a in pairs] + [(e, plant(e, a, "untranslated", draw)) for e, a in pairs]
    long = "\n".join(e for e, _ in pairs), "\n".join(a for _, a in pairs)
    items = [
        judged([{"role": "user", "content": english}], [{"role": "user", "content": arabic}])
        for english, arabic in [*texts, long]
    ]
    windows = encoder.encode(items)
    assert len(windows[-1]) > 3
    served = score_candidates(windows, EndpointScorer(url, "reward", tokenizer.pad_token_id), 4096)
    here = score_candidates(windows, ModelScorer(str(model)), 4096)
    assert max(here) - min(here) > 0.1
    assert max(abs(a - b) for a, b in zip(served, here, strict=True)) <= 2e-4


def test_a_window_over_its_context_is_said_so(url: str) -> None:
    from processors.errors import InputError
    from processors.reward.served_model import EndpointScorer

    with pytest.raises(InputError, match="lower max_length, or serve with a larger --max-model-len"):
        EndpointScorer(url, "reward", 0).score([[[5] * 600]], lambda *_: None)
