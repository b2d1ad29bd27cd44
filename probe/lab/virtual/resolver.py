"""The machine's own resolver, as glibc's: hosts file first, then the nameservers of resolv.conf.

It asks over the virtual network, so what the network does to DNS happens to the system's path too.
"""

import socket as constants
from collections.abc import Mapping, Sequence
from typing import Any, Final

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import trio

# resolv.conf(5): options timeout:5 attempts:2.
_TIMEOUT_S: Final = 5.0
_ATTEMPTS: Final = 2

_MESSAGES: Final = {
    constants.EAI_NONAME: "Name or service not known",
    constants.EAI_AGAIN: "Temporary failure in name resolution",
    constants.EAI_NODATA: "No address associated with hostname",
    constants.EAI_FAIL: "Non-recoverable failure in name resolution",
    constants.EAI_SERVICE: "Servname not supported for ai_socktype",
}


class VirtualResolver(trio.abc.HostnameResolver):
    """What getaddrinfo() is in the virtual lab."""

    def __init__(
        self,
        *,
        nameservers: Sequence[str],
        hosts: Mapping[str, Sequence[str]],
        has_ipv6: bool,
    ) -> None:
        self.nameservers = tuple(nameservers)
        self.hosts = {"localhost": ("127.0.0.1", "::1"), **hosts}
        self._has_ipv6 = has_ipv6
        self._number = 0

    async def getaddrinfo(
        self,
        host: bytes | None,
        port: bytes | str | int | None,
        family: int = 0,
        type: int = 0,  # noqa: A002  (trio's name)
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        """Return what glibc would, or raise the gaierror that it would."""
        if host is None or flags & constants.AI_NUMERICHOST:
            raise _gaierror(constants.EAI_NONAME)
        number = _port_number(port)
        name = host.decode("ascii").rstrip(".").lower()
        addresses, real_name = await self._look_up(name, family)
        found: list[Any] = []
        for address in addresses:
            version = 6 if ":" in address else 4
            kinds = [(constants.SOCK_STREAM, 6), (constants.SOCK_DGRAM, 17)]
            for kind, protocol in kinds:
                if type not in (0, kind) or proto not in (0, protocol):
                    continue
                canonical = real_name if flags & constants.AI_CANONNAME and not found else ""
                if version == 4:
                    entry: Any = (constants.AF_INET, kind, protocol, canonical, (address, number))
                else:
                    where = (address, number, 0, 0)
                    entry = (constants.AF_INET6, kind, protocol, canonical, where)
                found.append(entry)
        return found

    async def getnameinfo(
        self, sockaddr: tuple[str, int] | tuple[str, int, int, int], flags: int
    ) -> tuple[str, str]:
        """Return the numbers: nothing in the lab has a name by its address."""
        del flags
        return str(sockaddr[0]), str(sockaddr[1])

    async def _look_up(self, name: str, family: int) -> tuple[list[str], str]:
        """Return the addresses, and the name that they are those of: an alias is followed."""
        wanted = [
            version
            for version, known in ((4, constants.AF_INET), (6, constants.AF_INET6))
            if family in (0, known)
        ]
        if name in self.hosts:
            await trio.lowlevel.checkpoint()
            here = [a for a in self.hosts[name] if (6 if ":" in a else 4) in wanted]
            if here:
                return self._in_order(here), name
        if not self.nameservers:
            await trio.lowlevel.checkpoint()
            raise _gaierror(constants.EAI_AGAIN)
        answers: dict[int, dns.message.Message | None] = {}
        async with trio.open_nursery() as nursery:
            for version in wanted:
                nursery.start_soon(self._ask, name, version, answers)
        addresses: list[str] = []
        codes: set[int] = set()
        for version in wanted:
            answer = answers.get(version)
            if answer is None:
                codes.add(constants.EAI_AGAIN)
                continue
            rcode = answer.rcode()
            here = _addresses(answer, version)
            addresses += here
            if rcode == dns.rcode.NXDOMAIN:
                codes.add(constants.EAI_NONAME)
            elif rcode != dns.rcode.NOERROR:
                codes.add(constants.EAI_AGAIN)
            elif not here:
                codes.add(constants.EAI_NODATA)
        if addresses:
            told = [answer for version in wanted if (answer := answers.get(version)) is not None]
            return self._in_order(addresses), _real_name(told, name)
        # glibc: a lookup that may work later outweighs one that found nothing.
        for code in (constants.EAI_AGAIN, constants.EAI_NODATA):
            if code in codes:
                raise _gaierror(code)
        raise _gaierror(constants.EAI_NONAME)

    def _in_order(self, addresses: list[str]) -> list[str]:
        """Sort as RFC 6724 does for a host like this: IPv6 first where there is IPv6."""
        return sorted(addresses, key=lambda address: (":" in address) != self._has_ipv6)

    async def _ask(
        self, name: str, version: int, answers: dict[int, dns.message.Message | None]
    ) -> None:
        kind = dns.rdatatype.A if version == 4 else dns.rdatatype.AAAA
        last: dns.message.Message | None = None
        for _ in range(_ATTEMPTS):
            for server in self.nameservers:
                self._number = (self._number * 25173 + 13849) % 65536
                query = dns.message.make_query(name, kind, id=self._number)
                with trio.move_on_after(_TIMEOUT_S):
                    try:
                        answer = await _ask_udp(server, query)
                        if answer.flags & dns.flags.TC:
                            answer = await _ask_tcp(server, query)
                    except (OSError, trio.BrokenResourceError, EOFError):
                        continue
                    if answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                        answers[version] = answer
                        return
                    # glibc goes on to the next server after SERVFAIL, NOTIMP and REFUSED.
                    last = answer
            if last is not None:
                break
        answers[version] = last


def _real_name(answers: Sequence[dns.message.Message], name: str) -> str:
    """Return the end of a chain of aliases, as getaddrinfo(3) tells it for AI_CANONNAME."""
    aliases = {
        rrset.name.to_text(omit_final_dot=True).lower(): rrset[0].target
        for answer in answers
        for rrset in answer.answer
        if rrset.rdtype == dns.rdatatype.CNAME
    }
    for _ in aliases:
        if name not in aliases:
            break
        name = aliases[name].to_text(omit_final_dot=True).lower()
    return name


async def _ask_udp(server: str, query: dns.message.Message) -> dns.message.Message:
    family = constants.AF_INET6 if ":" in server else constants.AF_INET
    with trio.socket.socket(family, constants.SOCK_DGRAM) as sock:
        await sock.connect((server, 53))
        await sock.send(query.to_wire())
        while True:
            wire = await sock.recv(65535)
            answer = _read(wire, query)
            if answer is not None:
                return answer


async def _ask_tcp(server: str, query: dns.message.Message) -> dns.message.Message:
    family = constants.AF_INET6 if ":" in server else constants.AF_INET
    with trio.socket.socket(family, constants.SOCK_STREAM) as sock:
        await sock.connect((server, 53))
        wire = query.to_wire()
        await sock.send(len(wire).to_bytes(2, "big") + wire)
        length = int.from_bytes(await _receive_exactly(sock, 2), "big")
        answer = _read(await _receive_exactly(sock, length), query)
    if answer is None:
        raise EOFError
    return answer


async def _receive_exactly(sock: trio.socket.SocketType, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = await sock.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def _read(wire: bytes, query: dns.message.Message) -> dns.message.Message | None:
    """Return the message if it answers the query; what does not is ignored, as glibc does."""
    try:
        answer = dns.message.from_wire(wire, ignore_trailing=True)
    except dns.exception.DNSException:
        return None
    return answer if query.is_response(answer) else None


def _addresses(answer: dns.message.Message, version: int) -> list[str]:
    kind = dns.rdatatype.A if version == 4 else dns.rdatatype.AAAA
    return [item.address for rrset in answer.answer if rrset.rdtype == kind for item in rrset]


def _port_number(port: bytes | str | int | None) -> int:
    if port is None:
        return 0
    if isinstance(port, int):
        return port
    text = port.decode("ascii") if isinstance(port, bytes) else port
    # The services file of the lab.
    known = {"http": 80, "https": 443, "domain": 53}
    if text in known:
        return known[text]
    if text.isdigit():
        return int(text)
    raise _gaierror(constants.EAI_SERVICE)


def _gaierror(code: int) -> constants.gaierror:
    return constants.gaierror(code, _MESSAGES[code])
