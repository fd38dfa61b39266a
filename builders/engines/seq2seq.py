"""A translation model of its own kind, by transformers in the build's own process."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders.engines.common.asked import AskedEngine
from builders.recipes.translators import Seq2SeqTranslator, Translator
from processors.clients.prompts import SOURCE_CODE, PromptConfig
from processors.errors import InputError
from processors.languages.language import Language

if TYPE_CHECKING:
    from processors.clients.connection import EndpointConfig
    from processors.clients.endpoint import HttpServer
    from processors.seq2seq.find import Seq2SeqModel
    from processors.translation.runner import MakeServer


class Seq2SeqEngine(AskedEngine[Seq2SeqTranslator]):
    """The model is what its files are: a build writes their digest down, and answers are kept under it."""

    # How fast it goes. The device and the batches change a translation by rounding at most.
    shapes_nothing = AskedEngine.shapes_nothing | {"digest", "device", "threads", "batch_tokens"}
    software = "transformers"

    def pinned(self, before: Translator | None, language: Language) -> Seq2SeqTranslator:
        """The translator with its model's commit and digest. Raises InputError where it cannot be used here.

        `before` tells of a model that is missing here, for who only ranks the translations does not need it.
        """
        spec = self.spec
        try:
            model = self._model(language)
        except InputError:
            if not isinstance(before, Seq2SeqTranslator) or before.digest is None:
                raise
            given = {name: getattr(before, name) for name in ("revision", "digest") if getattr(spec, name) is None}
            if spec.model_copy(update=given) != before:
                raise
            return before
        self._device()
        return spec.model_copy(update={"revision": model.commit or spec.revision, "digest": model.digest})

    def shapes_answers(self) -> dict[str, Any]:
        # What the model is: by the recipe of a run folder, or by the files themselves.
        from processors.seq2seq.find import digest_of

        digest = self.spec.digest or digest_of(self.spec.model, self.spec.revision)
        return super().shapes_answers() | {"model": digest}

    def endpoint(self, language: Language) -> "EndpointConfig":
        """The model is named by what it is, wherever it lies, and by what it calls the languages."""
        from processors.clients.connection import EndpointConfig
        from processors.seq2seq.client import HERE

        spec, model = self.spec, self._model(language)
        return EndpointConfig(
            base_url=HERE.base_url,
            model=f"seq2seq:{model.digest}:{model.source}:{model.target}",
            prompt=self.prompt(language),
            decoding=self.decoding(),
            concurrency=spec.concurrency,
            alias=Path(spec.model).name,
        )

    def make_server(self, logs: Path) -> "MakeServer":
        """What loads the model within a pipeline and makes its client."""
        return partial(_server, self.spec)

    def server_key(self) -> Any:
        spec = self.spec
        return spec.model, spec.revision, spec.source_code, spec.target_code, spec.dtype, spec.device, spec.beams

    def processes(self, logs: Path, say: Callable[[str], None]) -> Callable[[], int]:
        return partial(_processes, self.spec.name, self.spec.device, say)

    def prompt(self, language: Language) -> PromptConfig:
        return PromptConfig(language, "codes", codes=(SOURCE_CODE, language.code))

    def decoding(self) -> dict[str, Any]:
        spec = self.spec
        shaping = {"beams": spec.beams, "max_length_ratio": spec.max_length_ratio}
        return shaping | ({"sentence_tokens": spec.sentence_tokens} if spec.sentence_tokens else {})

    def says(self, public: Mapping[str, Any], link: Callable[[str], str]) -> str:
        spec = self.spec
        revision = f" at revision `{spec.revision}`" if spec.revision else ", revision not recorded"
        search = f"{spec.beams} beams" if spec.beams > 1 else "greedy search"
        return (
            f"{link(public['model'])}{revision}, a translation model run {self.served_by(public)} on the machine of "
            f"the build, sentence by sentence with {search}{self._after_memory(public)}, {self._chunks(public)}; "
            "protected spans that it does not bring back are set aside and put back"
        )

    def _model(self, language: Language) -> "Seq2SeqModel":
        """The translator's model, downloaded where need be. Raises InputError where it cannot be used."""
        return _found(self.spec, language)

    def _device(self) -> None:
        """Raise InputError where the recipe wants a GPU and there is none."""
        from processors.servers.gpus import gpu_groups

        if self.spec.device == "cuda" and not gpu_groups(1):
            raise InputError(
                f"translator '{self.spec.name}': device: cuda, but this machine shows no GPU; take auto or cpu"
            )


def _found(spec: Seq2SeqTranslator, language: Language) -> "Seq2SeqModel":
    from processors.seq2seq.find import find_seq2seq

    codes = spec.source_code, spec.target_code
    try:
        model = find_seq2seq(spec.model, spec.revision, (SOURCE_CODE, language.code), codes)
    except InputError as error:
        raise InputError(f"translator '{spec.name}': {error}") from None
    if spec.digest not in (None, model.digest):
        raise InputError(
            f"translator '{spec.name}': {model.folder} is not the model that the build was begun with; bring that one "
            "here, or remove `digest` from the recipe to translate with this one"
        )
    return model


def _server(spec: Seq2SeqTranslator, config: Any, endpoint: "EndpointConfig", rank: int, count: Any) -> "HttpServer":
    """The client of the model, loaded in the worker that uses it."""
    from processors.seq2seq.client import Seq2SeqSettings, seq2seq_server

    settings = Seq2SeqSettings(
        _found(spec, endpoint.prompt.language),
        spec.beams,
        spec.max_length_ratio,
        spec.sentence_tokens,
        spec.batch_tokens,
        spec.dtype,
        spec.threads,
        None if spec.device == "cpu" else _gpu(),
    )
    return seq2seq_server(settings, config, endpoint, rank, count)


def _gpu() -> int | None:
    """The number of this process's GPU, which is held as long as it lives; None on a machine without."""
    global _held
    from processors.servers.gpus import gpu_groups, hold_group

    groups = gpu_groups(1)
    if groups and _held is None:
        _held = hold_group(groups)
    return groups.index(_held[0]) if groups and _held else (0 if groups else None)


_held: tuple[str, int] | None = None


def _processes(name: str, device: str, say: Callable[[str], None]) -> int:
    """One for each GPU; on a CPU one, which uses all cores by itself, and others would load a copy each."""
    from processors.servers.gpus import gpu_groups

    groups = gpu_groups(1) if device != "cpu" else []
    say(f"{name}: the model is loaded on {f'{len(groups)} GPUs' if groups else 'the CPU'}")
    return len(groups) or 1


ENGINE = Seq2SeqEngine
