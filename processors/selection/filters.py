"""The selection as datatrove filters: a document is a conversation, its row in `doc.metadata`.

Metadata: `messages`, `chat_template_kwargs`, `source`, and for a cut `domain`. A dropped document carries the reason
in `metadata["filter_reason"]` and the place in `metadata["filter_detail"]`.
"""

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter

from processors.selection.choose_rows import PlannedCut, has_han, sample_key
from processors.selection.row_problems import Problem, row_problem


class RowProblemFilter(BaseFilter):
    """Drops rows that are no conversation; the reason is `row_problem`'s."""

    name = "conversations"

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        return _result(doc, row_problem(doc.metadata))


class HanFilter(BaseFilter):
    """Drops rows with a Han character. Put it after `RowProblemFilter`."""

    name = "no Han characters"

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        return _result(doc, has_han(doc.metadata))


class CutFilter(BaseFilter):
    """Keeps the rows of a cut: the stratum is `metadata["domain"]`, the row id `doc.id`."""

    name = "stratified cut"

    def __init__(self, cut: PlannedCut, seed: int) -> None:
        super().__init__()
        self.cut = cut
        self.seed = seed

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        wanted = self.cut.wanted(doc.metadata["domain"], sample_key(doc.id, self.seed), doc.id)
        return wanted or (False, "not_sampled")


def _result(doc: Document, problem: Problem | None) -> bool | tuple[bool, str]:
    if problem is None:
        return True
    doc.metadata["filter_detail"] = str(problem)
    return False, problem.reason
