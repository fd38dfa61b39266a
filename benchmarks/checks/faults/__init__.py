"""Kinds of fault, each planted into texts of any length; to add one, give a module's `KINDS` one `Kind` more."""

from __future__ import annotations

from benchmarks.checks.faults import (
    facts,
    lost_and_added,
    no_translation,
    sentences,
    statements,
    structure,
    untranslated,
    verbatim,
)
from benchmarks.checks.faults.text import Kind, Pair, Planted, Text

__all__ = ["FAMILIES", "KINDS", "Kind", "Pair", "Planted", "Text"]

FAMILIES: dict[str, list[Kind]] = {
    "no translation, stubs, wrappings": no_translation.KINDS,
    "lost, added, another text": lost_and_added.KINDS,
    "untranslated inside": untranslated.KINDS,
    "numbers and names of the text": facts.KINDS,
    "statements": statements.KINDS,
    "links, placeholders, markup": verbatim.KINDS,
    "whole sentences": sentences.KINDS,
    "code, tags, lists, calls": structure.KINDS,
}
KINDS = [kind for kinds in FAMILIES.values() for kind in kinds]
