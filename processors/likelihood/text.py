"""A source and its translation as the token ids that a model is made to read, and where the translation begins."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class Forced(NamedTuple):
    """Token ids of a prompt with the translation after it; those from `begin` on are the translation's."""

    ids: tuple[int, ...]
    begin: int


class Forcing:
    """Makes them: `prompt` holds `{source}` and may hold `{language}`, the target's English name."""

    def __init__(self, tokenizer: "Tokenizer", prompt: str, language: str) -> None:
        self.tokenizer = tokenizer
        self.before, self.after = prompt.replace("{language}", language).split("{source}")

    def forced(self, source: str, target: str) -> Forced:
        """The token ids. A token over the border of the two is the translation's: it ends there."""
        prompt = f"{self.before}{source}{self.after}"
        encoded = self.tokenizer.encode(prompt + target, add_special_tokens=True)
        begin = next((n for n, (_, end) in enumerate(encoded.offsets) if end > len(prompt)), len(encoded.ids))
        # What a tokenizer adds at the end is no part of the translation.
        end = max((n + 1 for n, (_, end) in enumerate(encoded.offsets) if end > len(prompt)), default=begin)
        return Forced(tuple(encoded.ids[:end]), begin)
