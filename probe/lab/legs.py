"""How far it is along the path from one point to the next at which something happens.

A packet stands at a point: 0 is the client, k the place behind router k, the last is the server.
"""

from collections.abc import Container, Sequence
from typing import NamedTuple

from probe.errors import LabError
from probe.lab.packet import Side


class Leg(NamedTuple):
    """The way from one point to the next at which something happens."""

    stop: int
    hops: int
    """Routers on it."""
    delay_s: float
    is_end: bool
    """Whether it leads to the other end."""
    is_arrival: bool
    """Whether no box stands there either."""


def offsets(delays_s: Sequence[float | None], rtt_s: float) -> list[float]:
    """Return the one-way time from the client to each point; routers without one share the rest."""
    rest = rtt_s / 2 - sum(delay for delay in delays_s if delay is not None)
    if rest < -1e-9:
        raise LabError(f"the routers' delays add up to more than half of rtt_s={rtt_s}")
    share = max(rest, 0.0) / (delays_s.count(None) + 1)
    found = [0.0]
    for delay in [*delays_s, None]:
        found.append(found[-1] + (share if delay is None else delay))
    return found


def legs(
    offset: Sequence[float], boxes: Container[int], narrow_link: int | None, toward: Side
) -> list[Leg]:
    """Return, for each point, the way from there to where something happens next."""
    end = len(offset) - 1
    stops = {point for point in range(end) if point in boxes}
    if narrow_link is not None:
        stops.add(narrow_link + (toward is Side.CLIENT))
    found = []
    for point in range(end + 1):
        if toward is Side.SERVER:
            stop = min((s for s in stops if s > point), default=end)
            # Routers between: point+1 … stop, of which the server is none.
            hops = min(stop, end - 1) - point
        else:
            stop = max((s for s in stops if s < point), default=0)
            # Routers between: point … stop+1; a packet at the server's point meets router N first.
            hops = min(point, end - 1) - stop
        delay_s = abs(offset[stop] - offset[point])
        is_end = stop == (end if toward is Side.SERVER else 0)
        has_boxes = 0 in boxes and toward is Side.CLIENT
        found.append(Leg(stop, hops, delay_s, is_end, is_end and not has_boxes))
    return found
