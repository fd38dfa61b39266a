"""Statements with one fault each, from `statements.jsonl`: what plain sentences seldom hold is brought along.

The even ones of a kind are there to tune on, the odd ones for texts that are held back.
"""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.checks.faults.older_statements import STATEMENTS as OLDER
from benchmarks.checks.faults.text import Kind, Planted, Random, Text, with_statement

Statement = tuple[str, str, str]

_NOT_FOR_TRAINING = frozenset({"negation_lost", "negation_added"})


def read_statements() -> dict[str, list[Statement]]:
    found: dict[str, list[Statement]] = {}
    with Path(__file__).with_name("statements.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            found.setdefault(row["kind"], []).append((row["source"], row["right"], row["wrong"]))
    return found


STATEMENTS = read_statements()


def _question_alone(kind: str, *, translated_too: bool) -> Kind:
    """The message is a question or request and nothing else, as most of a chat's first messages are."""

    def plant(text: Text, rng: Random) -> Planted | None:
        if len(text.pieces) > 1:
            return None
        english, right, answer = rng.choice(STATEMENTS[kind][text.held :: 2])
        return Planted(english, right, f"{right} {answer}" if translated_too else answer)

    return Kind(f"{kind}_{'after_its_translation' if translated_too else 'alone'}", plant)


KINDS = [
    *(Kind(name, with_statement(rows), name not in _NOT_FOR_TRAINING) for name, rows in STATEMENTS.items()),
    *(Kind(name, with_statement(list(rows))) for name, rows in OLDER.items()),
    *(
        _question_alone(kind, translated_too=too)
        for kind in ("answered_question", "answered_request")
        for too in (False, True)
    ),
]


def careful() -> list[tuple[str, str]]:
    """Every statement's careful translation: short clean text with numbers, names and units."""
    tables = [*STATEMENTS.values(), *OLDER.values()]
    return list(dict.fromkeys((english.strip(), right.strip()) for rows in tables for english, right, _ in rows))
