"""What a kind of scorer is, for whoever runs, prices or describes it."""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from builders.recipes.recipe import Recipe
from builders.recipes.translator_base import Cost
from processors.errors import EngineError
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
    """Where a scorer keeps what it was answered, what it may spend (`processors.answers.ceiling`), and where it says
    how its server does (`builders.run_folder.activity`); `engines` None: nowhere."""

    answers: Path
    spending: Path
    max_usd: float | None = None
    engines: Path | None = None


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


class AskedPassage(NamedTuple):
    """A stretch of a source and its candidate as a scorer is asked about it, which JSON can hold, and what it weighs:
    its tokens."""

    asked: Any
    tokens: int


# What is said of a passage: a number, the higher the better, or why there is none.
Said = float | str
Keep = Callable[[Sequence[int], Sequence[Said]], None]


class Says(Protocol):
    """Whoever scores passages."""

    def say(self, passages: Sequence[AskedPassage], known: Mapping[int, Said], keep: Keep) -> None:
        """Call `keep(places of passages, what is said of them)` for all that are not `known`, in any order.

        What is scored together is decided by all `passages`, and kept together: an interrupted unit has the same
        bytes. Raises EngineError where no score can be had.
        """


class Scoring(Says, Protocol):
    """A scorer at work in one process."""

    def cut(self, items: Sequence[SourceAndCandidate]) -> list[list[AskedPassage]]:
        """The passages of each candidate. Called in another thread, for what comes next while `say` is at work."""


class ScorerKind(Protocol):
    """A kind of scorer. `spec` is its block of the recipe."""

    @property
    def column(self) -> str:
        """Its score column, and its name in `ranking.scorers`."""

    def ready(self, spec: Any, warn: Callable[[str], None]) -> None:
        """Raise InputError where a key, a library or a model is missing: before any other work."""

    def inputs(self, spec: Any) -> dict[str, Any]:
        """As JSON, what of the recipe its scores depend on."""

    def resolved(self, spec: Any) -> dict[str, Any]:
        """As JSON, what its model's name means now, as its scores depend on it too: `digest`, and `revision` where it
        is a commit, which is then the spec's. Decided once for a build and all its machines."""

    def open(self, spec: Any, language: Language, place: Place) -> AbstractContextManager[Scoring]:
        """The scorer at work."""

    def served(self, spec: Any) -> bool:
        """Whether a server gives its scores."""

    def greeted(self, spec: Any) -> bool:
        """Whether it is asked once before any other work: not where that would fill the build's own process."""

    def bill(self, spec: Any, recipe: Recipe, rows: float, source_tokens: float) -> Bill:
        """What it is asked for so many selected rows with so many tokens in all."""

    def said(self, spec: dict[str, Any]) -> str:
        """A sentence for the card, of its block as everybody may see it."""


def passages(
    item: SourceAndCandidate, tokenizer: Any, most: int, text: Callable[[Messages], str] = conversation_text
) -> list[AskedPassage]:
    """A candidate in stretches of about `most` tokens, source and candidate together; of none more than that. `asked`
    is the two texts."""

    def starts(texts: list[str]) -> list[list[int]]:
        found = tokenizer.encode_batch(texts, add_special_tokens=False)
        return [[begin for begin, _ in one.offsets] for one in found]

    windows = aligned_windows(item.source, [item.target], starts, most)
    texts = [(text(window.source), text(window.targets[0])) for window in windows]
    sizes = [len(one) for one in starts([side for pair in texts for side in pair])]
    return [AskedPassage(pair, sizes[2 * n] + sizes[2 * n + 1]) for n, pair in enumerate(texts)]


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
    parts = zip(scores, weights if sum(weights) else [1] * len(scores), strict=True)
    weighted = math.fsum(score * weight for score, weight in parts)
    return round(weighted / total, decimals) + 0.0


def score(scoring: Scoring, items: Sequence[SourceAndCandidate]) -> list[Score]:
    """A score for each candidate. Raises EngineError where none can be had."""
    cut = scoring.cut(items)
    flat = [passage for of in cut for passage in of]
    return scores_of(cut, all_said(scoring, flat, {}, lambda places, values: None))


def all_said(scoring: Says, flat: Sequence[AskedPassage], known: Mapping[int, Said], keep: Keep) -> list[Said]:
    """What is said of each passage; `keep` is told of what was not `known`. Raises EngineError for too few answers."""
    said = dict(known)

    def note(places: Sequence[int], values: Sequence[Said]) -> None:
        if len(places) != len(values):
            raise EngineError(f"{len(values)} scores came back for {len(places)} texts")
        said.update(zip(places, values, strict=True))
        keep(places, values)

    scoring.say(flat, known, note)
    return [said[place] for place in range(len(flat))]


def scores_of(cut: Sequence[Sequence[AskedPassage]], said: Sequence[Said]) -> list[Score]:
    """A score a candidate of what was said of its passages, in their order: their mean by tokens.

    A text is the reason why there is none of a passage; then there is none of the candidate, for the mean of the
    others would be of another text.
    """
    found, at = [], 0
    for of in cut:
        here = said[at : at + len(of)]
        at += len(of)
        given = [one for one in here if not isinstance(one, str)]
        failure = next((one for one in here if isinstance(one, str)), None)
        failure = failure or next((f"its model gives {one}" for one in given if not math.isfinite(one)), None)
        value = None if failure is not None else mean(given, [passage.tokens for passage in of])
        found.append(Score(value, len(of), failure))
    return found
