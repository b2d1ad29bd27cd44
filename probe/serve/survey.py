"""Takes a snapshot: gates, a look at each endpoint, gates again."""

from collections.abc import Callable, Sequence

import trio

import probe
from probe.model.elsewhere import Seen, Snapshot, digest_of
from probe.model.target import Endpoint
from probe.serve.vantage import AT_ONCE, Closed, ControlVantage


async def survey(
    vantage: ControlVantage,
    endpoints: Sequence[Endpoint],
    *,
    on_seen: Callable[[Endpoint], None] = lambda _: None,
) -> Snapshot | Closed:
    """Return what the vantage sees of the endpoints, or why nothing of it may be told.

    The gates are asked before and after: a line that broke in between says nothing at all.
    """
    seen: dict[str, Seen] = {}
    closed: list[Closed] = []
    places = trio.CapacityLimiter(AT_ONCE)

    async def look_at(endpoint: Endpoint) -> None:
        async with places:
            found = await vantage.look(endpoint)
        if isinstance(found, Closed):
            closed.append(found)
            return
        seen[endpoint.id] = Seen(
            endpoint=endpoint.id, endpoint_sha256=digest_of(endpoint), observations=found
        )
        on_seen(endpoint)

    async with trio.open_nursery() as nursery:
        await nursery.start(vantage.run)
        started_at = vantage.clock.now()
        async with trio.open_nursery() as looks:
            for endpoint in endpoints:
                looks.start_soon(look_at, endpoint)
        await vantage.ask_gates()
        nursery.cancel_scope.cancel()
    if not vantage.vouches:
        return Closed("gates", f"its own gates say {vantage.verdict.state}", 0)
    if closed:
        return closed[0]
    return Snapshot(
        started_at=started_at,
        ended_at=vantage.clock.now(),
        version=probe.__version__,
        country=vantage.country,
        asns=vantage.asns[:4],
        catalogue_sha256=vantage.knowledge.catalogue.sha256,
        seen=tuple(seen[endpoint.id] for endpoint in endpoints),
    )
