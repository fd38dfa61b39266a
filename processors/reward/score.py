"""Scores candidates with a reward model, which runs here (`local_model`) or behind a server (`served_model`).

A candidate is encoded as in training (`processors.judging.exchange`, then the model's chat template); one that is
longer than `max_length` by aligned windows (`windows`), whose mean, weighted by tokens, is its reward. A reward
compares the candidates of one source; between sources it means little.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from processors.errors import InputError, SmolKalamError
from processors.judging.exchange import Messages, translation_answer, translation_prompt
from processors.reward.batches import combine, make_batches
from processors.reward.windows import Message, aligned_windows

TokenIds = list[int]


@dataclass(frozen=True, slots=True)
class SourceAndCandidate:
    """A source and its candidate, message by message."""

    source: list[Message]
    target: list[Message]


def judged(
    source: Messages, target: Messages, source_instructions: str = "", target_instructions: str = ""
) -> SourceAndCandidate:
    """Custom instructions as the first message of both sides, so that windows align them too."""
    sides = []
    for messages, instructions in ((source, source_instructions), (target, target_instructions)):
        system = [{"role": "system", "content": instructions}] if source_instructions or target_instructions else []
        sides.append([*system, *({"role": m["role"], "content": m["content"]} for m in messages)])
    return SourceAndCandidate(*sides)


class Encoder:
    """Token ids of what a reward model reads, in windows of at most `max_length` tokens.

    `tokenizer` is a fast tokenizer of transformers with a chat template; `language` the target language's English
    name. Raises InputError where the tokenizer has no chat template or `max_length` leaves no room for text.
    """

    def __init__(self, tokenizer: Any, language: str, max_length: int) -> None:
        if not tokenizer.chat_template:
            raise InputError(
                f"{tokenizer.name_or_path}: its tokenizer has no chat template, which a reward model is trained with; "
                "give the folder that `smolkalam train reward` wrote"
            )
        self.tokenizer = tokenizer
        self.language = language
        self.max_length = max_length
        empty = [{"role": "user", "content": ""}]
        self._overhead = len(self._ids([self._exchange(empty, empty)])[0])
        if self._overhead + 32 > max_length:
            raise InputError(
                f"max_length {max_length}: the prompt alone takes {self._overhead} tokens; give at least "
                f"{self._overhead + 32}, better 2048"
            )

    def encode(self, items: Sequence[SourceAndCandidate]) -> list[list[TokenIds]]:
        """For each item its windows' token ids."""
        whole = self._ids([self._exchange(item.source, item.target) for item in items])
        return [
            [ids]
            if len(ids) <= self.max_length
            else [pair[0] for pair in self._in_windows(item.source, [item.target])]
            for item, ids in zip(items, whole, strict=True)
        ]

    def encode_pairs(
        self, pairs: Sequence[tuple[Messages, Messages, Messages]]
    ) -> list[list[tuple[TokenIds, TokenIds]]]:
        """For training: for each (source, chosen, rejected) its windows, cut at the same places of the source."""
        whole = self._ids([self._exchange(source, target) for source, *targets in pairs for target in targets])
        return [
            [(chosen, rejected)]
            if max(len(chosen), len(rejected)) <= self.max_length
            else [(found[0], found[1]) for found in self._in_windows(source, targets)]
            for (source, *targets), chosen, rejected in zip(pairs, whole[::2], whole[1::2], strict=True)
        ]

    def _in_windows(self, source: Messages, targets: Sequence[Messages]) -> list[list[TokenIds]]:
        budget = self.max_length - self._overhead
        while True:
            windows = aligned_windows(source, targets, self._starts, budget)
            rows = [[self._exchange(window.source, target) for target in window.targets] for window in windows]
            found = self._ids([messages for row in rows for messages in row])
            excess = max(map(len, found)) - self.max_length
            if excess <= 0:
                step = len(targets)
                return [found[i : i + step] for i in range(0, len(found), step)]
            # Role lines, and tokens that a cut broke in two, come on top of what the windows were planned with.
            budget -= excess
            if budget < 16:
                raise SmolKalamError(
                    f"max_length {self.max_length} is too small for a text whose single characters take many tokens"
                )

    def _exchange(self, source: Messages, target: Messages) -> list[Message]:
        return translation_prompt(source, self.language) + translation_answer(target)

    def _ids(self, conversations: list[list[Message]]) -> list[TokenIds]:
        # As apply_chat_template(tokenize=True) does, but all texts in one call, which uses every core.
        texts = self.tokenizer.apply_chat_template(conversations, tokenize=False)
        ids: list[TokenIds] = self.tokenizer(
            texts, add_special_tokens=False, return_attention_mask=False, truncation=False, verbose=False
        )["input_ids"]
        return ids

    def _starts(self, texts: list[str]) -> list[list[int]]:
        offsets = self.tokenizer(
            texts, add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False
        )["offset_mapping"]
        return [[begin for begin, _ in row] for row in offsets]


class Scorer(Protocol):
    """What gives rewards to batches of token ids."""

    def score(self, batches: Sequence[list[TokenIds]], keep: Callable[[int, list[float]], None]) -> None:
        """Call `keep(number of the batch, its rewards)` for each batch, in any order."""


def score_windows(
    windows: Sequence[TokenIds],
    scorer: Scorer,
    batch_tokens: int,
    known: Collection[int],
    keep: Callable[[Sequence[int], list[float]], None],
) -> None:
    """Call `keep(places of windows, their rewards)` for each batch that is not `known`, by the places of its windows.

    The batches are made of all windows, whatever is known of them: rounding differs with what is scored together.
    """
    batches = make_batches([len(ids) for ids in windows], batch_tokens)
    todo = [batch for batch in batches if not all(place in known for place in batch)]

    def note(number: int, values: list[float]) -> None:
        if len(values) != len(todo[number]):
            raise SmolKalamError(f"the reward model: {len(values)} rewards came back for {len(todo[number])} texts")
        keep(todo[number], values)

    if todo:
        scorer.score([[windows[place] for place in batch] for batch in todo], note)


def score_candidates(windows: Sequence[Sequence[TokenIds]], scorer: Scorer, batch_tokens: int) -> list[float]:
    """One reward for each candidate, given its windows' token ids, rounded to four decimals."""
    flat = [ids for candidate in windows for ids in candidate]
    by_window: dict[int, float] = {}

    def keep(places: Sequence[int], values: list[float]) -> None:
        by_window.update(zip(places, values, strict=True))

    score_windows(flat, scorer, batch_tokens, (), keep)
    rewards, combined = iter([by_window[place] for place in range(len(flat))]), []
    for candidate in windows:
        combined.append(combine([next(rewards) for _ in candidate], [len(ids) for ids in candidate]))
    return combined
