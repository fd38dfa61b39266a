"""A translator behind a batch API: its requests are gathered, submitted together, waited for, and handed on.

The retry ladder asks as ever. First requests of chunks stand in a first batch, and what came to nothing or was refused
by a check in a second, smaller one; what is still bad goes one by one, at the full price, or is left, as the recipe
says. A batch is on disk before it is submitted, its answers are in the store before anybody sees them, and a killed
process's batches are gone on with by the next one (`processors.batches.records`).
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from loguru import logger

from processors.batches.call import ApiCall
from processors.batches.gather import BatchSettings, GatheredRequests, Wanted
from processors.batches.messages import MessagesConnection
from processors.batches.protocols import APIS, BatchApi, BatchState, Outcome, Unsure
from processors.batches.records import BatchRecord, BatchRecords
from processors.batches.worth import BatchWorth
from processors.clients.address import Address
from processors.clients.answer import ON_TRIAL, ORDINAL, Answer, request_key
from processors.clients.connection import Connection, Count, EndpointConfig
from processors.clients.endpoint import HttpServer
from processors.clients.responses import Fault, RequestFailed
from processors.clients.waits import backoff
from processors.errors import EngineError, SmolKalamError
from processors.scrub import excerpt

if TYPE_CHECKING:
    from datatrove.pipeline.inference.run_inference import InferenceConfig

# Answers that are put into the store at a time.
SLICE = 512
# Good chunks that are asked one by one before the first batch: a useless model or a wrong setting is told in a minute
# and not after a day, for the full price of these few.
ENOUGH_ON_TRIAL = 8
# Requests at once of what goes one by one.
ONE_BY_ONE = 16
# Failures to create a batch that are told each; of more, every tenth.
TOLD_TRIES = 10
# Between looks at a batch: grows by GROWTH from the recipe's `poll_s`.
GROWTH, LONGEST_POLL_S = 1.3, 300.0


class Keeper(Protocol):
    """The store of answers, as batches use it."""

    folder: Path

    def get(self, key: bytes) -> Answer | None: ...
    async def put(self, key: bytes, answer: Answer) -> None: ...
    async def claim(self, key: bytes) -> Answer | None: ...
    async def look_on(self) -> None: ...
    def let_go(self, key: bytes) -> None: ...


class BatchServer(HttpServer):
    """The client of a translator's batch API within a datatrove InferenceRunner. `store` must be set."""

    gathers = True
    store: Keeper

    def __init__(
        self, settings: BatchSettings, config: "InferenceConfig", endpoint: EndpointConfig, rank: int, count: Count
    ) -> None:
        self.settings = settings
        self.enough_on_trial = ENOUGH_ON_TRIAL if settings.then == "ask" else 0
        self.connection = MessagesConnection if settings.api == "anthropic" else Connection
        super().__init__(config, endpoint, rank, count)
        connection = self.connections[0]
        self.api: BatchApi = APIS[settings.api](
            ApiCall(connection, endpoint.patience_s), connection.model, endpoint.prompt.mode
        )
        self._queue = GatheredRequests(partial(count, "not_sent"))
        # By key the record of the batch in which it stands, of whichever process; and the records that are known.
        self._elsewhere: dict[str, str] = {}
        self._known: set[str] = set()
        self._open: dict[str, Wanted] = {}
        self._jobs: set[asyncio.Task[None]] = set()
        self._error: Exception | None = None
        self._under_way = 0
        self._worth = BatchWorth(settings)

    def connect(self, address: Address, label: str) -> Connection:
        return self.connection(address, replace(self.endpoint, concurrency=ONE_BY_ONE), label, self._count)

    def load(self) -> dict[str, float]:
        alone = super().load()
        more = {"in_flight": self._under_way, "waiting": len(self._queue)}
        return alone | {name: alone[name] + number for name, number in more.items()}

    async def bg_start_server(self) -> None:
        self._records = BatchRecords(Path(self.store.folder) / "batches")
        self._adopt()
        self._start(self._gather())
        await super().bg_start_server()

    def stop(self) -> None:
        """Submit nothing more and wait for nothing: what is submitted is answered without us, and found again."""
        super().stop()
        self._fail(RequestFailed(f"{self.host}: the run stops; batches go on, and are found by the next build"))
        for job in self._jobs:
            job.cancel()

    async def __aexit__(self, *error: Any) -> None:
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        await super().__aexit__(*error)

    async def ask(self, payload: dict[str, Any], wanted: Callable[[], bool] = lambda: True) -> Answer:
        """The answer to `payload`, in hours. Raises as `HttpServer.ask` does."""
        if ORDINAL.get() > self.settings.rounds:
            return await self._alone(payload, wanted, f"its first {self.settings.rounds} answers were refused")
        if not self._server_ready.done() or self._server_ready.exception():
            await asyncio.shield(self._server_ready)
        if self._error:
            raise self._error
        if self._stopping.is_set():
            raise RequestFailed(f"{self.host}: not asked, the run stops")
        key = request_key(self.endpoint.model, self.endpoint.revision, payload).hex()
        if ON_TRIAL.get() and self.enough_on_trial and key not in self._elsewhere:
            self._count("asked_before_batches", 1)
            return await self._answered_alone(payload, wanted)
        one = Wanted(key, payload, wanted, asyncio.get_running_loop().create_future())
        self._open[key] = one
        try:
            if key not in self._elsewhere:
                self._queue.put(one)
            return await one.answer
        except _Left as left:
            # In this task, so that who waits for it is told by the usual ways.
            return await self._alone(payload, wanted, str(left))
        finally:
            self._open.pop(key, None)

    async def _alone(self, payload: dict[str, Any], wanted: Callable[[], bool], why: str) -> Answer:
        """What batches did not answer well."""
        if self.settings.then == "leave":
            self._count("left_after_batches", 1)
            raise RequestFailed(f"{self.host}: left after {self.settings.rounds} batches: {why}")
        self._count("asked_after_batches", 1)
        return await self._answered_alone(payload, wanted)

    async def _answered_alone(self, payload: dict[str, Any], wanted: Callable[[], bool]) -> Answer:
        answer = await super().ask(payload, wanted)
        if answer.text or answer.prompt_tokens:
            key = request_key(self.endpoint.model, self.endpoint.revision, payload)
            await self.store.put(key, answer)
        return answer

    # Gathering.

    async def _gather(self) -> None:
        """Submit what waits, as soon as nothing more comes or a batch is full."""
        most = self.settings.most_requests or self.api.most_requests
        while True:
            await self._queue.until_quiet(self.settings.gather_s, most)
            self._adopt()
            # Another's batch that ended since the last look has left no record: it would be paid for again.
            await self.store.look_on()
            self._queue.answer(self.store.get)
            if batch := self._queue.take(most, self.api.most_bytes, self.api.item):
                self._start(self._ask_together(batch))

    # One batch.

    async def _ask_together(self, batch: list[tuple[Wanted, bytes]]) -> None:
        keys, items = [one.key for one, _ in batch], [item for _, item in batch]
        record = self._records.new(self.api_base, keys, await self.api.newest())
        self._know(record)
        await self.store.claim(record.claim)
        await self._create(record, items)
        self._records.write(record)
        self._count("batches", 1)
        logger.info(f"{self.host}: batch {record.id} with {len(keys):,} requests is submitted")
        await self._follow(record)

    async def _create(self, record: BatchRecord, items: list[bytes]) -> None:
        """Have the API create a batch, once: again only while it lists none, looked for twice, for `patience_s`."""
        loop, tries = asyncio.get_running_loop(), 0
        until = loop.time() + self.endpoint.patience_s
        while record.id is None:
            if record.file is None and (file := await self.api.upload(record, items)):
                record.file = file
                self._records.write(record)
            try:
                record.id, record.sure = await self.api.submit(record, items), True
                return
            except Unsure as doubt:
                record.id = await self._found(record)
                if record.id:
                    return
                left = until - loop.time()
                if left <= 0:
                    raise EngineError(
                        f"{doubt}; so {tries + 1} times in {self.endpoint.patience_s - left:.0f} s, and no such batch "
                        "is listed; run the same command again to go on"
                    ) from None
                wait = min(backoff(tries, self.endpoint.backoff_s), left)
                if tries < TOLD_TRIES or not tries % TOLD_TRIES:
                    logger.warning(f"{self.host}: {doubt}; no such batch is listed, tried again for {left:.0f} s more")
            tries += 1
            await asyncio.sleep(wait)
            # Some list a batch late, and each might be paid for.
            record.id = await self._found(record)

    async def _follow(self, record: BatchRecord) -> None:
        """Wait until a batch has ended, keep its answers, and hand them on."""
        assert record.id
        self._under_way += len(record.keys)
        self._count("batched_requests", len(record.keys))
        told, wait = 0, self.settings.poll_s
        try:
            state = await self.api.poll(record.id)
            while not state.ended:
                self._count("batched_done", state.done - told)
                told = state.done
                await asyncio.sleep(wait)
                wait = min(LONGEST_POLL_S, wait * GROWTH)
                state = await self.api.poll(record.id)
            self._count("batched_done", len(record.keys) - told)
            outcomes = self._sorted_out(record, await self.api.results(state))
        finally:
            self._under_way -= len(record.keys)
        if outcomes is None:
            # Another's batch: ours was never submitted.
            await self._not_this(record)
            return
        await self._keep(outcomes)
        self._end(record, state, outcomes)

    def _sorted_out(self, record: BatchRecord, results: Iterable[tuple[str, Outcome]]) -> dict[str, Outcome] | None:
        """The outcome of each of a batch's requests that has one; None where the batch is another's."""
        ours, strange = set(record.keys), 0
        outcomes: dict[str, Outcome] = {}
        for key, outcome in results:
            if key not in ours:
                strange += 1
            elif key in outcomes:
                self._count("batch_results_doubled", 1)
                if isinstance(outcomes[key], Fault):
                    outcomes[key] = outcome
            else:
                outcomes[key] = outcome
        if strange and not outcomes and not record.sure:
            return None
        if strange:
            self._count("batch_results_unknown", strange)
        return outcomes

    async def _keep(self, outcomes: dict[str, Outcome]) -> None:
        """Put all answers into the store, before anybody is told: they are paid for, whether anyone waits or not."""
        answers = [
            (key, replace(outcome, batched=True))
            for key, outcome in outcomes.items()
            if isinstance(outcome, Answer) and (outcome.text or outcome.prompt_tokens)
        ]
        for key, answer in answers:
            outcomes[key] = answer
            if key not in self._open:
                for name, value in answer.counts().items():
                    self._count(name, value)
        for first in range(0, len(answers), SLICE):
            some = [(bytes.fromhex(key), answer) for key, answer in answers[first : first + SLICE]]
            await asyncio.gather(*(self.store.put(key, answer) for key, answer in some if not self.store.get(key)))

    def _end(self, record: BatchRecord, state: BatchState, outcomes: dict[str, Outcome]) -> None:
        """All of it is on disk: forget the batch and tell those who wait."""
        self._records.remove(record)
        self.store.let_go(record.claim)
        lost = Fault("fault", "expired" if state.why.startswith("expired") else "missing", state.why or "no result")
        if state.why and not outcomes and not state.why.startswith(("expired", "cancelled")):
            raise EngineError(f"{self.host}: batch {state.id} {state.why}; mend that and run the same command again")
        if why := self._worth.lacks([(self._open.get(key), outcomes.get(key, lost)) for key in record.keys]):
            raise EngineError(f"{self.host}, model '{self.api.model}': {why}")
        for key in record.keys:
            self._elsewhere.pop(key, None)
            outcome = outcomes.get(key, lost)
            if not (one := self._open.get(key)) or one.answer.done():
                continue
            if isinstance(outcome, Answer):
                one.answer.set_result(outcome)
            else:
                self._again(one, outcome)

    def _again(self, one: Wanted, fault: Fault) -> None:
        self._count(f"retry_{fault.name}", 1)
        one.lost += 1
        if fault.kind == "fatal":
            raise EngineError(f"{self.host}: {fault.reason}")
        if fault.kind == "denied":
            one.answer.set_exception(RequestFailed(f"{self.host}: refuses the request ({fault.reason})"))
        # What is refused is not billed, and was perhaps refused by mistake.
        elif one.lost < self.settings.rounds:
            self._queue.put(one)
        else:
            one.answer.set_exception(_Left(fault.reason))

    # Batches of processes before this one, and of others.

    def _adopt(self) -> None:
        """Go on with open batches of others, as soon as whoever submitted them is gone; what stands in them waits."""
        for record in self._records.open():
            if record.url == self.api_base and record.nonce not in self._known:
                self._know(record)
                self._start(self._take_over(record.nonce))
        self._queue.leave_out(self._elsewhere)

    def _know(self, record: BatchRecord) -> None:
        self._known.add(record.nonce)
        self._elsewhere |= dict.fromkeys(record.keys, record.nonce)

    async def _take_over(self, nonce: str) -> None:
        # Returns when whoever has it is done with it, or dead.
        await self.store.claim(bytes.fromhex(nonce))
        record = self._records.read(nonce)
        if record is None:
            self.store.let_go(bytes.fromhex(nonce))
            self._released(nonce)
            return
        if not await self._has_id(record):
            return
        self._count("batches_found_again", 1)
        logger.info(f"{self.host}: going on with batch {record.id}")
        await self._follow(record)

    async def _found(self, record: BatchRecord) -> str | None:
        """The id of a batch that may have been submitted."""
        await asyncio.sleep(self.settings.settle_s)
        known = {other.id for other in self._records.open() if other.id and other.nonce != record.nonce}
        return await self.api.find(record, known)

    async def _not_this(self, record: BatchRecord) -> None:
        assert record.id
        record.others.append(record.id)
        record.id = None
        self._records.write(record)
        if await self._has_id(record):
            await self._follow(record)

    async def _has_id(self, record: BatchRecord) -> bool:
        """Whether a batch is known by its id, or found; forgotten where it never was."""
        record.id = record.id or await self._found(record)
        if record.id is None:
            self._forget(record)
            return False
        self._records.write(record)
        return True

    def _forget(self, record: BatchRecord) -> None:
        """It was never submitted: what stood in it is asked by whoever wants it."""
        self._records.remove(record)
        self.store.let_go(record.claim)
        self._released(record.nonce)

    def _released(self, nonce: str) -> None:
        """What another process asked is in the store, or has to be asked here."""
        for key in [key for key, of in self._elsewhere.items() if of == nonce]:
            del self._elsewhere[key]
            if not (one := self._open.get(key)) or one.answer.done():
                continue
            if answer := self.store.get(bytes.fromhex(key)):
                one.answer.set_result(answer)
            else:
                self._queue.put(one)

    # Jobs.

    @property
    def api_base(self) -> str:
        return f"{self.settings.api} {self.endpoint.api_base} {self.api.model}"

    def _start(self, job: Any) -> None:
        task = asyncio.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._jobs.discard(task)
        if task.cancelled() or not (error := task.exception()):
            return
        if not isinstance(error, SmolKalamError):
            error = EngineError(f"{self.host}: {type(error).__name__}: {excerpt(str(error))}")
        self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        for one in list(self._open.values()):
            if not one.answer.done():
                one.answer.set_exception(error)


class _Left(Exception):
    """A request that no batch answered."""
