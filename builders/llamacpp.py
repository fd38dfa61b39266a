"""A llama.cpp translator of a recipe: its model on this machine, and what serves it."""

from dataclasses import replace
from functools import partial

from builders.translator_recipe import LlamaCppTranslator
from processors.engines import EndpointConfig, MakeServer
from processors.errors import InputError
from processors.llamacpp import GgufModel, LlamaCppSettings, find_model, llamacpp_server


def gguf_model(spec: LlamaCppTranslator) -> GgufModel:
    """The translator's model, downloaded where need be. Raises InputError where it cannot be used."""
    try:
        model = find_model(spec.model, spec.file, spec.revision)
    except InputError as error:
        raise InputError(f"translator '{spec.name}': {error}") from None
    if spec.prompt in ("chat", "translategemma") and not model.has_chat_template:
        raise InputError(
            f"translator '{spec.name}': {model.path.name} has no chat template, as a base model has none; take an "
            "instruction-tuned model, or `prompt: completion` with a template"
        )
    return model


def make_llamacpp(spec: LlamaCppTranslator) -> MakeServer:
    """What loads the model within a pipeline and makes its client."""
    model = gguf_model(spec)
    return partial(llamacpp_server, LlamaCppSettings(model.path, spec.concurrency, spec.context, spec.threads))


def llamacpp_endpoint(spec: LlamaCppTranslator, endpoint: EndpointConfig) -> EndpointConfig:
    """`endpoint` with the model named by what its file is, wherever it lies: answers are kept under that name."""
    model = gguf_model(spec)
    return replace(endpoint, model=f"gguf:{model.digest}", revision=None, alias=model.path.name)


def one_server() -> int:
    """Processes that serve such a model on one machine: it uses all cores by itself, and each would load a copy."""
    return 1
