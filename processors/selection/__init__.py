"""Which rows of a source are translated: cuts by share, stratum and domain, and what no translation can be made of.

To add a reason to leave a row out: a rule in `row_problems.py`, or a function in `reasons.py`, whose reason the build
writes beside the row. Outside, only the names below are used.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

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
__getattr__ = handed_on(
    __name__,
    {
        "choose_rows": ["PlannedCut", "choose_splits", "plan_cut", "sample_key", "select_ids"],
        "domains": ["DomainIndex", "build_domain_index", "domain_of"],
        "filters": ["CutFilter", "HanFilter", "RowProblemFilter"],
        "row_problems": ["Problem", "row_problem"],
    },
)
