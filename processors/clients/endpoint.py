"""A translator's servers over HTTP: requests that are shared out, retried and paced until there is an answer.

datatrove's own EndpointServer cannot talk to a remote endpoint and dies with its first fault; this
one has no process of its own, asks nothing but the completions of the servers, and never gives a key away.

It speaks HTTP by httpx and not through huggingface_hub's AsyncInferenceClient, which costs 1.6 times the CPU time a
request and hides what a server orders: docs/decisions/003-httpx-not-asyncinferenceclient.md.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from datatrove.pipeline.inference.servers import InferenceServer
from loguru import logger

from processors.clients.address import Address
from processors.clients.answer import Answer
from processors.clients.connection import Connection, Count, EndpointConfig
from processors.clients.pacing import OutOfPatience, Trouble
from processors.clients.responses import NO_QUOTA, Fault, RequestFailed
from processors.clients.turns import Turns
from processors.clients.waits import backoff
from processors.errors import EngineError
from processors.onlooker import ONLOOKER

if TYPE_CHECKING:
    from datatrove.pipeline.inference.run_inference import InferenceConfig

__all__ = ["Address", "Connection", "Count", "EndpointConfig", "HttpServer"]

# So many refused requests, and never an answer, are not the rows' fault.
ALL_REFUSED = 20
# As many responses that no API gives (a web page, other JSON, no HTTP), and never an answer, are a wrong address's.
ALL_FOREIGN = 10
FOREIGN = ("not_http", "too_large", "not_json", "no_choice", "no_classes", "no_details", "not_tgi")
# How often a request is tried that endpoints refuse which have answered others, and one that a key is denied for which
# has worked.
REFUSED_TRIES, DENIED_TRIES = 4, 3


class HttpServer(InferenceServer):
    """The client of a translator's endpoints within a datatrove InferenceRunner.

    `count` is told what happens, by name. `connection` is the kind of client for one address.
    """

    connection: type[Connection] = Connection
    # Whether requests wait to be asked together, and answers are in the store before they are handed on.
    gathers: bool = False
    # Good chunks that end a translator's trial (`processors.translation.trial`); 0 where none can be had at once.
    enough_on_trial: int = 32
    # Where answers are kept; for those clients that look after them.
    store: Any = None

    def __init__(self, config: "InferenceConfig", endpoint: EndpointConfig, rank: int, count: Count) -> None:
        super().__init__(config, rank)
        self.endpoint = endpoint
        self._count = count
        self.connections = [
            self.connect(address, label) for address, label in zip(endpoint.addresses, _labels(endpoint), strict=True)
        ]
        self._turns = Turns([c.pacer for c in self.connections], [a.weight for a in endpoint.addresses])
        self._stopping = asyncio.Event()
        self._reaching: set[asyncio.Task[None]] = set()

    def connect(self, address: Address, label: str) -> Connection:
        """A client for one address."""
        return self.connection(address, self.endpoint, label, self._count)

    @property
    def host(self) -> str:
        """The endpoints' names, for messages."""
        return ", ".join(c.label for c in self.connections)

    def load(self) -> dict[str, float]:
        """What is going on now: requests in flight and waiting, how many may be in flight, endpoints in use."""
        usable = [pacer for pacer in self._turns.pacers if pacer.usable()]
        return {
            "in_flight": sum(pacer.in_flight for pacer in self._turns.pacers),
            "waiting": self._turns.waiting,
            "limit": sum(pacer.limit for pacer in usable),
            "endpoints": len(usable),
        }

    def shown(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """What is sent for `payload`, to the first of the endpoints, for whoever looks on; without a key."""
        return self.connections[0].shown(payload)

    def troubles(self) -> list[Trouble]:
        """The endpoints that give no answer now, and why; without a key."""
        return [trouble for pacer in self._turns.pacers if (trouble := pacer.trouble())]

    def get_base_url(self) -> str:
        return self.endpoint.api_base

    async def start_server(self) -> None:
        """There is no process to start."""

    async def monitor_health(self) -> None:
        """The requests themselves watch over the server."""
        await asyncio.Event().wait()

    async def __aexit__(self, *error: Any) -> None:
        for task in self._reaching:
            task.cancel()
        await asyncio.gather(*self._reaching, return_exceptions=True)
        await super().__aexit__(*error)
        if self._server_ready.done() and not self._server_ready.cancelled():
            self._server_ready.exception()
        for connection in self.connections:
            await connection.aclose()

    async def bg_start_server(self) -> None:
        """Look once whether anybody is there; ready as soon as one endpoint is."""
        self._reaching = {asyncio.create_task(self._reach(place)) for place in range(len(self.connections))}
        await asyncio.gather(*self._reaching, return_exceptions=True)
        if not self._server_ready.done():
            reasons = [str(task.exception()) for task in self._reaching if task.exception()]
            self._server_ready.set_exception(EngineError("; ".join(sorted(reasons))))

    async def _reach(self, place: int) -> None:
        connection = self.connections[place]
        try:
            await connection.reach()
        except EngineError as error:
            # Others may be there: requests find out whether this one comes back.
            if len(self.connections) > 1:
                logger.warning(f"{error}; left aside until it answers")
                connection.pacer.trip(str(error))
            raise
        if not self._server_ready.done():
            self._server_ready.set_result(True)

    async def ready(self) -> None:
        """Wait until one endpoint is there. Raises EngineError where none is."""
        await asyncio.shield(self._server_ready)

    def stop(self) -> None:
        """Start no further request; those on their way are let through."""
        self._stopping.set()
        self._turns.stop()

    async def ask(self, payload: dict[str, Any], wanted: Callable[[], bool] = lambda: True) -> Answer:
        """The answer to `payload`, which is not changed, of whichever endpoint gives one.

        It is not sent, and not sent again, when it is not `wanted` any more. Raises RequestFailed when this request
        cannot be answered, EngineError when none can.
        """
        if not self._server_ready.done() or self._server_ready.exception():
            await asyncio.shield(self._server_ready)
        tries = _Tries(asyncio.get_running_loop().time())
        while True:
            place, outage, outcome = await self._turn(payload, tries, wanted)
            if isinstance(outcome, Answer):
                return outcome
            self._count(f"retry_{outcome.name}", 1)
            if onlooker := ONLOOKER.get():
                onlooker.fault(outcome.name, outcome.reason)
            tries.note(place, outcome, outage)
            if reason := self._hopeless(tries, place, outcome):
                raise RequestFailed(f"{self.connections[place].label}: {reason}")
            if outcome.kind in ("busy", "fault") or self._usable() <= tries.refused:
                # A wait that one endpoint orders is no reason to keep a request from the others.
                alone = self._usable() == {place}
                ordered = outcome.wait_s or 0.0 if alone else 0.0
                await self._sleep(max(ordered, backoff(tries.number(), self.endpoint.backoff_s)))

    def _hopeless(self, tries: "_Tries", place: int, fault: Fault) -> str:
        """Why a request is not tried again; empty where it is."""
        done, most = tries.done, self.endpoint.attempts
        # What all refuse is the request's fault; one that has answered others may refuse by mistake, unbilled.
        final = not self.connections[place].succeeded or done["rejected"] >= REFUSED_TRIES
        if fault.kind == "rejected" and final and self._usable() <= tries.refused:
            return f"refuses the request ({fault.reason})"
        late = asyncio.get_running_loop().time() - tries.begun > self.endpoint.patience_s
        if fault.kind == "busy" and late:
            return f"still busy after {done['busy']} tries ({fault.reason})"
        if done["own"] >= most or done["fault"] >= 2 * most or done["rejected"] >= 2 * most:
            return f"failed {done['fault'] + done['rejected']} times, last: {fault.reason}"
        return ""

    async def _turn(
        self, payload: dict[str, Any], tries: "_Tries", wanted: Callable[[], bool]
    ) -> tuple[int, bool, Answer | Fault]:
        """One try: its place, whether all went wrong there before and after it, and what came of it."""
        if self._stopping.is_set():
            # The queue has turned away who waited, and gives no turn any more.
            raise RequestFailed(f"{self.host}: not asked, the run stops")
        place, ticket = await self._turns.acquire(tries.avoid())
        connection, pacer = self.connections[place], self.connections[place].pacer
        outage = pacer.open
        try:
            if self._stopping.is_set():
                raise RequestFailed(f"{connection.label}: not asked, the run stops")
            if not wanted():
                self._count("not_sent", 1)
                raise RequestFailed(f"{connection.label}: not asked, nobody waits for it any more")
            outcome = await connection.send(payload)
            if isinstance(outcome, Answer):
                connection.worked(outcome)
                if len(self.connections) > 1:
                    self._count(f"answers@{connection.label}", 1)
            else:
                outcome = self._learn(place, ticket, outcome, tries)
            return place, outage and pacer.open, outcome
        finally:
            self._turns.release(place)

    def _learn(self, place: int, ticket: int, fault: Fault, tries: "_Tries") -> Fault:
        """What a fault says of its endpoint. Raises EngineError if no endpoint is left, to all who wait for one."""
        try:
            return self._learnt(place, ticket, fault, tries)
        except EngineError as error:
            self._turns.fail(str(error))
            raise

    def _learnt(self, place: int, ticket: int, fault: Fault, tries: "_Tries") -> Fault:
        connection, pacer = self.connections[place], self.connections[place].pacer
        fault = self._doubted(connection, fault, tries)
        try:
            if fault.kind == "busy":
                pacer.busy(ticket, fault.reason, fault.wait_s)
            elif fault.kind == "fault":
                if fault.name == "timeout":
                    pacer.busy(ticket, fault.reason, None)
                pacer.failed(fault.reason, gone=fault.refused and connection.succeeded)
        except OutOfPatience as error:
            if self._usable() <= {place}:
                raise EngineError(str(error)) from None
            logger.warning(f"{error}; left aside for {error.wait_s:.0f} s")
            pacer.rest(error.wait_s, fault.reason)
        if fault.kind == "rejected":
            connection.refused += 1
        if fault.kind in ("fatal", "denied"):
            self._leave(place, fault.reason)
        elif connection.refused >= ALL_REFUSED and not connection.succeeded:
            self._leave(place, f"refuses every request ({fault.reason})")
        elif connection.is_mute():
            self._leave(place, f"ends every connection without a response ({fault.reason}); check base_url")
        elif connection.foreign >= ALL_FOREIGN and not connection.succeeded:
            self._leave(place, f"is this the address of an API? {fault.reason}")
        return fault

    def _doubted(self, connection: Connection, fault: Fault, tries: "_Tries") -> Fault:
        """The fault, less final where the endpoint has worked before: what worked may work again."""
        if fault.name in FOREIGN:
            connection.foreign += 1
        if not connection.succeeded or fault.kind not in ("denied", "fatal"):
            return fault
        if fault.kind == "denied":
            return replace(fault, kind="fault")
        if fault.name == NO_QUOTA:
            # DashScope has the code for limits a minute, too: where answers came, they may come again. Until then the
            # bar has the reason; started again, the run ends with it at once.
            return replace(fault, kind="busy")
        connection.denied += 1
        # A gateway that errs for a moment denies some; a key that is used up, all: the same request thrice without
        # an answer to any other between, or the breaker's probes.
        again = tries.done[fault.name] + 1 >= DENIED_TRIES or connection.pacer.open
        if fault.name in ("401", "402") and not (connection.denied >= DENIED_TRIES and again):
            return replace(fault, kind="fault")
        return fault

    def _leave(self, place: int, reason: str) -> None:
        """No request works there: leave it aside for good. Raises EngineError where no other endpoint is left."""
        connection = self.connections[place]
        known = bool(connection.pacer.closed)
        variable = connection.address.api_key_env
        source = f"the key comes from {variable}" if variable else "no api_key_env is given"
        connection.pacer.close(f"{connection.label}, model '{connection.model}': {reason}; {source}")
        left = [pacer for pacer in self._turns.pacers if not pacer.closed]
        if not left:
            reasons = "; ".join(pacer.closed for pacer in self._turns.pacers)
            raise EngineError(f"{reasons}. Mend that and run the same command again: what was answered is stored")
        if not known:
            logger.warning(f"{connection.pacer.closed}; left aside, {len(left)} others go on")
            self._count("endpoints_left_aside", 1)

    def _usable(self) -> set[int]:
        return {place for place, pacer in enumerate(self._turns.pacers) if pacer.usable()}

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
        raise RequestFailed(f"{self.host}: not asked again, the run stops")


@dataclass(slots=True)
class _Tries:
    """What has come of one request so far: how often by kind and name of fault, and who refused it."""

    begun: float
    done: Counter[str] = field(default_factory=Counter)
    refused: set[int] = field(default_factory=set)
    last: int | None = None

    def note(self, place: int, fault: Fault, outage: bool) -> None:
        self.last = place
        self.done.update((fault.kind, fault.name))
        # While nothing works at all, the outage is the server's and not this request's; but the last few requests of
        # a run may all be at fault themselves, and then nothing else shows that the server works.
        self.done["own"] += fault.kind == "fault" and not outage
        if fault.kind == "rejected":
            self.refused.add(place)

    def avoid(self) -> set[int]:
        """Where it is better not sent next."""
        return self.refused | ({self.last} if self.last is not None else set())

    def number(self) -> int:
        return max(self.done["own"], self.done["busy"], self.done["rejected"], 1) - 1


def _labels(endpoint: EndpointConfig) -> list[str]:
    """Each endpoint's host, with the name of its key's variable where two share a host."""
    hosts = Counter(address.host for address in endpoint.addresses)
    return [
        address.host if hosts[address.host] == 1 else f"{address.host} ({address.api_key_env or 'no key'})"
        for address in endpoint.addresses
    ]
