"""The reward model: a sequence classifier's score of each candidate, run here or behind a vLLM server.

Windows are encoded as in training (`processors.reward.score`). Its block is `ranking.reward`, for the column is one of
every dataset.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from builders.recipes.api_keys import check_key
from builders.recipes.recipe import Recipe
from builders.recipes.scorers import Reward
from builders.scorers.asking import Told
from builders.scorers.base import AskedPassage, Bill, Keep, PassageCount, Place, Said, Scoring
from processors.languages.language import Language
from processors.reward.score import Encoder, Scorer, SourceAndCandidate, score_windows
from processors.servers.gpus import gpu_groups, hold_group


class RewardKind:
    column = "reward"

    def ready(self, spec: Reward, warn: Callable[[str], None]) -> None:
        """Raises InputError where the model is none, or its server's key is not there."""
        from processors.reward.local_model import check_model

        if spec.base_url:
            check_key(f"reward model '{spec.model}'", spec.base_url, spec.api_key_env, warn=warn)
        check_model(spec.model, spec.revision, served=spec.base_url is not None)

    def inputs(self, spec: Reward) -> dict[str, Any]:
        shapes = {"max_length", "batch_tokens", "dtype", "cpu_threads"}
        return {"reward": spec.model_dump(mode="json", include=shapes), "served": spec.base_url is not None}

    def resolved(self, spec: Reward) -> dict[str, Any]:
        from processors.reward.local_model import resolve_model

        return asdict(resolve_model(spec.model, spec.revision))

    @contextmanager
    def open(self, spec: Reward, language: Language, place: Place) -> Iterator[Scoring]:
        yield _load(spec.model_dump_json(), language.name, place.engines)

    def greeted(self, spec: Reward) -> bool:
        return self.served(spec)

    def served(self, spec: Reward) -> bool:
        return spec.base_url is not None

    def bill(self, spec: Reward, recipe: Recipe, rows: float, source_tokens: float) -> Bill:
        scored = PassageCount.of(recipe, rows, source_tokens, spec.max_length)
        paid = spec.base_url is not None and spec.api_key_env is not None
        return Bill(spec.model, spec.model, round(scored.passages), round(scored.tokens), 0, None, paid=paid)

    def said(self, spec: dict[str, Any]) -> str:
        revision = f"at revision `{spec['revision']}`" if spec["revision"] else "revision not recorded"
        return f"the score of the reward model `{spec['model']}`, {revision}, over {spec['max_length']} tokens"


class RewardSays:
    """What a reward model says of passages, which are token ids: of what texts they are is for who cuts them."""

    def __init__(self, scorer: Scorer, batch_tokens: int) -> None:
        self.scorer = scorer
        self.batch_tokens = batch_tokens

    def say(self, passages: Sequence[AskedPassage], known: Mapping[int, Said], keep: Keep) -> None:
        score_windows([passage.asked for passage in passages], self.scorer, self.batch_tokens, known, keep)


class _Rewards(RewardSays):
    """`cut` is in the tokenizer's thread, `say` in the model's."""

    def __init__(self, encoder: Encoder, scorer: Scorer, batch_tokens: int) -> None:
        super().__init__(scorer, batch_tokens)
        self.encoder = encoder

    def cut(self, items: Sequence[SourceAndCandidate]) -> list[list[AskedPassage]]:
        return [[AskedPassage(ids, len(ids)) for ids in of] for of in self.encoder.encode(items)] if items else []


# A worker does several tasks; to load a model takes longer than many of them.
@lru_cache(maxsize=1)
def _load(spec: str, language: str, engines: Path | None) -> _Rewards:
    from processors.reward.local_model import load_reward_tokenizer

    reward = Reward.model_validate_json(spec)
    tokenizer = load_reward_tokenizer(reward.model, reward.revision)
    encoder = Encoder(tokenizer, language, reward.max_length)
    return _Rewards(encoder, scorer_of(reward, tokenizer, Told(engines)), reward.batch_tokens)


def scorer_of(reward: Reward, tokenizer: Any, told: Told | None = None) -> Scorer:
    """What gives rewards: the recipe's server, or the model here. `tokenizer` is the model's."""
    from processors.reward.local_model import ModelScorer
    from processors.reward.served_model import EndpointScorer

    if reward.base_url:
        name = reward.served_model or reward.model
        return EndpointScorer(
            reward.base_url,
            name,
            tokenizer.pad_token_id,
            api_key_env=reward.api_key_env,
            concurrency=reward.concurrency,
            timeout_s=reward.timeout_s,
            told=told,
        )
    return ModelScorer(reward.model, reward.revision, reward.dtype, _gpu(), reward.cpu_threads)


def _gpu() -> int:
    """The number of this worker's GPU: one that no other worker has, as long as there are enough."""
    if not (gpus := gpu_groups(1)):
        return 0
    # Held as long as this process lives.
    held = hold_group(gpus)
    return gpus.index(held[0]) if held else os.getpid() % len(gpus)


KIND = RewardKind()
