"""The report: a run as one page that is passed around, with what other thresholds would have made of it.

To add a section: a function of a `Report` that gives HTML in `sections.py`, a line in its `SECTIONS`, and what it says
in the pages' languages (`hub.pages.words`), `report.section.<name>` among it.
"""

from hub.report.command import run_report

__all__ = ["run_report"]
