"""What a drawn instruction is given: words, numbers and phrases, by language (`arguments.json`), and how it is said.

To draw for another language: its part of `arguments.json`, `says` of each kind, and its `Facts`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from processors.errors import InputError
from processors.instructions import AT_LEAST, LESS_THAN, Kind, counted, facts_of

Words = Mapping[str, Any]
_FIELD = re.compile(r"\{(\w+)(?::(\w+))?\}")
# Least and most of each number. Words and letters by tens, as people ask for them.
_NUMBERS = {
    "num_sentences": (3, 12),
    "num_paragraphs": (2, 5),
    "num_placeholders": (1, 5),
    "num_bullets": (2, 8),
    "num_highlights": (1, 5),
    "num_sections": (2, 5),
    "frequency": (2, 5),
    "capital_frequency": (1, 4),
}


@cache
def _all() -> Mapping[str, Words]:
    found: Mapping[str, Words] = json.loads((Path(__file__).parent / "arguments.json").read_text("utf-8"))
    return found


def words_of(language: str) -> Words:
    """The words to draw of in a language. Raises InputError where there are none."""
    known = _all()
    if language.split("-")[0] not in known:
        raise InputError(f"no instructions can be drawn in {language!r}; there are {', '.join(known)}")
    return known[language.split("-")[0]]


def _number(name: str, relation: str, draw: Random) -> int:
    if name == "num_words":
        # Less than few words leaves no room for other instructions, at least many makes long answers.
        return 10 * (draw.randint(5, 30) if relation == AT_LEAST else draw.randint(10, 40))
    if name == "let_frequency":
        return draw.randint(3, 15) if relation == AT_LEAST else 10 * draw.randint(2, 4)
    least, most = _NUMBERS[name]
    return draw.randint(least, most)


def arguments(kind: Kind, language: str, prompt: str, draw: Random) -> dict[str, Any]:
    """Arguments for an instruction of this kind beside a person's prompt."""
    words = words_of(language)
    texts: Mapping[str, Callable[[], Any]] = {
        "keywords": lambda: draw.sample(words["words"], draw.randint(1, 3)),
        "keyword": lambda: draw.choice(words["words"]),
        "forbidden_words": lambda: draw.sample(words["forbidden"], draw.randint(1, 3)),
        "letter": lambda: draw.choice(words["letters"]),
        "language": lambda: language.split("-")[0],
        "first_word": lambda: draw.choice(words["first_words"]),
        "postscript_marker": lambda: draw.choice(words["postscripts"]),
        "end_phrase": lambda: draw.choice(words["ends"]),
        "section_spliter": lambda: draw.choice(words["splitters"]),
        "prompt_to_repeat": lambda: prompt,
        "verb_form": lambda: draw.choice(list(words["verb_forms"])),
    }
    relation = draw.choice((AT_LEAST, LESS_THAN))
    found: dict[str, Any] = {}
    for name, kind_of_it in kind.arguments.items():
        if name in kind.optional:
            continue
        if kind_of_it == "relation":
            found[name] = relation
        elif kind_of_it == "number" and name == "nth_paragraph":
            found[name] = draw.randint(1, found["num_paragraphs"])
        else:
            found[name] = _number(name, relation, draw) if kind_of_it == "number" else texts[name]()
    return found


def said(kind: Kind, given: Mapping[str, Any], language: str) -> str:
    """The instruction in words."""
    words, facts = words_of(language), facts_of(language)

    def fill(match: re.Match[str]) -> str:
        name, noun = match.groups()
        value = given[name]
        if noun:
            return counted(facts, value, noun)
        if kind.arguments[name] == "relation":
            return facts.relation_words[value]
        if isinstance(value, list):
            return str(words["join"].join(words["quote"].format(one) for one in value))
        if name == "language":
            return facts.languages.get(value, value)
        return str(words["verb_forms"][value] if name == "verb_form" else value)

    return _FIELD.sub(fill, kind.says[language.split("-")[0]])
