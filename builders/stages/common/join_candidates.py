"""Brings all translators' candidates of a row together, with the verdicts that stand."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from builders.run_folder.units import UnitFiles, read_dropped, read_unit
from builders.stages.common.combine import Rescue, UnitChunks, UnitRescue
from processors.checks.once import rules_digest
from processors.checks.pairs.verdict import Verdict
from processors.checks.run import check_conversation, has_hard
from processors.conversations.sides import Sides
from processors.languages.language import Language
from processors.terms import TERMS

if TYPE_CHECKING:
    from processors.reward import SourceAndCandidate

# Of a candidate: its verdicts and the rules that they were found by; an older version's have neither.
CHECKED = ("checks", "checked_by")


class JoinCandidates(PipelineStep):
    """Adds each document's candidates, by id: `candidates`, and `failures` for translators that have none.

    The documents come unit by unit, in order; a unit's candidates are read when its first document comes. With
    `rescue` they include those that were put together (`builders.stages.common.combine`); with `places` each has its
    `chunks`, and in any case `chunks` of the document gives those of the few that are asked for.
    """

    name = "Candidates"
    type = "JOIN"

    def __init__(self, folders: dict[str, Path], rescue: Rescue | None = None, places: bool = False) -> None:
        super().__init__()
        self.columns = ("chunks",) if places else ()
        self.folders = folders
        self.rescue = rescue

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        unit, rows, failed, rescue, chunks = None, {}, {}, None, None
        for document in data:
            if document.metadata["unit"] != unit:
                unit = document.metadata["unit"]
                rows = {name: _by_id(UnitFiles(folder, unit), self.columns) for name, folder in self.folders.items()}
                failed = {
                    name: {row.id: (row.reason, row.detail) for row in read_dropped(UnitFiles(folder, unit))}
                    for name, folder in self.folders.items()
                }
                chunks = UnitChunks(self.folders, unit)
                rescue = UnitRescue(self.rescue, self.folders, unit) if self.rescue and any(failed.values()) else None
            document.metadata["chunks"] = chunks
            document.metadata["candidates"] = {
                name: found for name, by_id in rows.items() if (found := by_id.get(document.id))
            }
            document.metadata["failures"] = {
                name: why for name, by_id in failed.items() if (why := by_id.get(document.id))
            }
            if rescue and not self._has_whole(document):
                found, failures = document.metadata["candidates"], document.metadata["failures"]
                document.metadata["candidates"] = rescue.fill(document, found, failures)
            yield document

    def _has_whole(self, document: Document) -> bool:
        """Whether a translator has all of a row, without a hard verdict."""
        assert self.rescue
        source, language = document.metadata["messages"], self.rescue.language
        return any(
            not has_hard(verdicts_on(source, one, language)) for one in document.metadata["candidates"].values()
        )


def _by_id(files: UnitFiles, more: Sequence[str]) -> dict[str, dict[str, Any]]:
    table = read_unit(files, ["id", "messages", "custom_instructions", *CHECKED, *more])
    return {row["id"]: row for row in table.to_pylist()}


def verdicts_on(
    source: Sequence[dict[str, Any]], candidate: dict[str, Any], language: Language, sides: Sides | None = None
) -> list[Verdict]:
    """What the checks say of a candidate: the verdicts that came with it, where today's rules would find the same.

    They do not where the rules have changed since, or where the candidate is of a version that kept none. Those on
    terms always stand: only who translates has the glossary.
    """
    kept = [Verdict(**verdict) for verdict in candidate.get("checks") or ()]
    if candidate.get("checked_by") == rules_digest(language.script, language.code):
        return kept
    script, code = language.script, language.code
    found = check_conversation(list(source), candidate["messages"], script=script, language=code, sides=sides)
    return found + [verdict for verdict in kept if verdict.check == TERMS]


def judged_candidate(document: Document, translator: str) -> "SourceAndCandidate":
    """A joined document's source and one translator's candidate, as whatever scores candidates takes them."""
    # A build without scores needs none of that room.
    from processors.reward import judged

    row, found = document.metadata, document.metadata["candidates"][translator]
    instructions = (row["chat_template_kwargs"] or {}).get("custom_instructions") or ""
    return judged(row["messages"], found["messages"], instructions, found["custom_instructions"] or "")
