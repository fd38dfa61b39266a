"""What engines have in common: the contract, and how a translator becomes the steps of a stage.

`base` is what a build asks of every kind, `asked` and `served` what those share that ask a model; `make` and `rollout`
run the retry ladder, at once or within datatrove's runner. To add a question to the contract: a method of `Engine`
with the answer of most kinds.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on

if TYPE_CHECKING:
    from builders.engines.common.asked import AskedEngine
    from builders.engines.common.base import Engine
    from builders.engines.common.make import candidate_row, conversation, load_memory, make_translator
    from builders.engines.common.rollout import EndpointBackend
    from builders.engines.common.served import ServedEngine

__all__ = [
    "AskedEngine",
    "EndpointBackend",
    "Engine",
    "ServedEngine",
    "candidate_row",
    "conversation",
    "load_memory",
    "make_translator",
]

# A recipe's engine is asked without what runs it: datatrove and the ladder.
__getattr__ = handed_on(
    __name__,
    {
        "asked": ["AskedEngine"],
        "base": ["Engine"],
        "make": ["candidate_row", "conversation", "load_memory", "make_translator"],
        "rollout": ["EndpointBackend"],
        "served": ["ServedEngine"],
    },
)
