"""Puts candidates together for a row that no translator has: each failed a part of it, and not all the same part.

A conversation with a chunk that failed is a donor (`builders.run_folder.schemas.donor`): what is good in it fills the
holes of the others' donors, and theirs its own. What comes of it is a candidate of that translator like any other, if
it passes the hard checks as a whole; otherwise the translator has failed the row as before, and the reason says so.
Where one translator has all of a row and no hard check vetoes it, nothing is put together: that one is of one hand.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from datatrove.data import Document

from builders.engines.common.make import conversation
from builders.run_folder.units import UnitFiles, read_donors, read_unit
from builders.stages.context import Build
from processors.checks.once import rules_digest
from processors.checks.pairs.verdict import Verdict
from processors.checks.run import check_conversation
from processors.languages.language import Language
from processors.ranking.combine import Piece, filled, put_together
from processors.translation.retry_ladder import CUSTOM_INSTRUCTIONS, TRANSLATED


def rescue(build: Build) -> "Rescue | None":
    """What puts candidates together in a build; None where nothing does."""
    recipe = build.recipe
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
            candidate = _put_together(messages, instructions, whole)
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
            return [
                Piece(
                    c["message"], c["source_start"], c["source_end"], c["target"], translator,
                    c["origin"] in TRANSLATED,
                )
                for c in chunks
            ]  # fmt: skip
        if candidate is None:
            return []
        return candidate_pieces(translator, candidate, self._places[translator][row])

    def _check(self, messages: list[dict[str, str]], candidate: dict[str, Any]) -> list[Verdict]:
        """The verdicts on a candidate that was put together; they are kept with it, as with any."""
        script, code = self._rescue.language.script, self._rescue.language.code
        found = check_conversation(messages, candidate["messages"], script=script, language=code)
        candidate |= {"checks": [asdict(verdict) for verdict in found], "checked_by": rules_digest(script, code)}
        return found


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


def _put_together(messages: list[dict[str, str]], instructions: str, pieces: list[Piece]) -> dict[str, Any]:
    sources = {CUSTOM_INSTRUCTIONS: instructions} if instructions else {}
    sources |= {number: message["content"] for number, message in enumerate(messages)}
    contents, passages = put_together(sources, pieces)
    return {
        "messages": [{"role": m["role"], "content": contents[number]} for number, m in enumerate(messages)],
        "custom_instructions": contents.get(CUSTOM_INSTRUCTIONS, ""),
        "segments": [passage._asdict() for passage in passages],
    }
