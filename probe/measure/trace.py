"""Where on the path: packets with one name and ever longer lives, until something answers.

One experiment is one walk: SYNs learn the routers and how far the server is; hellos, questions and
Initials with a name show from which router on the name's fate changes. The control walks first, and
the target's name then goes only where the control's packets were given up by a router that says so.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal

import trio

from probe.measure import resolve
from probe.measure.recorder import Recorder
from probe.measure.tools import Tools
from probe.model.experiment import Experiment
from probe.model.observation import TraceHop, TraceObservation
from probe.model.target import Control, Endpoint
from probe.wire import trace
from probe.wire.dns import message
from probe.wire.quic import initial_datagrams

Method = Literal["syn", "hello", "dns", "quic"]
Probe = Callable[[int], Awaitable[TraceHop | None]]

TTL_MAX: Final = 20
NAMED_TTL_MAX: Final = 12
"""techniques 3.4: at most so many with a name."""
WAIT_S: Final = 1.5
"""A router's error takes the round trip to it; on a connection at most the first retransmission."""
TRIES: Final = 2
"""At each step; techniques 3.4 has three, which is what disagreement costs here."""
NAMED_TRIES_MAX: Final = 2 * NAMED_TTL_MAX
"""In one walk with a name, whatever the steps say."""
_ENDS: Final = frozenset({"answered", "reset", "refused"})
_SILENT_IN_A_ROW: Final = 4
_SILENT_IN_A_ROW_KNOWN: Final = 2


def method_of(experiment: Experiment) -> Method:
    """Return how an experiment walks."""
    if experiment.resolver is not None:
        return "dns"
    if experiment.quic_version is not None:
        return "quic"
    return "hello" if experiment.name else "syn"


async def measure_trace(
    recorder: Recorder, experiment: Experiment, endpoint: Endpoint | Control, tools: Tools
) -> None:
    """Walk once; the whole walk is one observation."""
    method = method_of(experiment)
    address, port = _whereto(experiment, tools, method)
    if address is None or not tools.allow(address):
        return
    name = experiment.name or (endpoint.host if method == "dns" else None)
    started = trio.current_time()
    hops: list[TraceHop] = []
    probe = _probe(method, address, port, name or "", tools)

    async def paced(ttl: int) -> TraceHop | None:
        """Every packet with a name keeps its distance to the one before, like any handshake."""
        async with tools.limiter.flow(address, named=name is not None):
            return await probe(ttl)

    try:
        await _walk(paced, experiment.ttls, name, hops)
    finally:
        recorder.add(
            TraceObservation(
                **recorder.base(started, trio.current_time(), address=address, port=port),
                method=method,
                name=name,
                hops=tuple(hops),
            )
        )


def _whereto(experiment: Experiment, tools: Tools, method: Method) -> tuple[str | None, int]:
    if method != "dns":
        return experiment.address, experiment.port
    return resolve.server_of(tools, experiment.resolver or "", experiment.address), 53


def _probe(method: Method, address: str, port: int, name: str, tools: Tools) -> Probe:
    pacing = tools.pacing
    match method:
        case "syn":
            return lambda ttl: trace.probe_syn(address, port, ttl, wait_s=WAIT_S)
        case "hello":
            return lambda ttl: trace.probe_hello(
                address, port, name, ttl, connect_s=pacing.connect_timeout_s, wait_s=WAIT_S
            )
        case "dns":
            questions = message.ask(name, ("A",)) or ()
            payloads = tuple(question.wire for question in questions)
        case "quic":
            payloads = initial_datagrams(address, port, name)
    return lambda ttl: trace.probe_datagrams(address, port, payloads, ttl, wait_s=WAIT_S)


def names_at_most(experiment: Experiment) -> int:
    """Return how many packets with its name one walk sends at the very most."""
    steps = len(experiment.ttls) or NAMED_TTL_MAX
    return min(NAMED_TRIES_MAX, (TRIES + 1) * steps)


async def _walk(probe: Probe, ttls: Sequence[int], name: str | None, hops: list[TraceHop]) -> None:
    """Walk outwards, twice a step (three times where the two differ), until something ends it.

    Never back: what a filter remembers of the step that met it would cut the steps before it.
    `ttls`: the steps whose routers are known to speak; (): all, some of which may be mute.
    """
    patience = _SILENT_IN_A_ROW_KNOWN if ttls else _SILENT_IN_A_ROW
    silent = 0
    for ttl in ttls or range(1, (TTL_MAX if name is None else NAMED_TTL_MAX) + 1):
        step: list[TraceHop] = []
        while len(step) < TRIES or (len(step) == TRIES and len({h.outcome for h in step}) > 1):
            if name is not None and len(hops) >= NAMED_TRIES_MAX:
                return
            hop = await probe(ttl)
            if hop is None:
                return
            step.append(hop)
            hops.append(hop)
        silent = silent + 1 if all(hop.outcome == "silent" for hop in step) else 0
        if all(hop.outcome in _ENDS for hop in step) or silent >= patience:
            return
