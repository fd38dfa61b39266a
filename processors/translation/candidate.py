"""What a translator makes of a conversation: a candidate, where its chunks lie, what is left of a failed one."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from processors.checks.pairs.verdict import Verdict

# Index of `chat_template_kwargs.custom_instructions` among the messages.
CUSTOM_INSTRUCTIONS = -1
# Origins of what was translated; the other is `verbatim`.
TRANSLATED = frozenset({"engine", "memory"})


class ChunkPlace(NamedTuple):
    """Where a chunk belongs, and where its translation lies: enough to rebuild a conversation in any order.

    Offsets are code points in the message's content, of the source and of the translation.
    """

    role: str
    message: int
    part_type: str
    part: int
    chunk: int
    chunks: int
    origin: str
    source_start: int
    source_end: int
    target_start: int
    target_end: int


class DonorChunk(NamedTuple):
    """A chunk of a conversation that failed as a whole, by its place in the source; `target` is None where it failed.

    `message` is the index of its message, or CUSTOM_INSTRUCTIONS. `origin` is as of a `ChunkPlace`, empty where there
    is no translation. Offsets are code points in the message's content.
    """

    message: int
    source_start: int
    source_end: int
    origin: str
    target: str | None


@dataclass(slots=True)
class Candidate:
    """One translator's whole conversation, or why there is none (`failure`, with the place).

    `donor` has the chunks of one that failed, where the translator donates and any of them is a translation.
    """

    messages: list[dict[str, str]] | None
    custom_instructions: str = ""
    failure: str = ""
    chunks: list[ChunkPlace] = field(default_factory=list)
    counters: Counter[str] = field(default_factory=Counter)
    donor: list[DonorChunk] = field(default_factory=list)
    # Those of `check_conversation` on `messages`, and by which rules (`processors.checks.once`).
    verdicts: list[Verdict] = field(default_factory=list)
    checked_by: str | None = None
