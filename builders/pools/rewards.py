"""The stage of rewards: a chat reward model's score of each answer, of the prompt as it was asked.

The model is asked one exchange before anything else is paid for: a server that is down, or serves something else, is
known in a moment. What is scored is written down batch by batch, so that a kill loses little.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from builders.pools.answering import ANSWERS
from builders.pools.panel import TRIED_WITH
from builders.pools.stages import Record, Stages, Written, progress
from builders.recipes.scorers import Reward
from builders.scorers.base import AskedPassage, all_said
from builders.scorers.partial import PartialScores
from builders.scorers.reward import KIND, RewardSays, scorer_of
from processors.reward.batches import combine
from processors.reward.score import Scorer, TokenIds, score_windows

REWARDS = "rewards"
# Prompts whose answers are scored together: batches are made of these, whatever was done before.
_BLOCK = 128


class RewardOfAnswers:
    """A reward model and how it reads exchanges. Raises InputError where it is none."""

    def __init__(self, spec: Reward, warn: Callable[[str], None]) -> None:
        from processors.reward.exchanges import ExchangeEncoder
        from processors.reward.local_model import load_reward_tokenizer, resolve_model

        KIND.ready(spec, warn)
        self.resolved = resolve_model(spec.model, spec.revision)
        self.spec = spec.model_copy(update={"revision": self.resolved.revision})
        tokenizer = load_reward_tokenizer(spec.model, self.spec.revision)
        self.encoder = ExchangeEncoder(tokenizer, spec.max_length)
        self.scorer: Scorer = scorer_of(self.spec, tokenizer)

    def probe(self) -> None:
        """Ask it one exchange. Raises EngineError where nobody answers, InputError where it is no reward model."""
        (ids,) = self.encoder.encode([TRIED_WITH])
        score_windows([ids or [0]], self.scorer, self.spec.batch_tokens, (), lambda places, values: None)

    def inputs(self) -> Any:
        """What rewards depend on."""
        return [asdict(self.resolved), self.spec.model_dump(mode="json", include={"max_length", "batch_tokens"})]

    def score(self, stages: Stages, of: str = ANSWERS) -> Record:
        """The stage: each answer with its `reward`; those that are too long for the model are refused as such."""
        folder = stages.folder / f".{REWARDS}"

        def make(written: Written) -> None:
            total = stages.told(of)["counts"].get("kept", 0)
            with progress(REWARDS, total) as show:
                for number, rows in enumerate(_blocks(stages.kept(of))):
                    self._block(rows, written, folder / f"{number:06d}.jsonl")
                    show(written.counts["read"], f"{written.counts['scored']:,} answers scored")

        told = stages.run(REWARDS, self.inputs(), make)
        shutil.rmtree(folder, ignore_errors=True)
        return told

    def _block(self, rows: list[Record], written: Written, known: Path) -> None:
        answers = [(row, one) for row in rows for one in row["answers"]]
        ids = self.encoder.encode([(row["messages"], one["text"]) for row, one in answers])
        short = [(one, found) for (_, one), found in zip(answers, ids, strict=True) if found is not None]
        rewards = iter(self._rewards([found for _, found in short], known))
        scored = {id(one): next(rewards) for one, _ in short}
        for row in rows:
            written.read()
            kept = [{**one, "reward": scored[id(one)]} for one in row["answers"] if id(one) in scored]
            long = [
                {**one, "reason": "too_long_for_reward", "detail": f"more than {self.spec.max_length} tokens"}
                for one in row["answers"]
                if id(one) not in scored
            ]
            written.note("scored", len(kept))
            record = {**row, "answers": kept, "refused": [*row["refused"], *long]}
            if kept:
                written.keep(record)
            else:
                written.leave_out(record, "too_long_for_reward", f"more than {self.spec.max_length} tokens")

    def _rewards(self, exchanges: list[TokenIds], known: Path) -> list[float]:
        if not exchanges:
            return []
        passages = [AskedPassage(ids, len(ids)) for ids in exchanges]
        with PartialScores.of(known, self.inputs(), passages) as partial:
            said = all_said(RewardSays(self.scorer, self.spec.batch_tokens), passages, partial.read(), partial.add)
        # A reward model gives numbers only.
        return [combine([float(one)], [passage.tokens]) for one, passage in zip(said, passages, strict=True)]


def _blocks(rows: Iterator[Record]) -> Iterator[list[Record]]:
    while block := list(islice(rows, _BLOCK)):
        yield block
