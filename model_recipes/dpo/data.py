"""A preference pair as the tokens that are trained on, or the reason why there are none.

TRL (1.16) encodes the same (tests/model_recipes/dpo holds both against each other) with less said: a pair whose prompt
alone fills `max_length` falls out behind a progress bar; one whose sides differ only in what is cut off, or not at
all, is trained on and teaches nothing; a prompt as text beside sides of messages, which SmolTalk2's `Preference` has,
is a TypeError, and so are `chat_template_kwargs` of None.
"""

from datetime import date
from typing import Any

from model_recipes.training.data import PAIRS
from model_recipes.training.rows import (
    BAD_TOOLS,
    NO_TOOLS,
    REFUSED,
    check_template,
    dated,
    read_tools,
    tools_hidden,
    with_instructions,
)
from processors.errors import one_line

NO_PAIR = "a side is no list of messages"
NO_PROMPT = "nothing stands before the sides"
NO_ASSISTANT = "a side has no assistant turn"
SAME = "both sides are the same"
SAME_CUT = "both sides are the same within max_length"
LONG_PROMPT = "the prompt alone is longer than max_length"
EMPTY = "a side has no token of its own"
Messages = list[dict[str, Any]]


class DpoEncoder:
    """Turns pairs into `prompt_ids`, `chosen_ids` and `rejected_ids`, as a function for `Dataset.map` a row at a time.

    `max_length` (tokens of the prompt with one side) None cuts nothing. Tokens are counted of both sequences, and the
    loss is on both sides. `day` as for `RowEncoder`. Raises InputError for a tokenizer without a chat template.
    """

    reads: tuple[str, ...] = PAIRS
    ids: tuple[str, ...] = ("prompt_ids", "chosen_ids", "rejected_ids")

    def __init__(self, tokenizer: Any, *, max_length: int | None, day: date) -> None:
        check_template(tokenizer)
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.template = dated(tokenizer.chat_template, day)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """The ids, `tokens` before the `cut`, `learnt` (tokens of both sides) and why it is `left_out`."""
        prompt, sides, why = self._encode(row)
        tokens = sum(len(prompt) + len(side) for side in sides)
        if not why and self.max_length is not None:
            kept = [side[: max(0, self.max_length - len(prompt))] for side in sides]
            if not all(kept):
                why = LONG_PROMPT
            elif kept[0] == kept[1]:
                why = SAME_CUT
            sides = kept
        if why:
            prompt, sides = [], [[], []]
        kept_tokens = sum(len(prompt) + len(side) for side in sides)
        return {
            "prompt_ids": prompt,
            "chosen_ids": sides[0],
            "rejected_ids": sides[1],
            "tokens": tokens,
            "cut": 0 if why else tokens - kept_tokens,
            "learnt": len(sides[0]) + len(sides[1]),
            "left_out": why,
        }

    def shown(self, row: dict[str, Any]) -> list[str]:
        """The text of the chosen and of the rejected sequence, with what has a loss between guillemets.

        One text that says why, where the pair is left out.
        """
        prompt, sides, why = self._encode(row)
        if why:
            return [f"(left out: {why})"]
        return [f"{self.tokenizer.decode(prompt)}«{self.tokenizer.decode(side)}»" for side in sides]

    def _encode(self, row: dict[str, Any]) -> tuple[list[int], list[list[int]], str]:
        from jinja2 import TemplateError

        none: tuple[list[int], list[list[int]]] = [], [[], []]
        prompt, chosen, rejected, why = split_pair(row)
        if why:
            return *none, why
        kwargs = {key: value for key, value in (row.get("chat_template_kwargs") or {}).items() if value is not None}
        try:
            tools = read_tools(row.get("tools"))
        except ValueError:
            return *none, BAD_TOOLS
        kwargs = {"chat_template": self.template, "tools": tools, **kwargs}
        prompt = with_instructions(prompt, kwargs, self.template)
        try:
            start = self._ids(prompt, kwargs, add_generation_prompt=True)
            whole = [self._ids([*prompt, *side], kwargs) for side in (chosen, rejected)]
            hidden = tools_hidden(tools, kwargs, lambda: self._text([*prompt, *chosen], kwargs))
        except (TemplateError, TypeError, ValueError) as error:
            return *none, f"{REFUSED}: {one_line(error, 80)}"
        if hidden:
            return *none, NO_TOOLS
        # Where a template shows the prompt alone in another way than as a beginning, the sides begin where they part.
        length = min(_common(start, ids) for ids in whole)
        sides = [ids[length:] for ids in whole]
        return start[:length], sides, "" if all(sides) else EMPTY

    def _ids(self, messages: Messages, kwargs: dict[str, Any], **more: Any) -> list[int]:
        found = self.tokenizer.apply_chat_template(messages, tokenize=True, return_dict=True, **kwargs, **more)
        return list(found["input_ids"])

    def _text(self, messages: Messages, kwargs: dict[str, Any]) -> str:
        return str(self.tokenizer.apply_chat_template(messages, tokenize=False, **kwargs))


def split_pair(row: dict[str, Any]) -> tuple[Messages, Messages, Messages, str]:
    """Prompt, chosen and rejected side of a row in any of the forms that pairs come in, or why it is none.

    The prompt is a list of messages that the sides answer; or it is missing, or text, or stands again at the head of
    both sides: then it is what both sides begin with, up to where they part. Text before sides that the assistant
    begins is what the user says.
    """
    prompt: Any = row.get("prompt")
    chosen: Any = row.get("chosen")
    rejected: Any = row.get("rejected")
    why = ""
    if not (_messages(chosen) and _messages(rejected)):
        return [], [], [], NO_PAIR
    if chosen == rejected:
        return [], [], [], SAME
    if isinstance(prompt, str) and chosen[0]["role"] == rejected[0]["role"] == "assistant":
        prompt = [{"role": "user", "content": prompt}]
    elif not _messages(prompt) or chosen[: len(prompt)] == rejected[: len(prompt)] == prompt:
        length = min(_common(chosen, rejected), len(chosen) - 1, len(rejected) - 1)
        prompt, chosen, rejected = chosen[:length], chosen[length:], rejected[length:]
    if not prompt:
        why = NO_PROMPT
    elif not all(any(message["role"] == "assistant" for message in side) for side in (chosen, rejected)):
        why = NO_ASSISTANT
    return prompt, chosen, rejected, why


def _messages(value: Any) -> bool:
    return bool(value) and isinstance(value, list) and all(isinstance(m, dict) and "role" in m for m in value)


def _common(first: list[Any], second: list[Any]) -> int:
    """How many elements both begin with."""
    return next(
        (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )
