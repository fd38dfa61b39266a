"""What says that one translation of a row is better than another: a benchmark, a reference, judges, people.

Each source gives for two translators of a row the signed difference, in a unit of its own; `scale` is the difference
that makes a margin of 1, `tie` the one up to which two translations count as equally good.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import FiniteFloat, RootModel

from builders.recipes.yaml_file import load_checked
from processors.errors import InputError
from processors.judging.votes import Messages, known_translator
from processors.memory.memory import Memory


class PreferenceSource(Protocol):
    """A source of preferences. `difference` is positive where `a` is better, None where nothing is known."""

    unit: str
    scale: float
    tie: float

    @property
    def translators(self) -> list[str]:
        """Those of whom the source may know something, in the recipe's order."""

    def reference(self, source: Messages, instructions: str) -> str | None:
        """The text that the row's candidates are compared with, for a source that compares with one."""

    def difference(self, row: str, a: str, b: str, to_reference: Mapping[str, float]) -> float | None:
        """`to_reference`: chrF (0 to 100) of each candidate with the reference, empty where there is none."""


@dataclass(slots=True)
class Benchmark:
    """A ranking of the translators by a measured benchmark: the score of a model trained on each one's translations.

    The paper trained on each translation of S1K and took ArabicMMLU. It knows of translators, not of rows.
    """

    scores: dict[str, float]
    translators: list[str]
    unit: str = "points of the benchmark"
    # The difference at which a pair has the whole margin.
    scale: float = 10.0
    # About the standard error of an accuracy over ArabicMMLU's 14,575 questions.
    tie: float = 0.5

    def reference(self, source: Messages, instructions: str) -> str | None:
        return None

    def difference(self, row: str, a: str, b: str, to_reference: Mapping[str, float]) -> float | None:
        return self.scores[a] - self.scores[b]


@dataclass(slots=True)
class ReferenceTexts:
    """chrF against reference translations: of a memory, or of a translator of the run that is the reference."""

    translators: list[str]
    memory: Memory | None = None
    translator: str | None = None
    answer_only: bool = False
    unit: str = "points of chrF"
    # As above, and below `tie` there is no pair.
    scale: float = 20.0
    tie: float = 1.0

    def reference(self, source: Messages, instructions: str) -> str | None:
        """The reference of every message of `source`, joined; None if the memory lacks a segment of one."""
        if self.memory is None:
            return None
        texts = [(message["role"], message["content"]) for message in source]
        texts = texts[-1:] if self.answer_only else [*([("system", instructions)] if instructions else []), *texts]
        found = [self.memory.translate_message(role, text) for role, text in texts]
        return None if any(text is None for text in found) else "\n".join(text for text in found if text is not None)

    def difference(self, row: str, a: str, b: str, to_reference: Mapping[str, float]) -> float | None:
        return to_reference[a] - to_reference[b] if to_reference else None


class BenchmarkScores(RootModel[dict[str, FiniteFloat]]):
    model_config = {"strict": True}


def read_benchmark(path: Path, translators: Sequence[str]) -> Benchmark:
    """Scores from a YAML mapping of translators, such as `{SeedX: 41.2, Gemma3: 44.0}`, in percent."""
    scores = load_checked(path, BenchmarkScores, "expected a score for each translator, such as SeedX: 41.2").root
    for name in scores:
        known_translator(name, translators, str(path))
    if len(scores) < 2:
        raise InputError(f"{path}: {len(scores)} of {', '.join(translators)} has a score; a ranking needs two")
    return Benchmark(scores, [name for name in translators if name in scores])


def read_references(name: str, translators: Sequence[str], target: str, *, answer_only: bool) -> ReferenceTexts:
    """References from a memory's file, or from the run's translator of this name, who then takes part in no pair."""
    if name in translators:
        return ReferenceTexts([t for t in translators if t != name], translator=name, answer_only=answer_only)
    path = Path(name)
    if not path.exists():
        raise InputError(
            f"--reference {name}: neither a memory's file nor a translator of this run ({', '.join(translators)})"
        )
    memory = Memory.load(path, target=target)
    return ReferenceTexts(list(translators), memory=memory, answer_only=answer_only)
