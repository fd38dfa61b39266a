"""The stage `reward`: scores every candidate of a unit with the recipe's reward model."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from hashlib import blake2b
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from builders.recipes.api_keys import check_key
from builders.recipes.recipe import Recipe
from builders.recipes.scorers import Reward
from builders.run_folder import schemas
from builders.run_folder.files import write_error
from builders.run_folder.folder import PARTIAL, REWARD, SELECT, TRANSLATE
from builders.run_folder.stage_parts import StagePart
from builders.run_folder.unit_reader import UnitReader
from builders.run_folder.unit_writer import beat
from builders.run_folder.units import UnitFiles, read_unit
from builders.scorers.probe import HELLO
from builders.stages import translate
from builders.stages.common.combine import rescue, rescued_in
from builders.stages.common.context import Build
from builders.stages.common.join_candidates import JoinCandidates, judged_candidate
from builders.stages.common.run_units import UnitPipeline, run_units
from processors.languages.language import Language
from processors.reward.score import Encoder, Scorer, TokenIds, score_candidates
from processors.servers.gpus import gpu_groups, hold_group

T = TypeVar("T")


NAME = REWARD


def parts(recipe: Recipe) -> list[StagePart]:
    """One, where the recipe has a reward model; it is ready where the model and its server's key are there."""
    if (spec := recipe.ranking.reward) is None:
        return []
    after = tuple(part.name for part in translate.parts(recipe))
    # The cost is a guess: 40 ms a row, as 1.5 billion parameters may take on a GPU.
    return [
        StagePart(
            NAME, after=after, cost=60.0, jobs=lambda where: where.reward, ready=partial(check_reward, spec),
            greet=_greet if spec.base_url else None,
        )
    ]  # fmt: skip


def check_reward(spec: Reward, warn: Callable[[str], None]) -> None:
    """Raises InputError where the model is none, or its server's key is not there."""
    from processors.reward.local_model import check_model

    if spec.base_url:
        check_key(f"reward model '{spec.model}'", spec.base_url, spec.api_key_env, warn=warn)
    check_model(spec.model, spec.revision, served=spec.base_url is not None)


def _greet(build: Build) -> None:
    """Raises what the stage would end with where its server gives a short text no reward."""
    spec = build.recipe.ranking.reward
    assert spec is not None
    encoder, scorer = _loaded(spec, build.recipe.language)
    score_candidates(encoder.encode([HELLO]), scorer, spec.batch_tokens)


def inputs(build: Build) -> dict[str, Any]:
    """What the rewards depend on."""
    recipe, spec = build.recipe, build.recipe.ranking.reward
    assert spec is not None
    names = [translator.name for translator in recipe.translators]
    return {
        TRANSLATE: {name: build.marks[f"{TRANSLATE}/{name}"] for name in names},
        **rescued_in(build),
        "model": _model(build, spec)["digest"],
        "reward": spec.model_dump(mode="json", include={"max_length", "batch_tokens", "dtype", "cpu_threads"}),
        "served": spec.base_url is not None,
        "language": recipe.language.name,
    }


def run(build: Build) -> None:
    """Score every candidate with the recipe's reward model."""
    recipe, folder = build.recipe, build.run.stage(NAME)
    assert recipe.ranking.reward is not None
    model = _model(build, recipe.ranking.reward)
    spec = recipe.ranking.reward.model_copy(update={"revision": model["revision"]})
    build.enter(NAME, inputs)
    steps = [
        JoinCandidates({one.name: build.run.stage(TRANSLATE, one.name) for one in recipe.translators}, rescue(recipe)),
        ScoreRewards(spec, recipe.language, build.marks[NAME], folder / PARTIAL, build.run.progress(NAME)),
    ]
    reader = UnitReader(build.run.stage(SELECT), build.selected)
    run_units(build, UnitPipeline(NAME, reader, steps, reward_row, schemas.rewards))


def _model(build: Build, spec: Reward) -> dict[str, Any]:
    """The model's digest and commit: which one a branch of the Hub means is decided once, for all machines."""
    from processors.reward.local_model import resolve_model

    return build.decided("reward-model", lambda: asdict(resolve_model(spec.model, spec.revision)))


@dataclass(frozen=True, slots=True)
class Encoded:
    """A unit's documents, and the windows of each candidate as token ids."""

    unit: str
    documents: list[Document]
    candidates: list[tuple[Document, str]]
    windows: list[list[TokenIds]]


class ScoreRewards(PipelineStep):
    """Adds `rewards`, {translator: reward}, to each document from its `candidates` (see JoinCandidates).

    Batches are made of one unit's windows, so rewards do not depend on the number of tasks and workers. The batches
    that are done are kept in `partial`: a unit that was interrupted goes on where it stopped. `progress` is the
    folder where tasks say how far they are.
    """

    name = "Reward"
    type = "RANK"

    def __init__(self, spec: Reward, language: Language, mark: str, partial: Path, progress: Path) -> None:
        super().__init__()
        self.spec = spec
        self.language = language
        self.mark = mark
        self.partial = partial
        self.progress = progress

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        encoder, scorer = _loaded(self.spec, self.language)
        for unit in _ahead(self._encoded(data, encoder)):
            with self.track_time():
                self._score(unit, scorer, rank)
            yield from unit.documents

    def _encoded(self, data: Iterable[Document], encoder: Encoder) -> Iterator[Encoded]:
        for name, group in groupby(data, key=lambda document: document.metadata["unit"]):
            documents = list(group)
            candidates = [(d, translator) for d in documents for translator in d.metadata["candidates"]]
            items = [judged_candidate(document, translator) for document, translator in candidates]
            yield Encoded(name, documents, candidates, encoder.encode(items) if items else [])

    def _score(self, unit: Encoded, scorer: Scorer, rank: int) -> None:
        ids = blake2b(json.dumps([self.mark, unit.windows]).encode(), digest_size=16).hexdigest()
        known = PartialRewards(self.partial / f"{unit.unit}.jsonl", ids)
        with known:
            before = known.read()
            done, all_windows = sum(map(len, before.values())), sum(map(len, unit.windows))

            def keep(number: int, rewards: list[float]) -> None:
                nonlocal done
                known.add(number, rewards)
                done += len(rewards)
                beat(self.progress, rank, done * len(unit.documents) // all_windows)

            rewards = score_candidates(unit.windows, scorer, self.spec.batch_tokens, before, keep)
        for document in unit.documents:
            document.metadata["rewards"] = {}
            document.metadata["counters"] = {}
        for (document, translator), reward, windows in zip(unit.candidates, rewards, unit.windows, strict=True):
            document.metadata["rewards"][translator] = reward
            tokens, parts = sum(map(len, windows)), len(windows)
            counted = {"scored": 1, "windows": parts, "tokens": tokens, "reward_1e4": round(reward * 1e4)}
            document.metadata["counters"] |= {f"{translator}/{name}": value for name, value in counted.items()}
        known.path.unlink(missing_ok=True)


class PartialRewards:
    """The batches of one unit that are scored, a JSON line each; `digest` names what was scored, and by what.

    A line that was cut off by a kill is scored again.
    """

    def __init__(self, path: Path, digest: str) -> None:
        self.path = path
        self.digest = digest
        self._stream: Any = None

    def __enter__(self) -> "PartialRewards":
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("a", encoding="utf-8")
        except OSError as error:
            raise write_error(error, self.path.parent) from None
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.close()

    def read(self) -> dict[int, list[float]]:
        """The rewards by number of the batch."""
        found = {}
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                digest, number, rewards = json.loads(line)
            except ValueError:
                continue
            if digest == self.digest:
                found[number] = rewards
        return found

    def add(self, number: int, rewards: list[float]) -> None:
        """Write a batch down. Not synced to the disk: what a machine's crash loses is scored again."""
        try:
            # A line end first: a kill may have left a line without one.
            self._stream.write("\n" + json.dumps([self.digest, number, rewards]))
            self._stream.flush()
        except OSError as error:
            raise write_error(error, self.path.parent) from None


# A worker does several tasks; to load a model takes longer than many of them.
@lru_cache(maxsize=1)
def _load(spec: str, language: str) -> tuple[Encoder, Scorer]:
    from processors.reward.local_model import load_reward_tokenizer

    reward = Reward.model_validate_json(spec)
    tokenizer = load_reward_tokenizer(reward.model, reward.revision)
    return Encoder(tokenizer, language, reward.max_length), scorer_of(reward, tokenizer)


def scorer_of(reward: Reward, tokenizer: Any) -> Scorer:
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
        )
    return ModelScorer(reward.model, reward.revision, reward.dtype, _gpu(), reward.cpu_threads)


def _loaded(spec: Reward, language: Language) -> tuple[Encoder, Scorer]:
    return _load(spec.model_dump_json(), language.name)


def _gpu() -> int:
    """The number of this worker's GPU: one that no other worker has, as long as there are enough."""
    if not (gpus := gpu_groups(1)):
        return 0
    # Held as long as this process lives.
    held = hold_group(gpus)
    return gpus.index(held[0]) if held else os.getpid() % len(gpus)


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, each made in a thread while the one before is in use: a GPU need not wait for the tokenizer."""
    end = object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, items, end)
            yield item  # type: ignore[misc]


class JoinRewards(PipelineStep):
    """Adds each document's `rewards`, {translator: reward}, as the reward stage wrote them in `folder`; else none."""

    name = "Rewards"
    type = "JOIN"

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        self.folder = folder

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        for unit, documents in groupby(data, key=lambda document: document.metadata["unit"]):
            rows: dict[str, dict[str, float]] = {}
            if self.folder:
                table = read_unit(UnitFiles(self.folder, unit))
                rows = {row["id"]: {r["translator"]: r["reward"] for r in row["rewards"]} for row in table.to_pylist()}
            for document in documents:
                document.metadata["rewards"] = rows.get(document.id, {})
                yield document


def reward_row(document: Document) -> dict[str, Any]:
    """A document's rewards as a row of `schemas.rewards`."""
    rewards = [{"translator": name, "reward": value} for name, value in document.metadata["rewards"].items()]
    return {"id": document.id, "rewards": rewards}
