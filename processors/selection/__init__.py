"""Which rows of a source are translated: cuts by share, stratum and domain, and what no translation can be made of.

To add a reason to leave a row out: a rule in `row_problems.py`, or a datatrove filter in `filters.py`, whose reason
the build writes beside the row. Outside, only the names below are used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from processors.selection.choose_rows import PlannedCut, choose_splits, plan_cut, sample_key, select_ids
    from processors.selection.domains import DomainIndex, build_domain_index, domain_of
    from processors.selection.filters import CutFilter, HanFilter, RowProblemFilter
    from processors.selection.row_problems import Problem, row_problem

__all__ = [
    "CutFilter",
    "DomainIndex",
    "HanFilter",
    "PlannedCut",
    "Problem",
    "RowProblemFilter",
    "build_domain_index",
    "choose_splits",
    "domain_of",
    "plan_cut",
    "row_problem",
    "sample_key",
    "select_ids",
]

# Imported when asked for: datatrove takes a second.
_LATER = {
    "PlannedCut": "choose_rows",
    "choose_splits": "choose_rows",
    "plan_cut": "choose_rows",
    "sample_key": "choose_rows",
    "select_ids": "choose_rows",
    "DomainIndex": "domains",
    "build_domain_index": "domains",
    "domain_of": "domains",
    "CutFilter": "filters",
    "HanFilter": "filters",
    "RowProblemFilter": "filters",
    "Problem": "row_problems",
    "row_problem": "row_problems",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
