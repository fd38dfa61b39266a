"""Answers of a model to prompts, as the rounds hand them on: what each says, and whether it ended by itself."""

from dataclasses import dataclass

Messages = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class SampledAnswer:
    """`text` without the token that ends a turn, which `tokens` counts; `cut` where it did not end by itself."""

    text: str
    tokens: int
    cut: bool


@dataclass(frozen=True, slots=True)
class Sampling:
    """A sampling: `prompts` is a file of lists of messages, a line each; `answers` where they are written.

    `server`, `base_url` and `concurrency` are of a served model, as the plan's settings have them.
    """

    model: str
    revision: str | None
    prompts: str
    answers: str
    samples: int
    temperature: float
    top_p: float
    max_tokens: int
    batch_size: int
    seed: int
    engine: str = "transformers"
    server: dict[str, object] | None = None
    base_url: str | None = None
    concurrency: int = 64
