"""Which instructions a prompt asks for together: kinds that do not clash, with arguments that all can be followed.

The same seed, prompt and number give the same instructions, whatever was drawn before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from builders.instructions.arguments import arguments, said
from processors.errors import InputError
from processors.instructions import KINDS, LESS_THAN, Kind, clash, follows, kind_of

# So often other arguments are drawn for a kind before it is given up.
_TRIES = 8
# Words that an answer needs at least for one of what is asked for: a bullet, a section, ...
_WORDS_OF = {
    "num_words": 1,
    "num_sentences": 4,
    "num_paragraphs": 12,
    "num_bullets": 3,
    "num_sections": 12,
    "num_highlights": 2,
    "num_placeholders": 2,
    "frequency": 2,
    "capital_frequency": 1,
}
# Sentences likewise: a line's end ends one.
_SENTENCES_OF = {"num_paragraphs": 1, "num_bullets": 1, "num_sections": 2}
_TEXTS = ("prompt_to_repeat", "end_phrase", "postscript_marker", "first_word", "section_spliter")
# PromptAsked for where they are named: not every prompt can be answered by yes or no.
_ONLY_NAMED = frozenset({"detectable_format:constrained_response"})
# A letter of Arabic or English is at most every tenth; a word has five.
_LETTERS_A_WORD = 0.5
_FORBIDS = ("punctuation:no_comma", "keywords:forbidden_words")


@dataclass(frozen=True, slots=True)
class Drawing:
    """How instructions are drawn: from `least` to `most` a prompt, of `kinds` (all that the language has)."""

    language: str = "ar"
    least: int = 1
    most: int = 3
    kinds: tuple[str, ...] = ()
    seed: int = 0

    def pool(self) -> list[Kind]:
        """The kinds to draw from. Raises InputError for one that is not known, or not of this language."""
        code = self.language.split("-")[0]
        chosen = (
            [kind_of(name) for name in self.kinds]
            if self.kinds
            else [k for k in KINDS.values() if k.id not in _ONLY_NAMED]
        )
        fit = [kind for kind in chosen if code in kind.says and (kind.asked_in is None or code in kind.asked_in)]
        if self.kinds and len(fit) < len(chosen):
            raise InputError(f"{next(k.id for k in chosen if k not in fit)} cannot be asked for in {self.language}")
        if not 1 <= self.least <= self.most:
            raise InputError(
                f"--least {self.least}, --most {self.most}: nothing to draw; expected 1 or more, at most --most"
            )
        if not fit:
            raise InputError(f"nothing to draw: no instruction is written in {self.language}")
        return fit


@dataclass(frozen=True, slots=True)
class PromptAsked:
    """A prompt with its instructions, as IFEval's columns have them."""

    prompt: str
    instruction_id_list: list[str]
    kwargs: list[dict[str, Any]]


def with_instructions(prompt: str, drawing: Drawing, number: int = 0) -> PromptAsked:
    """A prompt with instructions behind it; `number` tells several of one prompt apart."""
    chance = Random(f"{drawing.seed}\n{number}\n{prompt}")
    pool = drawing.pool()
    wanted = min(chance.randint(drawing.least, drawing.most), len(pool))
    chosen: list[tuple[Kind, dict[str, Any]]] = []
    for kind in chance.sample(pool, len(pool)):
        if len(chosen) == wanted:
            break
        if any(clash(kind, other) for other, _ in chosen):
            continue
        for _ in range(_TRIES):
            more = [*chosen, (kind, arguments(kind, drawing.language, prompt, chance))]
            if can_be_followed(more, drawing.language):
                chosen = more
                break
    if not chosen:
        raise InputError("no instruction of the kinds that were named fits the prompt")
    text = "\n".join([prompt.rstrip(), "", *(said(kind, given, drawing.language) for kind, given in chosen)])
    return PromptAsked(text, [kind.id for kind, _ in chosen], [given for _, given in chosen])


def can_be_followed(chosen: Sequence[tuple[Kind, Mapping[str, Any]]], language: str) -> bool:
    """Whether an answer has room for all that is asked for, and nothing that must stand in it is forbidden."""
    given = [one for _, one in chosen]
    needs_words = sum(n * one.get(name, 0) for one in given for name, n in _WORDS_OF.items() if _is_least(one))
    needs_words += sum(len(str(one.get(name, "")).split()) for one in given for name in _TEXTS)
    needs_sentences = 1 + sum(n * one.get(name, 0) for one in given for name, n in _SENTENCES_OF.items())
    for one in given:
        if one.get("relation") == LESS_THAN:
            if "num_words" in one and one["num_words"] < 2 * needs_words:
                return False
            if "num_sentences" in one and one["num_sentences"] < 2 * needs_sentences:
                return False
        if one.get("let_relation") == LESS_THAN and one["let_frequency"] < _LETTERS_A_WORD * needs_words:
            return False
    return _forbids_nothing_wanted(chosen, language)


def _is_least(given: Mapping[str, Any]) -> bool:
    return LESS_THAN not in (given.get("relation"), given.get("capital_relation"))


def _forbids_nothing_wanted(chosen: Sequence[tuple[Kind, Mapping[str, Any]]], language: str) -> bool:
    wanted = [str(one.get(name, "")) for _, one in chosen for name in (*_TEXTS, "keyword") if one.get(name)]
    wanted += [word for _, one in chosen for word in one.get("keywords", ())]
    once = _wanted_once(chosen)
    if any(one.get("relation") == LESS_THAN and one.get("keyword") in once for _, one in chosen):
        return False
    checks = [(kind.id, one) for kind, one in chosen if kind.id in _FORBIDS]
    if not checks or not wanted:
        return True
    found = follows("\n".join(wanted), [name for name, _ in checks], [one for _, one in checks], language)
    return all(one.strict for one in found)


def _wanted_once(chosen: Sequence[tuple[Kind, Mapping[str, Any]]]) -> Collection[str]:
    return {word for _, one in chosen for word in one.get("keywords", ())}
