"""Contamination control of whole datasets: `smolkalam decontaminate`, and the benchmarks that a build names.

`against.py` reads benchmarks (to know another name of a question's column: its list), `data.py` the rows that are
looked through. Outside, the names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.contamination.against import Against, read_against
    from builders.contamination.command import run_decontaminate

__all__ = ["Against", "read_against", "run_decontaminate"]

__getattr__ = handed_on(__name__, {"against": ["Against", "read_against"], "command": ["run_decontaminate"]})
