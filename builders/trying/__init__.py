"""`smolkalam try`: one text's or row's whole way through a recipe, by the ladder, engines and checks of a build.

To show more of a step: `processors/onlooker.py`, where it is told, `recorder.py`, and `text.py` for how it looks.
Outside, the name below is the one to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.trying.command import run_try

__all__ = ["run_try"]

__getattr__ = handed_on(__name__, {"command": ["run_try"]})
