"""Ask one resolver for one name, by any transport, and record every answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import assert_never

import trio

from probe.measure.recorder import Recorder
from probe.measure.tools import Tools
from probe.model.observation import DnsObservation
from probe.model.target import Pacing
from probe.model.words import Family, Transport
from probe.wire import dns
from probe.wire.addresses import canonical, family_of, is_global

ADDRESS_TYPES = ("A", "AAAA")
SYSTEM = "system"
_CANARY = "canary:"


def server_of(tools: Tools, resolver: str, address: str | None = None) -> str | None:
    """Return the resolver's address; None for the system's, or when there is no such resolver."""
    if resolver == SYSTEM:
        return None
    if resolver.startswith(_CANARY):
        canary = tools.canaries.get(resolver.removeprefix(_CANARY))
        return None if canary is None else canary.address
    known = tools.resolvers.get(resolver)
    if known is None or not known.addresses:
        return None
    return address if address in known.addresses else known.addresses[0]


async def resolve(
    recorder: Recorder,
    tools: Tools,
    name: str,
    *,
    resolver: str,
    transport: Transport,
    query_types: Sequence[str] = ADDRESS_TYPES,
    address: str | None = None,
    source_port: int | None = None,
    first: dns.FirstAnswer | None = None,
) -> tuple[DnsObservation, ...]:
    """Ask; one observation per query type. A resolver that nobody knows is not asked: ()."""
    if resolver == SYSTEM:
        transport = Transport.SYSTEM
    server = server_of(tools, resolver, address)
    if server is None and transport is not Transport.SYSTEM:
        return ()
    record = _Record(recorder, tools, name, resolver, transport, server)
    heard: list[dns.Asked] = []
    try:
        asked = await _ask(
            tools,
            name,
            query_types,
            resolver=resolver,
            transport=transport,
            server=server or "",
            source_port=source_port,
            first=first,
            heard=heard,
        )
    except trio.Cancelled:
        # Interrupted while the window was open: the answers themselves were complete.
        record([question for question in heard if question.readable is not None])
        raise
    return record(asked)


async def first_address(
    nursery: trio.Nursery,
    recorder: Recorder,
    tools: Tools,
    host: str,
    *,
    resolver: str,
    transport: Transport,
    family: Family | None,
) -> str | None:
    """Return the first address that may be contacted, as soon as it is told; None without one.

    The question goes on in the nursery: its window stays open beside whatever comes next.
    """
    over = trio.Event()
    found: list[str] = []

    def first(query_type: str, addresses: tuple[str, ...]) -> None:
        del query_type
        for address in filter(None, map(canonical, addresses)):
            if tools.allow(address) and family in (None, family_of(address)):
                found.append(address)
                over.set()

    async def ask() -> None:
        await resolve(
            recorder,
            tools,
            host,
            resolver=resolver,
            transport=transport,
            query_types=_TYPES[family],
            first=first,
        )
        over.set()

    nursery.start_soon(ask)
    await over.wait()
    return found[0] if found else None


_TYPES = {None: ADDRESS_TYPES, Family.IPV4: ("A",), Family.IPV6: ("AAAA",)}


@dataclass(frozen=True, slots=True)
class _Record:
    """Makes observations of what was asked of one resolver."""

    recorder: Recorder
    tools: Tools
    name: str
    resolver: str
    transport: Transport
    server: str | None

    def __call__(self, asked: Sequence[dns.Asked]) -> tuple[DnsObservation, ...]:
        observations = tuple(self._observe(question) for question in asked)
        for observation in observations:
            self.recorder.add(observation)
        return observations

    def _observe(self, question: dns.Asked) -> DnsObservation:
        server = self.server
        is_local = self.transport is Transport.SYSTEM and self.name in hosts_names(
            self.tools.machine.hosts
        )
        return DnsObservation(
            **self.recorder.base(
                question.started,
                question.ended,
                # A private resolver's address would tell where the person is at home.
                address=server if server is not None and is_global(server) else None,
                family=None if server is None else family_of(server),
                port=_PORTS[self.transport],
            ),
            bytes_sent=question.bytes_sent,
            bytes_received=question.bytes_received,
            failure=question.failure,
            name=self.name,
            query_type=question.query_type,
            resolver=self.resolver,
            transport=self.transport,
            answers=tuple(question.answers),
            window_s=question.window_s,
            source_port=question.source_port,
            chain=question.chain,
            local_reason="hosts" if is_local else None,
        )


_PORTS = {
    Transport.SYSTEM: None,
    Transport.UDP: 53,
    Transport.TCP: 53,
    Transport.DOT: 853,
    Transport.DOH: 443,
}


async def _ask(
    tools: Tools,
    name: str,
    query_types: Sequence[str],
    *,
    resolver: str,
    transport: Transport,
    server: str,
    source_port: int | None,
    first: dns.FirstAnswer | None,
    heard: list[dns.Asked],
) -> tuple[dns.Asked, ...]:
    pacing = tools.pacing
    match transport:
        case Transport.SYSTEM:
            # glibc asks twice before it gives up (resolv.conf(5), attempts:2).
            return await dns.ask_system(
                name, query_types, timeout_s=2 * pacing.dns_timeout_s, first=first
            )
        case Transport.UDP:
            return await dns.ask_udp(
                server,
                name,
                query_types,
                timeout_s=pacing.dns_timeout_s,
                window_s=pacing.dns_window_s,
                first=first,
                heard=heard,
                source_port=source_port,
            )
        case Transport.TCP:
            async with tools.limiter.flow(server, named=False):
                return await dns.ask_tcp(
                    server, name, query_types, times=_times(pacing), first=first
                )
        case Transport.DOT:
            return await dns.ask_dot(
                server,
                name,
                query_types,
                server_name=tools.resolvers[resolver].server_name,
                times=_times(pacing),
                first=first,
                kept=tools.kept,
                turn=partial(tools.limiter.flow, server, named=False),
            )
        case Transport.DOH:
            known = tools.resolvers[resolver]
            return await dns.ask_doh(
                server,
                name,
                query_types,
                server_name=known.server_name or server,
                path=known.doh_path,
                times=_times(pacing),
                first=first,
                kept=tools.kept,
                turn=partial(tools.limiter.flow, server, named=False),
            )
        case _:
            assert_never(transport)


def _times(pacing: Pacing) -> dns.StreamTimes:
    """A resolver answers within its time or not at all, whatever the steps beneath."""
    return dns.StreamTimes(
        connect_s=pacing.dns_timeout_s,
        handshake_idle_s=pacing.dns_timeout_s,
        read_idle_s=pacing.dns_timeout_s,
        handshake_total_s=2 * pacing.dns_timeout_s,
        answer_s=pacing.dns_timeout_s,
    )


@lru_cache(maxsize=8)
def hosts_names(hosts: str) -> frozenset[str]:
    """Return the names that a hosts file answers, lower-case."""
    names: set[str] = set()
    for line in hosts.splitlines():
        words = line.partition("#")[0].split()
        names.update(word.lower().rstrip(".") for word in words[1:])
    return frozenset(names)
