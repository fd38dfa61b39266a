"""What is merged must be one model: of the same tensors, types and configuration. What differs is told, all of it."""

from collections.abc import Sequence
from typing import Any

from model_recipes.merge.checkpoint import Checkpoint, some
from model_recipes.merge.tensors import FLOATS
from processors.errors import InputError

HEAD, EMBEDDINGS = "lm_head.weight", "model.embed_tokens.weight"
# What is of a configuration without being of the computation.
_ASIDE = (
    "_name_or_path",
    "bos_token_id",
    "dtype",
    "eos_token_id",
    "output_router_logits",
    "pad_token_id",
    "torch_dtype",
    "transformers_version",
    "use_cache",
)


def look_alike(models: Sequence[Checkpoint], base: Checkpoint | None = None) -> None:
    """Raises InputError, a line for each mistake, where `models` are not one model: as the first, others are to be.

    A head that is tied to the embeddings may be stored or not, if it is the same bytes. What they were trained from
    may be stored in another type of numbers: it is only looked at.
    """
    whole = [*models, *([base] if base else [])]
    mistakes = [mistake for other in whole[1:] for mistake in _differences(whole[0], other, types=other is not base)]
    mistakes += [mistake for model in whole for mistake in _alone(model)]
    if mistakes:
        raise InputError("\n".join(mistakes))
    for model in whole:
        untie(model)


def _differences(first: Checkpoint, other: Checkpoint, *, types: bool) -> list[str]:
    said = f"{other.name}: cannot be merged with {first.name}:"
    if _architecture(first) != _architecture(other):
        return [f"{said} another architecture ({_architecture(other)}, not {_architecture(first)})"]
    mistakes = [f"{said} {key} is {there!r}, not {here!r}" for key, here, there in _settings(first, other)]
    optional = {HEAD} if first.tied and other.tied else set()
    missing = sorted(set(first.tensors) - set(other.tensors) - optional)
    more = sorted(set(other.tensors) - set(first.tensors) - optional)
    if missing and more and any(".experts." in name for name in (*missing, *more)):
        mistakes.append(
            f"{said} their experts are stored in two ways ({missing[0]}; {more[0]}); load one of them with "
            "transformers and save it again as the other is"
        )
    else:
        mistakes += [f"{said} tensors are missing: {some(missing)}"] if missing else []
        mistakes += [f"{said} tensors are too many: {some(more)}"] if more else []
    both = [(name, here, other.tensors[name]) for name, here in first.tensors.items() if name in other.tensors]
    shapes = [
        f"{n} {list(there.shape)}, not {list(here.shape)}" for n, here, there in both if here.shape != there.shape
    ]
    other_types = [f"{n} {b.dtype}, not {a.dtype}" for n, a, b in both if a.dtype != b.dtype]
    mistakes += [f"{said} other shapes: {some(shapes)}"] if shapes else []
    if types and other_types:
        mistakes.append(f"{said} other types of numbers: {some(other_types)}; save one again in the other's")
    return mistakes


def _architecture(model: Checkpoint) -> str:
    return ", ".join(model.config.get("architectures") or [str(model.config.get("model_type"))])


def _settings(first: Checkpoint, other: Checkpoint) -> list[tuple[str, Any, Any]]:
    keys = sorted({*first.config, *other.config} - set(_ASIDE))
    return [(k, first.config.get(k), other.config.get(k)) for k in keys if first.config.get(k) != other.config.get(k)]


def _alone(model: Checkpoint) -> list[str]:
    quantised = [f"{name} {tensor.dtype}" for name, tensor in model.tensors.items() if tensor.dtype.startswith("F8")]
    if quantised or "quantization_config" in model.config:
        what = some(quantised) or "quantization_config"
        return [
            f"{model.name}: its weights are quantised ({what}), of which there is no mean; use it as it was before"
        ]
    if not any(tensor.dtype in FLOATS for tensor in model.tensors.values()):
        return [f"{model.name}: no tensors of numbers that can be averaged"]
    return []


def untie(model: Checkpoint) -> None:
    """Leaves out a head that is stored though it is the embeddings."""
    head, embeddings = model.tensors.get(HEAD), model.tensors.get(EMBEDDINGS)
    if not model.tied or head is None:
        return
    if embeddings is None or head.shape != embeddings.shape or head.dtype != embeddings.dtype:
        raise InputError(f"{model.name}: {HEAD} is to be the embeddings (tie_word_embeddings) and is not")
    if any(head.read(*rows) != embeddings.read(*rows) for rows in head.chunks()):
        raise InputError(f"{model.name}: {HEAD} is to be the embeddings (tie_word_embeddings) and has other numbers")
    del model.tensors[HEAD]
