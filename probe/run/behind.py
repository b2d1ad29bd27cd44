"""Finds the provider's resolver behind a router's: whoever asks for us, from our own network.

A router at home passes our questions on and may filter them itself. The server that asks in its
stead is often the provider's resolver and answers us as well; where it does not, nothing is learnt.
"""

from collections.abc import Callable, Iterable

from probe.model.knowledge import Knowledge
from probe.model.observation import DnsObservation, Observation
from probe.model.target import Resolver
from probe.model.verdict import VantageFacts
from probe.run.setup import ACCESS

_ADDRESSES_MAX = 2


def resolver_behind(
    seen: Iterable[Observation],
    facts: VantageFacts,
    knowledge: Knowledge,
    allow: Callable[[str], bool],
) -> Resolver | None:
    """Return it by the address that whoami names tell, or None.

    Only behind a resolver of this machine's or the router's own, only in our own network, never one
    of the catalogue's public resolvers, and never where `allow` forbids: a router that resolves by
    itself asks from our own address.
    """
    kinds = set(facts.resolver_kinds)
    if not kinds & {"loopback", "private"} or "access" in kinds:
        return None
    catalogue, geo, ours = knowledge.catalogue, knowledge.geo, set(facts.asns)
    names = {entry.name for entry in catalogue.whoami if entry.tells == "resolver"}
    public = {address for resolver in catalogue.resolvers for address in resolver.addresses}
    told = dict.fromkeys(
        address
        for o in seen
        if isinstance(o, DnsObservation) and o.resolver == "system" and o.name in names
        for address in o.addresses
        if allow(address) and address not in public
    )
    found = [a for a in told if (network := geo.network_of(a)) is not None and network.asn in ours]
    if not found:
        return None
    return Resolver(id=ACCESS, operator="", country="EU", addresses=tuple(found[:_ADDRESSES_MAX]))
