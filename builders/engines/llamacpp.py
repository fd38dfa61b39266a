"""A model's file on this machine, by llama.cpp."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders.engines.common.served import ServedEngine
from builders.recipes.translators import LlamaCppTranslator, Translator
from processors.errors import InputError
from processors.languages.language import Language

if TYPE_CHECKING:
    from processors.clients.connection import EndpointConfig
    from processors.servers.llamacpp import GgufModel
    from processors.translation.runner import MakeServer


class LlamaCppEngine(ServedEngine[LlamaCppTranslator]):
    """The model is what its file is: a build writes its digest down, and answers are kept under it."""

    shapes_nothing = ServedEngine.shapes_nothing | {"threads", "digest"}

    def pinned(self, before: Translator | None, language: Language) -> LlamaCppTranslator:
        """The translator with its model's commit and digest, for machines that have no need of the model itself.

        `before` tells of a model that is missing here, for who only ranks the translations does not need it. Raises
        InputError where nobody knows the model.
        """
        spec = self.spec
        try:
            self._find()
        except InputError:
            if not isinstance(before, LlamaCppTranslator) or before.digest is None:
                raise
            given = {name: getattr(before, name) for name in ("revision", "digest") if getattr(spec, name) is None}
            if spec.model_copy(update=given) != before:
                raise
            return before
        model = self._model()
        return spec.model_copy(update={"revision": model.commit or spec.revision, "digest": model.digest})

    def shapes_answers(self) -> dict[str, Any]:
        # What the model is: by the recipe of a run folder, or by the file itself.
        settings = super().shapes_answers() | {"model": self.spec.digest or self._model().digest}
        # As runs know it from before a dialogue had a context: the server's is called so.
        before = settings.pop("context", None)
        settings["context"] = settings.pop("context_tokens")
        return settings | ({"before": before} if before else {})

    def make_server(self, logs: Path) -> "MakeServer":
        """What loads the model within a pipeline and makes its client."""
        from processors.servers.llamacpp import LlamaCppSettings, llamacpp_server

        spec = self.spec
        settings = LlamaCppSettings(self._model().path, spec.concurrency, spec.context_tokens, spec.threads)
        return partial(llamacpp_server, settings)

    def endpoint(self, language: Language) -> "EndpointConfig":
        """The model is named by what its file is, wherever it lies: answers are kept under that name."""
        model = self._model()
        return replace(super().endpoint(language), model=f"gguf:{model.digest}", revision=None, alias=model.path.name)

    def server_key(self) -> Any:
        spec = self.spec
        return spec.model, spec.file, spec.revision, spec.concurrency, spec.context_tokens, spec.threads

    def processes(self, logs: Path, say: Callable[[str], None]) -> Callable[[], int]:
        return one_server

    def file(self) -> str:
        return f" (file `{self.spec.file}`)" if self.spec.file else ""

    def served_by(self, public: Mapping[str, Any]) -> str:
        return f"by llama.cpp on the machine of the build, {self.spec.context_tokens} tokens of context"

    def _model(self) -> "GgufModel":
        """The translator's model, downloaded where need be. Raises InputError where it cannot be used."""
        spec, model = self.spec, self._find()
        if spec.digest not in (None, model.digest):
            raise InputError(
                f"translator '{spec.name}': {model.path} is not the file that the build was begun with; bring that "
                "one here, or remove `digest` from the recipe to translate with this one"
            )
        if spec.prompt not in ("seed-x", "completion") and not model.has_chat_template:
            raise InputError(
                f"translator '{spec.name}': {model.path.name} has no chat template, as a base model has none; take "
                "an instruction-tuned model, or `prompt: completion` with a template"
            )
        return model

    def _find(self) -> "GgufModel":
        from processors.servers.llamacpp import find_model

        spec = self.spec
        try:
            return find_model(spec.model, spec.file, spec.revision)
        except InputError as error:
            raise InputError(f"translator '{spec.name}': {error}") from None


def one_server() -> int:
    """Processes that serve such a model on one machine: it uses all cores by itself, and each would load a copy."""
    return 1


ENGINE = LlamaCppEngine
