"""Iterative preference training: a model's own answers are judged, and the best and the worst to a prompt train it.

To add a reward, write a class with `AnswerJudge`'s methods in `rewards.py`, its settings in `settings.py`, and a line
in `REWARDS`.
"""

__all__ = ["train"]
