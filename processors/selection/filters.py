"""The selection as datatrove filters: a document is a conversation, its row in `doc.metadata`.

Metadata: `messages`, `chat_template_kwargs`, `source`, and for a cut `domain`. A dropped document carries the reason
in `metadata["filter_reason"]` and the place in `metadata["filter_detail"]`.
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter

from processors.conversations.field_texts import BY_FIELDS
from processors.selection.choose_rows import PlannedCut, has_han, sample_key, texts_in
from processors.selection.decontamination import Search, load
from processors.selection.pairs import PAIR_PROBLEM, is_pair, pair_problem
from processors.selection.row_problems import Problem, row_problem

CONTAMINATED = "contaminated"


class RowProblemFilter(BaseFilter):
    """Drops rows that are no conversation, or no pair of two; the reason is `row_problem`'s or `pair_problem`'s."""

    name = "conversations"

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        row = doc.metadata
        if BY_FIELDS in row:
            # Any text will do, and who reads it has looked at it.
            return True
        if not is_pair(row):
            return _result(doc, row_problem(row))
        # Who reads pairs has looked at them, to make one conversation of each.
        return _result(doc, row[PAIR_PROBLEM] if PAIR_PROBLEM in row else pair_problem(row))


class HanFilter(BaseFilter):
    """Drops rows with a Han character. Put it after `RowProblemFilter`."""

    name = "no Han characters"

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        return _result(doc, has_han(doc.metadata))


class ContaminationFilter(BaseFilter):
    """Drops rows in which an item of a benchmark stands (`processors.selection.decontamination`).

    `index` is the file of the benchmarks' index, read when the first row comes. `metadata["benchmark"]` names the
    benchmark. Put it after `RowProblemFilter`.
    """

    name = "contamination"

    def __init__(self, index: str) -> None:
        super().__init__()
        self.index = index

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        found = contaminated(self.index, (text for _, text in texts_in(doc.metadata)))
        if found is None:
            return True
        doc.metadata["benchmark"], doc.metadata["filter_detail"] = found
        return False, CONTAMINATED


@lru_cache(maxsize=1)
def _search(index: str) -> Search:
    return Search(load(Path(index)))


def contaminated(index: str, texts: Iterable[str]) -> tuple[str, str] | None:
    """The benchmark of which an item stands in these texts of a row, and what was found, in a line; or None."""
    found = _search(index).find(texts)
    return (found[0].benchmark, str(found[0])) if found else None


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
