"""One end of the path: addresses, ports, and who gets an arriving packet."""

import errno
import os
import zlib
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Final

from probe.lab.icmp import icmp_error
from probe.lab.packet import (
    ACK,
    ICMP,
    ICMPV6,
    RST,
    SYN,
    TCP,
    UDP,
    MalformedPacketError,
    Packet,
    parse,
)
from probe.lab.virtual.connection import Connection, Key, State
from probe.lab.virtual.errors import is_too_big, read_error

if TYPE_CHECKING:
    from probe.lab.virtual.tcp_socket import TcpSocket
    from probe.lab.virtual.udp_socket import UdpSocket

# Linux net.ipv4.ip_local_port_range.
_FIRST_PORT: Final = 32768
_PORTS: Final = 28232
# Ethernet.
_MTU: Final = 1500

_WILDCARD: Final = {4: "0.0.0.0", 6: "::"}  # noqa: S104  (the lab's own addresses)


class Host:
    """The client's machine, or all servers as one machine on which every address is local."""

    def __init__(
        self,
        *,
        addresses: Mapping[int, str] | None,
        peers: Collection[str] = (),
        transmit: Callable[[Packet], None],
        now: Callable[[], float],
        call_at: Callable[[float, Callable[[], None]], object],
        seed: int,
    ) -> None:
        self.addresses = addresses
        """{4: "192.0.2.1", 6: "2001:db8::1"}; a family that is missing has no route.
        None: every address but the peers' is local."""
        self.peers = frozenset(peers)
        self.now = now
        self.call_at = call_at
        self.seed = seed
        self._transmit = transmit
        self.connections: dict[Key, Connection] = {}
        self.listeners: dict[tuple[int, str, int], TcpSocket] = {}
        self.datagrams: dict[tuple[int, str, int], UdpSocket] = {}
        self._mtu: dict[str, int] = {}
        self._port_counts: dict[tuple[int, str, int], int] = {}

    # Addresses and ports.

    def is_local(self, address: str) -> bool:
        """Say whether packets to an address stay on this machine."""
        if self.addresses is None:
            return address not in self.peers
        return (
            address.startswith("127.")
            or address in ("::1", "0.0.0.0", "::")  # noqa: S104
            or address in self.addresses.values()
        )

    def source_for(self, destination: str) -> str:
        """Return the address to send from; raise ENETUNREACH where this family has none."""
        version = 6 if ":" in destination else 4
        if self.is_local(destination):
            return destination
        if self.addresses is None:
            return _WILDCARD[version]
        if version not in self.addresses:
            raise os_error(errno.ENETUNREACH)
        return self.addresses[version]

    def mtu_towards(self, destination: str) -> int:
        """Return the largest packet known to fit."""
        return self._mtu.get(destination, _MTU)

    def mss_towards(self, destination: str) -> int:
        """Return the largest TCP segment known to fit."""
        return self.mtu_towards(destination) - (60 if ":" in destination else 40)

    def pick_port(self, protocol: int, local: str, remote: str, remote_port: int) -> int:
        """Return a free port that depends on seed, destination and count, not on scheduling."""
        where = (protocol, remote, remote_port)
        for _ in range(_PORTS):
            number = self._port_counts.get(where, 0)
            self._port_counts[where] = number + 1
            start = zlib.crc32(f"{self.seed} {where}".encode())
            # A step that shares no factor with the number of ports walks through all of them.
            port = _FIRST_PORT + (start + number * 7919) % _PORTS
            if protocol == TCP and (local, port, remote, remote_port) not in self.connections:
                return port
            if protocol == UDP and not self._has_datagram(local, port):
                return port
        raise os_error(errno.EADDRNOTAVAIL)

    def _has_datagram(self, local: str, port: int) -> bool:
        version = 6 if ":" in local else 4
        return any((version, at, port) in self.datagrams for at in (local, _WILDCARD[version]))

    def check_local(self, address: str) -> None:
        """Raise EADDRNOTAVAIL where a socket cannot be bound to this address."""
        if address not in _WILDCARD.values() and not self.is_local(address):
            raise os_error(errno.EADDRNOTAVAIL)

    # Packets out.

    def send(self, packet: Packet) -> None:
        """Send a packet on its way, or around to this machine itself."""
        if self.is_local(packet.destination):
            self.call_at(self.now(), lambda: self.receive(packet))
        else:
            self._transmit(packet)

    def refuse(self, packet: Packet) -> None:
        """Answer a segment that belongs to nothing with RST (RFC 9293 section 3.10.7.1)."""
        if packet.flags & RST:
            return
        seq, ack, flags = packet.ack, 0, RST
        if not packet.flags & ACK:
            seq, flags = 0, RST | ACK
            ack = packet.seq + len(packet.payload) + bool(packet.flags & SYN)
        self.send(
            Packet(
                packet.version,
                packet.destination,
                packet.source,
                64,
                TCP,
                packet.destination_port,
                packet.source_port,
                seq,
                ack,
                flags,
            )
        )

    # Packets in.

    def receive(self, packet: Packet) -> None:
        """Give an arriving packet to whom it is for; what is for nobody here is dropped."""
        if not self.is_local(packet.destination):
            return
        if packet.protocol == TCP:
            self._receive_tcp(packet)
        elif packet.protocol == UDP:
            self._receive_udp(packet)
        elif packet.icmp is not None:
            self._receive_icmp(packet)

    def _receive_tcp(self, packet: Packet) -> None:
        key = (packet.destination, packet.destination_port, packet.source, packet.source_port)
        connection = self.connections.get(key)
        if connection is not None and not (
            connection.state is State.TIME_WAIT and packet.flags & (SYN | ACK) == SYN
        ):
            connection.receive(packet)
            return
        version = packet.version
        listener = self.listeners.get((version, packet.destination, packet.destination_port))
        if listener is None:
            listener = self.listeners.get((version, _WILDCARD[version], packet.destination_port))
        if listener is None or packet.flags & (ACK | RST):
            self.refuse(packet)
        elif packet.flags & SYN:
            listener.on_syn(packet, key)

    def _receive_udp(self, packet: Packet) -> None:
        version = packet.version
        sock = self.datagrams.get((version, packet.destination, packet.destination_port))
        if sock is None:
            sock = self.datagrams.get((version, _WILDCARD[version], packet.destination_port))
        if sock is None:
            kind = (ICMP, 3, 3, 0) if version == 4 else (ICMPV6, 1, 4, 0)
            self.send(icmp_error(packet.destination, packet, kind))
        else:
            sock.on_datagram(packet)

    def _receive_icmp(self, packet: Packet) -> None:
        try:
            quoted = parse(packet.payload)
        except MalformedPacketError:
            return
        if is_too_big(packet):
            assert packet.icmp is not None
            mtu = packet.icmp[2] & 0xFFFF if packet.version == 4 else packet.icmp[2]
            # RFC 1191 and RFC 8200: no path is narrower than this.
            mtu = max(mtu, 576 if packet.version == 4 else 1280)
            self._mtu[quoted.destination] = min(mtu, self.mtu_towards(quoted.destination))
        if quoted.protocol == TCP:
            key = (quoted.source, quoted.source_port, quoted.destination, quoted.destination_port)
            connection = self.connections.get(key)
            if connection is None:
                return
            if is_too_big(packet):
                connection.receive_too_big(self.mtu_towards(quoted.destination))
                return
            problem = read_error(packet, quoted)
            if problem is not None:
                connection.receive_icmp(problem, quoted)
        elif quoted.protocol == UDP:
            where = (quoted.version, quoted.source, quoted.source_port)
            sock = self.datagrams.get(where) or self.datagrams.get(
                (quoted.version, _WILDCARD[quoted.version], quoted.source_port)
            )
            problem = read_error(packet, quoted)
            if sock is not None and problem is not None:
                sock.on_icmp(problem)

    def forget(self, connection: Connection) -> None:
        """Free a connection's four values."""
        if self.connections.get(connection.key) is connection:
            del self.connections[connection.key]


def os_error(number: int) -> OSError:
    """Return the exception that the kernel's errno becomes."""
    return OSError(number, os.strerror(number))
