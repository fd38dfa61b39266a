"""Merges of real models: trained here, loaded by transformers, held against peft's and mergekit's own.

Needs the extra `train`, and minutes; mergekit 0.1.5 where it is installed.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from model_recipes.merge.train import train
from tests.standins.tiny_reward import sample_pairs, write_base
from tests.standins.tiny_sparse import EXPERTS, KINDS, write_sparse
from tests.standins.trainings import run, write_settings

pytestmark = [pytest.mark.train, pytest.mark.timeout(3600)]

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{% if message.role == 'assistant' %}{% generation %}"
    "{{ message.content }}<|im_end|>{% endgeneration %}{% else %}{{ message.content }}<|im_end|>{% endif %}\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def trained(base: Path, folder: Path, number: int, **more: Any) -> Path:
    """An expert of `base`: each of them is trained on other rows."""
    folder.mkdir()
    rows, template = folder / "rows.jsonl", folder / "template.jinja"
    template.write_text(TEMPLATE)
    pairs = sample_pairs()[20 * number : 20 * number + 20]
    messages = [[{"role": "user", "content": e}, {"role": "assistant", "content": a}] for e, a in pairs]
    rows.write_text("".join(json.dumps({"messages": one}) + "\n" for one in messages))
    given = {"chat_template_path": str(template), "assistant_only_loss": True, "max_steps": 5, "learning_rate": "1e-3"}
    code, said = run("sft", write_settings(folder, base, [{"path": str(rows)}], **given, **more))
    assert code == 0, said
    return folder / "out"


def merge(output: Path, *experts: Path, **keys: Any) -> Path:
    config = output.with_name(f"{output.name}.yaml")
    named = [{"path": str(expert)} for expert in experts]
    config.write_text(yaml.safe_dump({"output_dir": str(output), "experts": named, **keys}))
    return train(config)


def tensors(model: Any) -> dict[str, Any]:
    return dict(model.state_dict())


def loaded(folder: Path) -> Any:
    from transformers import AutoModelForCausalLM

    model, about = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    assert not about["missing_keys"] and not about["unexpected_keys"] and not about["mismatched_keys"]
    return model.eval()


def answer(folder: Path) -> str:
    """What a merged model says to its own template, by its own tokenizer."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    ask = [{"role": "user", "content": "Good morning."}]
    given = tokenizer.apply_chat_template(ask, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    said = loaded(folder).generate(**given, max_new_tokens=8, min_new_tokens=8, do_sample=False)
    return str(tokenizer.decode(said[0, given["input_ids"].shape[1] :]))


@pytest.fixture(scope="module")
def experts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A base and two experts of it, all their weights trained."""
    folder = tmp_path_factory.mktemp("dense")
    base = write_base(folder / "base", [text for pair in sample_pairs() for text in pair], hidden=64, layers=1)
    return [base, *(trained(base, folder / f"e{i}", i) for i in (0, 1))]


def test_two_dense_experts_are_one_model_that_answers(experts: list[Path], tmp_path: Path) -> None:
    import torch

    base, *both = experts
    out = merge(tmp_path / "out", *both, base=str(base))
    one, other, found = (tensors(loaded(folder)) for folder in (*both, out))
    assert set(found) == set(one)
    for name, values in found.items():
        assert torch.equal(values, ((one[name].double() + other[name].double()) / 2).float())
    told = json.loads((out / "merge.json").read_text())["distances"]["all"]
    assert all(0 < share < 0.1 for share in told["distance"].values())
    assert answer(out)


def test_mergekit_gives_the_same_dense_model(experts: list[Path], tmp_path: Path) -> None:
    import torch

    config = pytest.importorskip("mergekit.config", reason="pip install mergekit==0.1.5 --no-deps")
    from mergekit.merge import run_merge
    from mergekit.options import MergeOptions

    both = experts[1:]
    shares = (3.0, 1.0)
    models = [{"model": str(e), "parameters": {"weight": w}} for e, w in zip(both, shares, strict=True)]
    asked = config.MergeConfiguration.model_validate(
        {"merge_method": "linear", "dtype": "float32", "models": models, "parameters": {"normalize": True}}
    )
    run_merge(asked, str(tmp_path / "theirs"), MergeOptions(cuda=False, copy_tokenizer=True, quiet=True))
    weighted = [{"path": str(e), "importance": w} for e, w in zip(both, shares, strict=True)]
    config_file = tmp_path / "ours.yaml"
    config_file.write_text(
        yaml.safe_dump({"output_dir": str(tmp_path / "ours"), "experts": weighted, "weights": "importance"})
    )
    ours, theirs = tensors(loaded(train(config_file))), tensors(loaded(tmp_path / "theirs"))
    assert set(ours) == set(theirs)
    # Ours is rounded once.
    assert all(torch.allclose(values, theirs[name], rtol=1e-6, atol=1e-8) for name, values in ours.items())


@pytest.mark.parametrize("kind", KINDS)
def test_two_adapters_of_a_sparse_model_are_what_peft_makes_of_them(tmp_path: Path, kind: str) -> None:
    from peft import PeftModel

    base = write_sparse(tmp_path / "base", kind)
    attention = {"qwen3_moe": ["q_proj", "o_proj"], "deepseek_v3": ["q_a_proj", "kv_b_proj", "o_proj"]}[kind]
    lora = {"use_peft": True, "lora_r": 4, "lora_dropout": 0.0, "lora_target_modules": attention}
    both = [trained(base, tmp_path / f"a{i}", i, lora_target_parameters=EXPERTS, **lora) for i in (0, 1)]
    out = merge(tmp_path / "out", *both)
    one, other = (tensors(PeftModel.from_pretrained(loaded(base), adapter).merge_and_unload()) for adapter in both)
    found, before = tensors(loaded(out)), tensors(loaded(base))
    assert set(found) == set(one)
    assert max(float((values - (one[n] + other[n]) / 2).abs().max()) for n, values in found.items()) < 1e-6
    changed = {name for name, values in found.items() if not values.equal(before[name])}
    assert {name.rpartition("experts.")[2] for name in changed if ".experts." in name} == {"gate_up_proj", "down_proj"}
    assert not [name for name in changed if ".mlp.gate." in name]
    assert answer(out)
