"""The report: a run as one page that is passed around, with what other thresholds would have made of it.

To add a section: a function of a `Report` that gives HTML in `sections.py`, and a line in its `SECTIONS`.
"""

from hub.report.command import run_report

__all__ = ["run_report"]
