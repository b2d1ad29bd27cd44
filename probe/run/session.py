"""A whole run: gates, workers fed by a lazy plan, gates again; every finished row is kept."""

import platform
import random
import ssl
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import trio

import probe
from probe.classify import RULES_VERSION, judge, judge_service
from probe.measure.tools import Tools
from probe.model.knowledge import Knowledge
from probe.model.observation import Observation
from probe.model.run import Run
from probe.model.target import Endpoint
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict
from probe.model.words import State, VantageState
from probe.reference import roots_sha256
from probe.run.behind import resolver_behind
from probe.run.gates import ask_gates, ask_gates_again, ask_targets_instead
from probe.run.governor import CpuGovernor, FreeGovernor
from probe.run.helper import open_helpers
from probe.run.helper_line import HelperPlace
from probe.run.investigate import Case, Context, investigate, keep
from probe.run.limiter import PacedLimiter
from probe.run.own import OwnAddresses
from probe.run.remote import Remote
from probe.run.request import (
    EndpointDone,
    EndpointStarted,
    Event,
    GatesDone,
    RunRequest,
    RunResult,
    Sink,
    Stopped,
)
from probe.run.setup import ACCESS
from probe.run.vantage import Whereabouts, find_vantage, placed, same_network
from probe.wire.dns import Kept

# After this many endpoints in a row with no good verdict the line itself is doubted and the gates
# are asked again.
CLUSTER = 6
# A service with more verdicts than this is a list of hosts; its further ones are told apart only by
# what they say.
TALLY_MAX = 2_000
FAILED = frozenset({State.BLOCKED, State.DOWN, State.INSUFFICIENT, State.REFUSED})


async def measure(
    request: RunRequest,
    knowledge: Knowledge,
    tools: Tools,
    sink: Sink,
    *,
    run_id: str,
    remotes: tuple[Remote, ...] = (),
    helpers: Sequence[HelperPlace] = (),
    on_event: Callable[[Event], None] = lambda _: None,
) -> RunResult:
    """Measure the request's endpoints; on cancellation every finished measurement is stored.

    `remotes` are known already; `helpers` are asked at the start whether they are there.
    """
    kept = Kept()
    tools = replace(tools, kept=kept)
    session = _Session(request, knowledge, tools, sink, run_id, remotes, helpers, on_event)
    try:
        return await session.measure()
    finally:
        kept.close()


class _Session:
    """The state of one run; lives as long as `measure`."""

    def __init__(
        self,
        request: RunRequest,
        knowledge: Knowledge,
        tools: Tools,
        sink: Sink,
        run_id: str,
        remotes: tuple[Remote, ...],
        helpers: Sequence[HelperPlace],
        on_event: Callable[[Event], None],
    ) -> None:
        self.request, self.knowledge, self.sink = request, knowledge, sink
        self.on_event, self.clock = on_event, tools.clock
        self.remotes, self.helpers = remotes, helpers
        self.limiter = PacedLimiter(tools.pacing)
        self.own = OwnAddresses(sink)
        self.tools = replace(tools, limiter=self.limiter, allow=self.own.guard(tools.allow))
        self.governor = (
            CpuGovernor(tools.pacing.starts_per_second) if request.govern else FreeGovernor()
        )
        self.run = _begin(request, knowledge, tools, run_id)
        self.order = list(range(len(request.endpoints)))
        random.Random(f"order/{request.seed}").shuffle(self.order)
        self.verdicts: list[Verdict] = []
        self.tallies: dict[str, list[Verdict]] = {}
        self.shared: dict[tuple[object, ...], Verdict] = {}
        self.done = 0
        self.stop: str | None = None
        self.gate_lock = trio.Lock()
        self.context: Context | None = None

    async def measure(self) -> RunResult:
        await self.sink.begin_run(self.run, self.knowledge.catalogue)
        where = Whereabouts(self.run.vantage, ())
        vantage = VantageVerdict(state=VantageState.OFFLINE)
        status = "interrupted"
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._open_helpers)
                where = await self._where()
            self.run = self.run.model_copy(update={"vantage": where.vantage})
            self.own.add(where.addresses)
            await self.own.look()
            self.context = Context(
                knowledge=self.knowledge,
                tools=self.tools,
                limiter=self.limiter,
                sink=self.sink,
                profile=self.request.profile,
                locate=self.request.locate,
                seed=self.request.seed,
                vantage=vantage,
                on_event=self.on_event,
                remotes=self.remotes,
                without_own=self.own.without,
            )
            vantage = await self._gates("start")
            await self.sink.finish_run(self.run)
            if not vantage.may_judge:
                status = "offline"
            else:
                await self._work()
                status, vantage = await self._close(where)
        finally:
            with trio.CancelScope(shield=True):
                result = await self._finish(status, vantage)
        return result

    async def _where(self) -> Whereabouts:
        return await find_vantage(self.knowledge, self.tools, label=self.request.vantage_label)

    async def _open_helpers(self) -> None:
        """Find out which helpers are there; a missing one is a note, for none is ever needed."""
        opened, missing = await open_helpers(self.helpers, self.knowledge, self.tools)
        self.remotes = (*self.remotes, *opened)
        for note in missing:
            self._note(note)

    async def _gates(self, when: str) -> VantageVerdict:
        """Ask the gates and tell the investigations."""
        context = self.context
        assert context is not None

        heard: list[Observation] = []

        async def kept(seen: Sequence[Observation]) -> Sequence[Observation]:
            self.own.listen(seen, self.knowledge.catalogue)
            heard.extend(seen)
            return await keep(seen, context)

        if when == "end":
            # Two attempts are its own: where a few looks are not enough, all follow.
            vantage = await ask_gates_again(
                context.vantage, self.knowledge, self.tools, attempt=2, keep=kept
            )
        else:
            attempt = {"start": 0, "middle": 1}[when]
            vantage = await ask_gates(self.knowledge, self.tools, attempt=attempt, keep=kept)
        if vantage.state is VantageState.OFFLINE:
            vantage = await ask_targets_instead(
                vantage, self.knowledge, self.tools, self.request.endpoints, keep=kept
            )
        vantage = placed(vantage, self.run.vantage)
        responders = tuple(address for remote in self.remotes for address in remote.responders)
        if responders:
            facts = vantage.facts.model_copy(update={"responders": responders})
            vantage = vantage.model_copy(update={"facts": facts})
        context.vantage = vantage
        self._look_behind(heard, context)
        # Not only at the end: whoever reads after a power cut wants to know where it was.
        await self.sink.add_verdicts(self.run.id, (), (), vantage, set_id=self.run.id)
        self.on_event(GatesDone(vantage, when))
        return vantage

    def _look_behind(self, heard: Sequence[Observation], context: Context) -> None:
        """Let the provider's resolver be asked past the router's, once it is known."""
        if ACCESS in self.tools.resolvers:
            return
        facts, allow = context.vantage.facts, self.tools.allow
        behind = resolver_behind(heard, facts, self.knowledge, allow)
        if behind is not None:
            resolvers = {**self.tools.resolvers, ACCESS: behind}
            self.tools = context.tools = replace(self.tools, resolvers=resolvers)

    async def _work(self) -> None:
        """Feed the endpoints to a fixed number of workers: memory does not grow with the plan."""
        send, receive = trio.open_memory_channel[Endpoint](0)
        with trio.move_on_after(self.tools.pacing.seconds_per_run) as budget:
            async with trio.open_nursery() as nursery:
                for _ in range(min(self.tools.pacing.workers, len(self.order))):
                    nursery.start_soon(self._worker, receive.clone())
                receive.close()
                async with send:
                    for endpoint in self._due():
                        if self._spent():
                            break
                        await self.governor.start()
                        try:
                            await send.send(endpoint)
                        except trio.BrokenResourceError:
                            break
        if budget.cancelled_caught:
            self._stop(f"the run's time of {self.tools.pacing.seconds_per_run:.0f} s is used")

    def _due(self) -> Iterator[Endpoint]:
        """Give the endpoints in the drawn order, without those whose pause is not over."""
        since = self.clock.now() - timedelta(hours=self.tools.pacing.session_hours)
        for index in self.order:
            endpoint = self.request.endpoints[index]
            last = self.request.recent.get(endpoint.id)
            if self.request.again or endpoint.own or last is None or last < since:
                yield endpoint

    async def _worker(self, receive: trio.MemoryReceiveChannel[Endpoint]) -> None:
        async with receive:
            async for endpoint in receive:
                if self._spent():
                    return
                await self._measure_one(endpoint)

    async def _measure_one(self, endpoint: Endpoint) -> None:
        context = self.context
        assert context is not None
        total = len(self.order)
        self.on_event(EndpointStarted(endpoint, self.done, total))
        case = Case(endpoint)
        verdicts: tuple[Verdict, ...] | None = None
        try:
            verdicts = await investigate(case, context)
        finally:
            # Also when we are interrupted: what was seen until now is judged as it stands.
            if verdicts is None:
                verdicts = judge(case.evidence(context.vantage), self.knowledge)
            verdicts = tuple(map(self.own.untold, verdicts))
            await self._keep(case, verdicts)
        self.done += 1
        self.on_event(EndpointDone(endpoint, verdicts, self.done, total))
        if all(verdict.state in FAILED for verdict in verdicts):
            context.failures_in_a_row += 1
        else:
            context.failures_in_a_row = 0
        if context.failures_in_a_row >= CLUSTER and not self.gate_lock.locked():
            async with self.gate_lock:
                context.failures_in_a_row = 0
                if not (await self._gates("middle")).may_judge:
                    self._stop("the vantage point went offline during the run")

    async def _keep(self, case: Case, verdicts: Sequence[Verdict]) -> None:
        stamped = [self._stamped(verdict) for verdict in verdicts]
        if self.request.collect:
            self.verdicts.extend(stamped)
        with trio.CancelScope(shield=True):
            await self.sink.add_experiments(self.run.id, case.performed, frozenset(case.refused))
            await self.sink.add_verdicts(self.run.id, stamped, (), None, set_id=self.run.id)
        tally = self.tallies.setdefault(case.endpoint.service, [])
        for verdict in stamped:
            tally.append(_light(verdict) if len(tally) < TALLY_MAX else self._shared(verdict))

    def _shared(self, verdict: Verdict) -> Verdict:
        """Return one verdict for all that say the same: a huge tally must not fill the memory."""
        key = (verdict.state, verdict.category, verdict.subtype, verdict.grade, verdict.protocol)
        return self.shared.setdefault(key, _light(verdict))

    def _stamped(self, verdict: Verdict) -> Verdict:
        return verdict.model_copy(
            update={
                "ruleset_version": RULES_VERSION,
                "fingerprints_sha256": self.knowledge.fingerprints_sha256,
                "catalogue_sha256": self.knowledge.catalogue.sha256,
            }
        )

    async def _close(self, where: Whereabouts) -> tuple[str, VantageVerdict]:
        """Ask the gates and the whereabouts once more: a run that moved is no run."""
        vantage = await self._gates("end")
        after = await self._where()
        self.own.add(after.addresses)
        self.run = self.run.model_copy(update={"vantage_end": after.vantage})
        if not same_network(where.vantage, after.vantage):
            self._note("the vantage point's network changed between start and end")
            return "invalid", vantage
        if not vantage.may_judge:
            return "offline", vantage
        return ("budget" if self.stop else "complete"), vantage

    async def _finish(self, status: str, vantage: VantageVerdict) -> RunResult:
        services = tuple(self._services())
        used = self.context.bytes_used if self.context else 0
        self.run = self.run.model_copy(
            update={
                "ended_at": self.clock.now(),
                "status": status,
                "bytes_received": used,
                "vantage_end": self.run.vantage_end or self.run.vantage,
            }
        )
        for remote in self.remotes:
            for note in remote.notes:
                self._note(f"{remote.id}: {note}")
        await self.sink.add_verdicts(self.run.id, (), services, vantage, set_id=self.run.id)
        await self.sink.finish_run(self.run)
        return RunResult(self.run, vantage, tuple(self.verdicts), services)

    def _services(self) -> Iterator[ServiceVerdict]:
        for service in self.knowledge.catalogue.services:
            if service.id in self.tallies:
                yield judge_service(service, self.tallies[service.id])

    def _spent(self) -> bool:
        """Whether no further endpoint may be started."""
        assert self.context is not None
        limits = [self.tools.pacing.bytes_per_run]
        if self.request.bytes_left is not None:
            limits.append(self.request.bytes_left)
        if self.context.bytes_used >= min(limits):
            self._stop(f"the budget of {min(limits):,} bytes is used")
        return self.stop is not None

    def _stop(self, reason: str) -> None:
        if self.stop is None:
            self.stop = reason
            self._note(reason)
            self.on_event(Stopped(reason))

    def _note(self, text: str) -> None:
        self.run = self.run.model_copy(update={"notes": (*self.run.notes, text)})


def _begin(request: RunRequest, knowledge: Knowledge, tools: Tools, run_id: str) -> Run:
    return Run(
        id=run_id,
        world=request.world,
        started_at=tools.clock.now(),
        profile=request.profile,
        seed=request.seed,
        services=request.services,
        consent_sha256=request.consent_sha256,
        catalogue_sha256=knowledge.catalogue.sha256,
        fingerprints_sha256=knowledge.fingerprints_sha256,
        roots_sha256=roots_sha256(knowledge.roots),
        pacing={
            key: float(value)
            for key, value in tools.pacing.model_dump().items()
            if isinstance(value, int | float)
        },
        versions={
            "roadblock": probe.__version__,
            "rules": RULES_VERSION,
            "python": platform.python_version(),
            "openssl": ssl.OPENSSL_VERSION,
            "platform": f"{sys.platform} {platform.machine()}",
            "geo": knowledge.geo.source,
        },
    )


def _light(verdict: Verdict) -> Verdict:
    """Drop what the verdict over a service does not read: 100,000 of them stay in memory."""
    return verdict.model_copy(
        update={"rivals": (), "evidence": (), "also": (), "not_asked": (), "detail": ""}
    )
