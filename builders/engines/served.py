"""What the engines that ask a model behind a server have in common."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from builders.engines.base import Engine
from builders.recipes.api_keys import OwnHeaders
from builders.recipes.translators import Cost, EndpointAddress, ServedTranslator
from processors.clients.answer import shaping
from processors.languages.language import Language

if TYPE_CHECKING:
    from builders.run_folder.unit_writer import UnitWriter
    from processors.clients.connection import EndpointConfig
    from processors.clients.prompts import PromptConfig
    from processors.protected.compare import Style
    from processors.translation.runner import MakeServer, TranslationRunner

Served = TypeVar("Served", bound=ServedTranslator)


class ServedEngine(Engine[Served]):
    """A model behind a server. A kind says which client reaches it (`make_server`), and what is its own."""

    asks_a_model = True
    shapes_nothing = Engine.shapes_nothing | {
        "concurrency",
        "timeout_s",
        "base_url",
        "api_key_env",
        "endpoints",
        "cost",
        "answers",
        "give_up",
        *OwnHeaders.model_fields,
    }
    # What serves the model, for the card: the same weights answer a little differently in another engine.
    software = "an OpenAI-compatible API"

    def addresses(self) -> list[EndpointAddress]:
        return self.spec.addresses()

    def shapes_answers(self) -> dict[str, Any]:
        settings = super().shapes_answers()
        decoding = settings["decoding"]
        return settings | {"decoding": decoding | {"extra": shaping(decoding["extra"])}}

    def make_server(self, logs: Path) -> "MakeServer":
        """What makes the client within a pipeline, and starts the server where it is one of this machine's."""
        from processors.clients.endpoint import HttpServer

        return HttpServer

    def endpoint(self, language: Language) -> "EndpointConfig":
        """What the recipe says of its requests."""
        from processors.clients.connection import EndpointConfig
        from processors.servers.vllm import LOCAL

        spec = self.spec
        # A server that is started here has no address of the recipe's.
        first, *others = [address.address() for address in self.addresses()] or [LOCAL]
        return EndpointConfig(
            base_url=first.base_url,
            model=spec.model,
            prompt=spec.prompt_config(language),
            revision=spec.revision,
            api_key_env=first.api_key_env,
            decoding=self.decoding(),
            concurrency=spec.concurrency,
            timeout_s=spec.timeout_s,
            weight=first.weight,
            alias=first.model,
            headers=first.headers,
            others=tuple(others),
        )

    def steps(self, language: Language) -> list[Any]:
        return []

    def last_step(self, language: Language, answers: Path, writer: "UnitWriter") -> "TranslationRunner":
        from builders.engines.rollout import EndpointRollout
        from builders.run_folder.activity import EngineFile
        from builders.run_folder.folder import ENGINES
        from processors.translation.runner import TranslationRunner

        logs = writer.progress.parent
        rollout, endpoint = EndpointRollout(self.spec, language), self.endpoint(language)
        server, progress = self.make_server(logs), EngineFile(logs / ENGINES)
        name = self.spec.name if self.spec.give_up else ""
        return TranslationRunner(rollout, endpoint, writer, answers, server, progress, give_up=name)

    @property
    def cost(self) -> Cost:
        return self.spec.cost or Cost()

    @property
    def choices(self) -> int:
        return self.spec.decoding.choices

    @property
    def in_flight(self) -> int:
        return self.spec.concurrency

    @property
    def model(self) -> str:
        return self.spec.model

    @property
    def spans(self) -> "Style":
        return self.spec.spans

    def prompt(self, language: Language) -> "PromptConfig":
        return self.spec.prompt_config(language)

    def decoding(self) -> dict[str, Any]:
        return self.spec.decoding.fields()

    def asked_as(self, language: Language) -> tuple[str, str | None]:
        endpoint = self.endpoint(language)
        return endpoint.model, endpoint.revision

    def says(self, public: Mapping[str, Any], link: Callable[[str], str]) -> str:
        spec = self.spec
        revision = f" at revision `{spec.revision}`" if spec.revision else ", revision not recorded"
        decoding = json.dumps({k: v for k, v in public["decoding"].items() if v not in (None, {})})
        return (
            f"{link(public['model'])}{self.file()}{revision}, {self.served_by(public)}{self._after_memory(public)}, "
            f"prompt `{spec.prompt}`, {self._chunks(public)}, decoding `{decoding}`, protected spans as "
            f"{spec.spans.replace('_', ' ')}"
        )

    def file(self) -> str:
        """Which file of the model's repository it is, for the card."""
        return ""

    def served_by(self, public: Mapping[str, Any]) -> str:
        """By what the model was run: the same weights answer a little differently in another engine or precision."""
        number = len(self.addresses())
        return f"by {self.software}, {number} endpoints" if number > 1 else f"by {self.software}"

    def licence(self, link: Callable[[str], str]) -> str | None:
        model = self.spec.model
        if model.count("/") != 1:
            return None
        return f"the terms of {link(model)} and of whoever served it may bind what is done with its output."
