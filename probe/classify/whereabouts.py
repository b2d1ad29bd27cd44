"""Where we come out, and who asks for our names: from whoami names, looked up offline.

Addresses are used here and not kept: only networks and countries go into a verdict.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from probe.classify.addresses import family_of, is_bogon
from probe.classify.controls import Gates
from probe.model.experiment import Experiment, Kind
from probe.model.knowledge import Knowledge, Network
from probe.model.observation import DnsObservation
from probe.model.target import WhoamiName
from probe.model.words import Arm, Transport

_ADDRESS = re.compile(r"[0-9a-fA-F:.]{3,45}")


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Networks and countries; nothing that names a person."""

    asns: tuple[int, ...] = ()
    country: str | None = None
    resolver_asns: tuple[int, ...] = ()
    resolver_is_strangers: bool = False


def whereabouts(gates: Gates) -> Whereabouts:
    """Return what the whoami answers tell."""
    ours = _networks(gates, "client")
    theirs = _networks(gates, "resolver")
    asns = {n.asn for n in ours}
    resolver_asns = {n.asn for n in theirs}
    countries = {n.country for n in ours if n.country}
    return Whereabouts(
        asns=tuple(sorted(asns)),
        country=next(iter(countries)) if len(countries) == 1 else None,
        resolver_asns=tuple(sorted(resolver_asns)),
        resolver_is_strangers=_is_strangers(theirs, asns, countries, gates.knowledge),
    )


def _is_strangers(
    theirs: list[Network], asns: set[int], countries: set[str], knowledge: Knowledge
) -> bool:
    """Whether the resolver is neither of our network nor of our country, or a public operator's.

    Providers' resolvers often sit in a sister network of the same country.
    """
    if not theirs or not asns:
        return False
    geo = knowledge.geo
    public = {
        n.asn
        for resolver in knowledge.catalogue.resolvers
        for n in map(geo.network_of, resolver.addresses)
        if n is not None
    }
    return all(
        n.asn not in asns and (n.asn in public or (n.country and n.country not in countries))
        for n in theirs
    )


def _networks(gates: Gates, tells: str) -> list[Network]:
    entries = [w for w in gates.knowledge.catalogue.whoami if w.tells == tells]
    names, direct = {w.name for w in entries}, {f"whoami:{w.id}" for w in entries}
    by = direct if tells == "client" else {"system"}
    seen = [o for o in gates.dns if o.name in names and o.resolver in by]
    networks = map(gates.knowledge.geo.network_of, _addresses(seen))
    return [n for n in networks if n is not None]


def _addresses(seen: Iterable[DnsObservation]) -> Iterable[str]:
    for o in seen:
        for answer in o.answers:
            words = (word for text in answer.texts for word in _ADDRESS.findall(text))
            for address in (*answer.addresses, *words):
                if family_of(address) is not None and not is_bogon(address):
                    yield address


def ask_whereabouts(knowledge: Knowledge, endpoint: str) -> Iterable[Experiment]:
    """Ask which resolver asks for us, and who we are at an operator's own server."""
    for entry in knowledge.catalogue.whoami:
        if entry.server is not None:
            yield _ask(entry, endpoint, f"whoami:{entry.id}", Transport.UDP)
        elif entry.query_type in {"A", "AAAA"}:
            yield _ask(entry, endpoint, "system", Transport.SYSTEM)


def _ask(entry: WhoamiName, endpoint: str, resolver: str, transport: Transport) -> Experiment:
    return Experiment(
        kind=Kind.RESOLVE,
        endpoint=endpoint,
        arm=Arm.GATE,
        name=entry.name,
        resolver=resolver,
        transport=transport,
        query_type=entry.query_type,
        port=53,
    )
