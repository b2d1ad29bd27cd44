"""FREEZE: one connection under the name, and many small packets over it (techniques 4.4)."""

from typing import Final

from probe.measure.flow import open_flow
from probe.measure.recorder import Recorder
from probe.measure.tools import Tools
from probe.model.experiment import Experiment
from probe.model.observation import PingObservation
from probe.wire.pings import ping_quic

# Filters seen stop a connection after 25 packets, or after 10 to 14 of the server's (T09): so many
# PINGs and their answers are more than twice that. Two seconds, 3 KB.
PINGS: Final = 32
GAP_S: Final = 0.05


async def measure_pings(recorder: Recorder, experiment: Experiment, tools: Tools) -> None:
    """Count once, over TCP and HTTP/2, or over QUIC where the experiment names a version."""
    address = experiment.address
    if address is None or not tools.allow(address):
        return
    if experiment.quic_version is not None:
        await _over_quic(recorder, experiment, tools, address)
        return
    async with open_flow(recorder, tools, address, experiment.port, named=True) as flow:
        if await flow.connect() and await flow.shake(
            experiment.name, hello=experiment.hello, alpn=("h2",), goes_on=True
        ):
            await flow.ping(experiment.name, count=PINGS, gap_s=GAP_S)


async def _over_quic(
    recorder: Recorder, experiment: Experiment, tools: Tools, address: str
) -> None:
    pacing = tools.pacing
    async with tools.limiter.flow(address, named=True):
        result, line = await ping_quic(
            address,
            experiment.name,
            port=experiment.port,
            count=PINGS,
            gap_s=GAP_S,
            first_s=pacing.handshake_idle_s,
            idle_s=pacing.read_idle_s,
            total_s=pacing.read_total_s,
        )
    recorder.add(
        PingObservation(
            **recorder.base(result.started, result.ended, address=address, port=experiment.port),
            bytes_sent=line.bytes_sent,
            bytes_received=line.bytes_received,
            failure=result.failure,
            server_name=experiment.name,
            method="quic",
            handshake_done=line.handshake_done,
            pings_sent=result.sent,
            pings_answered=result.answered,
            ended=result.how,
        )
    )
