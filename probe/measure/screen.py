"""The composite that one look shows: every resolver, every address, a page, all beside each other.

An address starts as soon as any resolver's first answer names it; the window for further DNS
answers stays open beside. Nothing an answer or a redirect says leads to a non-global address or
off the catalogue.
"""

from collections.abc import Sequence
from urllib.parse import urljoin

import trio

from probe.measure import quic
from probe.measure.fetch import Where, where
from probe.measure.flow import Flow, open_flow
from probe.measure.recorder import Recorder
from probe.measure.resolve import first_address, resolve
from probe.measure.tools import Tools
from probe.model.experiment import Experiment
from probe.model.observation import HttpObservation
from probe.model.target import Control, Endpoint
from probe.model.words import Family, Transport
from probe.wire import http
from probe.wire.addresses import canonical, family_of

# Two answers name at most this many addresses that anybody uses; a forged answer of hundreds must
# not make the probe a scanner.
_ADDRESSES_MAX = 16
# http://x -> https://x -> https://www.x -> the page: the longest honest chain in the catalogue.
_REDIRECTS_MAX = 3


Source = tuple[str, Transport]
"""Which resolver told an address, and how it was asked."""


async def screen(
    recorder: Recorder, experiment: Experiment, endpoint: Endpoint | Control, tools: Tools
) -> None:
    """Look once at an endpoint."""
    look = _Look(recorder, experiment, endpoint, tools)
    async with trio.open_nursery() as nursery:
        look.nursery = nursery
        literal = canonical(look.place.host)
        if literal is not None:
            look.learn([literal], None)
            return
        look.unheard = len(tools.screen_resolvers)
        for resolver, transport in tools.screen_resolvers:
            nursery.start_soon(look.ask, resolver, transport)


class _Family:
    """What was started in one address family."""

    def __init__(self) -> None:
        self.handshakes = 0
        self.has_page = False
        self.has_quic = False


class _Look:
    """One screen under way."""

    nursery: trio.Nursery

    def __init__(
        self,
        recorder: Recorder,
        experiment: Experiment,
        endpoint: Endpoint | Control,
        tools: Tools,
    ) -> None:
        self._recorder = recorder
        self._experiment = experiment
        self._endpoint = endpoint
        self._tools = tools
        self.place = where(endpoint.url)
        self.unheard = 0
        """Resolvers that have not answered yet."""
        self._seen: set[str] = set()
        self._shaken: set[str] = set()
        self._families = {family: _Family() for family in Family}
        self._pages: set[tuple[Family, str]] = set()
        self._wants_quic = quic.wanted(endpoint, tools)

    async def ask(self, resolver: str, transport: Transport) -> None:
        """Ask one resolver; its first answers start flows at once."""
        handshaken: set[Family] = set()

        def first(query_type: str, addresses: tuple[str, ...]) -> None:
            del query_type
            self.learn(addresses, (resolver, transport), handshaken)

        try:
            await resolve(
                self._recorder,
                self._tools,
                self.place.host,
                resolver=resolver,
                transport=transport,
                first=first,
            )
        finally:
            self.unheard -= 1
        if self.unheard == 0 and not self._seen:
            # Nobody could be asked, or nobody told: addresses that a dated source knew.
            self.learn([known.address for known in self._endpoint.last_known], None)

    def learn(
        self,
        addresses: Sequence[str],
        source: Source | None,
        handshaken: set[Family] | None = None,
    ) -> None:
        """Start a flow to each address that is new and may be contacted.

        Of one resolver's answer, all but one of the handshakes allowed per family: the last is
        kept for an answer that differs, so that a lie cannot use up what proves the truth.
        """
        handshaken = set() if handshaken is None else handshaken
        limit = self._tools.pacing.addresses_per_family
        handshaken |= {family_of(text) for text in addresses if text in self._shaken}
        for text in addresses:
            address = canonical(text)
            if address is None or address in self._seen or not self._tools.allow(address):
                continue
            if len(self._seen) >= _ADDRESSES_MAX:
                return
            self._seen.add(address)
            family = family_of(address)
            started = self._families[family]
            is_first_of_answer = family not in handshaken
            allowed = limit if is_first_of_answer or limit == 1 else limit - 1
            shakes = self.place.has_http or self.place.has_tls
            shakes = shakes and started.handshakes < allowed
            if shakes:
                started.handshakes += 1
                handshaken.add(family)
                self._shaken.add(address)
            self.nursery.start_soon(self._visit, address, shakes, source)
            if self._wants_quic and not started.has_quic:
                started.has_quic = True
                self.nursery.start_soon(self._quic, address)

    async def _quic(self, address: str) -> None:
        await quic.ask(self._recorder, self._experiment, self._endpoint, self._tools, address)

    async def _visit(self, address: str, goes_on: bool, source: Source | None) -> None:
        """Connect; shake hands and fetch as far as this address's share goes."""
        family = family_of(address)
        page: HttpObservation | None = None
        async with open_flow(
            self._recorder, self._tools, address, self.place.port, named=goes_on
        ) as flow:
            if await flow.connect() and goes_on:
                page = await self._go_on(flow, self.place, family)
        if page is not None:
            await self._follow(page, address, source, self.place)

    async def _go_on(self, flow: Flow, place: Where, family: Family) -> HttpObservation | None:
        if place.has_tls:
            alpn = self._experiment.alpn if place.has_http else ()
            if not await flow.shake(
                place.host, hello=self._experiment.hello, alpn=alpn, goes_on=place.has_http
            ):
                return None
        started = self._families[family]
        if not place.has_http or started.has_page:
            await flow.finish_handshake()
            return None
        # One page per family: the first address whose handshake succeeds.
        started.has_page = True
        return await flow.fetch(place.url)

    async def _follow(
        self,
        page: HttpObservation,
        address: str,
        source: Source | None,
        place: Where,
    ) -> None:
        """Follow redirects that stay in the catalogue, each a measured step of its own."""
        family = family_of(address)
        self._pages.add((family, place.url))
        for _ in range(_REDIRECTS_MAX):
            target = redirect_target(page, self._tools.catalogue_hosts)
            if target is None or (family, target.url) in self._pages:
                return
            self._pages.add((family, target.url))
            if target.host != place.host:
                if source is None:
                    return
                found = await first_address(
                    self.nursery,
                    self._recorder,
                    self._tools,
                    target.host,
                    resolver=source[0],
                    transport=source[1],
                    family=family,
                )
                if found is None:
                    return
                address, place = found, target
            async with open_flow(
                self._recorder, self._tools, address, target.port, named=True
            ) as flow:
                if not await flow.connect():
                    return
                if target.has_tls and not await flow.shake(
                    target.host,
                    hello=self._experiment.hello,
                    alpn=self._experiment.alpn,
                    goes_on=True,
                ):
                    return
                page = await flow.fetch(target.url)


def redirect_target(page: HttpObservation, catalogue_hosts: frozenset[str]) -> Where | None:
    """Return where a redirect leads if the probe may go there: a catalogue host, its own port."""
    if page.status not in (301, 302, 303, 307, 308) or not page.location:
        return None
    try:
        url = urljoin(page.url, page.location)
    except ValueError:
        return None
    parts = http.split_url(url)
    if parts is None or (parts.hostname or "") not in catalogue_hosts:
        return None
    return where(parts._replace(fragment="").geturl())
