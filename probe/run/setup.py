"""Turns what is known into the tools that experiments are performed with."""

import ipaddress
from collections.abc import Iterator
from datetime import datetime

from probe.measure.tools import Tools
from probe.model.knowledge import Knowledge
from probe.model.run import Machine
from probe.model.target import Catalogue, Resolver
from probe.model.words import Transport
from probe.wire.addresses import is_global
from probe.wire.clock import Clock

ACCESS = "access"
"""The resolver that this machine was told to use, asked by our own UDP."""
# Which public resolvers a look asks, and how: every transport once, two operators at least for
# plain UDP and for DoH, so that neither one operator's outage nor one blocked port is taken for
# more than it is.
_UDP_OPERATORS = 2
_DOH_OPERATORS = 2
_NAMESERVERS_MAX = 3
"""resolv.conf(5): MAXNS."""


def make_tools(
    knowledge: Knowledge,
    machine: Machine,
    *,
    utc: datetime,
    quic: bool = True,
    pace_factor: float = 1.0,
) -> Tools:
    """Return the tools of a run that starts at `utc`; the limiter is the run's own affair."""
    catalogue = knowledge.catalogue
    resolvers = {resolver.id: resolver for resolver in catalogue.resolvers}
    access = access_resolver(machine)
    if access is not None:
        resolvers[ACCESS] = access
    for entry in catalogue.whoami:
        if entry.server is not None:
            resolvers[f"whoami:{entry.id}"] = Resolver(
                id=f"whoami:{entry.id}",
                operator=entry.operator,
                country="EU",
                addresses=(entry.server,),
            )
    return Tools(
        clock=Clock.start(utc),
        machine=machine,
        pacing=catalogue.pacing.model_copy(
            update={"pace_factor": catalogue.pacing.pace_factor * pace_factor}
        ),
        resolvers=resolvers,
        screen_resolvers=screen_resolvers(catalogue, machine),
        catalogue_hosts=frozenset(endpoint.host for endpoint in catalogue.endpoints),
        quic=quic,
        canaries={canary.id: canary for canary in catalogue.canaries},
        whoami=catalogue.whoami,
    )


def screen_resolvers(catalogue: Catalogue, machine: Machine) -> tuple[tuple[str, Transport], ...]:
    """Return whom a look asks for names, and how; `plan` shows it beforehand."""
    access = [(ACCESS, Transport.UDP)] if access_resolver(machine) is not None else []
    return (("system", Transport.SYSTEM), *access, *_public(catalogue.resolvers))


def access_resolver(machine: Machine) -> Resolver | None:
    """Return the global resolvers of resolv.conf as one; None where it names none."""
    addresses = []
    for line in machine.resolv_conf.splitlines():
        words = line.split()
        if len(words) < 2 or words[0] != "nameserver":
            continue
        try:
            address = ipaddress.ip_address(words[1].partition("%")[0])
        except ValueError:
            continue
        # A stub on this machine or a router's forwarder is the system's path once more: whose word
        # it passes on is not known, so it is not the access network's.
        if is_global(str(address)):
            addresses.append(str(address))
    if not addresses:
        return None
    return Resolver(
        id=ACCESS, operator="", country="EU", addresses=tuple(addresses[:_NAMESERVERS_MAX])
    )


def _public(resolvers: tuple[Resolver, ...]) -> Iterator[tuple[str, Transport]]:
    """Choose public resolvers in the catalogue's order: the first that speak each transport."""
    yield from _first(resolvers, Transport.UDP, _UDP_OPERATORS)
    yield from _first(resolvers, Transport.TCP, 1)
    yield from _first(resolvers, Transport.DOT, 1)
    yield from _first(resolvers, Transport.DOH, _DOH_OPERATORS)


def _first(
    resolvers: tuple[Resolver, ...], transport: Transport, count: int
) -> Iterator[tuple[str, Transport]]:
    speaking = [r.id for r in resolvers if transport in r.transports and r.addresses]
    for resolver in speaking[:count]:
        yield resolver, transport
