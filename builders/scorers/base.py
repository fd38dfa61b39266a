"""What a kind of scorer is, for whoever runs, prices or describes it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from builders.recipes.recipe import Recipe
from builders.recipes.translator_base import Cost
from processors.judging.exchange import Messages, conversation_text
from processors.languages.language import Language
from processors.reward.score import SourceAndCandidate
from processors.reward.windows import aligned_windows


class Score(NamedTuple):
    """What a scorer says of a candidate: null with the reason, or a number, of how many passages."""

    value: float | None
    passages: int = 1
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scorer keeps what it was answered, and what it may spend (`processors.answers.ceiling`)."""

    answers: Path
    spending: Path
    max_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """What a scorer is asked at most, for an estimate. `usd` is None where no price is known."""

    name: str
    model: str
    requests: int
    input_tokens: int
    output_tokens: int
    usd: float | None
    paid: bool = field(default=True)


class Scoring(Protocol):
    """A scorer at work in one process."""

    def score(self, items: Sequence[SourceAndCandidate]) -> list[Score]:
        """A score for each candidate, the higher the better. Raises EngineError where none can be had."""


class ScorerKind(Protocol):
    """A kind of scorer. `spec` is its block of the recipe."""

    @property
    def column(self) -> str:
        """Its score column, and its name in `ranking.scorers`."""

    def ready(self, spec: Any, warn: Callable[[str], None]) -> None:
        """Raise InputError where a key, a library or a model is missing: before any other work."""

    def inputs(self, spec: Any) -> dict[str, Any]:
        """As JSON, what of the recipe its scores depend on."""

    def open(self, spec: Any, language: Language, place: Place) -> AbstractContextManager[Scoring]:
        """The scorer at work."""

    def served(self, spec: Any) -> bool:
        """Whether a server gives its scores, which is asked once before any other work."""

    def bill(self, spec: Any, recipe: Recipe, rows: float, source_tokens: float) -> Bill:
        """What it is asked for so many selected rows with so many tokens in all."""

    def said(self, spec: dict[str, Any]) -> str:
        """A sentence for the card, of its block as everybody may see it."""


class PassagePair(NamedTuple):
    """A stretch of a source and of its candidate, as texts, and what it weighs: its tokens."""

    source: str
    target: str
    tokens: int


def passages(
    item: SourceAndCandidate, tokenizer: Any, most: int, text: Callable[[Messages], str] = conversation_text
) -> list[PassagePair]:
    """A candidate in stretches of about `most` tokens, source and candidate together; of none more than that."""

    def starts(texts: list[str]) -> list[list[int]]:
        found = tokenizer.encode_batch(texts, add_special_tokens=False)
        return [[begin for begin, _ in one.offsets] for one in found]

    windows = aligned_windows(item.source, [item.target], starts, most)
    texts = [(text(window.source), text(window.targets[0])) for window in windows]
    sizes = [len(one) for one in starts([side for pair in texts for side in pair])]
    return [PassagePair(*pair, sizes[2 * n] + sizes[2 * n + 1]) for n, pair in enumerate(texts)]


class PassageCount(NamedTuple):
    """An estimate: how many candidates, and passages of them, are scored, and the tokens of all with their sources."""

    candidates: float
    passages: float
    tokens: float

    @classmethod
    def of(cls, recipe: Recipe, rows: float, source_tokens: float, passage_tokens: int) -> "PassageCount":
        """Of so many selected rows with so many tokens in all."""
        candidates = rows * len(recipe.translators)
        both = (1 + Cost().output_tokens_per_source_token) * source_tokens / rows
        return cls(candidates, candidates * max(1.0, both / passage_tokens), candidates * both)


def plain_text(messages: Messages) -> str:
    """The text that a translator reads and writes: without roles, which are no language."""
    return "\n\n".join(str(message["content"]) for message in messages)


def mean(scores: Sequence[float], weights: Sequence[int], decimals: int = 4) -> float:
    """The mean by weights, rounded: by these digits processors differ."""
    total = sum(weights) or len(weights)
    weighted = sum(score * (weight if sum(weights) else 1) for score, weight in zip(scores, weights, strict=True))
    return round(weighted / total, decimals) + 0.0


def scores_of(cut: Sequence[Sequence[PassagePair]], said: Sequence[float | str]) -> list[Score]:
    """A score a candidate of what was said of its passages, in their order: their mean by tokens.

    A text is the reason why there is none of a passage; then there is none of the candidate, for the mean of the
    others would be of another text.
    """
    found, at = [], 0
    for of in cut:
        here = said[at : at + len(of)]
        at += len(of)
        failure = next((one for one in here if isinstance(one, str)), None)
        given = [one for one in here if not isinstance(one, str)]
        value = None if failure is not None else mean(given, [passage.tokens for passage in of])
        found.append(Score(value, len(of), failure))
    return found
