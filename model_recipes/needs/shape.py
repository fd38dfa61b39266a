"""How large a model is, by its configuration alone: no weight is loaded or fetched."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Counts of values. `trained` are those that get a gradient, `adapter` those of them that peft adds, `multiplied`
    those that each token is multiplied with (of experts only the share that a token sees; no table of embeddings that
    is only looked up)."""

    parameters: int
    trained: int
    adapter: int
    multiplied: int
    layers: int
    hidden: int
    inner: int
    attention: int
    dtype: str


def shape_of(config: Any, *, reward: bool = False, peft_config: Any = None) -> ModelShape:
    """Of a model of transformers', from its configuration, with the adapter that `peft_config` describes."""
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

    kind = AutoModelForSequenceClassification if reward else AutoModelForCausalLM
    if reward:
        config.num_labels = 1
    # Tensors with a shape and without a value.
    with torch.device("meta"):
        model = kind.from_config(config)
    parameters = sum(p.numel() for p in model.parameters())
    multiplied = round(sum(p.numel() * _seen(name, p, config) for name, p in model.named_parameters()))
    embeddings = model.get_input_embeddings().weight
    head = None if reward else model.get_output_embeddings()
    if head is None or head.weight is not embeddings:
        multiplied -= embeddings.numel()
    trained, adapter = parameters, 0
    if peft_config is not None:
        from peft import get_peft_model

        adapted = get_peft_model(model, peft_config, low_cpu_mem_usage=True)
        trained = adapter = sum(p.numel() for p in adapted.parameters() if p.requires_grad)
    text = config.get_text_config()
    heads = text.num_attention_heads
    width = getattr(text, "head_dim", None) or text.hidden_size // heads
    return ModelShape(
        parameters=parameters,
        trained=trained,
        adapter=adapter,
        multiplied=multiplied,
        layers=text.num_hidden_layers,
        hidden=text.hidden_size,
        inner=_inner(text),
        attention=heads * width,
        dtype=str(getattr(config, "dtype", None) or "float32").removeprefix("torch."),
    )


def _seen(name: str, parameter: Any, config: Any) -> float:
    """The share of a parameter that one token is multiplied with."""
    text = config.get_text_config()
    experts = getattr(text, "num_experts", None) or getattr(text, "n_routed_experts", None)
    seen = getattr(text, "num_experts_per_tok", None)
    if not experts or not seen or ".experts." not in name:
        return 1.0
    return float(seen) / float(experts)


def _inner(text: Any) -> int:
    """The width of the feed-forward layer that a token passes: of experts, those that it sees together."""
    seen = getattr(text, "num_experts_per_tok", None)
    of_one = getattr(text, "moe_intermediate_size", None)
    return int(seen * of_one) if seen and of_one else int(text.intermediate_size)
