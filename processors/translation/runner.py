"""Translators behind a server: datatrove's InferenceRunner, with its traps closed.

A document is one rollout: the caller's coroutine gets the document and `ask`, and may ask as often as it likes. Every
answer is in the store before the coroutine sees it, and the same question in flight twice is sent once.
"""

import asyncio
import gc
import signal
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from datatrove.data import Document
from datatrove.pipeline.inference.run_inference import InferenceConfig, InferenceRunner
from loguru import logger

from processors.answers.ask_once import AskedOnce, look_at_error
from processors.answers.ceiling import Ceiling, Limits
from processors.answers.question_claims import SHARED, SHORT
from processors.answers.store import AnswerStore
from processors.clients.answer import Answer, request_key
from processors.clients.endpoint import Count, EndpointConfig, HttpServer
from processors.clients.pacing import Trouble
from processors.clients.prompts import build_payload
from processors.clients.responses import RequestFailed
from processors.errors import SmolKalamError
from processors.onlooker import ONLOOKER
from processors.prompting import NO_HINTS, Hints
from processors.scrub import excerpt
from processors.translation.chunk_ladder import AnswerWatch
from processors.translation.coroutines import often_switching
from processors.translation.trial import AnswerCounts, Together, Trial, Useless

__all__ = ["Ask", "Asking", "EndpointConfig", "HttpServer", "RequestFailed", "TranslationRunner", "Writer"]

Ask = Callable[..., Awaitable[Answer]]
Translate = Callable[[Document, Ask], Awaitable[dict[str, Any]]]
Progress = Callable[[Mapping[str, float], Sequence[Trouble]], None]
MakeServer = Callable[[InferenceConfig, EndpointConfig, int, Count], HttpServer]

# New objects that make Python look for cycles among them. Its own 700 are a few requests, and rows that wait for their
# unit look like a leak to it: at 1,024 in flight it spent 7 to 12 % of the stage's processor time on that, now 4.
YOUNG_OBJECTS = 10_000
# Documents that are read for one way to the thread that reads.
READ_AT_ONCE = 32
# How often it is told how many answers a run that stops still waits for.
TELL_STOPPING_S = 0.5


class Asking:
    """What a document's coroutine asks with: `await ask(text, attempt, problem, hints)`. `watch` is told what came of
    it. `problem` and `hints` are as of `build_payload`.
    """

    def __init__(self, answer: Ask, watch: AnswerWatch, count: Count) -> None:
        self._answer = answer
        self.watch = watch
        self.count = count

    async def __call__(self, text: str, attempt: int = 0, problem: str = "", hints: Hints = NO_HINTS) -> Answer:
        return await self._answer(text, attempt, problem, hints)


# By what they are asked, and how.
_trials: dict[str, Trial] = {}


class Writer(Protocol):
    """What takes finished documents. It may raise: the run then stops."""

    def __enter__(self) -> "Writer": ...
    def __exit__(self, *error: Any) -> Any: ...
    def write(self, document: Document, rank: int = 0) -> Any: ...


class TranslationRunner(InferenceRunner):
    """Translates documents through an endpoint; the step is the last of its pipeline and yields nothing.

    `translate(document, ask)` is a coroutine; what it returns lands in `document.metadata["translation"]`, and the
    document goes to `output_writer`. Where it lets a RequestFailed out, the document is written with
    `{"failed": reason}` instead: a failed candidate, never lost, never empty. Any other error stops the run as one
    SmolKalamError that names the document. Documents are written as they finish, not in the order of the input.

    Restarting is by the answers in `store_folder`: give the same documents again, and what was answered is not asked
    again. `make_server` makes the client of another kind of engine. `progress` is called with the counters and the
    endpoints in trouble every `progress_s` seconds and once at the end, in the worker. `give_up` is the translator's
    name where it is to be stopped when its first chunks nearly all fail (see `processors.translation.trial`), `trial`
    the file by which all processes of a run find that out together; `limits`
    stop all when they cost what they may (`processors.answers.ceiling`).
    """

    name = "Translation"
    type = "Model call"

    def __init__(
        self,
        translate: Translate,
        endpoint: EndpointConfig,
        output_writer: Writer,
        store_folder: str | Path | None = None,
        make_server: MakeServer = HttpServer,
        progress: Progress | None = None,
        progress_s: float = 2.0,
        give_up: str = "",
        limits: Limits | None = None,
        trial: Path | None = None,
    ) -> None:
        in_flight = endpoint.concurrency * len(endpoint.addresses)
        config = InferenceConfig(
            server_type="endpoint",
            model_name_or_path=endpoint.model,
            use_chat=endpoint.prompt.mode == "chat",
            endpoint_url=endpoint.api_base,
            max_concurrent_generations=in_flight,
            # Twice the requests: documents that wait for their answer to be on disk leave no slot idle.
            max_concurrent_documents=2 * in_flight,
            request_timeout=endpoint.timeout_s,
            metric_interval=300,
        )
        super().__init__(translate, config, output_writer, metadata_key="translation")
        self.endpoint = endpoint
        self.make_server = make_server
        self.store_folder = store_folder
        self.progress = progress
        self.progress_s = progress_s
        self.counters: Counter[str] = Counter()
        self._store: AnswerStore | None = None
        self._server: HttpServer | None = None
        self._questions: AskedOnce | None = None
        self._give_up = give_up
        self._trial_file = trial
        self._trial: Trial | None = None
        self.limits = limits
        self._ceiling: Ceiling | None = None
        self._asking: Ask = self._ask
        self._stopping = False

    def snapshot(self) -> dict[str, float]:
        """The counters, and what is going on now (see `HttpServer.load`)."""
        now: dict[str, float] = dict(self.counters)
        if self._server:
            now |= self._server.load()
        if self._stopping and self._questions:
            now["stopping"] = self._questions.under_way
        return now

    async def run_async(self, data_gen: Iterable[Document], rank: int = 0) -> None:
        struck: list[bool] = []
        store = AnswerStore(self.store_folder) if self.store_folder is not None else None
        self._store, self._stopping = store, False
        self._ceiling = Ceiling(self.limits) if self.limits else None
        self._tell()
        try:
            with _rare_collections(), often_switching(), _stopped_by_sigterm(struck):
                await super().run_async(data_gen, rank)
        finally:
            if self._trial:
                self._trial.leave()
            if store:
                store.close()
            if self._ceiling:
                self._ceiling.close()
                self._ceiling = None
            self._tell()
            self._store = self._server = self._questions = None
            if struck:
                signal.raise_signal(signal.SIGTERM)

    async def metrics_reporter(self, interval: int = 300) -> None:
        """Tell `progress` often and the log rarely; datatrove's prints three tables at the start already."""
        elapsed = 0.0
        while True:
            await asyncio.sleep(self.progress_s)
            self._tell()
            elapsed += self.progress_s
            if elapsed >= interval:
                elapsed = 0.0
                logger.info(", ".join(f"{name} {value:.0f}" for name, value in sorted(self.snapshot().items())))

    async def _async_data_gen(self, sync_gen: Iterable[Document]) -> AsyncIterator[Document]:
        """The documents, read in a thread as datatrove does, but some at a time: each way there and back costs."""
        documents, loop = iter(sync_gen), asyncio.get_running_loop()
        while read := await loop.run_in_executor(None, lambda: list(islice(documents, READ_AT_ONCE))):
            for document in read:
                yield document
                # Each begins with work of a few milliseconds: not all of them in one turn of the loop.
                await asyncio.sleep(0)

    def _init_server(self, rank: int) -> HttpServer:
        self._server = self.make_server(self.config, self.endpoint, rank, self._add)
        self._server.store = self._store
        self._questions = AskedOnce(self._server, self._store, self._add, self._ceiling)
        self._asking = Asking(self._ask, self._watch(), self._add)
        return self._server

    async def _handle_record(
        self,
        doc: Document,
        rank: int,
        chunk_index: int,
        rollout_fn: Translate,
        output_writer_context: Writer,
        server: HttpServer,
        semaphore: asyncio.Semaphore,
    ) -> None:
        # Of several documents that fail at once datatrove looks at one; asyncio would print the others at the end.
        if task := asyncio.current_task():
            task.add_done_callback(look_at_error)
        try:
            result = await rollout_fn(doc, self._asking)
        except RequestFailed as failure:
            self._add("failed_documents", 1)
            result = {"failed": str(failure)}
        except Useless:
            # Mended, it is tried anew.
            _trials.clear()
            raise
        except SmolKalamError:
            raise
        except Exception as error:
            # Plain, because datatrove's InferenceError does not unpickle and would hang the parent.
            raise SmolKalamError(
                f"{doc.id}: translating failed: {type(error).__name__}: {excerpt(str(error))}"
            ) from error
        doc.metadata[self.metadata_key] = result
        await self._save_document(doc, output_writer_context, rank, chunk_index)

    async def _save_document(
        self,
        document: Document,
        output_writer_context: Writer,
        rank: int,
        chunk_index: int,
        count_processed_stat: bool = True,
    ) -> None:
        """Hand a document to the writer. datatrove's logs a writer's error and marks the task complete; not here."""
        try:
            output_writer_context.write(document, rank=rank)
        except SmolKalamError:
            raise
        except Exception as error:
            raise SmolKalamError(
                f"{document.id}: its translation cannot be written: {type(error).__name__}: {error}"
            ) from error
        self._add("documents", 1)

    async def _cleanup(
        self, metrics_task: "asyncio.Task[None]", tasks_pool: "set[asyncio.Task[None]]", *args: Any, **kwargs: Any
    ) -> None:
        """Let paid answers come home before datatrove closes everything, and say so meanwhile."""
        for task in tasks_pool:
            task.cancel()
        if self._questions and self._questions.under_way:
            self._stopping = True
            draining = asyncio.create_task(self._questions.drain())
            # Who waits for a server that was never there is done at once, and no answer is under way.
            await asyncio.wait({draining}, timeout=min(self.progress_s, TELL_STOPPING_S))
            while not draining.done():
                self._tell()
                await asyncio.wait({draining}, timeout=min(self.progress_s, TELL_STOPPING_S))
            await draining
        elif self._questions:
            await self._questions.drain()
        await super()._cleanup(metrics_task, tasks_pool, *args, **kwargs)

    async def _ask(self, text: str, attempt: int = 0, problem: str = "", hints: Hints = NO_HINTS) -> Answer:
        payload = build_payload(self.endpoint.prompt, self.endpoint.decoding, text, attempt, problem, hints)
        key = request_key(self.endpoint.model, self.endpoint.revision, payload)
        assert self._questions
        onlooker = ONLOOKER.get()
        if onlooker and self._server:
            onlooker.requested(self._server.shown(payload))
        answer = await self._questions.ask(key, payload, shared=SHARED.get() or len(text) <= SHORT)
        if onlooker:
            tokens = answer.prompt_tokens, answer.completion_tokens
            onlooker.answered(answer.text or answer.refusal, answer.finish_reason, tokens, answer.cached)
        if not answer.cached:
            self._add("characters", len(text))
        return answer

    def _watch(self) -> AnswerWatch:
        """Who judges the translator: over all the runs of a process, for one may have few rows."""
        if not self._give_up:
            return AnswerCounts(self._add)
        assert self._server
        what = f"{self.endpoint.addresses} {self.endpoint.prompt} {self.endpoint.decoding} {self.store_folder}"
        if what not in _trials:
            name = f"{self._give_up} (model '{self.endpoint.alias or self.endpoint.model}')"
            enough = self._server.enough_on_trial
            _trials[what] = Trial(name, self._add, at_once=enough == 0, enough=enough)
        self._trial = _trials[what]
        self._trial.begin(self._add, self._together(f"trial of {self._give_up}"))
        return self._trial

    def _together(self, name: str) -> Together | None:
        """The trial as the run's processes share it, by a claim among those on questions."""
        if self._store is None or self._trial_file is None or (self._server and not self._server.enough_on_trial):
            return None
        key = blake2b(name.encode(), digest_size=20).digest()
        return Together(self._trial_file, partial(self._store.take, key), partial(self._store.let_go, key))

    def _add(self, name: str, value: int) -> None:
        self.counters[name] += value
        self.stat_update(name, value=value, unit="task")

    def _tell(self) -> None:
        if self._ceiling:
            self._ceiling.beat()
        if self.progress:
            self.progress(self.snapshot(), self._server.troubles() if self._server else [])


@contextmanager
def _stopped_by_sigterm(struck: list[bool]) -> Iterator[None]:
    """Let SIGTERM stop a run as Ctrl-C does, so that answers on their way are paid once; `struck` says that it did.

    The process is ended by the signal all the same, once they are stored.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def stop() -> None:
        struck.append(True)
        if task and len(struck) == 1:
            task.cancel()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop.add_signal_handler(signal.SIGTERM, stop)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for reference cycles more rarely, and not in what is here already."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
