"""Which benchmarks there are, in which suites, with what the papers report, and where their rows come from."""

from model_recipes.evaluation.benchmarks.suites import TASKS, SuiteBenchmark, chosen, published, suites

__all__ = ["TASKS", "SuiteBenchmark", "chosen", "published", "suites"]
