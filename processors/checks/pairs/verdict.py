"""What a check says about a translation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing found wrong with a target text.

    `check` is the stable name of the check (see `processors.checks.run.VERDICTS`). A `hard` verdict vetoes the
    candidate whatever its mean score; a soft one is a feature of the ranker. `detail` gives the reason and the place.
    `message` is the index of the message in its conversation, None for a bare pair of texts.
    """

    check: str
    hard: bool
    detail: str
    message: int | None = None


def excerpt(text: str, start: int = 0, width: int = 40) -> str:
    """At most `width` characters of `text` from `start`, on one line, for a verdict's detail."""
    piece = " ".join(text[start : start + width].split())
    return f"{piece}…" if start + width < len(text) else piece
