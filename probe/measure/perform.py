"""Perform one experiment: dispatch by its kind; returns and emits what happened."""

from typing import assert_never

from probe.measure import fetch, local, quic, resolve, screen
from probe.measure.pings import measure_pings
from probe.measure.recorder import Emit, Recorder
from probe.measure.tools import Tools
from probe.measure.trace import measure_trace
from probe.model.experiment import Experiment, Kind
from probe.model.observation import Observation
from probe.model.target import Control, Endpoint
from probe.model.words import Transport
from probe.wire import contexts, trace


def refusal(experiment: Experiment, tools: Tools) -> str | None:
    """Say why this machine cannot perform it; None when it can.

    A refused experiment is not a failed one: nothing was asked of the network.
    """
    match experiment.kind:
        case Kind.HANDSHAKE | Kind.FETCH | Kind.TRANSFER | Kind.SCREEN:
            why = contexts.unavailable(experiment.hello)
            if why is None and experiment.address is not None:
                is_refused = not tools.allow(experiment.address)
                why = f"{experiment.address} is no global address" if is_refused else None
            return why
        case Kind.QUIC:
            return quic.unavailable(tools)
        case Kind.CONNECT:
            if experiment.address is not None and not tools.allow(experiment.address):
                return f"{experiment.address} is no global address"
            return None
        case Kind.RESOLVE:
            resolver = experiment.resolver or resolve.SYSTEM
            if resolver != resolve.SYSTEM and resolve.server_of(tools, resolver) is None:
                return f"there is no resolver {resolver!r} here"
            return None
        case Kind.TRACE:
            if experiment.address is None or not tools.allow(experiment.address):
                return f"{experiment.address or 'no address'} is no global address"
            return trace.unavailable()
        case Kind.FREEZE:
            if experiment.address is None or not tools.allow(experiment.address):
                return f"{experiment.address or 'no address'} is no global address"
            is_quic = experiment.quic_version is not None
            return quic.unavailable(tools) if is_quic else contexts.unavailable(experiment.hello)
        case Kind.REMOTE:
            return "other vantage points are asked by the run"
        case Kind.LOCAL | Kind.WAIT:
            return None
        case _:
            assert_never(experiment.kind)


async def perform(
    experiment: Experiment,
    endpoint: Endpoint | Control,
    tools: Tools,
    *,
    attempt: int = 0,
    emit: Emit | None = None,
) -> tuple[Observation, ...]:
    """Do what the experiment says; the network's failures are in the observations, never raised.

    `emit` gets each observation as its step finishes: when the experiment is cancelled midway,
    the finished steps are out already. An experiment with a `refusal` yields ().
    """
    recorder = Recorder(experiment, experiment.endpoint, tools.clock, attempt=attempt, emit=emit)
    if refusal(experiment, tools) is not None:
        return ()
    match experiment.kind:
        case Kind.SCREEN:
            await screen.screen(recorder, experiment, endpoint, tools)
        case Kind.RESOLVE:
            resolver = experiment.resolver or resolve.SYSTEM
            await resolve.resolve(
                recorder,
                tools,
                experiment.name or endpoint.host,
                resolver=resolver,
                transport=experiment.transport or Transport.UDP,
                query_types=(experiment.query_type,)
                if experiment.query_type
                else resolve.ADDRESS_TYPES,
                address=experiment.address,
                source_port=experiment.source_port,
            )
        case Kind.CONNECT | Kind.HANDSHAKE | Kind.FETCH | Kind.TRANSFER:
            await fetch.fetch(recorder, experiment, endpoint, tools)
        case Kind.QUIC:
            await quic.measure_quic(recorder, experiment, endpoint, tools)
        case Kind.LOCAL:
            await local.look_around(recorder, tools)
        case Kind.TRACE:
            await measure_trace(recorder, experiment, endpoint, tools)
        case Kind.FREEZE:
            await measure_pings(recorder, experiment, tools)
        case Kind.WAIT | Kind.REMOTE:
            # Both are the run's affair.
            pass
        case _:
            assert_never(experiment.kind)
    return recorder.observations
