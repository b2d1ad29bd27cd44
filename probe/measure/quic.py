"""QUIC over one address: version negotiation, or Initial with the name, handshake and GET."""

from probe.errors import ForbiddenAddressError
from probe.measure.fetch import where
from probe.measure.recorder import Recorder
from probe.measure.tools import Tools
from probe.model.experiment import Experiment, Hello
from probe.model.observation import QuicObservation
from probe.model.target import Control, Endpoint
from probe.wire import quic

NEGOTIATION = "negotiation"


def unavailable(tools: Tools) -> str | None:
    """Say why QUIC is not measured here; None when it is."""
    if not tools.quic:
        return "QUIC is switched off"
    return quic.unavailable()


def wanted(endpoint: Endpoint | Control, tools: Tools) -> bool:
    """Whether a screen asks this endpoint over QUIC: it is known to speak it, and we can."""
    speaks = endpoint.http3 if isinstance(endpoint, Endpoint) else "quic" in endpoint.purpose
    return bool(speaks) and unavailable(tools) is None


async def measure_quic(
    recorder: Recorder, experiment: Experiment, endpoint: Endpoint | Control, tools: Tools
) -> None:
    """Perform QUIC: `quic_version` says which; None: negotiation, then version 1."""
    address = experiment.address
    if address is None or not tools.allow(address):
        return
    versions = (NEGOTIATION, "1") if experiment.quic_version is None else (experiment.quic_version,)
    for version in versions:
        await ask(recorder, experiment, endpoint, tools, address, version=version)


async def ask(
    recorder: Recorder,
    experiment: Experiment,
    endpoint: Endpoint | Control,
    tools: Tools,
    address: str,
    *,
    version: str = "1",
) -> None:
    """Ask one address over QUIC, once."""
    if not tools.allow(address):
        raise ForbiddenAddressError(f"{address}: not a global address; nothing was sent there")
    place = where(experiment.url or endpoint.url)
    pacing = tools.pacing
    is_named = version != NEGOTIATION and experiment.hello is not Hello.NO_NAME
    async with tools.limiter.flow(address, named=is_named):
        if version == NEGOTIATION:
            result = await quic.ask_versions(
                address,
                first_s=pacing.handshake_idle_s,
                idle_s=pacing.handshake_idle_s,
                total_s=pacing.handshake_total_s,
                port=place.port,
            )
        else:
            result = await quic.exchange(
                address,
                place.url,
                server_name=(experiment.name or place.host) if is_named else None,
                body_limit_bytes=experiment.body_bytes or pacing.body_bytes,
                first_s=pacing.handshake_idle_s,
                idle_s=pacing.read_idle_s,
                total_s=pacing.read_total_s,
                version=version,
                port=place.port,
            )
    recorder.add(
        QuicObservation(
            **recorder.base(result.started, result.ended, address=address, port=place.port),
            bytes_sent=result.bytes_sent,
            bytes_received=result.bytes_received,
            failure=result.failure,
            server_name=result.server_name,
            version=result.version,
            server_versions=result.server_versions,
            handshake_done=result.handshake_done,
            alpn=result.alpn,
            chain=result.chain,
            datagrams_sent=result.datagrams_sent,
            datagrams_received=result.datagrams_received,
            first_byte_s=result.first_byte_s,
            close_code=result.close_code,
            close_reason=result.close_reason,
            status=result.status,
            headers=result.headers,
            body_bytes=result.body_bytes,
            ended=result.how,
            progress=result.progress,
        )
    )
