"""A world: an internet as data, with one client, its network, its censor and its servers."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

import trio

from probe.lab.box import Box
from probe.lab.net import Net
from probe.lab.path import Link, Router
from probe.lab.pki import Certificate, authority
from probe.lab.servers.running import Farm, serve_farm
from probe.model.run import Machine
from probe.model.target import Catalogue
from probe.model.words import Family

_NSSWITCH = "hosts: files dns\n"


@dataclass(frozen=True, slots=True)
class Client:
    """The machine that measures."""

    ipv4: str | None
    ipv6: str | None
    resolvers: tuple[str, ...]
    """What its resolv.conf names."""
    hosts: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """What its hosts file says, beside localhost."""
    environment_proxies: tuple[str, ...] = ()
    tunnel_interfaces: tuple[str, ...] = ()

    @property
    def addresses(self) -> dict[int, str]:
        """Return its addresses by IP version: {4: "87.152.10.23", 6: "2003:…"}."""
        both = {4: self.ipv4, 6: self.ipv6}
        return {version: address for version, address in both.items() if address is not None}

    @property
    def resolv_conf(self) -> str:
        """Return the text of its /etc/resolv.conf."""
        lines = [f"nameserver {address}\n" for address in self.resolvers]
        return "".join(lines) + "options timeout:2 attempts:2\n"

    @property
    def hosts_file(self) -> str:
        """Return the text of its /etc/hosts."""
        lines = ["127.0.0.1 localhost\n", "::1 localhost ip6-localhost ip6-loopback\n"]
        for host, addresses in self.hosts.items():
            lines += [f"{address} {host}\n" for address in addresses]
        return "".join(lines)

    @property
    def nsswitch(self) -> str:
        """Return the text of its /etc/nsswitch.conf."""
        return _NSSWITCH

    @property
    def machine(self) -> Machine:
        """Return the machine as the probe would read it."""
        return Machine(
            resolv_conf=self.resolv_conf,
            hosts=self.hosts_file,
            environment_proxies=self.environment_proxies,
            tunnel_interfaces=self.tunnel_interfaces,
        )


@dataclass(frozen=True, slots=True)
class World:
    """One internet, for one lab: its boxes remember what they saw, all else is frozen."""

    id: str
    title: str
    story: str
    """What happens in it and why, in words for people."""
    catalogue: Catalogue
    client: Client
    country: str
    asn: int
    routers: tuple[Router, ...]
    link: Link
    boxes: Mapping[int, tuple[Box, ...]]
    """By link: {2: (box, ...)} stands just behind router 2."""
    hosts: Mapping[str, tuple[str, ...]]
    """Where each host of the catalogue is, IPv4 first."""
    farm: Farm
    seed: int
    local_roots: tuple[Certificate, ...] = ()
    """Of which forgers the client's machine trusts the root."""

    @property
    def skew(self) -> timedelta:
        """Return by how much the client's clock is ahead of the servers'."""
        return self.farm.skew

    @property
    def at(self) -> datetime:
        """Return what the client's clock shows when the world opens.

        The world's certificates are made at that date too, unless the client's clock is wrong.
        """
        return self.farm.at + self.skew

    @property
    def ca_pem(self) -> bytes:
        """Return the root that verifies in this world, as `--ca-file` reads it."""
        return authority(self.farm.at).root_pem

    @property
    def ca_der(self) -> bytes:
        """Return the root that verifies in this world."""
        return authority(self.farm.at).root_der

    @property
    def local_roots_der(self) -> tuple[bytes, ...]:
        """Return the forgers' roots that the client's machine trusts beside the world's."""
        return tuple(authority(self.farm.at).forger_root(kind) for kind in self.local_roots)

    def dated(self, at: datetime) -> "World":
        """Return the same world at another date: the kernel's lab has the machine's clock."""
        return replace(self, farm=replace(self.farm, at=at - self.skew))

    def family_addresses(self, host: str, family: Family | None) -> tuple[str, ...]:
        """Return where a host is, in one family or in both."""
        addresses = self.hosts.get(host, ())
        if family is None:
            return addresses
        return tuple(a for a in addresses if (":" in a) == (family is Family.IPV6))

    @asynccontextmanager
    async def open(self, net: Net) -> AsyncIterator[None]:
        """Run the world's servers on a network while the block lasts."""
        async with trio.open_nursery() as nursery:
            await nursery.start(serve_farm, net, self.farm)
            yield
            nursery.cancel_scope.cancel()
