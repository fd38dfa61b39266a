"""A model's answers on disk: nothing is paid for twice, whoever asks, on any number of machines.

To keep the answers of something new: `AnswerStore` for its folder and `AskedOnce` in front of its server; who only
looks takes `AnswerReader`. Outside, only the names below are used.
"""

from typing import TYPE_CHECKING

from processors.answers.question_claims import SHARED, SHORT
from processors.later import handed_on

if TYPE_CHECKING:
    from processors.answers.ask_once import AskedOnce
    from processors.answers.ceiling import Limits, read_spending
    from processors.answers.reader import AnswerReader
    from processors.answers.store import AnswerStore

__all__ = ["SHARED", "SHORT", "AnswerReader", "AnswerStore", "AskedOnce", "Limits", "read_spending"]

# Imported when asked for: the retry ladder needs no store where no server is asked.
__getattr__ = handed_on(
    __name__,
    {
        "ask_once": ["AskedOnce"],
        "ceiling": ["Limits", "read_spending"],
        "reader": ["AnswerReader"],
        "store": ["AnswerStore"],
    },
)
