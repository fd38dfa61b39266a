"""The reward model of a recipe: which one scores the candidates, and how."""

from typing import Literal

from pydantic import Field

from builders.recipes.base import BaseUrl, KeyVariable, Strict


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
