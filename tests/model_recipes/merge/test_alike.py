"""What is not one model is not merged: each difference in a line that names the expert."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_recipes.merge.alike import look_alike
from model_recipes.merge.checkpoint import open_checkpoint
from processors.errors import InputError
from tests.standins.tiny_checkpoint import Numbers, dense, sparse, write_checkpoint

Change = Callable[[dict[str, Numbers]], dict[str, Any]]


def differ(tmp_path: Path, change: Change, **keys: Any) -> str:
    write_checkpoint(tmp_path / "e0", dense(0))
    write_checkpoint(tmp_path / "e1", change(dense(1)), **keys)
    models = [open_checkpoint(str(tmp_path / name)) for name in ("e0", "e1")]
    with pytest.raises(InputError) as told:
        look_alike(models)
    return str(told.value).replace(f"{tmp_path}/", "").removeprefix("e1: cannot be merged with e0: ")


def test_other_tensors_shapes_and_types(tmp_path: Path) -> None:
    def without_norm(tensors: dict[str, Numbers]) -> dict[str, Any]:
        return {name: values for name, values in tensors.items() if name != "model.norm.weight"}

    def wide(tensors: dict[str, Numbers]) -> dict[str, Any]:
        return tensors | {"lm_head.weight": np.zeros((17, 8), np.float32)}

    same: Change = dict
    for i, (change, keys, told) in enumerate(
        (
            (without_norm, {}, "tensors are missing: model.norm.weight"),
            (lambda tensors: tensors | {"more": np.zeros(3, np.float32)}, {}, "tensors are too many: more"),
            (wide, {}, "other shapes: lm_head.weight [17, 8], not [16, 8]"),
            (same, {"dtype": "F16"}, "other types of numbers: model.embed_tokens.weight F16, not F32"),
            (same, {"architectures": ["OtherForCausalLM"]}, "another architecture (OtherForCausalLM, not Tiny"),
            (same, {"rope_theta": 5.0}, "rope_theta is 5.0, not None"),
            (same, {"hidden_size": 9, "vocab_size": 3}, "hidden_size is 9, not 8\ne1: cannot be merged with e0: "),
        )
    ):  # fmt: skip
        assert differ(tmp_path / str(i), change, **keys).startswith(told)


def test_what_is_not_of_the_computation_may_differ(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "e0", dense(0), transformers_version="4", use_cache=True, pad_token_id=1)
    write_checkpoint(tmp_path / "e1", dense(1), transformers_version="5", torch_dtype="float32", files=3)
    look_alike([open_checkpoint(str(tmp_path / name)) for name in ("e0", "e1")])


def test_a_base_may_be_of_another_type_but_not_of_another_shape(tmp_path: Path) -> None:
    for name, layers, dtype in (("e0", 2, "F32"), ("e1", 2, "F32"), ("base", 2, "BF16"), ("deep", 3, "F32")):
        write_checkpoint(tmp_path / name, dense(0, layers), dtype=dtype)
    one, other, base, deep = (open_checkpoint(str(tmp_path / name)) for name in ("e0", "e1", "base", "deep"))
    look_alike([one, other], base)
    with pytest.raises(InputError, match=r"deep: cannot be merged with .*e0: tensors are too many: model\.layers\.2"):
        look_alike([one, other], deep)


def test_experts_stored_in_two_ways_say_what_to_do(tmp_path: Path) -> None:
    for fused in (False, True):
        write_checkpoint(tmp_path / f"e{fused:d}", sparse(0, fused=fused))
    with pytest.raises(InputError, match=r"their experts are stored in two ways .* save it again as the other is"):
        look_alike([open_checkpoint(str(tmp_path / name)) for name in ("e0", "e1")])


def test_quantised_weights_have_no_mean(tmp_path: Path) -> None:
    for name in ("e0", "e1"):
        write_checkpoint(tmp_path / name, dense(0), quantization_config={"quant_method": "fp8"})
    with pytest.raises(
        InputError, match=r"e0: its weights are quantised \(quantization_config\), of which there is no"
    ):
        look_alike([open_checkpoint(str(tmp_path / name)) for name in ("e0", "e1")])


def test_a_folder_that_is_no_model_is_told(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "e0", dense(0), files=2)
    index = tmp_path / "e0" / "model.safetensors.index.json"
    about = json.loads(index.read_text())
    about["weight_map"]["gone"] = about["weight_map"]["lm_head.weight"]
    index.write_text(json.dumps(about))
    with pytest.raises(InputError, match=r"index\.json names what no file holds: gone"):
        open_checkpoint(str(tmp_path / "e0"))
    (tmp_path / "bin").mkdir()
    with pytest.raises(InputError, match="bin: no model: there is neither"):
        open_checkpoint(str(tmp_path / "bin"))
    (tmp_path / "bin" / "config.json").write_text("{}")
    (tmp_path / "bin" / "pytorch_model.bin").touch()
    with pytest.raises(InputError, match=r"bin: no model\.safetensors; weights are read from safetensors only"):
        open_checkpoint(str(tmp_path / "bin"))
    (tmp_path / "bin" / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config\.json: cannot be read as JSON"):
        open_checkpoint(str(tmp_path / "bin"))
    with pytest.raises(InputError, match=r"e0: a folder has no revision v2; leave it out"):
        open_checkpoint(str(tmp_path / "e0"), "v2")
