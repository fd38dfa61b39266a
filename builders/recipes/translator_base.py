"""What the translators of a recipe have in common: how text is cut, decoded and priced, and how a model is asked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer, model_validator

from builders.recipes.api_keys import EndpointAddress
from builders.recipes.base import Name, Strict, Terms
from builders.recipes.paths import beside, resolved
from processors.clients.prompts import STYLES, PromptConfig, Style
from processors.errors import InputError
from processors.languages.language import Language
from processors.prompting import check_prompt, read_prompt

# What a token costs in a batch, of its price: half at OpenAI, Anthropic and OpenRouter (read on 2026-11-28).
BATCH_PRICE = 0.5

# Of TranslateGemma's 2,048 tokens of input; the rest is left to its prompt, whose length was not measured.
TRANSLATEGEMMA_TOKENS = 1800


class Chunking(Strict):
    """How a part is cut into requests."""

    strategy: Literal["tokens", "lines"] = Field("tokens", description="by a budget of tokens, or by lines")
    max_tokens: int = Field(490, ge=16, description="tokens of `tokenizer`; Seed-X takes 512 with the prompt")
    window: int = Field(50, ge=0, description="tokens before the budget in which a natural break is preferred")
    lines: int = Field(25, ge=1, description="lines a chunk at most, for the `lines` strategy (paper's table 5)")
    tokenizer: str = Field("approximate", description="`approximate`, a tokenizer.json, a folder, or a Hub id")

    @model_validator(mode="after")
    def _window_fits(self) -> "Chunking":
        if self.window * 2 >= self.max_tokens:
            raise ValueError(f"window ({self.window}) must be less than half of max_tokens ({self.max_tokens})")
        return self


class Decoding(Strict):
    """Sampling parameters, sent as they are; only what is set is sent."""

    temperature: float | None = Field(
        None, ge=0, le=2, description="0 is greedy; 0.7 was best in the paper's table 6 (0, 0.2, 0.5, 0.7)"
    )
    top_p: float | None = Field(None, gt=0, le=1, description="share of the probability that is sampled from")
    top_k: int | None = Field(None, ge=1, description="number of likeliest tokens that are sampled from")
    max_tokens: int | None = Field(None, ge=1, description="of an answer; one that is cut off there is asked again")
    max_tokens_per_character: float | None = Field(
        None,
        gt=0,
        description="bounds max_tokens by a text's length too: vLLM's beam search (0.32) takes as many steps as it "
        "may, however soon the translation ends",
    )
    seed: int | None = Field(None, description="of the server's sampling")
    extra: dict[str, Any] = Field({}, description="fields of the server's own, such as {use_beam_search: true, n: 4}")

    @model_validator(mode="after")
    def _has_something_to_bound(self) -> "Decoding":
        if self.max_tokens_per_character is not None and self.max_tokens is None:
            raise ValueError("max_tokens_per_character: lowers max_tokens for short texts; give max_tokens too")
        return self

    def fields(self) -> dict[str, Any]:
        """What each request says of decoding, in the server's own names."""
        fields = self.model_dump(mode="json", exclude_none=True)
        extra = fields.pop("extra")
        return fields | extra

    @property
    def choices(self) -> int:
        """Answers of one request, beams for example: the first is taken, the server counts the tokens of all."""
        asked = self.extra.get("n", 1)
        return asked if isinstance(asked, int) and asked > 1 else 1


class Cost(Strict):
    """What a translator's tokens cost, for plan, status and card: an API's prices, or the speed of one's own GPUs."""

    usd_per_million_input: float = Field(0.0, ge=0, description="dollars for a million tokens of prompts")
    usd_per_million_output: float = Field(0.0, ge=0, description="dollars for a million tokens of answers")
    usd_per_million_cached_input: float | None = Field(
        None, ge=0, description="for those tokens of prompts that the API's cache had; null: as all others"
    )
    output_tokens_per_gpu_second: float | None = Field(
        None, gt=0, description="measured, over all concurrent requests; tokens as `usage` has them, of all `n` beams"
    )
    gpus: int = Field(1, ge=1, description="GPUs that serve it at a time, each at that speed; for the time it takes")
    seconds_per_request: float | None = Field(
        None, gt=0, description="measured at the recipe's concurrency, for the time that an API takes"
    )
    output_tokens_per_source_token: float = Field(
        1.44,
        gt=0,
        description="length of a translation for `smolkalam plan`, until finished answers tell; the default is "
        "that of FLORES-200 dev's Arabic by the approximate tokenizer",
    )

    @property
    def priced(self) -> bool:
        """Whether its tokens cost anything."""
        return bool(self.usd_per_million_input or self.usd_per_million_output)

    def usd(self, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0) -> float:
        """Dollars for so many tokens; `cached_tokens` are a part of the prompts'."""
        cached = self.usd_per_million_cached_input
        return (
            prompt_tokens * self.usd_per_million_input
            + completion_tokens * self.usd_per_million_output
            + (0 if cached is None else cached_tokens * (cached - self.usd_per_million_input))
        ) / 1_000_000

    def bill(self, counts: Mapping[str, int]) -> float:
        """Dollars for what was counted (`Answer.counts`), of which what was asked in batches costs half."""
        names = ("prompt_tokens", "completion_tokens", "cached_tokens")
        whole = self.usd(*(counts.get(name, 0) for name in names))
        return whole - (1 - BATCH_PRICE) * self.usd(*(counts.get(f"batched_{name}", 0) for name in names))

    def gpu_hours(self, completion_tokens: int) -> float | None:
        """Hours of one GPU for so many tokens; None without a speed."""
        speed = self.output_tokens_per_gpu_second
        return completion_tokens / speed / 3600 if speed else None


class TranslatorBase(Strict):
    """What every translator has, whatever its backend."""

    name: Name = Field(description="names the config: SFT_<name>_ranked")
    memory: list[str] = Field([], description="TMX files or folders asked before the backend; hits are free")
    glossary: str | None = Field(
        None,
        description="a file of terms, one a line: the English, a tab, its translation (several: a | b). A prompt "
        "`chat`, or your own with {terms}, is told those that stand in a chunk; the check `terms` notes which of them "
        "were not used",
    )
    chunking: Chunking = Chunking()
    terms: Terms | None = Field(
        None,
        description="under which its output may be used: the model's licence, the service's terms, those of a memory; "
        "null: as is known of the model and the address",
    )

    @model_validator(mode="before")
    @classmethod
    def _others_are_told_in_prompts(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and "of" in given and "of" not in cls.model_fields:
            raise ValueError(
                "of: what translates by this backend is asked by no prompt, so it cannot be told others' "
                "translations; take a chat model with `prompt: fuse`"
            )
        return given

    @field_validator("name")
    @classmethod
    def _not_reserved(cls, name: str) -> str:
        if name in ("all", "parallel"):
            raise ValueError(f"'{name}' is reserved; take another name")
        return name

    def answers_in(self) -> str:
        """The name of the place where its answers are kept."""
        return self.name

    def paths_found(self, folder: Path) -> dict[str, Any]:
        """The fields that name files, as they are to be read by a build from anywhere; the recipe is in `folder`.

        Raises InputError for a file that is read at once and cannot be used.
        """
        # A tokenizer's name may as well be one of the Hub.
        tokenizer = beside(self.chunking.tokenizer, folder)
        glossary = {} if self.glossary is None else {"glossary": resolved(self.glossary, folder)}
        return glossary | {
            "memory": [resolved(file, folder) for file in self.memory],
            "chunking": self.chunking.model_copy(update={"tokenizer": tokenizer}),
        }


class AskedTranslator(TranslatorBase):
    """A model that is asked, behind a server or here: which one, how hard it is driven, what a chunk may cost."""

    model: str = Field(description="its name, as the server and the card know it")
    revision: str | None = Field(None, description="branch, tag or commit on the Hub; answers are filed under it")
    concurrency: int = Field(64, ge=1, description="requests in flight at most, per task")
    retry_budget: float = Field(
        6.0,
        ge=1,
        le=100,
        description="what a chunk whose answers are bad may cost, in multiples of its first request; a chunk of which "
        "parts come out well may take twice as many requests, not more text",
    )
    give_up: bool = Field(
        True, description="stop a translator of whose first chunks nearly all get no usable answer, with two samples"
    )
    cost: Cost | None = None
    max_usd: float | None = Field(
        None, gt=0, description="what it may cost in this run folder, by `cost`; then the run stops until it is raised"
    )
    answers: Name | None = Field(
        None,
        description="where answers are kept, by default under the translator's name; translators of one model that "
        "name the same place are asked once for the same request",
    )

    @model_validator(mode="after")
    def _a_ceiling_needs_prices(self) -> "AskedTranslator":
        if self.max_usd is not None and not (self.prices and self.prices.priced):
            raise ValueError(f"max_usd: give {self.priced_by} too")
        return self

    @property
    def prices(self) -> Cost | None:
        """What is counted of its answers costs so much; None where the recipe does not say."""
        return self.cost

    @property
    def priced_by(self) -> str:
        """The settings that `prices` come from, for messages."""
        return "cost with usd_per_million_input and usd_per_million_output"

    def answers_in(self) -> str:
        return self.answers or self.name

    def addresses(self) -> list[EndpointAddress]:
        """The endpoints that the recipe names for it."""
        return []


class Context(Strict):
    """What a chat model is told of the conversation around a chunk."""

    chunks: int = Field(1, ge=1, le=8, description="chunks before it, each with its translation")
    system: bool = Field(True, description="the conversation's system prompt too, as the source has it")


Only = Literal["near ties", "failed", "all"]


class ServedTranslator(AskedTranslator):
    """A model behind a server that takes prompts: how it is asked and how it decodes."""

    prompt: str = Field(
        "chat",
        description="`chat`, `seed-x`, `translategemma`, `hunyuan-mt`, `fuse` (with `of`), `completion`, `own`, or a "
        "file with a prompt of your own (a name with a dot or a slash); seed-x and completion ask the completion "
        "endpoint, the others the chat endpoint",
    )
    template: str | None = Field(
        None,
        description="of the prompt `own`, and what is in its file: a user's message with {source} for the chunk, and "
        "where wanted {target_language}, {context}, {terms} of the glossary, {candidates} of the translators in `of`, "
        "and {problem}, which is what a check said of the answer before. Of the prompt `completion`: the raw text "
        "that the model goes on from, with {text} for the chunk; {source}, {target} and {tag} are the languages' "
        "names and the target's tag",
    )
    context: Context | None = Field(
        None,
        description="tell the model what went before a chunk, for its terms, forms of address and connectives; the "
        "chunks of a conversation are then asked one after the other. With the prompt `chat`, or your own with "
        "{context}",
    )
    of: list[Name] = Field(
        [],
        description="translators of whose checked translations of a chunk this one writes the best one. It is told "
        "them by the prompt `fuse`, or by your own at {candidates}, and works when they are done",
    )
    only: Only = Field(
        "near ties",
        description="which rows it works on, with `of`: those of which the ranker says of no candidate that it is "
        "surely better (by the margin of quality), those of which all of them failed, or all. The others have no "
        "candidate of it, and its config takes another's",
    )
    decoding: Decoding = Decoding()
    spans: Literal["placeholder", "tag", "in_place"] = Field(
        "placeholder", description="how protected spans travel through this model"
    )
    feedback: bool = Field(
        True,
        description="tell a model, at the second try of a text, what a check said of the first; only with the prompts "
        "`chat` and `fuse`, and of your own with {problem}, for translation models know their own requests alone",
    )
    timeout_s: float = Field(120.0, gt=0, description="for an answer; then it is asked again")

    @field_validator("prompt")
    @classmethod
    def _known_prompt(cls, prompt: str) -> str:
        if prompt not in STYLES and not set("./") & set(prompt):
            raise ValueError(f"no prompt '{prompt}'; there are {', '.join(STYLES)}, or a file such as my/prompt.txt")
        return prompt

    @model_validator(mode="after")
    def _template_is_for_completion(self) -> "ServedTranslator":
        if self.prompt == "own" or self.prompt not in STYLES:
            return self._own_prompt()
        if (self.prompt == "completion") != (self.template is not None):
            raise ValueError("`prompt: completion` and `template` go together; give both or neither")
        if self.template is not None and self.template.count("{text}") != 1:
            raise ValueError("template: must contain {text} once, where the chunk goes")
        return self

    @model_validator(mode="after")
    def _others_can_be_told(self) -> "ServedTranslator":
        if not self.of:
            if self.prompt == "fuse":
                raise ValueError(
                    "of: missing; the prompt `fuse` writes one translation out of others', by their names"
                )
            if "only" in self.model_fields_set:
                raise ValueError(
                    "only: says on which rows the translations of others are fused; give `of`, their names"
                )
            return self
        if self.prompt in STYLES and self.prompt not in ("fuse", "own"):
            raise ValueError(
                f"of: `{self.prompt}` cannot be told others' translations; take `prompt: fuse`, or your own with "
                "{candidates}"
            )
        if twice := [name for name in self.of if self.of.count(name) > 1]:
            raise ValueError(f"of: {twice[0]} is there twice")
        if self.only == "near ties" and len(self.of) < 2:
            raise ValueError("only: one candidate alone is near to none; name two in `of`, or give `only: all`")
        return self

    @model_serializer(mode="wrap")
    def _without_others(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Who fuses nothing is written down as before there was fusion."""
        written: dict[str, Any] = plain(self)
        return written if self.of else {key: value for key, value in written.items() if key not in ("of", "only")}

    def _own_prompt(self) -> "ServedTranslator":
        if (self.prompt == "own") != (self.template is not None):
            raise ValueError("`prompt: own` has its text in `template`, and a prompt in a file has it there")
        if self.template is not None:
            try:
                check_prompt(self.template, self._told())
            except InputError as error:
                raise ValueError(f"template: {error}") from None
        return self

    @model_validator(mode="after")
    def _context_can_be_told(self) -> "ServedTranslator":
        if self.context is not None and self.prompt in STYLES and self.prompt not in ("chat", "fuse", "own"):
            raise ValueError(
                f"context: `{self.prompt}` knows its own request alone and can be told nothing more; leave it out, or "
                "take `prompt: chat` or your own"
            )
        return self

    @model_validator(mode="after")
    def _fits_translategemma(self) -> "ServedTranslator":
        if self.prompt == "translategemma" and self.chunking.max_tokens > TRANSLATEGEMMA_TOKENS:
            raise ValueError(
                f"chunking.max_tokens: TranslateGemma takes 2,048 tokens with its own prompt; give at most "
                f"{TRANSLATEGEMMA_TOKENS}"
            )
        return self

    def _told(self) -> list[str]:
        """The settings that placeholders of a prompt are made of, where they are given."""
        given = [name for name in ("context", "glossary") if getattr(self, name) is not None]
        return given + (["of"] if self.of else [])

    def prompt_config(self, language: Language) -> PromptConfig:
        """The prompt of requests to this translator; a file is to be read before (`paths_found`)."""
        if self.prompt not in STYLES:
            raise ValueError(f"translator '{self.name}': the prompt {self.prompt} has not been read")
        return PromptConfig(language, cast(Style, self.prompt), self.template)

    def paths_found(self, folder: Path) -> dict[str, Any]:
        found = super().paths_found(folder)
        if self.prompt in STYLES:
            return found
        # The text itself goes into the run folder's recipe: other machines need no file, and to edit it in the middle
        # of a build mixes nothing.
        return found | {"prompt": "own", "template": read_prompt(resolved(self.prompt, folder), self._told())}
