"""The vantage that is asked: passes the same gates as a run, and looks at one endpoint at a time.

What fails here is told only while the gates vouch for this line: "both fail" would else make an
outage of the helper one of the service.
"""

import ipaddress
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, Literal

import trio

import probe
from probe.measure.perform import perform
from probe.measure.tools import Tools
from probe.model.elsewhere import About
from probe.model.knowledge import Knowledge
from probe.model.observation import (
    DnsObservation,
    HttpObservation,
    Observation,
    QuicObservation,
    TcpObservation,
    TlsObservation,
)
from probe.model.run import Vantage
from probe.model.target import Endpoint
from probe.model.verdict import VantageVerdict
from probe.model.words import Family, VantageState
from probe.run.gates import ask_gates
from probe.run.investigate import screen
from probe.run.kept import marked
from probe.run.limiter import PacedLimiter
from probe.run.told import told
from probe.run.vantage import find_vantage
from probe.scrub import Scrubber
from probe.wire import sockets

VOUCHING: Final = frozenset({VantageState.ONLINE, VantageState.DEGRADED})
"""States in which it answers; where somebody opens TLS on the way, not even that is told."""
GATES_EVERY_S: Final = 900.0
GATES_AGAIN_S: Final = 60.0
"""While the gates fail, and before any failure is told."""
GATES_WAIT_S: Final = 60.0
CACHE_S: Final = 300.0
"""Many probes ask for the same thing at the same time; the service is looked at once."""
LOOK_S: Final = 50.0
"""Longest wait for a silent server is 10 s to connect, 10 s to shake hands and 20 s to read."""
AT_ONCE: Final = 8
WAITING_MAX: Final = 64
WAIT_S: Final = 10.0
_STEPS: Final = (TcpObservation, TlsObservation, HttpObservation, QuicObservation)


@dataclass(frozen=True, slots=True)
class Closed:
    """Why nothing is told, and when to come back."""

    error: Literal["gates", "busy", "budget"]
    words: str
    retry_after_s: int


@dataclass(slots=True)
class _Look:
    """A look that is under way, or was not long ago."""

    started: float
    done: trio.Event = field(default_factory=trio.Event)
    result: tuple[Observation, ...] | Closed | None = None


class ControlVantage:
    """Looks at endpoints for others. `run` has to be running."""

    _nursery: trio.Nursery

    def __init__(
        self,
        knowledge: Knowledge,
        tools: Tools,
        *,
        label: str = "",
        own_addresses: Iterable[str] = (),
        on_fault: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self.knowledge = knowledge
        self.tools = replace(tools, allow=self._may_contact, limiter=PacedLimiter(tools.pacing))
        self.clock = tools.clock
        self.where = Vantage()
        self.verdict = VantageVerdict(state=VantageState.OFFLINE)
        self._label = label
        self._on_fault = on_fault
        self._allow = tools.allow
        self._own = {str(ipaddress.ip_address(a)) for a in own_addresses}
        self._scrubber = Scrubber(self._own)
        self._gates_at = -math.inf
        self._gates_lock = trio.Lock()
        self._looks: dict[str, _Look] = {}
        self._places = trio.CapacityLimiter(AT_ONCE)
        self._spent_on: date | None = None
        self._spent_bytes = 0

    # --- what it is -------------------------------------------------------------------------------

    @property
    def country(self) -> str | None:
        """The country that it measures from, as far as it is known."""
        return self.where.country

    @property
    def asns(self) -> tuple[int, ...]:
        """The networks that it measures from."""
        return tuple(dict.fromkeys(f.asn for f in self.where.families if f.asn is not None))

    @property
    def own_addresses(self) -> tuple[str, ...]:
        """The addresses that it is known to have: never told, never contacted."""
        return tuple(sorted(self._own))

    @property
    def vouches(self) -> bool:
        """Whether its own gates let it speak."""
        return self.verdict.state in VOUCHING

    def about(self, *, responder: bool = False) -> About:
        """Return what it says of itself."""
        return About(
            version=probe.__version__,
            country=self.country,
            asns=self.asns[:4],
            catalogue_sha256=self.knowledge.catalogue.sha256,
            state=self.verdict.state,
            may_look=self.vouches,
            responder=responder,
        )

    # --- its own line -----------------------------------------------------------------------------

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Find out where this is, pass the gates, and again every quarter of an hour, for ever."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await self._ask_gates(older_than_s=0.0)
            task_status.started()
            while True:
                await trio.sleep(GATES_EVERY_S if self.vouches else GATES_AGAIN_S)
                await self.ask_gates()

    async def ask_gates(self) -> None:
        """Ask the gates once more, unless they were asked within the last minute."""
        await self._ask_gates(older_than_s=GATES_AGAIN_S)

    async def _ask_gates(self, *, older_than_s: float) -> None:
        async with self._gates_lock:
            if trio.current_time() - self._gates_at < older_than_s:
                return
            verdict = VantageVerdict(state=VantageState.OFFLINE)
            with trio.move_on_after(GATES_WAIT_S):
                await self._find()
                verdict = await ask_gates(self.knowledge, self.tools, attempt=0, keep=self._count)
            self.verdict = verdict
            self._gates_at = trio.current_time()

    async def _find(self) -> None:
        """Learn our own addresses before anything is contacted for anybody."""
        here = await find_vantage(self.knowledge, self.tools, label=self._label)
        self.where = here.vantage
        local = [await sockets.own_address(family) for family in Family]
        self._own.update(here.addresses)
        self._own.update(address for address in local if address is not None)
        self._scrubber = Scrubber(self._own)

    async def _count(self, seen: Sequence[Observation]) -> Sequence[Observation]:
        self._spend(seen)
        return [marked(observation, self.knowledge) for observation in seen]

    def _may_contact(self, address: str) -> bool:
        return self._allow(address) and address not in self._own

    # --- looking ----------------------------------------------------------------------------------

    async def look(self, endpoint: Endpoint) -> tuple[Observation, ...] | Closed:
        """Return what it sees of the endpoint now or saw some minutes ago, or why it says nothing.

        Whoever asks while a look is under way gets the same one.
        """
        if not self.vouches:
            return self._closed()
        look = self._looks.get(endpoint.id)
        if look is None or self._is_old(look):
            if self._is_spent():
                return Closed("budget", "the day's traffic is used", 3600)
            if self._places.statistics().tasks_waiting >= WAITING_MAX:
                return Closed("busy", "too many look at once", 15)
            look = self._looks[endpoint.id] = _Look(trio.current_time())
            self._nursery.start_soon(self._perform, endpoint, look)
        await look.done.wait()
        assert look.result is not None
        return look.result

    def _is_old(self, look: _Look) -> bool:
        if not look.done.is_set():
            return False
        return isinstance(look.result, Closed) or trio.current_time() - look.started > CACHE_S

    async def _perform(self, endpoint: Endpoint, look: _Look) -> None:
        look.result = Closed("busy", "it is being stopped", 60)
        try:
            look.result = await self._take_place(endpoint)
        except Exception as fault:  # noqa: BLE001 - one look that fails must not end the server
            look.result = Closed("busy", "the look failed", 60)
            self._on_fault(fault)
        finally:
            look.done.set()

    async def _take_place(self, endpoint: Endpoint) -> tuple[Observation, ...] | Closed:
        with trio.move_on_after(WAIT_S) as waiting:
            await self._places.acquire_on_behalf_of(endpoint.id)
        if waiting.cancelled_caught:
            return Closed("busy", "too many look at once", 15)
        try:
            return await self._look(endpoint)
        finally:
            self._places.release_on_behalf_of(endpoint.id)

    async def _look(self, endpoint: Endpoint) -> tuple[Observation, ...] | Closed:
        seen: list[Observation] = []
        with trio.move_on_after(LOOK_S):
            await perform(screen(endpoint), endpoint, self.tools, emit=seen.append)
        self._spend(seen)
        if any(o.failure is not None for o in vouched(seen, self.verdict) if isinstance(o, _STEPS)):
            # Is it theirs, or has our own line broken since the gates were asked?
            await self.ask_gates()
        if not self.vouches:
            return self._closed()
        kept = [marked(o, self.knowledge) for o in vouched(seen, self.verdict)]
        return told(kept, self._scrubber)

    def _closed(self) -> Closed:
        words = f"its own gates say {self.verdict.state}"
        return Closed("gates", words, math.ceil(GATES_AGAIN_S))

    # --- traffic ----------------------------------------------------------------------------------

    def _spend(self, observations: Sequence[Observation]) -> None:
        today = self.clock.now().date()
        if self._spent_on != today:
            self._spent_on, self._spent_bytes = today, 0
        self._spent_bytes += sum(o.bytes_sent + o.bytes_received for o in observations)

    def _is_spent(self) -> bool:
        limit = self.tools.pacing.bytes_per_day
        return self._spent_on == self.clock.now().date() and self._spent_bytes >= limit


def vouched(
    observations: Iterable[Observation], verdict: VantageVerdict
) -> tuple[Observation, ...]:
    """Leave out what fails here for everything: a family, UDP/443, or a resolver."""
    fails_udp = any(g.gate == "udp443" and g.outcome == "fail" for g in verdict.gates)
    masked, failing = set(verdict.masked_families), set(verdict.facts.failing_resolvers)
    return tuple(
        o
        for o in observations
        if o.family not in masked
        and not (fails_udp and isinstance(o, QuicObservation))
        and not (isinstance(o, DnsObservation) and f"{o.resolver}/{o.transport}" in failing)
    )
