"""What is shown of an evaluation: the table, curves over checkpoints, a model card's section."""

from model_recipes.evaluation.report.table import ScoreTable, made, plain, text

__all__ = ["ScoreTable", "made", "plain", "text"]
