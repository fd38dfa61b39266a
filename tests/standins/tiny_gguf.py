"""A GGUF model small enough to make in a test: of random weights, or one that says the same whatever it is asked.

The latter is a table of which byte follows which: its layers add nothing to the residual stream, in which each token
stands by itself.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "<|im_start|>assistant\n"
)
LAYERS, WIDTH, HEADS, INNER = 2, 32, 2, 64
# The token that ends an answer.
END = 257
# One place for each token.
TABLE_WIDTH = 288


def write_tiny_gguf(path: Path, *, chat_template: str | None = CHAT, seed: int = 0, says: str | None = None) -> Path:
    """Write a Llama of 2 layers with a byte-level vocabulary; without `chat_template` it is a base model.

    `says` is all that it answers, in ASCII, no letter twice; None for noise.
    """
    import gguf

    width = WIDTH if says is None else TABLE_WIDTH
    tokens = [*_byte_tokens(), "<|im_start|>", "<|im_end|>"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(4096)
    writer.add_embedding_length(width)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.NORMAL] * 256 + [gguf.TokenType.CONTROL] * 2)
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(256)
    writer.add_eos_token_id(END)
    if chat_template is not None:
        writer.add_chat_template(chat_template)
    for name, weights in (_noise(len(tokens), seed) if says is None else _table(tokens, says)).items():
        writer.add_tensor(name, weights.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _noise(tokens: int, seed: int) -> dict[str, Any]:
    """Random weights, drawn one after the other."""
    random = np.random.default_rng(seed)

    def draw(*shape: int) -> Any:
        return random.normal(0, 0.3, shape)

    weights = {"token_embd.weight": draw(tokens, WIDTH), "output.weight": draw(tokens, WIDTH)}
    return weights | _layers(WIDTH, draw)


def _table(tokens: list[str], says: str) -> dict[str, Any]:
    """Weights by which each token is followed by one: the answer's letters by the next, its last by the end."""
    assert len(set(says)) == len(says)
    letters = [tokens.index(letter if letter != " " else "\u0120") for letter in says]
    follows = dict(pairwise([*letters, END]))
    first = letters[0] if letters else END
    embeddings, output = np.zeros((2, len(tokens), TABLE_WIDTH))
    for token in range(len(tokens)):
        embeddings[token, token] = 1
        output[follows.get(token, first), token] = 1
    return {"token_embd.weight": embeddings, "output.weight": output} | _layers(
        TABLE_WIDTH, lambda *shape: np.zeros(shape)
    )


def _layers(width: int, make: Callable[..., Any]) -> dict[str, Any]:
    weights = {"output_norm.weight": np.ones(width)}
    for layer in range(LAYERS):
        for name in ("attn_norm", "ffn_norm"):
            weights[f"blk.{layer}.{name}.weight"] = np.ones(width)
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            weights[f"blk.{layer}.{name}.weight"] = make(width, width)
        weights[f"blk.{layer}.ffn_gate.weight"] = make(INNER, width)
        weights[f"blk.{layer}.ffn_up.weight"] = make(INNER, width)
        weights[f"blk.{layer}.ffn_down.weight"] = make(width, INNER)
    return weights


def _byte_tokens() -> list[str]:
    """The 256 bytes as GPT-2's byte-level BPE writes them: printable ones as they are, the others moved up."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    moved = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(moved)) for byte in range(256)]
