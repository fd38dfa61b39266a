"""A scorer's first questions: whether it tells a translation from that of another row, before all are asked.

What cannot do that says nothing of candidates, whatever it costs. The texts are short messages: some twenty requests.
"""

from collections.abc import Sequence
from typing import Any

from builders.scorers.base import Scoring, score
from processors.errors import EngineError
from processors.reward.score import SourceAndCandidate
from processors.scoring.wilson import wilson_interval

# So many rows, each with its own candidate and another row's.
ROWS = 8


# Asked before any row is translated, of which there is none yet: any number is an answer.
_TEXT = [{"role": "user", "content": "The river begins in the high hills. It is 120 km long."}]
HELLO = SourceAndCandidate(_TEXT, _TEXT)


def greet(column: str, scoring: Scoring) -> None:
    """Raises EngineError where it has no score for a first text."""
    (found,) = score(scoring, [HELLO])
    if found.value is None:
        raise EngineError(
            f"{column}: no score for a first short text ({found.failure or 'null'}), and nothing is translated yet; "
            "take another model, or mend its output or decoding"
        )


def probe(column: str, scoring: Scoring, rows: Sequence[SourceAndCandidate]) -> dict[str, Any]:
    """How often it gave the right translation the higher score, as JSON.

    Raises EngineError where it gives none, or the same to all.
    """
    others = [
        SourceAndCandidate(one.source, other.target)
        for one, other in zip(rows, [*rows[1:], *rows[:1]], strict=True)
        if one.target != other.target
    ]
    if len(rows) < 2 or len(others) < len(rows):
        return {"column": column, "asked": 0, "told_apart": 0}
    found = score(scoring, [*rows, *others])
    values = [one.value for one in found if one.value is not None]
    if not values:
        why = next((one.failure for one in found if one.failure), "null")
        raise EngineError(
            f"{column}: no score for any of the first {len(found)} texts ({why}); take another model, or mend its "
            "output or decoding, and run the same command again: what was answered is stored"
        )
    if len(set(values)) == 1:
        raise EngineError(
            f"{column}: {values[0]:g} for each of the first {len(values)} texts, of which half are translations of "
            "other rows; take another model, and run the same command again"
        )
    pairs = [(a.value, b.value) for a, b in zip(found[: len(rows)], found[len(rows) :], strict=True)]
    both = [(a, b) for a, b in pairs if a is not None and b is not None]
    return {"column": column, "asked": len(both), "told_apart": sum(a > b for a, b in both)}


def told_by(found: dict[str, Any]) -> str:
    """What the first questions showed, in words; empty where there were too few rows."""
    if not found["asked"]:
        return ""
    said = f"gave {found['told_apart']} of {found['asked']} rows' own translations more than another row's"
    return said + ("" if surely(found) else ": no more than chance does")


def surely(found: dict[str, Any]) -> bool:
    """Whether it tells them apart more often than chance does."""
    return not found["asked"] or wilson_interval(found["told_apart"], found["asked"])[0] > 0.5
