"""What the training recipes share: strict settings, rows as tokens with nothing lost in silence, and going on.

To add a recipe: a folder beside this one with a README, a YAML, and a `train.py` with a `TrainingRecipe` (which says
what its rows and its trainer are) as `RECIPE` and a `main` that hands it to `run.py`; then its name in `RECIPES` of
`launch.py` and in the rooms of tests/test_rooms.py; a smoke test in tests/model_recipes; `python -m docs.generate`.
"""

from model_recipes.training.accounts import Account, table
from model_recipes.training.resume import TRAINING, last_checkpoint
from model_recipes.training.rows import RowEncoder
from model_recipes.training.settings import DataSettings, read_settings

__all__ = ["TRAINING", "Account", "DataSettings", "RowEncoder", "last_checkpoint", "read_settings", "table"]
