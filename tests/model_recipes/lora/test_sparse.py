"""The recipes of sparse models as they ship, on tiny models of their kinds. Needs the extra `train`, and minutes."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.standins.processes import ROOT
from tests.standins.tiny_reward import sample_pairs
from tests.standins.tiny_sparse import KINDS, write_sparse
from tests.standins.trainings import losses, run

pytestmark = [pytest.mark.train, pytest.mark.timeout(3600)]

SFT = ROOT / "model_recipes" / "sft"
SHIPPED = {"qwen3_moe": SFT / "qwen3-30b-a3b-lora.yaml", "deepseek_v3": SFT / "deepseek-v3-lora.yaml"}
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{% if message.role == 'assistant' %}{% generation %}"
    "{{ message.content }}<|im_end|>{% endgeneration %}{% else %}{{ message.content }}<|im_end|>{% endif %}\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def words(model: Path, folder: Path, **more: Any) -> list[str]:
    """What makes of a recipe that ships a minute on the CPU."""
    rows = folder / "rows.jsonl"
    with rows.open("w", encoding="utf-8") as stream:
        for source, target in sample_pairs()[:40]:
            row = {"messages": [{"role": "user", "content": source}, {"role": "assistant", "content": target}]}
            stream.write(json.dumps(row) + "\n")
    template = folder / "template.jinja"
    template.write_text(TEMPLATE)
    small = {
        "model_name_or_path": model,
        "dtype": "float32",
        "datasets": f"[{{path: {rows}}}]",
        "chat_template_path": template,
        "max_length": 256,
        "max_steps": 40,
        "save_steps": 20,
        "learning_rate": 1e-2,
        "gradient_accumulation_steps": 1,
        "per_device_train_batch_size": 4,
        "output_dir": folder / "out",
        "date": "2026-01-31",
    }
    return [word for key, value in (small | more).items() for word in ("--set", f"{key}={value}")]


def train(kind: str, folder: Path, given: list[str]) -> tuple[int, str]:
    """The exit code and all that is said, of a copy: what the trainings keep lies beside the settings."""
    return run("sft", Path(shutil.copy(SHIPPED[kind], folder)), *given)


def logits(model: Any) -> Any:
    import torch

    with torch.no_grad():
        return model.eval()(torch.arange(20, 60).unsqueeze(0)).logits


@pytest.mark.parametrize("kind", KINDS)
def test_a_sparse_model_learns_without_its_router(tmp_path: Path, kind: str) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = write_sparse(tmp_path / "base", kind)
    code, said = train(kind, tmp_path, words(base, tmp_path))
    assert code == 0, said
    out = tmp_path / "out"
    expected = losses(out)
    assert len(expected) == 40 and sum(expected[-5:]) < 0.95 * sum(expected[:5])
    history = json.loads((out / "trainer_state.json").read_text())["log_history"]
    assert any("aux_loss" in entry for entry in history) == (kind == "qwen3_moe")
    # Every expert has learnt, in both of its parameters, and nothing of the router is among what is saved.
    saved = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), out)
    adapted = {name: parameter for name, parameter in saved.named_parameters() if "lora_B" in name}
    assert all(parameter.abs().sum() > 0 for parameter in adapted.values())
    assert sum(".mlp.experts." in name for name in adapted) == {"qwen3_moe": 4, "deepseek_v3": 2}[kind]
    assert not [name for name in adapted if ".gate." in name or "router" in name]
    before = AutoModelForCausalLM.from_pretrained(base)
    one = logits(saved)
    assert (one - logits(before)).abs().max() > 0.1
    merged = saved.merge_and_unload()
    assert torch.allclose(logits(merged), one, atol=1e-4)
    there = dict(merged.named_parameters()) | dict(merged.named_buffers())
    routers = {n: p for n, p in [*before.named_parameters(), *before.named_buffers()] if ".mlp.gate." in n}
    assert routers and all(torch.equal(parameter, there[name]) for name, parameter in routers.items())


@pytest.mark.parametrize("kind", KINDS)
def test_it_goes_on_from_a_checkpoint_with_the_same_losses(tmp_path: Path, kind: str) -> None:
    base = write_sparse(tmp_path / "base", kind)
    code, said = train(kind, tmp_path, words(base, tmp_path, save_steps=10, max_steps=20))
    assert code == 0, said
    out = tmp_path / "out"
    expected = losses(out)
    # What a kill behind step 10 leaves.
    for path in out.iterdir():
        if path.name not in ("checkpoint-10", "training.json", "settings.yaml"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    code, said = train(kind, tmp_path, words(base, tmp_path, save_steps=10, max_steps=20))
    assert code == 0, said
    assert "going on from" in said
    assert losses(out) == pytest.approx(expected, abs=1e-4)


def test_a_wrong_name_is_told_before_rows_are_read(tmp_path: Path) -> None:
    base = write_sparse(tmp_path / "base", "qwen3_moe")
    wrong = words(base, tmp_path, lora_target_parameters="[mlp.experts.gate_proj]", datasets="[{path: nowhere/at}]")
    code, said = train("qwen3_moe", tmp_path, wrong)
    assert code == 2 and "lora_target_parameters: mlp.experts.gate_proj: no such parameter in the model; " in said
    assert "Traceback" not in said and "nowhere" not in said
