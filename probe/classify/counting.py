"""Connections of nothing but PINGs beside downloads that stop: packets counted, or bytes."""

from collections.abc import Sequence
from typing import Literal

from probe.classify import constants as k
from probe.classify.flows import Flow
from probe.classify.outcomes import Ending, ending_of
from probe.classify.statistics import spread
from probe.model.observation import PingObservation


def stops_alike(stalls: Sequence[Flow], tried: int) -> bool:
    """Whether all of so many downloads stopped, at nearly the same byte, often enough to say so."""
    width = spread([float(f.bytes) for f in stalls])
    enough = len(stalls) >= k.LIES_STRONG and len(stalls) == tried
    return enough and width is not None and width < k.FREEZE_SPREAD_MAX


def stops_by(
    pings: Sequence[PingObservation], stalls: Sequence[Flow]
) -> Literal["packets", "bytes"] | None:
    """Return what downloads stop by (techniques 4.4); None where that is not told.

    A server that stops sending a page answers PINGs all the same: its HTTP/2 does, and where that
    hangs its kernel still acknowledges what we send.
    """
    told = [p for p in pings if p.handshake_done and ending_of(p.failure) is not Ending.OURS]
    if len(told) < k.PING_RUNS or not stalls:
        return None
    least = k.PING_BYTES_SHARE_MAX * min(f.bytes for f in stalls)
    if any(p.bytes_received > least for p in told):
        return None
    if all(p.ended == "silent" and _is_cut_off(p) for p in told):
        return "packets"
    return "bytes" if all(p.ended == "complete" for p in told) else None


def _is_cut_off(p: PingObservation) -> bool:
    """Whether not even an acknowledgement came of the last PING, as far as the system tells."""
    info = p.tcp_info
    if info is None or (info.unacked is None and info.retransmits is None):
        return True
    return bool(info.unacked) or bool(info.retransmits)
