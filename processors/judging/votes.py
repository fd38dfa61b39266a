"""Verdicts on pairs of translations, of judges or of people, read from their files and counted as votes."""

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from processors.errors import InputError

Messages = Sequence[Mapping[str, str]]
# In the folders of `smolkalam judge` and `smolkalam review`.
VERDICTS, TRANSLATIONS = "verdicts.jsonl", "translations.jsonl"


@dataclass(slots=True)
class Votes:
    """Verdicts on pairs, of judges or people: each is 1 for the better and -1 for the worse, a tie 0; with
    less weight a part of 1."""

    translators: list[str]
    votes: dict[tuple[str, str, str], dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    unit: str = "share of votes for, less those against"
    scale: float = 1.0
    tie: float = 0.0
    asked: set[tuple[str, str, str]] = field(default_factory=set)

    def add(self, row: str, a: str, b: str, voter: str, vote: float) -> None:
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


def read_verdicts(path: Path, translators: Sequence[str]) -> Votes:
    """People's verdicts: JSONL, CSV or TSV with `id`, `better`, `worse`, perhaps `annotator` and `weight`, one a line.

    `weight` is how much of a vote it is: 0 a tie, without it 1. Without an annotator every line is a vote of its own.
    A folder is that of `smolkalam review`; of its file a last line that a crash tore is left out, with a notice, as
    the review itself does. Raises InputError with file and line.
    """
    votes = Votes(list(translators))
    for place, record in read_records(_file(path)):
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
            _weight(record.get("weight"), place),
        )
    return votes


def read_judgements(path: Path, translators: Sequence[str]) -> Votes:
    """The verdicts that `smolkalam judge` wrote (its folder or its `verdicts.jsonl`), one a judge and pair."""
    votes = Votes(list(translators))
    signs = {"a": 1, "b": -1, "tie": 0}
    for place, record in read_records(_file(path)):
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
    """Verdicts of judges or people, whichever the file holds, or the `verdicts.jsonl` of a folder."""
    first = next((record for _, record in read_records(_file(path))), {})
    return (read_judgements if "verdict" in first else read_verdicts)(path, translators)


def _file(path: Path) -> Path:
    return path / VERDICTS if path.is_dir() else path


def known_translator(name: str, translators: Sequence[str], place: str) -> None:
    """Raises InputError, with the nearest name, if the run has no such translator."""
    if name not in translators:
        near = get_close_matches(name, translators, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"the run has {', '.join(translators)}"
        raise InputError(f"{place}: no translator '{name}'; {hint}")


def read_records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """A table's records, each with its place for an error's message. Raises InputError with file and line.

    Of a file that the review only adds to a last line that a crash tore is left out, with a notice.
    """
    suffix = path.suffix.lower()
    if path.exists() and suffix not in (".jsonl", ".csv", ".tsv"):
        raise InputError(f"{path}: expected a .jsonl, .csv or .tsv file")
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            if suffix == ".jsonl":
                for number, line in enumerate(stream, start=1):
                    if path.name in (VERDICTS, TRANSLATIONS) and _is_torn(line):
                        _tell_of_torn(path, number)
                    elif line.strip():
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


def _is_torn(line: str) -> bool:
    """Whether a line of a file that only grows is the end of a write that a crash cut off: nobody was told of it."""
    if line.endswith("\n") or not line.strip():
        return False
    try:
        json.loads(line)
    except ValueError:
        return True
    return False


@cache
def _tell_of_torn(path: Path, number: int) -> None:
    # Once a process: votes are read to check them and again to use them.
    print(f"{path}, line {number}: torn, as by a crash; it is left out", file=sys.stderr)


def _text(record: Mapping[str, Any], name: str, place: str) -> str:
    value = record.get(name)
    if not isinstance(value, str) or not value:
        raise InputError(f"{place}: {name} is {value!r:.60}, expected a text; every line needs it")
    return value


def _weight(given: Any, place: str) -> float:
    if given is None or given == "":
        return 1
    try:
        weight = float(given)
    except (TypeError, ValueError):
        weight = -1.0
    if not 0 <= weight <= 1:
        raise InputError(f"{place}: weight is {given!r:.60}, expected a number from 0 (a tie) to 1")
    # As a file without weights says it: the votes' digest stays.
    return int(weight) if weight in (0, 1) else weight
