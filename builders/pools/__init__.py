"""A pool of models answers prompts: whose engines, servers, prices and stored answers are those of a build's.

`recipe` says who answers what, `prompts` reads the source, `ask` asks, `answering` are the first stages of all that is
made of a pool, and `stages` is the folder that they write. To add something that is asked of every answer:
`processors.completions`.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.pools.answering import ANSWERS, PROMPTS, PoolOfModels, take_prompts
    from builders.pools.ask import Answered, Answerer
    from builders.pools.prompts import Prompts
    from builders.pools.recipe import PoolRecipe, load_pool_recipe
    from builders.pools.stages import Stages, Written

__all__ = [
    "ANSWERS",
    "PROMPTS",
    "Answered",
    "Answerer",
    "PoolOfModels",
    "PoolRecipe",
    "Prompts",
    "Stages",
    "Written",
    "load_pool_recipe",
    "take_prompts",
]

# A recipe is read without a client of a server.
__getattr__ = handed_on(
    __name__,
    {
        "answering": ["ANSWERS", "PROMPTS", "PoolOfModels", "take_prompts"],
        "ask": ["Answered", "Answerer"],
        "prompts": ["Prompts"],
        "recipe": ["PoolRecipe", "load_pool_recipe"],
        "stages": ["Stages", "Written"],
    },
)
