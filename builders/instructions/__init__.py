"""Data for following instructions: `smolkalam instruct` asks for them in prompts, `smolkalam follow` filters answers.

`draw.py` chooses what is asked for together, `arguments.py` with what; what a kind is and how it is checked stands in
`processors.instructions`.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.instructions.command import run_follow, run_instruct
    from builders.instructions.draw import Drawing, with_instructions

__all__ = ["Drawing", "run_follow", "run_instruct", "with_instructions"]

__getattr__ = handed_on(
    __name__, {"command": ["run_follow", "run_instruct"], "draw": ["Drawing", "with_instructions"]}
)
