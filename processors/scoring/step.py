"""Length ratio and script purity as a step for any datatrove pipeline."""

from typing import TYPE_CHECKING, Any

from datatrove.pipeline.base import PipelineStep

from processors.errors import InputError
from processors.languages.language import DEFAULT
from processors.scoring.length_and_script import score_conversation

if TYPE_CHECKING:
    from datatrove.data import Document, DocumentsPipeline


class ConversationScorer(PipelineStep):
    """Writes `metadata["scores"]` (`ConversationScores.to_dict`) beside a document's candidate.

    Reads the source from `metadata["messages"]` and the translation from `metadata["candidate"]`, both lists of
    `{"role", "content"}`. The step's statistics hold the mean LR, SCR and rank_score of the wholes.
    """

    name = "Length ratio and script purity"
    type = "Scorer"

    def __init__(self, alpha: float = 1.0, script: str = DEFAULT.script, threshold: float = 0.90) -> None:
        super().__init__()
        self.alpha, self.script, self.threshold = alpha, script, threshold

    def score(self, document: "Document") -> dict[str, Any]:
        for field in ("messages", "candidate"):
            if not isinstance(document.metadata.get(field), list):
                raise InputError(f"row {document.id}: no list in {field!r}: expected the messages of a conversation")
        source, candidate = document.metadata["messages"], document.metadata["candidate"]
        try:
            return score_conversation(source, candidate, self.alpha, self.script, self.threshold).to_dict()
        except InputError as error:
            raise InputError(f"row {document.id}: {error}") from None

    def run(self, data: "DocumentsPipeline", rank: int = 0, world_size: int = 1) -> "DocumentsPipeline":
        for document in data:
            with self.track_time():
                scores = self.score(document)
                document.metadata["scores"] = scores
                for label in ("LR", "SCR", "rank_score"):
                    self.stat_update(label, value=scores[label], unit="doc")
            yield document
