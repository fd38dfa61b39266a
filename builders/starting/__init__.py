"""`smolkalam init`: a first recipe, from a look at the source and at who could translate on this machine.

To add an API: an entry of `KNOWN` in `engines_here.py`. To add a language: one of `LANGUAGES` in `recipe_text.py`.
Outside, the names below are the ones to use.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.starting.command import run_init

__all__ = ["run_init"]

__getattr__ = handed_on(__name__, {"command": ["run_init"]})
