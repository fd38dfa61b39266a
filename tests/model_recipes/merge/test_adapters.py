"""LoRA adapters merged on their base: the numbers by the definition, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from model_recipes.merge.train import train
from processors.errors import InputError
from tests.standins.tiny_checkpoint import (
    DEEP,
    EXPERTS,
    WIDTH,
    dense,
    lora,
    read_safetensors,
    sparse,
    split,
    write_adapter,
    write_checkpoint,
    write_tokenizer,
)

LAYER = "model.layers.0"
Q = f"{LAYER}.self_attn.q_proj"
INNER, OUTER = f"{LAYER}.mlp.experts.base_layer", f"{LAYER}.mlp.experts"


def merge(tmp_path: Path, *adapters: Path, **keys: Any) -> dict[str, Any]:
    config = tmp_path / "merge.yaml"
    experts = [{"path": str(folder)} for folder in adapters]
    config.write_text(yaml.safe_dump({"output_dir": str(tmp_path / "out"), "experts": experts, **keys}))
    return read_safetensors(train(config) / "model.safetensors")


def added(tensors: dict[str, Any], module: str, scale: float) -> Any:
    return scale * tensors[f"{module}.lora_B.weight"].astype(np.float64) @ tensors[f"{module}.lora_A.weight"]


def test_one_adapter_becomes_one_with_its_base_and_one_whole_model_is_no_merge(tmp_path: Path) -> None:
    base = write_checkpoint(tmp_path / "base", dense(0))
    one = lora(Q, (2, WIDTH), (WIDTH, 2), 1)
    found = merge(tmp_path, write_adapter(tmp_path / "a", base, one, alpha_pattern={"q_proj": 6}))
    before = dense(0)
    expected = before[f"{Q}.weight"] + added(one, Q, 3)
    assert np.allclose(found.pop(f"{Q}.weight"), expected, atol=1e-6)
    assert all(values.tobytes() == before[name].tobytes() for name, values in found.items())
    assert "The linear merge of 1 LoRA adapter on its base" in (tmp_path / "out" / "README.md").read_text()
    with pytest.raises(InputError, match="base alone is a whole model; name two or more, or an adapter"):
        merge(tmp_path / "a", base, output_dir=str(tmp_path / "other"))


def test_adapters_are_added_to_their_base_by_their_shares(tmp_path: Path) -> None:
    base = write_checkpoint(tmp_path / "base", dense(0), files=2)
    head = "lm_head"
    one = lora(Q, (2, WIDTH), (WIDTH, 2), 1) | lora(head, (2, WIDTH), (16, 2), 2)
    other = lora(Q, (4, WIDTH), (WIDTH, 4), 3)
    first = write_adapter(tmp_path / "a", base, one, alpha_pattern={"q_proj": 6})
    second = write_adapter(tmp_path / "b", base, other, use_rslora=True, r=4)
    found = merge(tmp_path, first, second)
    before = dense(0)
    expected = {
        f"{Q}.weight": before[f"{Q}.weight"] + (added(one, Q, 3) + added(other, Q, 2)) / 2,
        f"{head}.weight": before[f"{head}.weight"] + added(one, head, 2) / 2,
    }
    for name, values in found.items():
        assert np.allclose(values, expected.get(name, before[name]), atol=1e-6)
    untouched = set(found) - set(expected)
    assert all(found[name].tobytes() == before[name].tobytes() for name in untouched)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "The linear merge of 2 LoRA adapters on their base" in card


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("swapped", [False, True])
def test_fused_experts_are_found_by_their_shapes_in_either_layout(tmp_path: Path, fused: bool, swapped: bool) -> None:
    whole = sparse(0, fused=True)
    base = write_checkpoint(tmp_path / "base", sparse(0, fused=fused))
    up, down = (OUTER, INNER) if swapped else (INNER, OUTER)
    rank = 2
    adapters, deltas = [], []
    for seed in (1, 2):
        tensors = lora(up, (rank * EXPERTS, WIDTH), (2 * DEEP, rank * EXPERTS), seed)
        tensors |= lora(down, (rank * EXPERTS, DEEP), (WIDTH, rank * EXPERTS), seed + 10)
        adapters.append(write_adapter(tmp_path / f"a{seed}", base, tensors))
        found = {}
        for module, kind in ((up, "gate_up_proj"), (down, "down_proj")):
            # As peft's ParamWrapper puts them together.
            a, b = tensors[f"{module}.lora_A.weight"], tensors[f"{module}.lora_B.weight"]
            a, b = a.reshape(EXPERTS, rank, -1), b.reshape(b.shape[0], rank, EXPERTS)
            found[f"{OUTER}.{kind}"] = 2 * np.einsum("ore,eri->eoi", b, a)
        deltas.append(found)
    expected = {
        name: values + (sum(delta[name] for delta in deltas) / 2 if name in deltas[0] else 0)
        for name, values in whole.items()
    }
    result = merge(tmp_path, *adapters)
    assert set(result) == set(sparse(0, fused=fused))
    for name, values in (expected if fused else split(expected)).items():
        assert np.allclose(result[name], values, atol=1e-5), name


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"peft_type": "IA3"}, "an adapter of type IA3, not LORA"),
        ({"use_dora": True}, "use_dora is set, which is not merged here"),
        ({"something_new": 3}, "something_new is set, which is not merged here"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save is set, which is not merged here"),
        ({"bias": "all"}, "bias: all: trains more than LoRA"),
        ({"init_lora_weights": "pissa_niter_16"}, "init_lora_weights: pissa_niter_16: changed its base as well"),
        ({"base_model_name_or_path": "other/base"}, "an adapter of other/base, and {a} is one of {base}"),
        ({"revision": "v2"}, "an adapter of {base} v2, and {a} is one of {base}"),
    ],
)
def test_an_adapter_of_another_kind_or_base_is_refused(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    base = write_checkpoint(tmp_path / "base", dense(0))
    tensors = lora(Q, (2, WIDTH), (WIDTH, 2), 1)
    first = write_adapter(tmp_path / "a", base, tensors)
    second = write_adapter(tmp_path / "b", base, tensors, **change)
    with pytest.raises(InputError) as error:
        merge(tmp_path, first, second)
    assert str(error.value).startswith(f"{second}: {told.format(a=first, base=base)}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("tensors", "told"),
    [
        (lora(Q, (2, WIDTH), (WIDTH + 1, 2), 1), f"{Q}: LoRA of a matrix 9 × 8, and the base's is [8, 8]"),
        (lora("model.layers.7.up", (2, 8), (8, 2), 1), "model.layers.7.up: the base has no such module"),
        ({"lm_head.weight": np.zeros((16, 8), np.float32)}, "holds what is no matrix of LoRA's: base_model"),
        ({f"{Q}.lora_A.weight": np.zeros((2, 8), np.float32)}, f"holds what is no matrix of LoRA's: {Q} without"),
    ],
)  # fmt: skip
def test_an_adapter_that_does_not_fit_its_base_is_refused(tmp_path: Path, tensors: dict[str, Any], told: str) -> None:
    base = write_checkpoint(tmp_path / "base", dense(0))
    first = write_adapter(tmp_path / "a", base, lora(Q, (2, WIDTH), (WIDTH, 2), 1))
    second = write_adapter(tmp_path / "b", base, tensors)
    with pytest.raises(InputError) as error:
        merge(tmp_path, first, second)
    assert str(error.value).startswith(f"{second}: {told}")


def test_experts_of_another_number_are_refused(tmp_path: Path) -> None:
    base = write_checkpoint(tmp_path / "base", sparse(0, fused=False))
    adapters = [
        write_adapter(tmp_path / f"a{i}", base, lora(INNER, (2 * EXPERTS + i, WIDTH), (2 * DEEP, 2 * EXPERTS + i), i))
        for i in (0, 1)
    ]
    with pytest.raises(
        InputError, match=r"a1: .*experts: LoRA of matrices 24 × 8, and the base's experts are gate_up"
    ):
        merge(tmp_path, *adapters)


def test_a_tied_matrix_may_not_be_adapted(tmp_path: Path) -> None:
    tensors = {name: values for name, values in dense(0).items() if name != "lm_head.weight"}
    base = write_checkpoint(tmp_path / "base", tensors, tie_word_embeddings=True)
    adapter = lora("model.embed_tokens", (2, WIDTH), (16, 2), 1)
    adapters = [write_adapter(tmp_path / name, base, adapter) for name in ("a", "b")]
    with pytest.raises(InputError, match=r"a: model\.embed_tokens\.weight: adapted, and tied in the base"):
        merge(tmp_path, *adapters)


def test_where_the_base_is(tmp_path: Path) -> None:
    base = write_checkpoint(tmp_path / "base", dense(0))
    moved = write_checkpoint(tmp_path / "moved" / "base", dense(0))
    write_checkpoint(tmp_path / "renamed", dense(0))
    tensors = lora(Q, (2, WIDTH), (WIDTH, 2), 1)
    adapters = [write_adapter(tmp_path / name, Path("user/base"), tensors) for name in ("a", "b")]
    with pytest.raises(
        InputError, match=r"renamed: .*a is an adapter of user/base; if that is the same under another"
    ):
        merge(tmp_path, *adapters, base=str(tmp_path / "renamed"))
    with pytest.raises(InputError, match=r"a is an adapter and .*base a whole model"):
        merge(tmp_path, adapters[0], base)
    with pytest.raises(InputError, match="is an adapter itself"):
        nameless = [write_adapter(tmp_path / f"n{i}", base, tensors, base_model_name_or_path=None) for i in (0, 1)]
        merge(tmp_path, *nameless, base=str(adapters[0]))
    assert len(merge(tmp_path, *adapters, base=str(moved))) == len(dense(0))


def test_an_adapter_s_own_tokenizer_and_template_count(tmp_path: Path) -> None:
    base = write_checkpoint(tmp_path / "base", dense(0))
    tensors = lora(Q, (2, WIDTH), (WIDTH, 2), 1)
    adapters = [write_adapter(tmp_path / name, base, tensors) for name in ("a", "b")]
    for folder in adapters:
        write_tokenizer(folder, "bacdefghijklmnop")
    with pytest.raises(InputError, match=r"base: .*base: another tokenizer than .*a: vocab: "):
        merge(tmp_path, *adapters)
    for folder in adapters:
        # A training may choose where a turn ends; the result says what the experts were taught.
        write_tokenizer(folder, eos_token="o")
        (folder / "chat_template.jinja").write_text("taught")
    merge(tmp_path, *adapters)
    assert (tmp_path / "out" / "chat_template.jinja").read_text() == "taught"
    assert json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())["eos_token"] == "o"
    assert json.loads((tmp_path / "out" / "merge.json").read_text())["base"]["name"] == str(base)
