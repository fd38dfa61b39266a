"""The recipe: one YAML that describes a build, checked strictly before anything runs.

An unknown key, a wrong type or a contradiction is one line that names the file, the line, the key and what to write
instead. The models below are the documentation of the format: every field has its default and its unit.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from builders.executor_recipe import ExecutorRecipe, LocalRun
from processors.languages import Language

# The Hub's rule for split names (datasets 5.2, `datasets.splits`), which config names must satisfy too: a config
# is a folder in the repository, and `a/b` would break it.
NAME_PATTERN = r"^\w+(\.\w+)*$"
Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=96)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Source(Strict):
    """Where the English conversations are: a folder laid out as the Hub repository, or an `hf://` path."""

    path: str = Field(
        description="folder, `hf://datasets/user/name`, or `sample` (the conversations that ship with the project)"
    )
    config: Name = "SFT"
    keep: list[str] = Field(["*"], min_length=1, description="split names or shell patterns to take")
    drop: list[str] = Field([], description="split names or shell patterns to leave out, after `keep`")


class Cut(Strict):
    """Reduce one split to an exact number of rows, stratified by domain (paper section 3.1)."""

    split: str
    into: Name = Field(description="name of the split in the built dataset")
    rows: int = Field(gt=0)
    strata: dict[Literal["code", "science", "math"], int] = Field(
        {}, description="parts by domain, such as {code: 1, science: 1, math: 2}; empty: no stratification"
    )


class Selection(Strict):
    """Which rows are translated."""

    drop_han: bool = Field(True, description="drop rows with a Han character (paper section 3.1)")
    cuts: list[Cut] = []
    max_rows_per_split: int | None = Field(None, gt=0, description="sample each other split down to this many rows")
    domain_index: str | None = Field(
        None, description="folder or hf:// path of the original OpenThoughts3 shards, to look domains up by prompt"
    )

    @model_validator(mode="after")
    def _one_cut_a_split(self) -> "Selection":
        for names in ([cut.split for cut in self.cuts], [cut.into for cut in self.cuts]):
            if len(names) != len(set(names)):
                raise ValueError(f"a split is cut twice: {sorted(n for n in names if names.count(n) > 1)[0]}")
        return self


class Chunking(Strict):
    """How a part is cut into requests."""

    strategy: Literal["tokens", "lines"] = "tokens"
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

    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=1)
    max_tokens: int | None = Field(None, ge=1)
    seed: int | None = None
    extra: dict[str, Any] = Field({}, description="fields of the server's own, such as {use_beam_search: true, n: 4}")


class Cost(Strict):
    """What a translator's tokens cost, as the card reports it: an API's prices, or the speed of GPUs of one's own."""

    usd_per_million_input: float = Field(0.0, ge=0)
    usd_per_million_output: float = Field(0.0, ge=0)
    output_tokens_per_gpu_second: float | None = Field(
        None, gt=0, description="measured, over all concurrent requests"
    )

    def usd(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Dollars for so many tokens."""
        return (
            prompt_tokens * self.usd_per_million_input + completion_tokens * self.usd_per_million_output
        ) / 1_000_000

    def gpu_hours(self, completion_tokens: int) -> float | None:
        """Hours of one GPU for so many tokens; None without a speed."""
        speed = self.output_tokens_per_gpu_second
        return completion_tokens / speed / 3600 if speed else None


class TranslatorBase(Strict):
    name: Name = Field(description="names the config: SFT_<name>_ranked")
    memory: list[str] = Field([], description="TMX files or folders asked before the backend; hits are free")
    chunking: Chunking = Chunking()

    @field_validator("name")
    @classmethod
    def _not_reserved(cls, name: str) -> str:
        if name in ("all", "parallel"):
            raise ValueError(f"'{name}' is reserved; take another name")
        return name


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


class EndpointTranslator(TranslatorBase):
    """Any OpenAI-compatible server (vLLM, OpenRouter, llama.cpp, text-generation-inference, ...)."""

    backend: Literal["endpoint"]
    model: str
    revision: str | None = None
    base_url: str = Field(
        pattern=r"^https?://[^@]+$", description="such as http://localhost:8000/v1, without a key in it"
    )
    api_key_env: str | None = Field(
        None, description="environment variable that holds the key; the key is sent nowhere else"
    )
    prompt: Literal["chat", "seed-x", "translategemma"] = Field(
        "chat", description="seed-x asks the completion endpoint, the others the chat endpoint"
    )
    decoding: Decoding = Decoding()
    spans: Literal["placeholder", "tag", "in_place"] = Field(
        "placeholder", description="how protected spans travel through this model"
    )
    concurrency: int = Field(64, ge=1, description="requests in flight at most, per task")
    timeout_s: float = Field(120.0, gt=0)
    cost: Cost | None = None


Translator = Annotated[MemoryTranslator | PseudoTranslator | EndpointTranslator, Field(discriminator="backend")]


class Ranking(Strict):
    """Which candidate a config's row takes. A hard check vetoes a candidate whatever its scores."""

    replace: Literal["never", "vetoed", "better"] = Field(
        "vetoed",
        description="take another translator's candidate: never, when the primary's is vetoed, or also when better",
    )
    margin: float = Field(0.05, ge=0, le=1, description="rank_score by which another candidate must be better")
    min_LR: float = Field(0.0, ge=0, le=1, description="candidates below are vetoed")
    min_SCR: float = Field(0.0, ge=0, le=1, description="candidates below are vetoed")
    alpha: float = Field(1.0, ge=1.0, le=1.5, description="steepness of LR (paper section 3.5)")
    scr_threshold: float = Field(0.90, gt=0, le=1, description="script ratio that counts as pure")


class Outputs(Strict):
    """The dataset that is built."""

    repo: str = Field("user/SmolKalam", pattern=r"^[\w.-]+/[\w.-]+$", description="shown in the card's examples")
    pretty_name: str = "SmolKalam"
    license: str = "other"
    parallel: bool = Field(True, description="also build the config `parallel`, the English beside every candidate")
    tokenizer: str = Field(
        "approximate", description="counts the column `tokens`; the paper's is Llama-3.1-8B-Instruct's"
    )
    row_group_bytes: int = Field(50_000_000, ge=1_000_000, le=100_000_000)
    shard_bytes: int = Field(500_000_000, ge=10_000_000)


class Recipe(Strict):
    """A build: source, selection, target language, translators, ranking, outputs."""

    name: Name
    seed: int = Field(42, ge=0)
    source: Source
    selection: Selection = Selection()
    language: Language = Language()
    translators: list[Translator] = Field(min_length=1)
    ranking: Ranking = Ranking()
    outputs: Outputs = Outputs()
    executor: ExecutorRecipe = LocalRun()

    @model_validator(mode="after")
    def _names_differ(self) -> "Recipe":
        names = [translator.name for translator in self.translators]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two translators are named '{name}'")
        return self

    def config_name(self, translator: str) -> str:
        """Name of the config whose primary translator is `translator`, as in the published dataset."""
        return f"{self.source.config}_{translator}_ranked"


def shipped_recipes() -> dict[str, Path]:
    """The recipes that come with the project, by bare name."""
    folder = Path(__file__).parent / "recipes"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}
