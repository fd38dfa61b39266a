"""Sentences beside their partners: translations that are short or long for what they stand for, and what is missing
there or was put in.

The room above finds the partners (`processors.checks.correspondence`).
"""

from processors.checks.partners.cut import check_cut
from processors.checks.partners.padded import check_padded

__all__ = ["check_cut", "check_padded"]
