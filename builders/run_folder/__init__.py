"""What a build keeps on disk: the folder and all names in it, units of work and their files, who works on what.

To keep something new, name its folder or file in `folder.py`; rows go through UnitWriter, small files through
`processors.atomic_files`. Outside, the names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.run_folder.claims import ClaimLost, WorkClaims
    from builders.run_folder.folder import Run
    from builders.run_folder.ranked_rows import ranked_rows, ranked_units
    from builders.run_folder.state import Pulse, RunReader
    from builders.run_folder.unit_reader import UnitReader
    from builders.run_folder.unit_writer import UnitWriter, drop
    from builders.run_folder.units import Unit, UnitFiles

__all__ = [
    "ClaimLost",
    "Pulse",
    "Run",
    "RunReader",
    "Unit",
    "UnitFiles",
    "UnitReader",
    "UnitWriter",
    "WorkClaims",
    "drop",
    "ranked_rows",
    "ranked_units",
]

__getattr__ = handed_on(
    __name__,
    {
        "claims": ["ClaimLost", "WorkClaims"],
        "folder": ["Run"],
        "ranked_rows": ["ranked_rows", "ranked_units"],
        "state": ["Pulse", "RunReader"],
        "unit_reader": ["UnitReader"],
        "unit_writer": ["UnitWriter", "drop"],
        "units": ["Unit", "UnitFiles"],
    },
)
