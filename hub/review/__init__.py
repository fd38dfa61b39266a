"""The review: people judge, edit and approve a run's translations, and the next build uses what they said.

What is said lies in `journal.py`'s files, which only grow, and what they mean together is `said.py`. To add something
that people can say: its file and its needs there.
"""

from hub.review.said import Reviews

__all__ = ["Reviews"]
