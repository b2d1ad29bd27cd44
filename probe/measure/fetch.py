"""Connect, shake hands, fetch: one flow to one address, as far as the experiment says."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import trio

from probe.measure.flow import open_flow
from probe.measure.recorder import Recorder
from probe.measure.resolve import SYSTEM, first_address
from probe.measure.tools import Tools
from probe.model.experiment import Experiment, Hello, Kind
from probe.model.target import Control, Endpoint
from probe.model.words import Transport
from probe.wire import http
from probe.wire.addresses import canonical

# techniques section 4.3: 128 to 256 KB tell a policer's rate; a bucket of 32 KB is over by then.
TRANSFER_BYTES = 262_144
# A transfer is timed by its bytes: compressed ones would be fewer than the page says.
_TRANSFER_HEADERS = tuple(
    (name, "identity" if name == "accept-encoding" else value) for name, value in http.PAGE_HEADERS
)


@dataclass(frozen=True, slots=True)
class Where:
    """What an endpoint's URL says: how far to go, and to which port."""

    scheme: str
    host: str
    port: int
    url: str

    @property
    def has_tls(self) -> bool:
        """Whether a handshake belongs to it."""
        return self.scheme in ("https", "tls")

    @property
    def has_http(self) -> bool:
        """Whether a page belongs to it."""
        return self.scheme in ("https", "http")


def where(url: str) -> Where:
    """Read an endpoint's URL: https, http (port 80, no TLS), tls or tcp."""
    parts = urlsplit(url)
    default = 80 if parts.scheme == "http" else 443
    return Where(parts.scheme, parts.hostname or "", parts.port or default, url)


async def fetch(
    recorder: Recorder, experiment: Experiment, endpoint: Endpoint | Control, tools: Tools
) -> None:
    """Perform CONNECT, HANDSHAKE, FETCH or TRANSFER."""
    place = where(experiment.url or endpoint.url)
    address = experiment.address or canonical(place.host)
    if address is not None:
        await _go(recorder, experiment, tools, place, address)
        return
    async with trio.open_nursery() as nursery:
        found = await first_address(
            nursery,
            recorder,
            tools,
            place.host,
            resolver=experiment.resolver or SYSTEM,
            transport=experiment.transport or Transport.SYSTEM,
            family=experiment.family,
        )
        if found is not None:
            await _go(recorder, experiment, tools, place, found)


async def _go(
    recorder: Recorder, experiment: Experiment, tools: Tools, place: Where, address: str
) -> None:
    """Go as far as the experiment's kind says."""
    if not tools.allow(address):
        return
    port = place.port if experiment.url or experiment.port == 443 else experiment.port
    kind = experiment.kind
    is_named = kind is not Kind.CONNECT and experiment.hello is not Hello.NO_NAME
    async with open_flow(recorder, tools, address, port, named=is_named) as flow:
        if not await flow.connect(source_port=experiment.source_port) or kind is Kind.CONNECT:
            return
        if place.has_tls or kind is Kind.HANDSHAKE:
            alpn = experiment.alpn if place.has_http else ()
            name = experiment.name or place.host
            goes_on = place.has_http and kind is not Kind.HANDSHAKE
            if not await flow.shake(name, hello=experiment.hello, alpn=alpn, goes_on=goes_on):
                return
        if not place.has_http:
            return
        match kind:
            case Kind.FETCH:
                await flow.fetch(place.url, body_limit_bytes=experiment.body_bytes)
            case Kind.TRANSFER:
                await flow.fetch(
                    place.url,
                    headers=_TRANSFER_HEADERS,
                    body_limit_bytes=experiment.body_bytes or TRANSFER_BYTES,
                )
            case _:
                return
