"""What came of an evaluation, before anything is said of it."""

from dataclasses import dataclass, field
from typing import Any

from model_recipes.evaluation.scoring.scores import ScoredItem


@dataclass(slots=True)
class Evaluation:
    """What came of it: items by benchmark, where their rows are from, and what could not be asked, with why."""

    items: dict[str, list[ScoredItem]] = field(default_factory=dict)
    sources: dict[str, list[str]] = field(default_factory=dict)
    in_words: set[str] = field(default_factory=set)
    left_out: dict[str, str] = field(default_factory=dict)
    # What a benchmark's line has to say of its rows.
    warnings: dict[str, list[str]] = field(default_factory=dict)
    asked: int = 0
    # Benchmark, part and rows as `datasets` has them, for who looks for them elsewhere.
    rows: list[tuple[str, str, Any]] = field(default_factory=list)
