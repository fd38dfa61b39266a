"""Whether an answer follows instructions: strictly, loosely as IFEval says it, and as one number for a reward.

>>> given = [{"num_words": 3, "relation": "at least"}, {}]
>>> for one in follows("ذهب الولد، وعاد.", ["length_constraints:number_words", "punctuation:no_comma"], given):
...     print(one.id, one.strict, one.loose)
length_constraints:number_words True True
punctuation:no_comma False False
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from processors.errors import InputError
from processors.instructions.kinds import kind_of
from processors.instructions.response import ResponseText


@dataclass(frozen=True, slots=True)
class Followed:
    """Whether an answer follows one instruction: `strict` as it stands, `loose` in one of IFEval's eight readings."""

    id: str
    strict: bool
    loose: bool


def follows(
    response: str,
    instruction_ids: Sequence[str],
    kwargs: Sequence[Mapping[str, Any] | None],
    language: str = "ar",
) -> list[Followed]:
    """One `Followed` an instruction, in their order.

    instruction_ids, kwargs: as IFEval's columns `instruction_id_list` and `kwargs`; nulls in `kwargs` are left out.
    language: BCP 47, in which the answer is wanted: whose clitics, ordinals and phrases are known.

    An empty answer follows nothing, as in IFEval. No text of an answer raises; InputError for an instruction that is
    not known, or arguments that it cannot have.
    """
    if len(instruction_ids) != len(kwargs):
        raise InputError(f"{len(instruction_ids)} instructions with {len(kwargs)} kwargs: expected one each")
    readings = _Readings(response, language)
    return [readings.look(name, given) for name, given in zip(instruction_ids, kwargs, strict=True)]


def look_at_given(
    instruction_ids: Sequence[str], kwargs: Sequence[Mapping[str, Any] | None], language: str, where: str
) -> None:
    """Raises InputError, with `where`, for what `follows` could not check; of no instruction at all too."""
    if not len(instruction_ids):
        raise InputError(f"{where}: no instruction; expected instruction_id_list and kwargs as IFEval has them")
    try:
        follows("نص", instruction_ids, kwargs, language)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


class _Readings:
    """The answer as it is, and the ones that the loose rule reads, each made when it is asked for."""

    def __init__(self, response: str, language: str) -> None:
        self._strict = ResponseText(response, language)
        self._made: list[ResponseText] = []
        self._rest = (ResponseText(text, language, loose=True) for text in loose_readings(self._strict.text))

    def _loose(self) -> Iterator[ResponseText]:
        yield from self._made
        for reading in self._rest:
            self._made.append(reading)
            yield reading

    def look(self, name: str, given: Mapping[str, Any] | None) -> Followed:
        kind = kind_of(name)
        arguments = kind.read(given, self._strict.facts)
        strict = bool(self._strict.text.strip()) and kind.follows(self._strict, arguments)
        loose = strict or any(kind.follows(reading, arguments) for reading in self._loose())
        return Followed(name, strict, loose)


def loose_readings(response: str) -> Iterator[str]:
    """IFEval's eight readings, the answer itself first: without its first line, its last, both; each also without
    asterisks. Those that are empty or were given are left out.

    >>> list(loose_readings("a\\n*b*"))
    ['a\\n*b*', '*b*', 'a', 'a\\nb', 'b']
    """
    lines = response.split("\n")
    cut = [response] + ["\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1])]
    seen = set()
    for text in [*cut, *(text.replace("*", "") for text in cut)]:
        if text.strip() and text not in seen:
            seen.add(text)
            yield text


def share_followed(
    response: str,
    instruction_ids: Sequence[str],
    kwargs: Sequence[Mapping[str, Any] | None],
    language: str = "ar",
    loose: bool = False,
) -> float:
    """What share of the instructions an answer follows, 0 to 1: a reward. 1 where there is none to follow."""
    found = follows(response, instruction_ids, kwargs, language)
    return sum(one.loose if loose else one.strict for one in found) / len(found) if found else 1.0
