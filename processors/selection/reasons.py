"""Why a row is left out, asked of one document: its reason, or None where it stays; a detail is left in its metadata.

A document is a conversation, its row in `doc.metadata` (`messages`, `chat_template_kwargs`, `source`). `filters.py`
has the same as datatrove's filters, whose import is 0.2 s of CPU: a build asks here.
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from datatrove.data import Document

from processors.conversations.field_texts import BY_FIELDS
from processors.selection.choose_rows import has_han, texts_in
from processors.selection.decontamination import Search, load
from processors.selection.pairs import PAIR_PROBLEM, is_pair, pair_problem
from processors.selection.row_problems import Problem, row_problem

CONTAMINATED = "contaminated"


def no_conversation(doc: Document) -> str | None:
    """The reason of `row_problem`, or of `pair_problem` where the row is a pair of two."""
    row = doc.metadata
    if BY_FIELDS in row:
        # Any text will do, and who reads it has looked at it.
        return None
    if not is_pair(row):
        return _reason(doc, row_problem(row))
    # Who reads pairs has looked at them, to make one conversation of each.
    return _reason(doc, row[PAIR_PROBLEM] if PAIR_PROBLEM in row else pair_problem(row))


def holds_han(doc: Document) -> str | None:
    """Whether a text of it has a Han character; asked after `no_conversation`."""
    return _reason(doc, has_han(doc.metadata))


def holds_benchmark(doc: Document, index: str) -> str | None:
    """Whether an item of a benchmark stands in it (`processors.selection.decontamination`).

    `index` is the file of the benchmarks' index, read when the first row comes. `metadata["benchmark"]` names the
    benchmark. Asked after `no_conversation`.
    """
    found = contaminated(index, (text for _, text in texts_in(doc.metadata)))
    if found is None:
        return None
    doc.metadata["benchmark"], doc.metadata["filter_detail"] = found
    return CONTAMINATED


@lru_cache(maxsize=1)
def _search(index: str) -> Search:
    return Search(load(Path(index)))


def contaminated(index: str, texts: Iterable[str]) -> tuple[str, str] | None:
    """The benchmark of which an item stands in these texts of a row, and what was found, in a line; or None."""
    found = _search(index).find(texts)
    return (found[0].benchmark, str(found[0])) if found else None


def _reason(doc: Document, problem: Problem | None) -> str | None:
    if problem is None:
        return None
    doc.metadata["filter_detail"] = str(problem)
    return problem.reason
