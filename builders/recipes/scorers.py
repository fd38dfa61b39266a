"""The models of a recipe that say how good candidates are: the reward model, judges, and others that score."""

from itertools import combinations
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from builders.recipes.base import BaseUrl, KeyVariable, Name, Strict, look_at_names
from builders.recipes.translator_base import Cost, Decoding
from builders.recipes.yaml_file import load_checked


class Reward(Strict):
    """A sequence classifier with one label (see `model_recipes/reward`); its score is each candidate's `reward`."""

    model: str = Field(description="a folder or a model of the Hub; with base_url its tokenizer is read from there")
    revision: str | None = Field(None, description="branch, tag or commit on the Hub; the run notes the commit")
    base_url: BaseUrl | None = Field(None, description="a vLLM server that serves it, such as http://localhost:8000")
    served_model: str | None = Field(None, description="its name there; default: as in `model`")
    api_key_env: KeyVariable | None = None
    max_length: int = Field(2048, ge=64, description="tokens of a window, source and translation; as in training")
    batch_tokens: int = Field(16_384, ge=64, description="tokens of a batch, padding included")
    dtype: Literal["auto", "float32", "bfloat16"] = Field("auto", description="auto: bfloat16 on a GPU, else float32")
    cpu_threads: int = Field(1, ge=1, description="threads a worker; on a CPU, workers scale better than threads")
    concurrency: int = Field(16, ge=1, description="batches in flight at most, with base_url, per task")
    timeout_s: float = Field(300.0, gt=0, description="for a batch, with base_url")


class PanelJudge(Strict):
    """A judge: any OpenAI-compatible server's chat model."""

    name: Name = Field(description="in votes, reports and on the card")
    base_url: BaseUrl
    model: str = Field(description="its name there")
    revision: str | None = Field(None, description="of the model, to note it")
    api_key_env: KeyVariable | None = None
    decoding: Decoding = Field(Decoding(), description="temperature 0 where the model takes it")
    output: Literal["json_schema", "json_object", "text"] = Field(
        "json_schema", description="how the form of the answer is asked for; in words where the server takes no other"
    )
    concurrency: int = Field(16, ge=1, description="requests in flight at most")
    timeout_s: float = Field(300.0, gt=0, description="for an answer")
    attempts: int = Field(3, ge=1, description="answers paid for at most until one can be read")
    answer_tokens: int = Field(250, ge=1, description="length of an answer, for the estimate; more for a reasoner")
    cost: Cost | None = None

    def asks(self) -> tuple[object, ...]:
        """What decides its answers: another judge of which this is the same would be the same judge twice."""
        return self.model, self.revision, self.decoding, self.output


class JudgeScore(PanelJudge):
    """A judge that gives each passage of each candidate a mark from 0 to 100; their mean is the candidate's
    `judge_score`."""

    name: Name = Field("judge", description="in reports and on the card")
    answer_tokens: int = Field(60, ge=1, description="length of an answer, for the estimate; more for a reasoner")
    passage_tokens: int = Field(
        400, ge=50, description="source and translation of what is judged at once, about; cut at messages and lines"
    )


class Likelihood(Strict):
    """How likely a language model finds the translation after its source: the mean log-probability of a token, by
    forced decoding, in the column `likelihood`. A translator of the recipe will do, with its own prompt."""

    model: str = Field(description="a folder or a model of the Hub; with base_url its tokenizer is read from there")
    revision: str | None = Field(None, description="branch, tag or commit on the Hub")
    base_url: BaseUrl | None = Field(
        None,
        description="a vLLM server that serves it, such as http://localhost:8000/v1; null: it runs here, by "
        "transformers. llama.cpp's server does not return what is needed",
    )
    served_model: str | None = Field(None, description="its name there; default: as in `model`")
    tokenizer: str | None = Field(None, description="a tokenizer.json, or a model of the Hub; default: the model's")
    api_key_env: KeyVariable | None = None
    prompt: str = Field(
        "Translate the following English text into {language}.\n\nEnglish:\n{source}\n\n{language}:\n",
        description="what stands before the translation, with {source} once, and {language} for the target's English "
        'name; of Seed-X "Translate the following English sentence into Arabic:\\n{source} <ar>"',
    )
    passage_tokens: int = Field(400, ge=50, description="source and translation of what is scored at once, about")
    batch_tokens: int = Field(4096, ge=64, description="tokens of a batch, padding included, without base_url")
    dtype: Literal["auto", "float32", "bfloat16"] = Field("auto", description="auto: bfloat16 on a GPU, else float32")
    cpu_threads: int = Field(1, ge=1, description="threads a worker, without base_url")
    concurrency: int = Field(16, ge=1, description="requests in flight at most, with base_url, per task")
    timeout_s: float = Field(300.0, gt=0, description="for a request, with base_url")
    cost: Cost | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "Likelihood":
        if self.prompt.count("{source}") != 1:
            raise ValueError("prompt: give {source} once, where the source text is to stand")
        return self


class LearnedQuality(Strict):
    """A MetricX model without a reference, such as google/metricx-24-hybrid-large-v2p6: an mT5 that runs here. The
    column `metricx` is 25 less the errors that it predicts, so that more is better."""

    model: str = Field(description="a folder or a model of the Hub")
    revision: str | None = Field(None, description="branch, tag or commit on the Hub")
    tokenizer: str = Field("google/mt5-xl", description="mT5's, which the models come without")
    style: Literal["24", "23"] = Field("24", description="the input's form: of MetricX-24, or of MetricX-23-QE")
    passage_tokens: int = Field(
        400, ge=50, le=1536, description="source and translation of what is scored at once, about; at most 1,536"
    )
    batch_tokens: int = Field(8192, ge=64, description="tokens of a batch, padding included")
    dtype: Literal["auto", "float32", "bfloat16"] = Field("auto", description="auto: bfloat16 on a GPU, else float32")
    cpu_threads: int = Field(1, ge=1, description="threads a worker")


class CometKiwi(Strict):
    """CometKiwi, or another COMET model without a reference: learned quality estimation, 0 to 1, by a process in an
    environment of its own, for `unbabel-comet` needs an older transformers than we do:
    `python -m venv /opt/comet && /opt/comet/bin/pip install unbabel-comet 'setuptools<81'`."""

    python: str = Field(description="interpreter of that environment, such as /opt/comet/bin/python")
    model: str = Field(
        "Unbabel/wmt22-cometkiwi-da",
        description="a model of the Hub (this one is gated: HF_TOKEN), or a .ckpt, or a folder with one",
    )
    revision: str | None = Field(None, description="branch, tag or commit on the Hub")
    passage_tokens: int = Field(
        300, ge=50, le=450, description="source and translation of what is scored at once, about; the model sees 512"
    )
    batch_size: int = Field(16, ge=1, description="passages of a batch")
    cpu_threads: int = Field(1, ge=1, description="threads a worker")
    timeout_s: float = Field(1800.0, gt=0, description="for the model to be there, and for eight batches")


class Scorers(Strict):
    """Models that score every candidate, each in a column of its own."""

    judge_score: JudgeScore | None = Field(None, description="marks of a judge, 0 to 100")
    likelihood: Likelihood | None = Field(None, description="how likely a language model finds the translation")
    metricx: LearnedQuality | None = Field(None, description="learned quality estimation, by an mT5")
    cometkiwi: CometKiwi | None = Field(None, description="learned quality estimation, by unbabel-comet")

    def given(self) -> dict[str, Strict]:
        """Those that the recipe has, by the column that they give."""
        return {name: spec for name in type(self).model_fields if (spec := getattr(self, name)) is not None}


class Panel(Strict):
    """The judges, and what they are given to judge."""

    judges: list[PanelJudge] = Field(min_length=1)
    tokenizer: str = Field("approximate", description="for the estimate: `approximate`, a tokenizer.json, a Hub id")
    max_pair_tokens: int = Field(
        16_000, ge=100, description="source and two translations; longer ones are not judged, for lack of context"
    )

    @model_validator(mode="after")
    def _names_differ(self) -> "Panel":
        look_at_names([judge.name for judge in self.judges], "judges")
        for one, other in combinations(self.judges, 2):
            if one.asks() == other.asks():
                raise ValueError(f"judges '{one.name}' and '{other.name}' ask the same model for the same; drop one")
        return self


def load_panel(path: Path) -> Panel:
    """Read a panel's file. Raises RecipeError, one line per mistake."""
    return load_checked(path, Panel, "a panel is a mapping with the key judges, a list")
