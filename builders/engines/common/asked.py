"""What the engines have in common that ask a model, whether behind a server or in the build's own process."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from builders.engines.common.base import Engine
from builders.recipes.api_keys import EndpointAddress, ServerTerms
from builders.recipes.translator_base import AskedTranslator, Cost
from processors.languages.language import Language

if TYPE_CHECKING:
    from builders.run_folder.unit_writer import UnitWriter
    from processors.answers import Limits
    from processors.clients.address import Address
    from processors.clients.connection import EndpointConfig
    from processors.clients.prompts import PromptConfig
    from processors.protected.compare import Style
    from processors.translation.runner import MakeServer, TranslationRunner

Asked = TypeVar("Asked", bound=AskedTranslator)


class AskedEngine(Engine[Asked]):
    """A model that is asked. A kind says what its requests are (`endpoint`) and who answers them (`make_server`)."""

    asks_a_model = True
    shapes_nothing = Engine.shapes_nothing | {
        "concurrency",
        "base_url",
        "api_key_env",
        "endpoints",
        "cost",
        "answers",
        "give_up",
        "max_usd",
        *ServerTerms.model_fields,
    }
    # What runs the model, for the card: the same weights answer a little differently in another engine.
    software: str

    def addresses(self) -> list[EndpointAddress]:
        return self.spec.addresses()

    def make_server(self, logs: Path) -> "MakeServer":
        """What makes the client within a pipeline, and starts the server where it is one of this machine's."""
        from processors.clients.endpoint import HttpServer

        return HttpServer

    def endpoint(self, language: Language) -> "EndpointConfig":
        """What the recipe says of its requests."""
        raise NotImplementedError

    def reached_at(
        self,
        addresses: Sequence["Address"],
        prompt: "PromptConfig",
        timeout_s: float,
        decoding: dict[str, Any] | None = None,
    ) -> "EndpointConfig":
        """Requests to servers, the first of which is asked when nothing tells them apart."""
        from processors.clients.connection import EndpointConfig

        spec, (first, *others) = self.spec, addresses
        return EndpointConfig(
            base_url=first.base_url,
            model=spec.model,
            prompt=prompt,
            revision=spec.revision,
            api_key_env=first.api_key_env,
            decoding=decoding or {},
            concurrency=spec.concurrency,
            timeout_s=timeout_s,
            weight=first.weight,
            alias=first.model,
            headers=first.headers,
            rates=first.rates,
            others=tuple(others),
        )

    def steps(self, language: Language) -> list[Any]:
        return []

    def last_step(
        self, language: Language, answers: Path, writer: "UnitWriter", limits: "Limits | None" = None
    ) -> "TranslationRunner":
        from builders.engines.common.rollout import EndpointRollout
        from builders.run_folder.activity import EngineFile
        from builders.run_folder.folder import ENGINES, TRIAL
        from processors.clients.address import Rates
        from processors.translation.runner import TranslationRunner

        logs = writer.progress.parent
        endpoint = self.endpoint(language)
        rollout = EndpointRollout(self.spec, language, self.spans, endpoint.prompt, self.feedback, self.context)
        if any(address.rates != Rates() for address in endpoint.addresses):
            # Beside the answers of all translators: two may ask the same endpoint.
            endpoint = replace(endpoint, rates_folder=answers.parent / ".rates")
        server, progress = self.make_server(logs), EngineFile(logs / ENGINES)
        name = self.spec.name if self.spec.give_up else ""
        return TranslationRunner(
            rollout, endpoint, writer, answers, server, progress, give_up=name, limits=limits, trial=logs / TRIAL
        )

    @property
    def cost(self) -> Cost:
        return self.spec.prices or Cost()

    @property
    def in_flight(self) -> int:
        return self.spec.concurrency

    @property
    def model(self) -> str:
        return self.spec.model

    @property
    def spans(self) -> "Style":
        return "in_place"

    def asked_as(self, language: Language) -> tuple[str, str | None]:
        endpoint = self.endpoint(language)
        return endpoint.model, endpoint.revision

    def served_by(self, public: Mapping[str, Any]) -> str:
        """By what the model was run: the same weights answer a little differently in another engine or precision."""
        number = len(self.addresses())
        return f"by {self.software}, {number} endpoints" if number > 1 else f"by {self.software}"
