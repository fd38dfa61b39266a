"""How good a model is at Arabic and English: benchmarks by lm-eval, with intervals, against a baseline and the papers.

To add a benchmark: where lm-eval ships no task, a YAML beside its others; an entry, and its place in a suite, in
`suites.yaml`; a fixture in the data's real schema in tests/model_recipes/evaluation; `python -m docs.generate`.
"""

from model_recipes.evaluation.asked.models import Model
from model_recipes.evaluation.benchmarks.suites import SuiteBenchmark, chosen, suites

__all__ = ["Model", "SuiteBenchmark", "chosen", "suites"]
