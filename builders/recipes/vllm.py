"""The recipe's blocks for vLLM: how its server is started, and when an answer counts as a loop."""

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from builders.recipes.base import Strict

# Options of vLLM's server that have a place of their own in the recipe, or are ours to give.
ELSEWHERE = {
    "model": "the translator's model",
    "served-model-name": "the translator's model",
    "revision": "the translator's revision",
    "dtype": "server.dtype",
    "max-model-len": "server.max_model_len",
    "tensor-parallel-size": "server.tensor_parallel",
    "gpu-memory-utilization": "server.gpu_memory_utilization",
    "host": "nothing: the server listens on a socket of its own",
    "port": "nothing: the server listens on a socket of its own",
    "uds": "nothing: the server listens on a socket of its own",
    "api-key": "nothing: nobody else can reach the server, and a recipe holds no secret",
}


class VllmProcess(Strict):
    """vLLM's server as the pipeline starts it: one for each group of GPUs that the machine shows, one without GPUs.

    vLLM needs an older transformers than we do, so it lives in an environment of its own:
    `python -m venv /opt/vllm && /opt/vllm/bin/pip install vllm`, and here `python: /opt/vllm/bin/python`.
    """

    python: str = Field(description="interpreter of vLLM's environment, the same on all machines of a build")
    dtype: Literal["auto", "float16", "bfloat16", "float32"] = Field(
        "auto", description="auto takes the model's own; GPUs before Ampere (V100, T4) have no bfloat16: float16"
    )
    max_model_len: int | None = Field(
        None, ge=16, description="tokens of prompt and answer together; the model's own limit where not given"
    )
    tensor_parallel: int = Field(1, ge=1, description="GPUs over which one server divides the model")
    gpu_memory_utilization: float | None = Field(None, gt=0, le=1, description="vLLM's default is 0.92 (0.32)")
    arguments: dict[str, Any] = Field(
        {}, description="further options of vLLM's server by their names, such as {enforce-eager: true}"
    )
    environment: dict[str, str] = Field({}, description="variables added to its environment; no secrets")
    start_timeout_s: float = Field(1800.0, gt=0, description="for downloading and loading the model")

    @field_validator("arguments")
    @classmethod
    def _not_given_elsewhere(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        plain = {name.strip("-").replace("_", "-"): value for name, value in arguments.items()}
        for name in plain:
            if name in ELSEWHERE:
                raise ValueError(f"'{name}' is not given here but by {ELSEWHERE[name]}")
        return plain

    @field_validator("environment")
    @classmethod
    def _no_secret(cls, environment: dict[str, str]) -> dict[str, str]:
        for name in environment:
            if any(word in name.upper() for word in ("TOKEN", "SECRET", "PASSWORD", "API_KEY")):
                raise ValueError(
                    f"no secrets in a recipe: export {name} where the build runs, and vLLM's server has it"
                )
        return environment


class RepetitionDetection(Strict):
    """vLLM's: an answer ends where its last `min_count` runs of so many tokens are all the same, and is asked again.

    It looks at sampled answers; vLLM 0.32 does not look at those of beam search.
    """

    min_pattern_size: int = Field(8, ge=1, description="a shorter pattern counts through its multiples of this")
    max_pattern_size: int = Field(48, ge=1, description="tokens of the longest run that is looked for")
    min_count: int = Field(5, ge=2, description="equal runs at the end of an answer that make it a loop")

    @model_validator(mode="after")
    def _in_order(self) -> "RepetitionDetection":
        if self.min_pattern_size > self.max_pattern_size:
            raise ValueError(f"must be within max_pattern_size: {self.min_pattern_size} > {self.max_pattern_size}")
        return self
