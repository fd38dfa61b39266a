"""Names of what LoRA adapts, looked at before anything is loaded. Needs the extra `train`."""

from pathlib import Path
from typing import Any

import pytest

from processors.errors import InputError
from tests.standins.tiny_sparse import EXPERTS, KINDS, write_sparse

pytestmark = [pytest.mark.train, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {kind: write_sparse(tmp_path_factory.mktemp(kind), kind) for kind in KINDS}


def look(model: Path, modules: list[str], parameters: list[str] | None = None, **more: Any) -> str:
    from trl import ModelConfig

    from model_recipes.lora.targets import look_at_targets

    keys = {"use_peft": True, "lora_dropout": 0.0} | more
    config = ModelConfig(str(model), lora_target_modules=modules, lora_target_parameters=parameters, **keys)
    try:
        look_at_targets(config)
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("modules", "parameters", "told"),
    [
        (["q_proj", "o_proj"], EXPERTS, ""),
        ([r".*\.q_proj"], None, ""),
        (["q_porj", "o_proj"], EXPERTS, "modules: q_porj: no such layer in the model; the nearest are q_proj and"),
        (["q_proj", "gate_proj"], None, "modules: gate_proj: is no layer but part of a parameter; give lora_target_"),
        (["q_proj", "gate"], EXPERTS, "modules: gate: is the router of the experts (model.layers.0.mlp.gate)"),
        (["all-linear"], None, "modules: all-linear takes the router (model.layers.0.mlp.gate) as well"),
        (["q_proj"], None, r"modules: q_proj: a list of one name is a regular expression of a whole name to peft"),
        (["q_proj", "o_proj"], ["mlp.expert.gate_up_proj"], "parameters: mlp.expert.gate_up_proj: no such parameter"),
        (["q_proj", "o_proj"], ["mlp.gate.weight"], "parameters: mlp.gate.weight: is the router of the experts"),
        (["q_proj", "o_proj"], ["input_layernorm.weight"], "parameters: input_layernorm.weight: has 1 dimensions"),
    ],
)  # fmt: skip
def test_names_that_find_nothing_or_the_router(
    models: dict[str, Path], modules: list[str], parameters: list[str] | None, told: str
) -> None:
    said = look(models["qwen3_moe"], modules, parameters)
    assert said.startswith(f"lora_target_{told}") if told else not said
    if parameters and "expert." in parameters[0]:
        assert said.endswith("the nearest are mlp.experts.gate_up_proj and mlp.experts.down_proj")


def test_what_a_deepseek_has(models: dict[str, Path]) -> None:
    attention = ["q_a_proj", "q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj", "o_proj"]
    assert not look(models["deepseek_v3"], attention, EXPERTS)
    assert look(models["deepseek_v3"], ["q_proj", *attention]).endswith("the nearest are q_b_proj and q_a_proj")
    assert "is the router" in look(models["deepseek_v3"], ["gate", *attention])


def test_dropout_is_told_and_what_is_not_lora_is_not_looked_at(models: dict[str, Path]) -> None:
    assert look(models["qwen3_moe"], ["q_proj", "o_proj"], EXPERTS, lora_dropout=0.05).startswith(
        "lora_dropout: 0.05: "
    )
    assert not look(models["qwen3_moe"], ["nothing"], use_peft=False)
    assert "none: no model there" in look(models["qwen3_moe"] / "none", ["q_proj", "o_proj"])
