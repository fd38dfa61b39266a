"""What a chat reward model reads: a prompt and an answer to it by the model's own chat template.

Reward models of translations read a source and its translation in words of ours (`score.Encoder`); those of chats were
trained on the exchange as it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from processors.errors import InputError
from processors.reward.score import TokenIds

Messages = Sequence[Mapping[str, str]]


class ExchangeEncoder:
    """Token ids of exchanges. `tokenizer` is a fast tokenizer of transformers with a chat template.

    Nothing is cut: an exchange of more than `max_length` tokens has none. Raises InputError without a template.
    """

    def __init__(self, tokenizer: Any, max_length: int) -> None:
        if not tokenizer.chat_template:
            raise InputError(
                f"{tokenizer.name_or_path}: its tokenizer has no chat template, by which a chat reward model is asked"
            )
        self.tokenizer = tokenizer
        self.max_length = max_length

    def encode(self, exchanges: Sequence[tuple[Messages, str]]) -> list[TokenIds | None]:
        """The ids of each (prompt, answer)."""
        return [ids if len(ids) <= self.max_length else None for ids in self.whole(exchanges)]

    def whole(self, exchanges: Sequence[tuple[Messages, str]]) -> list[TokenIds]:
        """The ids of each (prompt, answer), however many."""
        if not exchanges:
            return []
        chats = [[*prompt, {"role": "assistant", "content": answer}] for prompt, answer in exchanges]
        texts = self.tokenizer.apply_chat_template(chats, tokenize=False)
        found: list[TokenIds] = self.tokenizer(
            texts, add_special_tokens=False, return_attention_mask=False, truncation=False, verbose=False
        )["input_ids"]
        return found
