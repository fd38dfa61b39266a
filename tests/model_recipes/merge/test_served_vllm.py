"""Merged models answer through a real vLLM as they do through transformers. Needs the extra `train` as well.

`VLLM_PYTHON=/opt/vllm/bin/python python -m pytest -m vllm tests/model_recipes/merge`
"""

import os
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from model_recipes.merge.train import train
from tests.builders.engines.test_vllm import CPU
from tests.standins.foreign_server import serving
from tests.standins.tiny_model import write_model
from tests.standins.tiny_sparse import EXPERTS, write_sparse

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1800)]
ASK = [{"role": "user", "content": "Good morning."}]


def merge(output: Path, *experts: Path) -> Path:
    config = output.with_name("merge.yaml")
    config.write_text(yaml.safe_dump({"output_dir": str(output), "experts": [{"path": str(e)} for e in experts]}))
    return train(config)


def dense(folder: Path) -> Path:
    return merge(folder / "out", *(write_model(folder / f"e{seed}", seed=seed) for seed in (0, 1)))


def sparse(folder: Path) -> Path:
    """Two adapters of a sparse model's attention and fused experts, of random numbers."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = write_sparse(folder / "base", "qwen3_moe", hidden=128)
    adapters = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        config = LoraConfig(task_type="CAUSAL_LM", r=4, lora_dropout=0.0, target_modules=["q_proj", "o_proj"])
        config.target_parameters = EXPERTS
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.05)
        model.save_pretrained(folder / f"a{seed}")
        adapters.append(folder / f"a{seed}")
    return merge(folder / "out", *adapters)


def here(folder: Path) -> str:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    given = tokenizer.apply_chat_template(ASK, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32").eval()
    said = model.generate(**given, max_new_tokens=8, do_sample=False)
    return str(tokenizer.decode(said[0, given["input_ids"].shape[1] :], skip_special_tokens=True))


@pytest.mark.parametrize("made", [dense, sparse], ids=["dense", "sparse"])
def test_vllm_says_what_transformers_says(tmp_path: Path, made: Any) -> None:
    folder = made(tmp_path)
    command = [os.environ["VLLM_PYTHON"], "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder)]
    command += ["--max-model-len", "512", "--enforce-eager", "--dtype", "float32"]
    with serving(command, tmp_path / "vllm.log", os.environ | CPU | {"VLLM_NO_USAGE_STATS": "1"}) as address:
        asked = {"model": str(folder), "messages": ASK, "max_tokens": 8, "temperature": 0}
        answer = httpx.post(f"{address}/v1/chat/completions", json=asked, timeout=300).raise_for_status().json()
    # The last letter may be begun only: transformers shows that, vLLM does not.
    said = [text.strip().rstrip("\ufffd") for text in (answer["choices"][0]["message"]["content"], here(folder))]
    assert said[0] == said[1] and said[0]
