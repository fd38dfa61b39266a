"""Items as they were answered, what they add up to, and with which uncertainty."""

from model_recipes.evaluation.scoring.scores import PairedDifference, ScoredItem, ScoreInterval, difference, score

__all__ = ["PairedDifference", "ScoreInterval", "ScoredItem", "difference", "score"]
