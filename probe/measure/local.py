"""Facts about this machine that no packet tells; nothing is sent."""

import ipaddress
from typing import Literal

import trio

from probe.measure.recorder import Recorder
from probe.measure.resolve import hosts_names
from probe.measure.tools import Tools
from probe.model.observation import LocalObservation
from probe.model.words import Family
from probe.wire import sockets
from probe.wire.addresses import is_global

ResolverKind = Literal["loopback", "private", "public", "access"]


async def look_around(recorder: Recorder, tools: Tools) -> None:
    """Record proxies, hosts file, resolvers, tunnels and address families."""
    started = trio.current_time()
    machine = tools.machine
    has_ipv4 = await sockets.has_route(Family.IPV4)
    has_ipv6 = await sockets.has_route(Family.IPV6)
    named = hosts_names(machine.hosts) & tools.catalogue_hosts
    recorder.add(
        LocalObservation(
            **recorder.base(started, trio.current_time()),
            proxies=machine.environment_proxies,
            hosts_names=tuple(sorted(named)),
            resolver_kinds=resolver_kinds(machine.resolv_conf, public_addresses(tools)),
            has_ipv4=has_ipv4,
            has_ipv6=has_ipv6,
            tunnel_interfaces=machine.tunnel_interfaces,
        )
    )


def nameservers(resolv_conf: str) -> tuple[str, ...]:
    """Return the addresses of a resolv.conf, in order, without scopes."""
    found = []
    for line in resolv_conf.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            found.append(words[1].partition("%")[0])
    return tuple(found)


def public_addresses(tools: Tools) -> frozenset[str]:
    """Return the addresses of the catalogue's resolvers."""
    return frozenset(a for r in tools.resolvers.values() if r.id != "access" for a in r.addresses)


def resolver_kinds(resolv_conf: str, public: frozenset[str]) -> tuple[ResolverKind, ...]:
    """Say of each nameserver what it is: `access` is a global address that nobody else knows."""
    return tuple(_kind(address, public) for address in nameservers(resolv_conf))


def _kind(address: str, public: frozenset[str]) -> ResolverKind:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "private"
    if parsed.is_loopback:
        return "loopback"
    if address in public:
        return "public"
    return "access" if is_global(address) else "private"
