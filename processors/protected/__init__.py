"""Protected spans: what reaches the reader as it is (code, mathematics, addresses, tags), found, compared, masked.

To add a kind: a handler for the characters that begin it in `processors.protected.find`, and its name in
`processors.protected.scan.KINDS`.
"""

from processors.protected.compare import Difference, compare_protected, compare_texts
from processors.protected.find import blanked, protected_spans, spans_of
from processors.protected.masking import Masked, Style, Unmasked, mask, unmask
from processors.protected.scan import KINDS, Span

__all__ = [
    "KINDS",
    "Difference",
    "Masked",
    "Span",
    "Style",
    "Unmasked",
    "blanked",
    "compare_protected",
    "compare_texts",
    "mask",
    "protected_spans",
    "spans_of",
    "unmask",
]
