"""Sparse models of a few hundred kilobytes with random weights, of the two kinds that the recipes name."""

from pathlib import Path
from typing import Any

from tests.standins.tiny_reward import sample_pairs, write_base

KINDS = ("qwen3_moe", "deepseek_v3")
EXPERTS = ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]


def write_sparse(folder: Path, kind: str, seed: int = 0, *, hidden: int = 32) -> Path:
    """Write a model of one of KINDS, with its tokenizer, as `from_pretrained` reads them; returns `folder`."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    write_base(folder, [text for pair in sample_pairs() for text in pair], hidden=hidden, layers=1)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(seed)
    shared: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": hidden,
        "intermediate_size": 64,
        "moe_intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "num_experts_per_tok": 2,
        "max_position_embeddings": 1024,
        # Ten times the usual: LoRA moves nothing that can be seen in a model whose every weight is near nothing.
        "initializer_range": 0.2,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": False,
    }
    AutoModelForCausalLM.from_config(_config(kind, shared)).save_pretrained(folder)
    return folder


def _config(kind: str, shared: dict[str, Any]) -> Any:
    from transformers import DeepseekV3Config, Qwen3MoeConfig

    if kind == "qwen3_moe":
        return Qwen3MoeConfig(**shared, num_experts=4, head_dim=shared["hidden_size"] // 2)
    return DeepseekV3Config(
        **shared,
        first_k_dense_replace=1,
        n_routed_experts=4,
        n_shared_experts=1,
        n_group=1,
        topk_group=1,
        q_lora_rank=16,
        kv_lora_rank=16,
        qk_rope_head_dim=8,
        qk_nope_head_dim=8,
        v_head_dim=16,
    )
