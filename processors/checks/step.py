"""The checks as a step for any datatrove pipeline."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from datatrove.pipeline.base import PipelineStep

from processors.checks.pairs.verdict import Verdict
from processors.checks.run import check_conversation, has_hard
from processors.errors import InputError
from processors.languages.language import DEFAULT

if TYPE_CHECKING:
    from datatrove.data import Document, DocumentsPipeline


class ConversationChecker(PipelineStep):
    """Writes `metadata["checks"]`: the verdicts on a document's candidate as plain dicts.

    Reads the source from `metadata["messages"]` and the translation from `metadata["candidate"]`, both lists of
    `{"role", "content"}`. The step's statistics count the candidates with each check, and those vetoed.
    """

    name = "Checks"
    type = "Scorer"

    def __init__(self, script: str = DEFAULT.script, language: str = DEFAULT.code) -> None:
        super().__init__()
        self.script, self.language = script, language

    def check(self, document: Document) -> list[Verdict]:
        for field in ("messages", "candidate"):
            if not isinstance(document.metadata.get(field), list):
                raise InputError(f"row {document.id}: no list in {field!r}: expected the messages of a conversation")
        source, target = document.metadata["messages"], document.metadata["candidate"]
        return check_conversation(source, target, script=self.script, language=self.language)

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        for document in data:
            with self.track_time():
                verdicts = self.check(document)
                document.metadata["checks"] = [asdict(v) for v in verdicts]
                for name in {v.check for v in verdicts}:
                    self.stat_update(name)
                self.stat_update("vetoed" if has_hard(verdicts) else "passed")
            yield document
