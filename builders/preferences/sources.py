"""What says that one translation of a row is better than another: a benchmark, a reference, judges, people.

Each source gives for two translators of a row the signed difference, in a unit of its own; `scale` is the difference
that makes a margin of 1, `tie` the one up to which two translations count as equally good.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

from pydantic import FiniteFloat, RootModel

from builders.recipes.yaml_file import load_checked
from processors.errors import InputError
from processors.memory.memory import Memory

Messages = Sequence[Mapping[str, str]]


class Source(Protocol):
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
    scale: float = 10.0
    # About the standard error of an accuracy over ArabicMMLU's 14,575 questions.
    tie: float = 0.5

    def reference(self, source: Messages, instructions: str) -> str | None:
        return None

    def difference(self, row: str, a: str, b: str, to_reference: Mapping[str, float]) -> float | None:
        return self.scores[a] - self.scores[b]


@dataclass(slots=True)
class References:
    """chrF against reference translations: of a memory, or of a translator of the run that is the reference."""

    translators: list[str]
    memory: Memory | None = None
    translator: str | None = None
    answer_only: bool = False
    unit: str = "points of chrF"
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


@dataclass(slots=True)
class Votes:
    """Verdicts on pairs, of judges or people: each is 1 for the better and -1 for the worse, a tie 0."""

    translators: list[str]
    votes: dict[tuple[str, str, str], dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    unit: str = "share of votes for, less those against"
    scale: float = 1.0
    tie: float = 0.0
    asked: set[tuple[str, str, str]] = field(default_factory=set)

    def add(self, row: str, a: str, b: str, voter: str, vote: int) -> None:
        """A later vote of the same voter on the same pair replaces the earlier one."""
        first, second, sign = (a, b, vote) if a < b else (b, a, -vote)
        self.votes[row, first, second][voter] = sign

    def reference(self, source: Messages, instructions: str) -> str | None:
        return None

    def difference(self, row: str, a: str, b: str, to_reference: Mapping[str, float]) -> float | None:
        first, second, sign = (a, b, 1) if a < b else (b, a, -1)
        found = self.votes.get((row, first, second))
        if not found:
            return None
        self.asked.add((row, first, second))
        return sign * sum(found.values()) / len(found)

    def digest(self) -> str:
        """Changes exactly when a vote does."""
        plain = sorted((pair, sorted(votes.items())) for pair, votes in self.votes.items())
        return blake2b(json.dumps(plain).encode("ascii"), digest_size=16).hexdigest()

    def rows(self) -> set[str]:
        """The rows of which pairs were voted on."""
        return {row for row, _, _ in self.votes}

    def unused(self) -> list[tuple[str, str, str]]:
        """Pairs that were voted on and never asked for: their rows are not in the run."""
        return sorted(self.votes.keys() - self.asked)


class Scores(RootModel[dict[str, FiniteFloat]]):
    model_config = {"strict": True}


def read_benchmark(path: Path, translators: Sequence[str]) -> Benchmark:
    """Scores from a YAML mapping of translators, such as `{SeedX: 41.2, Gemma3: 44.0}`, in percent."""
    scores = load_checked(path, Scores, "expected a score for each translator, such as SeedX: 41.2").root
    for name in scores:
        known_translator(name, translators, str(path))
    if len(scores) < 2:
        raise InputError(f"{path}: {len(scores)} of {', '.join(translators)} has a score; a ranking needs two")
    return Benchmark(scores, [name for name in translators if name in scores])


def read_references(name: str, translators: Sequence[str], target: str, *, answer_only: bool) -> References:
    """References from a memory's file, or from the run's translator of this name, who then takes part in no pair."""
    if name in translators:
        return References([t for t in translators if t != name], translator=name, answer_only=answer_only)
    path = Path(name)
    if not path.exists():
        raise InputError(
            f"--reference {name}: neither a memory's file nor a translator of this run ({', '.join(translators)})"
        )
    memory = Memory.load(path, target=target)
    return References(list(translators), memory=memory, answer_only=answer_only)


def read_verdicts(path: Path, translators: Sequence[str]) -> Votes:
    """People's verdicts: JSONL, CSV or TSV with `id`, `better`, `worse` and perhaps `annotator`, one a line.

    Without an annotator every line is a vote of its own. Raises InputError with file and line.
    """
    votes = Votes(list(translators))
    for place, record in _records(path):
        values = {name: _text(record, name, place) for name in ("id", "better", "worse")}
        for name in ("better", "worse"):
            known_translator(values[name], translators, place)
        if values["better"] == values["worse"]:
            raise InputError(f"{place}: better and worse are both '{values['better']}'; repair the line")
        annotator = record.get("annotator")
        votes.add(
            values["id"],
            values["better"],
            values["worse"],
            str(annotator) if annotator else place.rpartition(", ")[2],
            1,
        )
    return votes


def read_judgements(path: Path, translators: Sequence[str]) -> Votes:
    """The verdicts that `smolkalam judge` wrote (its folder or its `verdicts.jsonl`), one a judge and pair."""
    path = path / "verdicts.jsonl" if path.is_dir() else path
    votes = Votes(list(translators))
    signs = {"a": 1, "b": -1, "tie": 0}
    for place, record in _records(path):
        if "verdict" in record and record["verdict"] is None:
            # The judge failed on this pair; why stands in its record.
            continue
        values = {name: _text(record, name, place) for name in ("id", "a", "b", "judge", "verdict")}
        for name in ("a", "b"):
            known_translator(values[name], translators, place)
        if values["verdict"] not in signs:
            raise InputError(f"{place}: verdict is '{values['verdict']}', expected a, b or tie")
        votes.add(values["id"], values["a"], values["b"], values["judge"], signs[values["verdict"]])
    return votes


def read_votes(path: Path, translators: Sequence[str]) -> Votes:
    """Verdicts of judges or people, whichever the file holds."""
    if path.is_dir():
        return read_judgements(path, translators)
    first = next((record for _, record in _records(path)), {})
    return (read_judgements if "verdict" in first else read_verdicts)(path, translators)


def known_translator(name: str, translators: Sequence[str], place: str) -> None:
    """Raises InputError, with the nearest name, if the run has no such translator."""
    if name not in translators:
        near = get_close_matches(name, translators, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"the run has {', '.join(translators)}"
        raise InputError(f"{place}: no translator '{name}'; {hint}")


def _records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """A table's records, each with its place for an error's message."""
    suffix = path.suffix.lower()
    if path.exists() and suffix not in (".jsonl", ".csv", ".tsv"):
        raise InputError(f"{path}: expected a .jsonl, .csv or .tsv file")
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            if suffix == ".jsonl":
                for number, line in enumerate(stream, start=1):
                    if line.strip():
                        record = json.loads(line)
                        if not isinstance(record, dict):
                            raise InputError(f"{path}, line {number}: expected a JSON object")
                        yield f"{path}, line {number}", record
                return
            reader = csv.DictReader(stream, delimiter="\t" if suffix == ".tsv" else ",", strict=True)
            for record in reader:
                number = reader.line_num
                yield f"{path}, line {number}", record
    except (ValueError, csv.Error) as error:
        raise InputError(f"{path}, line {max(number, 1)}: cannot be read ({error}); repair the line") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check the path") from None


def _text(record: Mapping[str, Any], name: str, place: str) -> str:
    value = record.get(name)
    if not isinstance(value, str) or not value:
        raise InputError(f"{place}: {name} is {value!r:.60}, expected a text; every line needs it")
    return value
