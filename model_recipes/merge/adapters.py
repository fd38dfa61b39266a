"""LoRA adapters of one base as what they add to each of its tensors: scale × B A, as peft adds it.

An adapter of a sparse model's experts (`target_parameters`) is of the fused tensors `gate_up_proj` and `down_proj`, as
transformers 5 has them in memory; the base's files mostly hold each expert's `gate_proj`, `up_proj` and `down_proj`.
Both are found. peft nests two such parameters of one module, `experts.base_layer.lora_A` and `experts.lora_A`, without
saying which is which: their shapes say it.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from model_recipes.merge.checkpoint import Checkpoint, some
from model_recipes.merge.tensors import FLOATS, Floats, StoredTensor
from processors.errors import InputError

# Keys of an adapter's configuration that a merge reads or that change nothing in it. Another that is set does what is
# not known here, and stops the merge.
_KNOWN = {
    "alpha_pattern", "arrow_config", "auto_mapping", "base_model_name_or_path", "bias", "ensure_weight_tying",
    "eva_config", "exclude_modules", "inference_mode", "init_lora_weights", "layers_pattern", "layers_to_transform",
    "lora_alpha", "lora_dropout", "megatron_core", "peft_type", "peft_version", "qalora_group_size", "r",
    "rank_pattern", "revision", "runtime_config", "target_modules", "target_parameters", "task_type", "use_rslora",
}  # fmt: skip
# Ways to begin that change the base as well.
_CHANGES_BASE = ("pissa", "olora", "corda", "loftq", "lora_ga")
_PREFIX = "base_model.model."


@dataclass(frozen=True)
class Factors:
    """A and B of one LoRA; `experts` of them side by side, 0 for an ordinary layer's."""

    a: StoredTensor
    b: StoredTensor
    scale: float
    experts: int = 0

    def rows(self, expert: int, first: int, last: int) -> Floats:
        """What is added to rows of one (out, in) matrix."""
        a, b = _read(self)
        # Not `@`, whose threads cost twenty times the product of so few rows (2 cores).
        return self.scale * np.einsum("or,ri->oi", b[expert, first:last], a[expert])


@lru_cache(maxsize=8)
def _read(factors: Factors) -> tuple[Floats, Floats]:
    """A as (experts, rank, in) and B as (experts, out, rank); an expert's rank is B's inner dimension."""
    count = max(1, factors.experts)
    a, b = factors.a.floats(), factors.b.floats()
    a = a.reshape(count, -1, a.shape[1])
    return a, np.ascontiguousarray(b.reshape(b.shape[0], -1, count).transpose(2, 0, 1))


@dataclass(frozen=True)
class Update:
    """What an adapter adds to one tensor: rows of the matrices that `factors` are of."""

    factors: Factors
    expert: int = 0
    offset: int = 0
    # Rows of each expert where the tensor holds them one below the other; 0 where it holds one matrix.
    stacked: int = 0

    def rows(self, first: int, last: int) -> Floats:
        if not self.stacked:
            return self.factors.rows(self.expert, self.offset + first, self.offset + last)
        parts = []
        while first < last:
            expert, row = divmod(first, self.stacked)
            step = min(last - first, self.stacked - row)
            parts.append(self.factors.rows(expert, row, row + step))
            first += step
        return np.concatenate(parts)


def updates_of(adapter: Checkpoint, base: Checkpoint) -> dict[str, Update]:
    """By tensor of `base` what the adapter adds to it. Raises InputError, a line for each mistake."""
    look_at_config(adapter)
    found: dict[str, Update] = {}
    mistakes: list[str] = []
    for module, pairs in _pairs(adapter).items():
        for a, b in pairs:
            try:
                found |= _of_module(adapter, base, module, a, b)
            except ValueError as error:
                mistakes.append(f"{adapter.name}: {module}: {error}")
    if base.tied and (tied := [name for name in found if "lm_head" in name or "embed_tokens" in name]):
        mistakes.append(f"{adapter.name}: {tied[0]}: adapted, and tied in the base: head and embeddings would differ")
    if mistakes:
        raise InputError("\n".join([*mistakes[:5], *([f"and {len(mistakes) - 5} more"] if mistakes[5:] else [])]))
    return found


def look_at_config(adapter: Checkpoint) -> None:
    """Raises InputError for an adapter of another kind than plain LoRA."""
    config = adapter.config
    else_ = "merge it into its base by peft's merge_and_unload first"
    if config.get("peft_type") != "LORA":
        raise InputError(f"{adapter.name}: an adapter of type {config.get('peft_type')}, not LORA; {else_}")
    if config.get("bias", "none") != "none":
        raise InputError(f"{adapter.name}: bias: {config['bias']}: trains more than LoRA; {else_}")
    start = config.get("init_lora_weights")
    if isinstance(start, str) and start.lower().startswith(_CHANGES_BASE):
        raise InputError(f"{adapter.name}: init_lora_weights: {start}: changed its base as well; {else_}")
    unknown = [key for key, value in config.items() if value and key not in _KNOWN and key != "megatron_config"]
    if unknown:
        raise InputError(f"{adapter.name}: {unknown[0]} is set, which is not merged here; {else_}")


def _pairs(adapter: Checkpoint) -> dict[str, list[tuple[StoredTensor, StoredTensor]]]:
    """A and B by the module that they adapt. Raises InputError for tensors that are neither."""
    parts: dict[tuple[str, str], dict[str, StoredTensor]] = {}
    others = []
    for name, tensor in adapter.tensors.items():
        found = re.fullmatch(rf"{re.escape(_PREFIX)}(.+?)((?:\.base_layer)*)\.lora_([AB])\.weight", name)
        if not found or tensor.dtype not in FLOATS or len(tensor.shape) != 2:
            others.append(name)
            continue
        parts.setdefault((found[1], found[2]), {})[found[3]] = tensor
    others += [f"{module}{depth} without A or B" for (module, depth), two in parts.items() if len(two) != 2]
    if others:
        raise InputError(
            f"{adapter.name}: holds what is no matrix of LoRA's: {some(others)}; merge it into its base by peft's "
            "merge_and_unload first"
        )
    pairs: dict[str, list[tuple[StoredTensor, StoredTensor]]] = {}
    for (module, _), two in sorted(parts.items()):
        pairs.setdefault(module, []).append((two["A"], two["B"]))
    return pairs


def _of_module(
    adapter: Checkpoint, base: Checkpoint, module: str, a: StoredTensor, b: StoredTensor
) -> dict[str, Update]:
    """Raises ValueError with what is wrong."""
    wide, high = a.shape[1], b.shape[0]
    if (plain := base.tensors.get(f"{module}.weight")) is not None:
        if plain.shape != (high, wide) or a.shape[0] != b.shape[1]:
            raise ValueError(f"LoRA of a matrix {high} × {wide}, and the base's is {list(plain.shape)}")
        return {f"{module}.weight": Update(Factors(a, b, _scale(adapter.config, module, a.shape[0])))}
    shapes = _experts(base.tensors, module)
    if not shapes:
        raise ValueError("the base has no such module; is it an adapter of another base?")
    kind = next((name for name, (_, *matrix) in shapes.items() if tuple(matrix) == (high, wide)), None)
    if kind is None or a.shape[0] != b.shape[1] or a.shape[0] % shapes[kind][0]:
        said = ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items())
        raise ValueError(f"LoRA of matrices {high} × {wide}, and the base's experts are {said}")
    count, out, _ = shapes[kind]
    rank = a.shape[0] // count
    factors = Factors(a, b, _scale(adapter.config, f"{module}.{kind}", rank), count)
    if f"{module}.{kind}" in base.tensors:
        return {f"{module}.{kind}": Update(factors, stacked=out)}
    halves = {"gate_proj": 0, "up_proj": out // 2} if kind == "gate_up_proj" else {"down_proj": 0}
    return {
        f"{module}.{expert}.{half}.weight": Update(factors, expert, offset)
        for expert in range(count)
        for half, offset in halves.items()
    }


def _experts(tensors: Mapping[str, StoredTensor], module: str) -> dict[str, tuple[int, int, int]]:
    """(experts, out, in) of a module's fused tensors, whether the files hold them so or expert by expert."""
    fused = {kind: tensors.get(f"{module}.{kind}") for kind in ("gate_up_proj", "down_proj")}
    found = {
        kind: (t.shape[0], t.shape[1], t.shape[2]) for kind, t in fused.items() if t is not None and len(t.shape) == 3
    }
    gate, down = (tensors.get(f"{module}.0.{kind}.weight") for kind in ("gate_proj", "down_proj"))
    if not found and gate is not None and down is not None:
        count = 0
        while f"{module}.{count}.gate_proj.weight" in tensors:
            count += 1
        high, wide = gate.shape
        found = {"gate_up_proj": (count, 2 * high, wide), "down_proj": (count, down.shape[0], down.shape[1])}
    # Some models (gpt-oss, Llama 4) hold (experts, in, out): then the two do not fit so, and are told by their shapes.
    if len(found) == 2 and found["gate_up_proj"][1] != 2 * found["down_proj"][2]:
        raise ValueError("its experts are stored transposed, which is not merged here; use peft's merge_and_unload")
    return found


def _scale(config: Mapping[str, Any], name: str, rank: int) -> float:
    """peft's scale; a pattern names the end of a module's name or is a regular expression for it."""
    patterns = config.get("alpha_pattern") or {}
    alpha = next((alpha for key, alpha in patterns.items() if re.match(rf"(.*\.)?({key})$", name)), None)
    alpha = config["lora_alpha"] if alpha is None else alpha
    return float(alpha) / (math.sqrt(rank) if config.get("use_rslora") else rank)
