"""The translators of a recipe, one class a kind, and the register of kinds."""

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_validator

from builders.recipes.api_keys import EndpointAddress, ServerTerms
from builders.recipes.base import BaseUrl, KeyVariable
from builders.recipes.paths import beside, resolved
from builders.recipes.translator_base import (
    AskedTranslator,
    Cost,
    Only,
    ServedTranslator,
    TranslatorBase,
)
from builders.recipes.vllm import RepetitionDetection, VllmProcess
from processors.clients.address import Headers, Rates
from processors.clients.prompts import TGI_PARAMETERS


class AddressedTranslator(AskedTranslator, ServerTerms):
    """A model at someone's servers: one by `base_url`, or several by `endpoints`."""

    base_url: BaseUrl | None = None
    api_key_env: KeyVariable | None = None
    endpoints: list[EndpointAddress] = Field([], description="instead of base_url; requests are shared out by weight")
    concurrency: int = Field(64, ge=1, description="requests in flight to each endpoint at most, per task")

    @model_validator(mode="after")
    def _one_way_to_reach_it(self) -> "AddressedTranslator":
        if (self.base_url is None) == (not self.endpoints):
            raise ValueError("give either base_url (with api_key_env, if it takes a key) or endpoints, a list of them")
        if self.endpoints and self.api_key_env:
            raise ValueError("api_key_env: goes with base_url; give each of the endpoints its own")
        if self.endpoints and (self.own_headers(), self.rates()) != (Headers(), Rates()):
            names = ", ".join(ServerTerms.model_fields)
            raise ValueError(f"{names}: go with base_url; give each of the endpoints its own")
        places = [(address.base_url, address.api_key_env) for address in self.endpoints]
        for place in places:
            if places.count(place) > 1:
                raise ValueError(f"endpoints: {place[0]} is there twice with the same key; raise its weight instead")
        return self

    def addresses(self) -> list[EndpointAddress]:
        if self.base_url is None:
            return self.endpoints
        own = {name: getattr(self, name) for name in ServerTerms.model_fields}
        return [EndpointAddress(base_url=self.base_url, api_key_env=self.api_key_env, **own)]


class RemoteTranslator(AddressedTranslator, ServedTranslator):
    """A model behind someone's servers that takes prompts."""


class MemoryTranslator(TranslatorBase):
    """Only what the memory holds; a conversation with a segment that it lacks fails."""

    backend: Literal["memory"]

    @model_validator(mode="after")
    def _has_memory(self) -> "MemoryTranslator":
        if not self.memory:
            raise ValueError("the memory backend needs `memory: [file.tmx]`")
        return self


class PseudoTranslator(TranslatorBase):
    """Pseudo-localisation: text in the target's script without meaning, for load tests and dry runs."""

    backend: Literal["pseudo"]
    variant: int | None = Field(
        None,
        ge=0,
        description="if given, each word becomes one of the target's language, which checks look at as translated; "
        "translators with other variants choose other words",
    )


class EndpointTranslator(RemoteTranslator):
    """Any OpenAI-compatible server (vLLM, OpenRouter, llama.cpp, text-generation-inference, ...)."""

    backend: Literal["endpoint"]


class TgiTranslator(RemoteTranslator):
    """text-generation-inference by its native API, `/generate`: raw text, no chat template."""

    backend: Literal["tgi"]

    @model_validator(mode="after")
    def _fits_the_native_api(self) -> "TgiTranslator":
        if self.prompt not in ("seed-x", "completion"):
            raise ValueError(
                f"prompt: tgi's native API takes raw text and applies no chat template, so `{self.prompt}` cannot "
                "work; take `prompt: completion` with a template, or `backend: endpoint` for TGI's chat API at .../v1"
            )
        if self.decoding.max_tokens is None:
            raise ValueError("decoding.max_tokens: missing; without it TGI ends an answer after 100 tokens")
        if unknown := sorted(set(self.decoding.extra) - TGI_PARAMETERS):
            raise ValueError(
                f"decoding.extra: TGI has no {', '.join(unknown)} here; it takes {', '.join(sorted(TGI_PARAMETERS))}"
            )
        return self


class BatchTranslator(RemoteTranslator):
    """A model behind a batch API: requests are submitted together and answered within a day, at half the price."""

    backend: Literal["batch"]
    api: Literal["openai", "anthropic", "openrouter"] = Field(
        description="whose: files and batches (OpenAI, and who speaks as it does), message batches, or inline requests"
    )
    rounds: int = Field(
        2, ge=1, le=10, description="batches for a chunk: the first requests of all, then what failed or was refused"
    )
    then: Literal["ask", "leave"] = Field(
        "ask", description="what is still bad is asked one by one at the full price, or its row is left out"
    )
    requests_per_batch: int | None = Field(
        None, ge=1, description="at most; by default what the API takes (50,000, 100,000, 5,000)"
    )
    concurrency: int = Field(10_000, ge=1, description="rows that are worked on at a time are twice as many")
    gather_s: float = Field(5.0, gt=0, description="a batch is submitted when no request has come for so long")
    poll_s: float = Field(15.0, gt=0, description="before a batch is looked at again; grows to five minutes")

    @model_validator(mode="after")
    def _fits_the_api(self) -> "BatchTranslator":
        if self.endpoints:
            raise ValueError("endpoints: a batch goes to one address; give base_url")
        if self.context is not None:
            raise ValueError("context: each chunk would wait for a batch of its own; leave it out, or take endpoint")
        if self.api != "openai" and self.prompt in ("seed-x", "completion"):
            raise ValueError(f"prompt: {self.api} takes chats alone; `{self.prompt}` is a completion")
        if self.api == "anthropic" and self.decoding.max_tokens is None:
            raise ValueError("decoding.max_tokens: missing; Anthropic requires it")
        return self

    def addresses(self) -> list[EndpointAddress]:
        (address,) = super().addresses()
        if self.api == "anthropic" and address.key_header == "Authorization":
            address = address.model_copy(update={"key_header": "x-api-key"})
        return [address]


class LlamaCppTranslator(ServedTranslator):
    """A GGUF file on this machine, by llama.cpp (extra `llamacpp`): one server for each process that translates."""

    backend: Literal["llamacpp"]
    model: str = Field(description="path of a .gguf file, or with `file` a repository of the Hub")
    file: str | None = Field(None, pattern=r"\.gguf$", description="the .gguf file in that repository")
    digest: str | None = Field(
        None,
        pattern="^[0-9a-f]{32}$",
        description="what the file is; a build writes it into the run's recipe.yaml, and machines with another refuse",
    )
    concurrency: int = Field(4, ge=1, le=256, description="requests that the server decodes at a time")
    context_tokens: int = Field(
        4096, ge=256, description="tokens of a request and its answer, for each of `concurrency`"
    )
    threads: int | None = Field(
        None,
        ge=1,
        description="of the CPU; llama.cpp's choice where not given. They spin while they wait for each other: on a "
        "machine that others use too, give fewer than it has cores",
    )
    timeout_s: float = Field(1800.0, gt=0, description="for an answer; a CPU may take minutes")

    def paths_found(self, folder: Path) -> dict[str, Any]:
        return super().paths_found(folder) | ({} if self.file else {"model": resolved(self.model, folder)})


class VllmTranslator(RemoteTranslator):
    """vLLM: servers that run already (`base_url` or `endpoints`), or those that the pipeline starts (`server`)."""

    backend: Literal["vllm"]
    server: VllmProcess | None = None
    repetition_detection: RepetitionDetection | None = Field(
        RepetitionDetection(), description="versions of vLLM that do not know it ignore it"
    )

    @model_validator(mode="after")
    def _one_way_to_reach_it(self) -> "VllmTranslator":
        given = [bool(self.base_url), bool(self.endpoints), bool(self.server)]
        if sum(given) != 1:
            raise ValueError(
                "give one of base_url, endpoints (both: servers that run) and server (one is started here)"
            )
        if self.api_key_env and not self.base_url:
            raise ValueError("api_key_env goes with base_url; a server that is started here needs no key")
        return self

    @model_validator(mode="after")
    def _completions_have_an_end(self) -> "VllmTranslator":
        if self.prompt in ("seed-x", "completion") and self.decoding.max_tokens is None:
            raise ValueError(
                f"{self.prompt} needs decoding.max_tokens: vLLM ends a completion after 16 tokens otherwise"
            )
        return self

    def addresses(self) -> list[EndpointAddress]:
        return [] if self.server else super().addresses()

    def paths_found(self, folder: Path) -> dict[str, Any]:
        found = super().paths_found(folder)
        if self.server is None:
            return found
        # What has no folder in it is looked for in PATH.
        python = beside(self.server.python, folder) if "/" in self.server.python else self.server.python
        server = self.server.model_copy(update={"python": python})
        return found | {"server": server, "model": beside(self.model, folder)}


class Seq2SeqTranslator(AskedTranslator):
    """A translation model of its own kind (NLLB, M2M-100, MADLAD, Opus-MT), by transformers in this process.

    It translates sentence by sentence and takes no instructions; the extra `seq2seq` has its libraries.
    """

    backend: Literal["seq2seq"]
    model: str = Field(description="a folder as transformers saves it, or a repository of the Hub")
    digest: str | None = Field(
        None,
        pattern="^[0-9a-f]{32}$",
        description="what the model is; a build writes it into its recipe.yaml, and machines with another refuse",
    )
    source_code: str | None = Field(
        None,
        description="what the model calls the source's language, by default as its family does: `eng_Latn`",
    )
    target_code: str | None = Field(
        None, description="and the target's: `arb_Arab` of NLLB, `ar` of MADLAD and M2M-100, `ara` of Opus-MT"
    )
    beams: int = Field(4, ge=1, le=32, description="of the search; 1 is greedy, and several times as fast")
    max_length_ratio: float = Field(
        2.5, gt=0, le=20, description="tokens of a translation for one of its sentence; longer ones count as cut off"
    )
    sentence_tokens: int | None = Field(
        None,
        ge=8,
        description="longer sentences are cut, at a comma where there is one; by default as the model's family needs, "
        "which drops parts of long ones",
    )
    batch_tokens: int = Field(2048, ge=16, description="tokens of a batch, padding included, before the beams")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="auto: float16 on a GPU (bfloat16 for MADLAD), float32 on a CPU"
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="auto: a GPU for each process where there is one, else the CPU"
    )
    threads: int | None = Field(None, ge=1, description="of the CPU; torch's choice where not given")
    concurrency: int = Field(64, ge=1, description="chunks whose sentences are batched together")

    def paths_found(self, folder: Path) -> dict[str, Any]:
        return super().paths_found(folder) | {"model": beside(self.model, folder)}


class LibreTranslateTranslator(AddressedTranslator):
    """LibreTranslate's HTTP protocol, which Argos Translate speaks too: servers of small translation models."""

    backend: Literal["libretranslate"]
    model: str = Field("LibreTranslate", description="a name for the card: the protocol has no word for the model")
    source_code: str | None = Field(None, description="what the server calls the source's language, by default `en`")
    target_code: str | None = Field(None, description="and the target's, by default the language's `code`")
    usd_per_million_characters: float | None = Field(
        None, ge=0, description="dollars for a million characters that are sent; 0 where it is free"
    )
    timeout_s: float = Field(120.0, gt=0, description="for an answer; then it is asked again")
    concurrency: int = Field(4, ge=1, description="requests in flight to each endpoint at most, per task")

    @model_validator(mode="after")
    def _priced_by_characters(self) -> "LibreTranslateTranslator":
        if self.cost and self.cost.priced:
            raise ValueError("cost: this API is priced by characters; give usd_per_million_characters")
        return self

    @property
    def prices(self) -> Cost | None:
        if self.usd_per_million_characters is None:
            return self.cost
        # Characters stand where others count the tokens of a prompt.
        priced = {"usd_per_million_input": self.usd_per_million_characters, "usd_per_million_output": 0.0}
        return (self.cost or Cost()).model_copy(update=priced)

    @property
    def priced_by(self) -> str:
        return "usd_per_million_characters"


# The register of engines: a kind that is named here can be asked for in a recipe, and is run by the engine in
# `builders/engines/<backend>.py`.
Translator = Annotated[
    MemoryTranslator
    | PseudoTranslator
    | EndpointTranslator
    | TgiTranslator
    | BatchTranslator
    | LlamaCppTranslator
    | VllmTranslator
    | Seq2SeqTranslator
    | LibreTranslateTranslator,
    Field(discriminator="backend"),
]


def as_served(translator: TranslatorBase) -> ServedTranslator | None:
    """A translator as one whose server takes chats or completions; None of another kind."""
    return translator if isinstance(translator, ServedTranslator) else None


def others_of(translator: TranslatorBase) -> list[str]:
    """The translators of whose candidates this one writes its own; most write theirs from the source alone."""
    return translator.of if isinstance(translator, ServedTranslator) else []


def fused_rows(translator: TranslatorBase) -> Only:
    """On which rows a translator that has others' candidates writes its own."""
    assert isinstance(translator, ServedTranslator)
    return translator.only


BACKENDS: tuple[str, ...] = tuple(
    get_args(kind.model_fields["backend"].annotation)[0] for kind in get_args(get_args(Translator)[0])
)
