"""Initials that are told in full: "ASAP", "the ECB", "TL;DR"."""

from __future__ import annotations

import re

_INITIALS = re.compile(r"(?<![\w.-])(?:[A-Z]{3,5}|TL;DR)(?![\w-])")


def initials_in_full(source: str, target: str) -> bool:
    """Whether any initials of the source are not in the target as they are."""
    return any(name not in target for name in _INITIALS.findall(source))
