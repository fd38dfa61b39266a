"""Models and adapters of a few kilobytes as files alone: safetensors, configuration and tokenizer, without torch."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]
TEMPLATE = "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}"
_ITEM = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8"}
WIDTH, DEEP, WORDS, EXPERTS = 8, 12, 16, 3


def dense(seed: int, layers: int = 2) -> dict[str, Numbers]:
    """The tensors of a small dense model, by transformers' names."""
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (WORDS, WIDTH), "model.norm.weight": (WIDTH,)}
    for i in range(layers):
        shapes[f"model.layers.{i}.self_attn.q_proj.weight"] = (WIDTH, WIDTH)
        shapes[f"model.layers.{i}.mlp.up_proj.weight"] = (DEEP, WIDTH)
    return _drawn(shapes | {"lm_head.weight": (WORDS, WIDTH)}, seed)


def sparse(seed: int, *, fused: bool) -> dict[str, Numbers]:
    """The tensors of a layer of experts, each in files of its own or all in one, and its router."""
    module = "model.layers.0.mlp"
    whole = _drawn(
        {
            "model.embed_tokens.weight": (WORDS, WIDTH),
            f"{module}.gate.weight": (EXPERTS, WIDTH),
            f"{module}.experts.gate_up_proj": (EXPERTS, 2 * DEEP, WIDTH),
            f"{module}.experts.down_proj": (EXPERTS, WIDTH, DEEP),
        },
        seed,
    )
    return whole if fused else split(whole)


def split(tensors: Mapping[str, Numbers]) -> dict[str, Numbers]:
    """Fused experts as most files hold them: expert by expert."""
    found = {name: values for name, values in tensors.items() if ".experts." not in name}
    for name, values in tensors.items():
        module, _, kind = name.rpartition(".")
        if ".experts." not in name:
            continue
        for i, expert in enumerate(values):
            if kind == "down_proj":
                found[f"{module}.{i}.down_proj.weight"] = expert
            else:
                found[f"{module}.{i}.gate_proj.weight"], found[f"{module}.{i}.up_proj.weight"] = np.split(expert, 2)
    return found


def _drawn(shapes: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, Numbers]:
    random = np.random.default_rng(seed)
    return {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def write_safetensors(path: Path, tensors: Mapping[str, Any], dtype: str = "F32") -> None:
    """Floats as `dtype` (bfloat16 by cutting them off), whole numbers as I64."""
    head: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, values in tensors.items():
        kind = "I64" if values.dtype.kind == "i" else dtype
        plain = np.ascontiguousarray(values)
        stored = (plain.view(np.uint32) >> 16 if kind == "BF16" else plain).astype(_ITEM[kind]).tobytes()
        head[name] = {
            "dtype": kind,
            "shape": list(values.shape),
            "data_offsets": [len(body), len(body) + len(stored)],
        }
        body += stored
    raw = json.dumps(head).encode()
    path.write_bytes(len(raw).to_bytes(8, "little") + raw + body)


def read_safetensors(path: Path) -> dict[str, Numbers]:
    """What a file holds, as float32."""
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    found = {}
    for name, about in json.loads(raw[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        first, last = (8 + length + place for place in about["data_offsets"])
        values = np.frombuffer(raw[first:last], _ITEM[about["dtype"]])
        if about["dtype"] == "BF16":
            values = (values.astype(np.uint32) << 16).view(np.float32)
        found[name] = values.astype(np.float32).reshape(about["shape"])
    return found


def write_checkpoint(
    folder: Path, tensors: Mapping[str, Any], *, dtype: str = "F32", files: int = 1, **config: Any
) -> Path:
    """A model with its tokenizer, in so many files; `config` is added to its configuration."""
    folder.mkdir(parents=True)
    names = list(tensors)
    if files == 1:
        write_safetensors(folder / "model.safetensors", tensors, dtype)
    else:
        places = {name: f"model-{i % files + 1:05d}-of-{files:05d}.safetensors" for i, name in enumerate(names)}
        for file in set(places.values()):
            write_safetensors(folder / file, {n: tensors[n] for n in names if places[n] == file}, dtype)
        index = {"metadata": {}, "weight_map": places}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    about = {"architectures": ["TinyForCausalLM"], "hidden_size": WIDTH, "tie_word_embeddings": False}
    (folder / "config.json").write_text(json.dumps({**about, **config}))
    write_tokenizer(folder)
    return folder


def write_tokenizer(folder: Path, words: str = "abcdefghijklmnop", **about: Any) -> None:
    """A tokenizer of single letters, numbered in the order of `words`; `about` is added to its configuration."""
    from tokenizers import Tokenizer, models

    bpe = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(words)}, merges=[]))
    bpe.save(str(folder / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "p", **about}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "chat_template.jinja").write_text(TEMPLATE)


def write_adapter(folder: Path, base: Path, tensors: Mapping[str, Numbers], **config: Any) -> Path:
    """A LoRA adapter of `base`; `tensors` by peft's names without what stands before the module's."""
    folder.mkdir(parents=True)
    write_safetensors(
        folder / "adapter_model.safetensors", {f"base_model.model.{name}": values for name, values in tensors.items()}
    )
    about = {"peft_type": "LORA", "base_model_name_or_path": str(base), "r": 2, "lora_alpha": 4, "bias": "none"}
    (folder / "adapter_config.json").write_text(json.dumps({**about, **config}))
    return folder


def lora(module: str, a: tuple[int, int], b: tuple[int, int], seed: int) -> dict[str, Numbers]:
    """A and B of one module, of these shapes."""
    return _drawn({f"{module}.lora_A.weight": a, f"{module}.lora_B.weight": b}, seed)
