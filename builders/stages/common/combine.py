"""Puts candidates together: of a row that no translator has, and where each segment takes the best one's.

Rescue is for a row of which each translator failed a part, and not all the same part.

A conversation with a chunk that failed is a donor (`builders.run_folder.schemas.donor`): what is good in it fills the
holes of the others' donors, and theirs its own. What comes of it is a candidate of that translator like any other, if
it passes the hard checks as a whole; otherwise the translator has failed the row as before, and the reason says so.
Where one translator has all of a row and no hard check vetoes it, nothing is put together: that one is of one hand.

By segment (`ranking.replace: segments`) the ranker scores each stretch between the boundaries that all candidates of a
row have, and `processors.ranking.segments` finds whose each is to be.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from datatrove.data import Document

from builders.engines.common.make import conversation
from builders.recipes.recipe import Recipe
from builders.run_folder.units import UnitFiles, read_donors, read_unit
from builders.stages.common.context import Build
from processors.checks.once import rules_digest
from processors.checks.pairs.verdict import Verdict
from processors.checks.run import check_conversation
from processors.languages.language import Language
from processors.ranking.combine import Piece, filled, put_together, together
from processors.ranking.model import FittedRanker
from processors.ranking.policy import Choice, Outcome
from processors.ranking.segments import SWITCH, best_path, change_costs, segment_gain
from processors.terms import TERMS
from processors.translation.candidate import CUSTOM_INSTRUCTIONS, TRANSLATED


def rescue(recipe: Recipe) -> "Rescue | None":
    """What puts candidates together in a build; None where nothing does."""
    return Rescue(recipe.language, recipe.ranking.rescues) if recipe.keeps_donors else None


def rescued_in(build: Build) -> dict[str, Any]:
    """What of that decides which candidates there are, for a stage's fingerprint."""
    if not build.recipe.keeps_donors:
        return {}
    return {"rescue": sorted({unit.into for unit in build.selected if build.recipe.ranking.rescues(unit.into)})}


@dataclass(frozen=True, slots=True)
class Rescue:
    """Whether candidates are put together in a built split, and the language of the checks that they must pass."""

    language: Language
    wanted: Callable[[str], bool]


class UnitRescue:
    """One unit's donors, of all translators in the recipe's order, for the rows that they failed."""

    def __init__(self, rescue: Rescue, folders: Mapping[str, Path], unit: str) -> None:
        self._rescue = rescue
        files = {name: UnitFiles(folder, unit) for name, folder in folders.items()}
        self._donors = {name: {row["id"]: row["chunks"] for row in read_donors(of)} for name, of in files.items()}
        # Where a candidate's chunks lie is of interest only beside what is to be filled.
        self._places: dict[str, dict[str, Any]] = {name: {} for name in folders}
        if wanted := {row for of in self._donors.values() for row in of}:
            for name, of in files.items():
                rows = read_unit(of, ["id", "chunks"]).to_pylist()
                self._places[name] = {row["id"]: row["chunks"] for row in rows if row["id"] in wanted}

    def fill(
        self, document: Document, candidates: dict[str, dict[str, Any]], failures: dict[str, tuple[str, str]]
    ) -> dict[str, dict[str, Any]]:
        """The candidates with those that can be put together, which are no failures any more, in the recipe's order.

        They have `segments`, the passages that say whose each is. The failures of those that the checks refuse say
        that too.
        """
        row = document.id
        names = [name for name in failures if row in self._donors[name]]
        if not names or not self._rescue.wanted(document.metadata["into"]):
            return candidates
        messages, instructions = conversation(document)
        pieces = {name: made for name in self._donors if (made := self._pieces(name, row, candidates.get(name)))}
        found = dict(candidates)
        for name in names:
            whole = filled(pieces[name], [of for other, of in pieces.items() if other != name])
            if whole is None:
                continue
            candidate = combined(messages, instructions, whole)
            verdicts = self._check(messages, candidate)
            if (verdict := next((one for one in verdicts if one.hard), None)) is None:
                found[name] = candidate | {"id": row}
                del failures[name]
            else:
                reason, detail = failures[name]
                failures[name] = reason, f"{detail}; filled by others: {verdict.check}: {verdict.detail}"
        return {name: found[name] for name in self._donors if name in found}

    def _pieces(self, translator: str, row: str, candidate: dict[str, Any] | None) -> list[Piece]:
        """A translator's pieces of a row, of its candidate or of its donor; none where it has neither."""
        if chunks := self._donors[translator].get(row):
            return donor_pieces(translator, chunks)
        if candidate is None:
            return []
        return candidate_pieces(translator, candidate, self._places[translator][row])

    def _check(self, messages: list[dict[str, str]], candidate: dict[str, Any]) -> list[Verdict]:
        """The verdicts on a candidate that was put together; they are kept with it, as with any."""
        script, code = self._rescue.language.script, self._rescue.language.code
        found = check_conversation(messages, candidate["messages"], script=script, language=code)
        candidate |= {"checks": [asdict(verdict) for verdict in found], "checked_by": rules_digest(script, code)}
        return found


class UnitChunks:
    """Where the chunks of a unit's candidates lie, read when it is first asked: most rows are never repaired."""

    def __init__(self, folders: Mapping[str, Path], unit: str) -> None:
        self._files = {name: UnitFiles(folder, unit) for name, folder in folders.items()}
        self._read: dict[str, tuple[Any, dict[str, int]]] = {}

    def of(self, translator: str, row: str) -> list[dict[str, Any]]:
        """Empty where the unit was written before chunks were kept."""
        if translator not in self._read:
            table = read_unit(self._files[translator], ["id", "chunks"])
            places = {name: place for place, name in enumerate(table["id"].to_pylist())}
            self._read[translator] = table["chunks"], places
        chunks, places = self._read[translator]
        return chunks[places[row]].as_py() or []


def donor_pieces(translator: str, chunks: Sequence[Mapping[str, Any]]) -> list[Piece]:
    """A failed conversation's pieces, of its donor's chunks."""
    return [
        Piece(c["message"], c["source_start"], c["source_end"], c["target"], translator, c["origin"] in TRANSLATED)
        for c in chunks
    ]


def candidate_pieces(translator: str, candidate: Mapping[str, Any], places: list[dict[str, Any]]) -> list[Piece]:
    """A candidate's pieces: its text, cut where its chunks were."""
    contents = {number: message["content"] for number, message in enumerate(candidate["messages"])}
    contents[CUSTOM_INSTRUCTIONS] = candidate["custom_instructions"] or ""
    return [
        Piece(
            c["message"], c["source_start"], c["source_end"],
            contents[c["message"]][c["target_start"] : c["target_end"]], translator, c["origin"] in TRANSLATED,
        )
        for c in places
    ]  # fmt: skip


def combined(messages: list[dict[str, str]], instructions: str, pieces: list[Piece]) -> dict[str, Any]:
    sources = {CUSTOM_INSTRUCTIONS: instructions} if instructions else {}
    sources |= {number: message["content"] for number, message in enumerate(messages)}
    contents, passages = put_together(sources, pieces)
    return {
        "messages": [{"role": m["role"], "content": contents[number]} for number, m in enumerate(messages)],
        "custom_instructions": contents.get(CUSTOM_INSTRUCTIONS, ""),
        "segments": [passage._asdict() for passage in passages],
    }


class Segmented:
    """A row's usable candidates, cut at their common boundaries: what each has in each segment."""

    def __init__(self, document: Document, translators: Sequence[str]) -> None:
        self.messages, self.instructions = conversation(document)
        self.translators = tuple(translators)
        found = self.found = {name: document.metadata["candidates"][name] for name in translators}
        self.blocks = together([candidate_pieces(name, found[name], found[name]["chunks"]) for name in translators])
        self.sources = [self._source(block[0]) for block in self.blocks]
        self.texts = [["".join(piece.text or "" for piece in side) for side in block] for block in self.blocks]
        self.gains: list[list[float]] = []

    def _source(self, pieces: Sequence[Piece]) -> str:
        number = pieces[0].message
        whole = self.instructions if number == CUSTOM_INSTRUCTIONS else self.messages[number]["content"]
        return whole[pieces[0].start : pieces[-1].end]

    def best(self, primary: str) -> dict[str, Any] | None:
        """The best path as a candidate with `segments`; None where it is one translator's. Ties are the primary's."""
        order = sorted(range(len(self.translators)), key=lambda c: self.translators[c] != primary)
        gains = [[of[c] for c in order] for of in self.gains]
        costs: list[list[list[float]] | None] = [None]
        for before, after in pairwise(range(len(self.blocks))):
            within = self.blocks[before][0][0].message == self.blocks[after][0][0].message
            ours, theirs = ([self.texts[segment][c] for c in order] for segment in (before, after))
            costs.append(change_costs(ours, theirs, SWITCH if within else 0.0))
        path = [order[c] for c in best_path(gains, costs)]
        pieces = [piece for taken, block in zip(path, self.blocks, strict=True) for piece in block[taken]]
        if len({piece.translator for piece in pieces if piece.own}) < 2:
            return None
        made = combined(self.messages, self.instructions, pieces)
        return made | {"checks": terms_kept(self.found.values(), made["messages"])}


def terms_kept(candidates: Iterable[Mapping[str, Any]], messages: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    """The candidates' verdicts on terms that hold of these messages too: on those that are as theirs are."""
    kept = {}
    for one in candidates:
        for verdict in one.get("checks") or ():
            number = verdict["message"]
            if verdict["check"] == TERMS and one["messages"][number]["content"] == messages[number]["content"]:
                kept[number] = verdict
    return list(kept.values())


def chosen_by_segment(
    choice: Choice, segments: Sequence[dict[str, Any]], primary: str, translators: Sequence[str]
) -> tuple[Choice, str]:
    """The choice of a row that is put together, and the translator whose the most of it is; ties are the primary's.

    `choice` is that of whole candidates, `translators` are in the order of its decisions.
    """
    shares: Counter[str] = Counter()
    for passage in segments:
        shares[passage["translator"]] += passage["end"] - passage["start"]
    most = max(shares, key=lambda name: (shares[name], name == primary, name))
    total = shares.total()
    told = ", ".join(f"{name} {shares[name] / total:.0%}" for name in translators if shares[name])
    decisions = [
        f"chosen by segment: {shares[name] / total:.0%} of the row"
        if shares[name]
        # The best whole candidate may be one that gives nothing: it is vetoed, but for what repaired it.
        else f"not {decision}"
        if decision.startswith("chosen:")
        else decision
        for name, decision in zip(translators, choice.decisions, strict=True)
    ]
    outcome: Outcome = "primary" if most == primary else "replaced_better"
    reason = "primary" if most == primary else f"by segment: {told}"
    return Choice(most, reason, outcome, tuple(decisions)), most


def add_gains(rows: Sequence[Segmented], fitted: FittedRanker) -> None:
    """What the ranker expects of each candidate in each segment, all rows at once."""
    sources = [source for row in rows for source in row.sources]
    candidates: dict[str, list[str | None]] = {name: [] for name in fitted.translators}
    for row in rows:
        columns = {name: place for place, name in enumerate(row.translators)}
        for texts in row.texts:
            for name, found in candidates.items():
                found.append(texts[columns[name]] if name in columns else None)
    ranks = iter(fitted.score(sources, candidates) if sources else [])
    for row in rows:
        row.gains = [
            [round(segment_gain(rank[name].gain, source), 6) for name in row.translators]
            for source, rank in zip(row.sources, ranks)  # noqa: B905
        ]
