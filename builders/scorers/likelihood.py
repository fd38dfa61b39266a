"""Likelihood: a language model's log-probability of each candidate after its source, served by vLLM or run here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from builders.recipes.api_keys import check_key
from builders.recipes.recipe import Recipe
from builders.recipes.scorers import Likelihood
from builders.scorers.asking import AtWork, asking, ceiling_of
from builders.scorers.base import (
    AskedPassage,
    Bill,
    Keep,
    PassageCount,
    Place,
    Said,
    Scoring,
    passages,
    plain_text,
)
from builders.scorers.learned import resolved_folder, say_in_batches
from processors.answers.store import AnswerStore
from processors.clients.prompts import PromptConfig
from processors.conversations.tokenizers import load_tokenizer
from processors.errors import InputError
from processors.languages.language import Language
from processors.likelihood.local import LocalLikelihood
from processors.likelihood.text import Forced, Forcing
from processors.reward.score import SourceAndCandidate

if TYPE_CHECKING:
    from processors.clients.endpoint import EndpointConfig
    from processors.likelihood.served import LikelihoodClient

_NOTHING = "no token of it has a log-probability"


class LikelihoodKind:
    column = "likelihood"

    def ready(self, spec: Likelihood, warn: Callable[[str], None]) -> None:
        if spec.base_url:
            check_key(f"likelihood of '{spec.model}'", spec.base_url, spec.api_key_env, warn=warn)
        elif missing := [name for name in ("torch", "transformers") if find_spec(name) is None]:
            raise InputError(
                f"ranking.scorers.likelihood needs {' and '.join(missing)} without base_url: pip install "
                "'smolkalam[train]'"
            )
        load_tokenizer(spec.tokenizer or spec.model)

    def inputs(self, spec: Likelihood) -> dict[str, Any]:
        shapes = {"model", "revision", "tokenizer", "prompt", "passage_tokens"}
        found = {"model": spec.model_dump(mode="json", include=shapes), "served": spec.base_url is not None}
        return found | ({} if spec.base_url else {"dtype": spec.dtype, "batch_tokens": spec.batch_tokens})

    def resolved(self, spec: Likelihood) -> dict[str, Any]:
        return {} if spec.base_url else resolved_folder(spec.model)

    @contextmanager
    def open(self, spec: Likelihood, language: Language, place: Place) -> Iterator[Scoring]:
        forcing = Forcing(load_tokenizer(spec.tokenizer or spec.model), spec.prompt, language.name)
        if spec.base_url is None:
            model = LocalLikelihood(spec.model, spec.revision, spec.dtype, spec.cpu_threads)
            yield _Local(spec, forcing, model)
            return
        from processors.likelihood.served import LikelihoodClient

        with ExitStack() as stack:
            ceiling = ceiling_of("likelihood", spec.cost, place, stack)
            store = stack.enter_context(AnswerStore(place.answers))
            client = LikelihoodClient(_endpoint(spec, spec.base_url, language), store, ceiling)
            yield _Served(spec, forcing, client, stack.enter_context(asking(client, spec.concurrency, place.engines)))

    def greeted(self, spec: Likelihood) -> bool:
        return self.served(spec)

    def served(self, spec: Likelihood) -> bool:
        return spec.base_url is not None

    def bill(self, spec: Likelihood, recipe: Recipe, rows: float, source_tokens: float) -> Bill:
        scored = PassageCount.of(recipe, rows, source_tokens, spec.passage_tokens)
        asked, made = round(scored.passages * len(spec.prompt) / 4 + scored.tokens), round(scored.passages)
        usd = spec.cost.usd(asked, made) if spec.cost else None
        # A server of one's own costs its time, which nobody has told.
        return Bill(spec.model, spec.model, made, asked, made, usd, paid=spec.api_key_env is not None)

    def said(self, spec: dict[str, Any]) -> str:
        return (
            f"the log-probability of a token by `{spec['model']}`, passages of about {spec['passage_tokens']} tokens"
        )


def _endpoint(spec: Likelihood, base_url: str, language: Language) -> EndpointConfig:
    from processors.clients.endpoint import EndpointConfig

    return EndpointConfig(
        base_url,
        spec.served_model or spec.model,
        # The client paces and retries as it does for translators, and reads no prompt.
        PromptConfig(language),
        revision=spec.revision,
        api_key_env=spec.api_key_env,
        concurrency=spec.concurrency,
        timeout_s=spec.timeout_s,
    )


def _cut(spec: Likelihood, forcing: Forcing, items: Sequence[SourceAndCandidate]) -> list[list[AskedPassage]]:
    found = [passages(item, forcing.tokenizer, spec.passage_tokens, plain_text) for item in items]
    return [[passage._replace(asked=forcing.forced(*passage.asked)) for passage in of] for of in found]


def _has_one(forced: Forced) -> bool:
    """Whether any token of it has a log-probability: the first of all has none."""
    return 0 < forced.begin < len(forced.ids)


class _Served:
    def __init__(self, spec: Likelihood, forcing: Forcing, client: LikelihoodClient, at_work: AtWork) -> None:
        self.spec = spec
        self.forcing = forcing
        self.client = client
        self.at_work = at_work

    def cut(self, items: Sequence[SourceAndCandidate]) -> list[list[AskedPassage]]:
        return _cut(self.spec, self.forcing, items)

    def say(self, passages: Sequence[AskedPassage], known: Mapping[int, Said], keep: Keep) -> None:
        self.at_work.all(passages, known, keep, self._ask)

    async def _ask(self, forced: Forced) -> Said:
        return await self.client.mean(forced) if _has_one(forced) else _NOTHING


class _Local:
    def __init__(self, spec: Likelihood, forcing: Forcing, model: LocalLikelihood) -> None:
        self.spec = spec
        self.forcing = forcing
        self.model = model

    def cut(self, items: Sequence[SourceAndCandidate]) -> list[list[AskedPassage]]:
        return _cut(self.spec, self.forcing, items)

    def say(self, passages: Sequence[AskedPassage], known: Mapping[int, Said], keep: Keep) -> None:
        usable = [place for place, passage in enumerate(passages) if _has_one(passage.asked)]
        none = sorted({*range(len(passages))} - {*usable})
        keep(none, [_NOTHING for _ in none])

        def means(batch: list[int]) -> list[float]:
            return self.model.means([passages[usable[place]].asked for place in batch])

        say_in_batches(
            [len(passages[place].asked.ids) for place in usable],
            self.spec.batch_tokens,
            {n: known[place] for n, place in enumerate(usable) if place in known},
            lambda batch, values: keep([usable[place] for place in batch], values),
            means,
        )


KIND = LikelihoodKind()
