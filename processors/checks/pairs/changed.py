"""What a part of the check of quantities finds."""

from __future__ import annotations

from typing import NamedTuple


class Changed(NamedTuple):
    """`hard` where no careful translator writes so; `detail` for the verdict."""

    hard: bool
    detail: str
