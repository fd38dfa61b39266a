"""Who is shown a conversation's way through a translator, step by step, while the translator works as ever.

A build has none. `smolkalam try` sets one for the row that it tries: the retry ladder and the clients tell it what
they do, where they do it, so that what is shown is what a build would do.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any, Protocol

# A message's name (`messages[1]`, `custom_instructions`), the number of the part in it, of the chunk in that.
Place = tuple[str, int, int]


class Onlooker(Protocol):
    """What is told. All that follows `chunk`, until the next one in the same task, is about that chunk.

    A request goes through `asking`, `requested` where a server is to be asked, `fault` for each response that was no
    answer, `answered`, and `judged`.
    """

    def part(self, place: Place, part_type: str, text: str) -> None:
        """A part of a message is begun."""

    def pieces(self, place: Place, pieces: Sequence[tuple[str, str | None, str]]) -> None:
        """What became of a part: its pieces' source, translation and origin."""

    def chunk(self, place: Place, text: str, spans: Sequence[Any]) -> None:
        """A chunk is begun; `spans` are the protected ones in it."""

    def chunk_failed(self, place: Place, failure: str) -> None:
        """All of the ladder failed for a chunk."""

    def asking(self, text: str, attempt: int, problem: str) -> None:
        """A text, the chunk's or a smaller one, is asked for; `problem` is what is told of the answer before."""

    def requested(self, request: dict[str, Any]) -> None:
        """What is sent for it, or was when it was answered the first time."""

    def fault(self, name: str, reason: str) -> None:
        """A server gave no answer; the request is sent again, or given up."""

    def answered(self, text: str, finish_reason: str, tokens: tuple[int, int], cached: bool) -> None:
        """The answer as it came; `tokens` are those of the prompt and of the answer."""

    def judged(self, text: str, reason: str, unwrapped: Sequence[str]) -> None:
        """What the ladder made of the answer, and why it is not good; empty where it is."""


ONLOOKER: ContextVar[Onlooker | None] = ContextVar("onlooker", default=None)
