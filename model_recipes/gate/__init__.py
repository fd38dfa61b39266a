"""The gate: a dataset enters a mixture only if training on it makes the model better, and nothing that matters worse.

Command R7B Arabic's way (arXiv 2503.14603, section 3.3); `smolkalam gate` is the command. `plan` is what is asked for,
`noise` what a difference between trainings is worth, `decide` the rule, `refine` what becomes of a candidate that did
not pass, `report` what is said of it. To change the rule: `decide.py`, and docs/gate.md.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from model_recipes.gate.command import run_gate
    from model_recipes.gate.plan import GatePlan, load_gate

__all__ = ["GatePlan", "load_gate", "run_gate"]

__getattr__ = handed_on(__name__, {"command": ["run_gate"], "plan": ["GatePlan", "load_gate"]})
