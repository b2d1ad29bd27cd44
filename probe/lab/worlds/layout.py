"""Puts a catalogue on the map: which host stands at which addresses, and who answers there."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from probe.lab.servers.nameserver import NameServer, Records, Zone
from probe.lab.servers.running import WEB_PORTS, Speaks
from probe.lab.servers.site import Edge, Site
from probe.lab.worlds.genuine import Entry, entries, sites
from probe.lab.worlds.networks import AddressBook, prefixes_of
from probe.model.target import Catalogue, Control

_CANARY_DOMAIN = "use-application-dns.net"
"""Answered with NXDOMAIN where a network asks browsers to keep to its resolver (techniques D17)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The genuine internet of one catalogue: nobody interferes, nothing is broken."""

    sites: Mapping[str, Site]
    """By host."""
    hosts: Mapping[str, tuple[str, ...]]
    """Host to addresses, IPv4 first."""
    names_at: Mapping[str, tuple[str, ...]]
    """Address to the hosts that are served there; the first one's certificate is the default."""
    zone: Zone
    name_servers: Mapping[str, NameServer]
    """By address."""
    ports: Mapping[int, Speaks]
    genuine: Mapping[str, Edge]
    """By address: who serves what there."""


def edges_of(names_at: Mapping[str, tuple[str, ...]], sites: Mapping[str, Site]) -> dict[str, Edge]:
    """Return who serves what at each address, with these sites."""
    made = {names: Edge(tuple(sites[name] for name in names)) for names in set(names_at.values())}
    return {address: made[names] for address, names in names_at.items()}


_known: dict[int, tuple[Catalogue, Layout]] = {}
_KNOWN_MAX = 4


def layout_of(catalogue: Catalogue) -> Layout:
    """Return the map of a catalogue; made once, for worlds are built by the thousand."""
    known = _known.get(id(catalogue))
    if known is None or known[0] is not catalogue:
        while len(_known) >= _KNOWN_MAX:
            del _known[next(iter(_known))]
        known = _known[id(catalogue)] = (catalogue, _lay_out(catalogue))
    return known[1]


def _lay_out(catalogue: Catalogue) -> Layout:
    all_sites = sites(catalogue)
    hosts = _place(catalogue, all_sites)
    names_at: defaultdict[str, list[str]] = defaultdict(list)
    for host, addresses in hosts.items():
        for address in addresses:
            names_at[address].append(host)
    for endpoint in catalogue.endpoints:
        for address in hosts[endpoint.host]:
            for name in endpoint.neutral_names:
                if name not in names_at[address]:
                    names_at[address].append(name)
    served = {address: tuple(names) for address, names in names_at.items()}
    return Layout(
        sites=MappingProxyType(all_sites),
        hosts=MappingProxyType(hosts),
        names_at=MappingProxyType(served),
        zone=MappingProxyType(_zone(catalogue, hosts, all_sites)),
        name_servers=MappingProxyType(_name_servers(catalogue)),
        ports=MappingProxyType(_ports(catalogue)),
        genuine=MappingProxyType(edges_of(served, all_sites)),
    )


def _place(catalogue: Catalogue, all_sites: Mapping[str, Site]) -> dict[str, tuple[str, ...]]:
    book = AddressBook()
    by_host: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries(catalogue):
        by_host[entry.host].append(entry)
    for resolver in catalogue.resolvers:
        for address in resolver.addresses:
            book.reserve(address)
    for rows in by_host.values():
        for row in rows:
            for known in row.last_known:
                book.reserve(known.address)
    hosts: dict[str, tuple[str, ...]] = {}
    for resolver in catalogue.resolvers:
        if resolver.server_name is not None:
            hosts[resolver.server_name] = resolver.addresses
    for host in all_sites:
        if host not in hosts:
            hosts[host] = _addresses(host, by_host[host], book)
    return hosts


def _addresses(host: str, rows: list[Entry], book: AddressBook) -> tuple[str, ...]:
    known = {k.address for entry in rows for k in entry.last_known}
    ipv4 = sorted(a for a in known if ":" not in a)
    ipv6 = sorted(a for a in known if ":" in a)
    networks = tuple(asn for entry in rows for asn in entry.networks)
    country = next((e.country for e in rows if isinstance(e, Control)), "EU")
    prefixes = prefixes_of(networks, country)
    if not ipv4:
        ipv4 = [book.pick(host, prefixes.ipv4)]
    # Controls do not say whether they have IPv6: in the lab they do, or its gate had no quorum.
    has_ipv6 = any(isinstance(e, Control) or e.ipv6 for e in rows) or not rows
    if not ipv6 and has_ipv6 and prefixes.ipv6 is not None:
        ipv6 = [book.pick(host, prefixes.ipv6)]
    return (*ipv4, *ipv6)


def _zone(
    catalogue: Catalogue, hosts: Mapping[str, tuple[str, ...]], all_sites: Mapping[str, Site]
) -> dict[str, Records]:
    zone = {
        host: Records(
            a=tuple(a for a in addresses if ":" not in a),
            aaaa=tuple(a for a in addresses if ":" in a),
            https=('1 . alpn="h3,h2"',) if all_sites[host].http3 else (),
        )
        for host, addresses in hosts.items()
    }
    zone[_CANARY_DOMAIN] = Records(a=("151.101.1.6",))
    for whoami in catalogue.whoami:
        zone[whoami.name] = Records(whoami=True)
    return zone


def _name_servers(catalogue: Catalogue) -> dict[str, NameServer]:
    servers: dict[str, NameServer] = {}
    tells_client: defaultdict[str, set[str]] = defaultdict(set)
    for whoami in catalogue.whoami:
        if whoami.server is not None:
            # Whom it tells about is the same for all addresses of one resolver.
            for address in _siblings(catalogue, whoami.server):
                tells_client[address].add(whoami.name)
    for resolver in catalogue.resolvers:
        server = NameServer(
            resolver.id,
            resolver.addresses,
            server_name=resolver.server_name,
            doh_path=resolver.doh_path,
            transports=frozenset(transport.value for transport in resolver.transports),
            tells_client=frozenset(tells_client[next(iter(resolver.addresses), "")]),
        )
        servers.update(dict.fromkeys(resolver.addresses, server))
    for address, names in tells_client.items():
        if address not in servers:
            servers[address] = NameServer(
                f"whoami {address}", (address,), tells_client=frozenset(names)
            )
    return servers


def _siblings(catalogue: Catalogue, address: str) -> tuple[str, ...]:
    for resolver in catalogue.resolvers:
        if address in resolver.addresses:
            return resolver.addresses
    return (address,)


_BY_SCHEME: Mapping[str, tuple[int, Speaks]] = MappingProxyType(
    {
        "http": (80, Speaks.HTTP),
        "https": (443, Speaks.HTTPS),
        "tls": (443, Speaks.TLS),
        "tcp": (443, Speaks.TCP),
    }
)


def _ports(catalogue: Catalogue) -> dict[int, Speaks]:
    ports = dict(WEB_PORTS)
    for entry in entries(catalogue):
        url = urlsplit(entry.url)
        usual, speaks = _BY_SCHEME[url.scheme]
        ports.setdefault(url.port or usual, speaks)
    return ports
