"""A llama.cpp translator of a recipe: its model on this machine, and what serves it."""

from dataclasses import replace
from functools import partial

from builders.recipes.translators import LlamaCppTranslator, Translator
from processors.errors import InputError
from processors.servers.llamacpp import GgufModel, LlamaCppSettings, find_model, llamacpp_server
from processors.translation.runner import EndpointConfig, MakeServer


def gguf_model(spec: LlamaCppTranslator) -> GgufModel:
    """The translator's model, downloaded where need be. Raises InputError where it cannot be used."""
    model = _find(spec)
    if spec.digest not in (None, model.digest):
        raise InputError(
            f"translator '{spec.name}': {model.path} is not the file that the build was begun with; bring that one "
            "here, or remove `digest` from the recipe to translate with this one"
        )
    if spec.prompt in ("chat", "translategemma") and not model.has_chat_template:
        raise InputError(
            f"translator '{spec.name}': {model.path.name} has no chat template, as a base model has none; take an "
            "instruction-tuned model, or `prompt: completion` with a template"
        )
    return model


def _find(spec: LlamaCppTranslator) -> GgufModel:
    try:
        return find_model(spec.model, spec.file, spec.revision)
    except InputError as error:
        raise InputError(f"translator '{spec.name}': {error}") from None


def pinned(spec: LlamaCppTranslator, before: Translator | None) -> LlamaCppTranslator:
    """The translator with its model's commit and digest, for machines that have no need of the model itself.

    `before` is the same of the run folder's last build: it tells of a model that is missing here, for who only ranks
    the translations does not need it. Raises InputError where nobody knows the model.
    """
    try:
        _find(spec)
    except InputError:
        if not isinstance(before, LlamaCppTranslator) or before.digest is None:
            raise
        given = {name: getattr(before, name) for name in ("revision", "digest") if getattr(spec, name) is None}
        if spec.model_copy(update=given) != before:
            raise
        return before
    model = gguf_model(spec)
    return spec.model_copy(update={"revision": model.commit or spec.revision, "digest": model.digest})


def model_digest(spec: LlamaCppTranslator) -> str:
    """What the model is: by the recipe of a run folder, or by the file itself."""
    return spec.digest or gguf_model(spec).digest


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
