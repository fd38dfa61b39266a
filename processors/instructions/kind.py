"""What a kind of instruction is: its id and arguments, how it is said, and the checker of an answer.

To add one: a `Kind` in the file of this room that it belongs to, in that file's list (`kinds.py` gathers the lists);
ten examples in `tests/processors/instructions/`; a composer in
`benchmarks/instruction_checkers.py`; then `python -m benchmarks.instruction_checkers --write`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from processors.errors import InputError
from processors.instructions.facts import AT_LEAST, LESS_THAN, Facts
from processors.instructions.response import ResponseText

Type = Literal["number", "text", "texts", "relation"]
Arguments = Mapping[str, Any]
_EXPECTED = {"number": "a whole number", "text": "a text", "texts": "a list of texts", "relation": "a relation"}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of instruction.

    `arguments` are IFEval's names with the type of each; those of `optional` may be left out. `follows` says whether
    an answer follows it; `ResponseText.loose` is set where it may be lenient, and `lenient` says how it then is.
    `says`: the instruction by language; `{n:words}` is the argument n with what it counts. `asked_in`: the only
    languages of answers for which it makes sense, None for all. `clashes`: kinds that it cannot stand beside.
    """

    id: str
    follows: Callable[[ResponseText, Arguments], bool]
    says: Mapping[str, str]
    arguments: Mapping[str, Type] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    lenient: str = ""
    asked_in: tuple[str, ...] | None = None
    clashes: frozenset[str] = frozenset()

    def read(self, given: Mapping[str, Any] | None, facts: Facts) -> dict[str, Any]:
        """The arguments of a row, checked. A row of the Hub has every argument of every kind, most of them null.

        Raises InputError for one that is missing or of another type.
        """
        found = {}
        for name, kind in self.arguments.items():
            value = (given or {}).get(name)
            if value is None:
                if name in self.optional:
                    continue
                raise InputError(f"{self.id} needs the argument {name!r}: {_EXPECTED[kind]}")
            found[name] = self._one(name, kind, value, facts)
        return found

    def _one(self, name: str, kind: Type, value: Any, facts: Facts) -> Any:
        # Parquet makes floats of whole numbers beside nulls.
        if kind == "number" and isinstance(value, int | float) and int(value) == value and not isinstance(value, bool):
            return int(value)
        if kind == "text" and isinstance(value, str) and value.strip():
            return value
        if kind == "texts" and not isinstance(value, str | bytes | Mapping) and hasattr(value, "__iter__"):
            texts = list(value)
            if texts and all(isinstance(text, str) and text.strip() for text in texts):
                return texts
        if kind == "relation" and isinstance(value, str):
            relation = facts.relations.get(value.strip(), value.strip())
            if relation in (AT_LEAST, LESS_THAN):
                return relation
            raise InputError(f"{self.id}: {name} is {value!r}, expected {AT_LEAST!r} or {LESS_THAN!r}")
        raise InputError(f"{self.id}: {name} is {value!r}, expected {_EXPECTED[kind]}")


def holds(found: int, relation: str, wanted: int) -> bool:
    return found >= wanted if relation == AT_LEAST else found < wanted
