"""Where labels come from: verdicts of judges or people, or approved translations of some rows."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from builders.recipes.ranking import LabelledRows
from builders.run_folder.units import Unit, UnitFiles, messages_of, read_unit
from processors.judging.krippendorff import krippendorff_alpha
from processors.judging.panel import VOTES
from processors.judging.votes import Votes, read_votes
from processors.languages.language import Language
from processors.memory.memory import Memory
from processors.scoring.agreement import agreement
from processors.selection import sample_key

Messages = list[dict[str, str]]
# Points of chrF within which two candidates are equally near to the reference.
_TIE = 1.0
# Rows that are looked up in a memory at most: who approved some hundred rows of a huge run should name the split.
_MOST_LOOKED_AT = 200_000


class LabelledRow(NamedTuple):
    """A row of a unit and its candidates, by translator, with what is said of each two of them (`a`, `b`, 1 to -1)."""

    id: str
    source: Messages
    candidates: dict[str, Messages]
    verdicts: list[tuple[str, str, float]]
    unit: str


class LabelSource(Protocol):
    def digest(self) -> str:
        """Changes when what it says may change."""

    def agreement(self) -> float | None:
        """How far those who gave verdicts agree: Krippendorff's alpha; None where nothing was judged twice."""

    def told(self) -> dict[str, Any]:
        """What else is to be known of them, as JSON."""

    def labelled(self, units: Sequence[Unit], selected: Path, translated: Mapping[str, Path]) -> Iterator[LabelledRow]:
        """The rows of the run on which it says something."""


def label_source(
    spec: LabelledRows, translators: Sequence[str], language: Language, seed: int, judged: Path | None = None
) -> LabelSource:
    """What a recipe names; `judged` is what a panel said that the build asked (`builders.stages.calibrate`).

    Raises `InputError` where its file cannot be read.
    """
    if spec.judges is not None:
        assert judged is not None
        return _Panel(json.loads(judged.read_text(encoding="utf-8")), translators, seed)
    assert spec.path is not None
    if spec.by == "references":
        return _References(Memory.load(spec.path, target=language.code), spec.rows, seed)
    return _Verdicts(read_votes(Path(spec.path), translators), spec.rows, seed)


class _Verdicts:
    def __init__(self, votes: Votes, rows: int, seed: int) -> None:
        self.votes = votes
        ordered = sorted(votes.rows(), key=lambda row: sample_key(row, seed))
        self.ids = set(ordered[:rows])

    def digest(self) -> str:
        return f"{self.votes.digest()} {len(self.ids)}"

    def agreement(self) -> float | None:
        # Who is better is what they agree on: by how much depends on what each of them marked.
        signs = [[float(np.sign(vote)) for vote in found.values()] for found in self.votes.votes.values()]
        return krippendorff_alpha(signs, "ordinal")

    def told(self) -> dict[str, Any]:
        return {}

    def labelled(self, units: Sequence[Unit], selected: Path, translated: Mapping[str, Path]) -> Iterator[LabelledRow]:
        splits = {row.rpartition("/")[0] for row in self.ids}
        pairs: dict[str, list[tuple[str, str]]] = {}
        for row, a, b in sorted(self.votes.votes):
            pairs.setdefault(row, []).append((a, b))
        for unit in units:
            if unit.split in splits:
                ids = sorted(self.ids & set(read_unit(UnitFiles(selected, unit.name), ["id"])["id"].to_pylist()))
                for row, source, candidates in _rows(unit, ids, selected, translated):
                    said = [(a, b, self.votes.difference(row, a, b, {})) for a, b in pairs[row]]
                    known = [(a, b, v) for a, b, v in said if v is not None]
                    yield LabelledRow(row, source, candidates, known, unit.name)


class _Panel(_Verdicts):
    """What a panel said that the build itself asked, without the judges that say no more than chance."""

    def __init__(self, judged: Mapping[str, Any], translators: Sequence[str], seed: int) -> None:
        votes = Votes(list(translators))
        for one in judged["verdicts"]:
            if one["verdict"] is not None and one["judge"] not in judged["left_out"]:
                votes.add(one["id"], one["a"], one["b"], one["judge"], VOTES[one["verdict"]])
        super().__init__(votes, len(votes.votes), seed)
        self.judged = judged

    def told(self) -> dict[str, Any]:
        names = {"asked": "rows", "rounds": "rounds", "settled": "settled", "left_out": "left_out"}
        return {name: self.judged[key] for name, key in names.items()}


class _References:
    def __init__(self, memory: Memory, rows: int, seed: int) -> None:
        self.memory, self.rows, self.seed = memory, rows, seed

    def digest(self) -> str:
        return f"{self.memory.digest()} {self.rows}"

    def agreement(self) -> float | None:
        return None

    def told(self) -> dict[str, Any]:
        return {}

    def labelled(self, units: Sequence[Unit], selected: Path, translated: Mapping[str, Path]) -> Iterator[LabelledRow]:
        found = looked_at = 0
        for unit in sorted(units, key=lambda unit: sample_key(unit.name, self.seed)):
            table = read_unit(UnitFiles(selected, unit.name), ["id", "messages"]).to_pylist()
            references = {row["id"]: self._reference(row["messages"]) for row in table}
            known = [i for i, text in references.items() if text is not None]
            known.sort(key=lambda i: sample_key(i, self.seed))
            for row, source, candidates in _rows(unit, known[: self.rows - found], selected, translated):
                said = _by_reference(references[row] or "", candidates)
                yield LabelledRow(row, source, candidates, said, unit.name)
                found += 1
            looked_at += len(table)
            if found >= self.rows or looked_at >= _MOST_LOOKED_AT:
                return

    def _reference(self, messages: Messages) -> str | None:
        texts = [self.memory.translate_message(message["role"], message["content"]) for message in messages]
        return None if None in texts else "\n".join(text or "" for text in texts)


def _by_reference(reference: str, candidates: Mapping[str, Messages]) -> list[tuple[str, str, float]]:
    names = sorted(candidates)
    texts = ["\n".join(message["content"] for message in candidates[name]) for name in names]
    near = 100 * agreement([[*texts, reference]])[0, :-1, -1]
    said = []
    for a, b in combinations(range(len(names)), 2):
        apart = float(near[a] - near[b])
        said.append((names[a], names[b], 0.0 if abs(apart) <= _TIE else 1.0 if apart > 0 else -1.0))
    return said


def _rows(
    unit: Unit, ids: Iterable[str], selected: Path, translated: Mapping[str, Path]
) -> Iterator[tuple[str, Messages, dict[str, Messages]]]:
    """Of these rows, in this order, the source and the candidates that there are."""
    ids = list(ids)
    if not ids:
        return
    sources = messages_of(UnitFiles(selected, unit.name), ids)
    targets = {name: messages_of(UnitFiles(folder, unit.name), ids) for name, folder in translated.items()}
    for row in ids:
        yield row, sources[row], {name: found[row] for name, found in targets.items() if row in found}
