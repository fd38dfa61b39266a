"""The selection as datatrove filters, for a pipeline of one's own: a document is a conversation, as in `reasons.py`.

For a cut there is `domain` in its metadata besides. A dropped document carries the reason in
`metadata["filter_reason"]` and the place in `metadata["filter_detail"]`.
"""

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter

from processors.selection.choose_rows import PlannedCut, sample_key
from processors.selection.reasons import holds_han, no_conversation


class RowProblemFilter(BaseFilter):
    """Drops rows that are no conversation, or no pair of two; the reason is `row_problem`'s or `pair_problem`'s."""

    name = "conversations"

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        return _result(no_conversation(doc))


class HanFilter(BaseFilter):
    """Drops rows with a Han character. Put it after `RowProblemFilter`."""

    name = "no Han characters"

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        return _result(holds_han(doc))


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


def _result(reason: str | None) -> bool | tuple[bool, str]:
    return True if reason is None else (False, reason)
