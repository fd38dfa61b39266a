"""A model for lm-eval whose answers are written down: what it likes and says of each item is in the test, by hand.

Which item it is asked is read off the prompt: rows say `item 7` in their question, and the last one named is asked
(what stands before it are examples that are shown).
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

_ITEM = re.compile(r"\bitem (\d+)\b")


def known_model(
    liked: Callable[[int, str, str], float] | None = None, said: Callable[[int, str], str] | None = None
) -> Any:
    """An LM of lm-eval's. `liked`: the log-likelihood of an option by item, prompt and option, without the blanks
    around it; `said`: what it writes by item and prompt. As an inference server does it stops at a task's stop words,
    and the prompts that it was given are in `asked`.
    """
    from lm_eval.api.model import LM

    class Known(LM):
        rank, world_size, tokenizer_name, chat_template = 0, 1, "", None

        def __init__(self) -> None:
            super().__init__()
            self.asked: list[str] = []

        def loglikelihood(self, requests: Sequence[Any]) -> list[tuple[float, bool]]:
            assert liked is not None
            return [
                (liked(self._item(prompt), prompt, option.strip()), False) for prompt, option in map(_args, requests)
            ]

        def loglikelihood_rolling(self, requests: Sequence[Any]) -> list[float]:
            raise NotImplementedError

        def generate_until(self, requests: Sequence[Any]) -> list[str]:
            assert said is not None
            answers = []
            for prompt, settings in map(_args, requests):
                answer = said(self._item(prompt), prompt)
                for stop in settings["until"]:
                    answer = answer.partition(stop)[0]
                answers.append(answer)
            return answers

        def _item(self, prompt: str) -> int:
            self.asked.append(prompt)
            return int(_ITEM.findall(prompt)[-1])

    return Known()


def _args(request: Any) -> tuple[Any, Any]:
    return request.args
