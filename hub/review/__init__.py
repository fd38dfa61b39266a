"""The review: people judge, edit and approve a run's translations, and the next build uses what they said.

What is said lies in `journal.py`'s files, which only grow, and what they mean together is `said.py`. To add something
that people can say: its file and its needs there, its request in `server.py`, its key in `review.js`.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from hub.review.command import run_review
    from hub.review.said import Reviews

__all__ = ["Reviews", "run_review"]

# A reader of what was said needs no server.
__getattr__ = handed_on(__name__, {"command": ["run_review"], "said": ["Reviews"]})
