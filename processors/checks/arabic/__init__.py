"""Arabic as its readers write it: errors of spelling, marks, punctuation, numbers and agreement, each at its place.

`verify(text)` needs no source; `check_arabic` is the build's soft check. What is found are errors; it does not say
which translation is better. Each kind keeps silent where a form may be right. To add a kind: its name in
`mistake.Kind`, a file that yields mistakes or slips, a line in `verify.mistakes`, and its planted error in
`benchmarks/arabic_checks.py`.
"""

from processors.checks.arabic.mistake import KINDS, Kind, Mistake
from processors.checks.arabic.spelling import Dictionary, shared_dictionary
from processors.checks.arabic.verify import check_arabic, check_spelling, verify

__all__ = ["KINDS", "Dictionary", "Kind", "Mistake", "check_arabic", "check_spelling", "shared_dictionary", "verify"]
