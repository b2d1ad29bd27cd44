"""A bench for boxes: one server of each kind, and a client that says what it saw."""

import errno
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import dns.message
import dns.rrset
import pytest
import trio
import trustme

from probe.lab.box import Box
from probe.lab.net import listen_tcp, udp_socket
from probe.lab.path import Link, Router
from probe.lab.virtual import VirtualNet, virtual_net

ROUTERS = tuple(Router(f"10.0.{n}.1", f"2001:db8:{n}::1") for n in range(1, 5))
TARGET = {4: "157.240.1.174", 6: "2a03:2880:f1::1"}
OTHER = {4: "93.184.216.34", 6: "2606:2800:220::1"}
PAGE = b"<html><body>" + b"The true page. " * 5000 + b"</body></html>"


@dataclass
class Seen:
    """What a client saw of one exchange."""

    outcome: str
    after_s: float
    """Since the request or hello was sent (for connect: since the SYN)."""
    data: bytes = b""
    info: dict[str, int] = field(default_factory=dict)
    peer: str | None = None
    """Common name or DNS name in the server's certificate."""


def tcp_info(sock: trio.socket.SocketType) -> dict[str, int]:
    raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 232)
    names = ("unacked", 24), ("rtt", 68), ("total_retrans", 100), ("min_rtt", 148), ("ooo", 224)
    info = {name: struct.unpack_from("=I", raw, at)[0] for name, at in names}
    info["acked"], info["received"] = struct.unpack_from("=QQ", raw, 120)
    return info


def name_error(error: OSError | trio.BrokenResourceError) -> str:
    cause = error if isinstance(error, OSError) else error.__cause__
    assert isinstance(cause, OSError)
    assert cause.errno is not None
    return errno.errorcode[cause.errno]


class Bench:
    """Opens worlds and looks at them as a plain client does."""

    def __init__(self) -> None:
        authority = trustme.CA()
        self.server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("true.example", "*.example").configure_cert(self.server)
        self.impostor = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        trustme.CA().issue_cert("impostor.example").configure_cert(self.impostor)
        self.client = ssl.create_default_context()
        self.client.check_hostname = False
        self.client.verify_mode = ssl.CERT_NONE
        self.old_client = ssl.create_default_context()
        self.old_client.check_hostname = False
        self.old_client.verify_mode = ssl.CERT_NONE
        self.old_client.maximum_version = ssl.TLSVersion.TLSv1_2

    @asynccontextmanager
    async def open(self, *boxes: Box, at: int = 2, **options: Any) -> AsyncIterator[VirtualNet]:
        options.setdefault("routers", ROUTERS)
        options.setdefault("link", Link(rtt_s=0.05))
        async with (
            virtual_net(boxes={at: boxes}, **options) as net,
            trio.open_nursery() as nursery,
        ):
            for version in (4, 6):
                for address in (TARGET[version], OTHER[version]):
                    context = self.server if address == TARGET[version] else self.impostor
                    page = PAGE if address == TARGET[version] else b"the other server's page"
                    serve_tls = _tls(context, page)
                    for port, handler in ((443, serve_tls), (80, _http(page)), (53, _dns_tcp)):
                        listener = await listen_tcp(net, address, port)
                        nursery.start_soon(trio.serve_listeners, handler, [listener])
                    for port, answer in ((53, _dns_answer(address)), (443, bytes)):
                        sock = await udp_socket(net, address, port)
                        nursery.start_soon(_serve_udp, sock, answer)
            yield net
            nursery.cancel_scope.cancel()

    async def connect(self, address: str, port: int = 443) -> Seen | trio.SocketStream:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = trio.socket.socket(family, socket.SOCK_STREAM)
        start = trio.current_time()
        try:
            with trio.fail_after(10):
                await sock.connect((address, port))
        except OSError as error:
            return Seen(name_error(error), trio.current_time() - start, info=tcp_info(sock))
        except trio.TooSlowError:
            return Seen("timeout", 10)
        return trio.SocketStream(sock)

    async def talk(self, address: str, port: int, data: bytes) -> Seen:
        """Send bytes and return what came first."""
        stream = await self.connect(address, port)
        if isinstance(stream, Seen):
            return stream
        start = trio.current_time()
        outcome, answer = "", b""
        try:
            with trio.fail_after(10):
                await stream.send_all(data)
                answer = await stream.receive_some()
                outcome = "data" if answer else "eof"
        except trio.BrokenResourceError as error:
            outcome = name_error(error)
        except trio.TooSlowError:
            outcome = "timeout"
        seen = Seen(outcome, trio.current_time() - start, answer, tcp_info(stream.socket))
        await stream.aclose()
        return seen

    def hello_bytes(self, name: str | None, *, old: bool = False) -> bytes:
        out = ssl.MemoryBIO()
        context = self.old_client if old else self.client
        half = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
        with pytest.raises(ssl.SSLWantReadError):
            half.do_handshake()
        return out.read()

    async def hello(self, address: str, name: str | None, port: int = 443) -> Seen:
        """Send a ClientHello and return what came first."""
        return await self.talk(address, port, self.hello_bytes(name))

    async def http(self, address: str, host: str, path: str = "/") -> Seen:
        """Ask over cleartext and read to the end."""
        stream = await self.connect(address, 80)
        if isinstance(stream, Seen):
            return stream
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        await stream.send_all(request)
        return await self._drain(stream, stream, 60)

    async def https(
        self, address: str, name: str, *, old: bool = False, limit_s: float = 60
    ) -> Seen:
        """Do a whole exchange over TLS and read to the end."""
        stream = await self.connect(address)
        if isinstance(stream, Seen):
            return stream
        context = self.old_client if old else self.client
        tls = trio.SSLStream(stream, context, server_hostname=name, https_compatible=True)
        start = trio.current_time()
        try:
            with trio.fail_after(limit_s):
                await tls.do_handshake()
                certificate = tls.getpeercert(binary_form=True)
                await tls.send_all(b"GET / HTTP/1.1\r\n\r\n")
        except trio.BrokenResourceError as error:
            cause = error.__cause__
            while isinstance(cause, trio.BrokenResourceError):
                cause = cause.__cause__
            outcome = (
                errno.errorcode[cause.errno or 0]
                if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError)
                else str(getattr(cause, "reason", cause))
            )
            return Seen(outcome, trio.current_time() - start, info=tcp_info(stream.socket))
        except trio.TooSlowError:
            return Seen("timeout", limit_s, info=tcp_info(stream.socket))
        seen = await self._drain(tls, stream, limit_s)
        assert certificate is not None
        seen.peer = "impostor" if b"impostor.example" in certificate else "true"
        return seen

    async def _drain(
        self, stream: trio.abc.ReceiveStream, raw: trio.SocketStream, limit_s: float
    ) -> Seen:
        start = trio.current_time()
        data, outcome = b"", "whole"
        try:
            with trio.fail_after(limit_s):
                while piece := await stream.receive_some():
                    data += piece
        except trio.BrokenResourceError as error:
            cause = error.__cause__
            while isinstance(cause, trio.BrokenResourceError):
                cause = cause.__cause__
            outcome = errno.errorcode[getattr(cause, "errno", 0) or 0]
        except trio.TooSlowError:
            outcome = "timeout"
        seen = Seen(outcome, trio.current_time() - start, data, tcp_info(raw.socket))
        with trio.move_on_after(0):
            await raw.aclose()
        return seen

    async def datagrams(
        self, address: str, data: bytes, port: int = 443, window_s: float = 5
    ) -> list[tuple[float, bytes, int]]:
        """Send a datagram; return (seconds, bytes, TTL) of what came back within the window."""
        is_v6 = ":" in address
        family = socket.AF_INET6 if is_v6 else socket.AF_INET
        found: list[tuple[float, bytes, int]] = []
        with trio.socket.socket(family, socket.SOCK_DGRAM) as sock:
            # IP_RECVTTL is 12 and IPV6_RECVHOPLIMIT 51; Python's socket module names neither.
            sock.setsockopt(41 if is_v6 else 0, 51 if is_v6 else 12, 1)
            await sock.connect((address, port))
            start = trio.current_time()
            await sock.send(data)
            with trio.move_on_after(window_s):
                while True:
                    answer, ancillary, _, _ = await sock.recvmsg(65535, 100)
                    ttl = struct.unpack("@i", ancillary[0][2])[0]
                    found.append((trio.current_time() - start, answer, ttl))
        return found

    async def ask(
        self, address: str, name: str, kind: str = "A", window_s: float = 5
    ) -> list[tuple[float, dns.message.Message, int]]:
        """Ask over UDP; return what came back within the window."""
        query = dns.message.make_query(name, kind, id=77, use_edns=True).to_wire()
        found = await self.datagrams(address, query, 53, window_s)
        return [(after, dns.message.from_wire(wire), ttl) for after, wire, ttl in found]

    async def ask_tcp(self, address: str, name: str) -> Seen:
        query = dns.message.make_query(name, "A").to_wire()
        return await self.talk(address, 53, len(query).to_bytes(2, "big") + query)


def _tls(context: ssl.SSLContext, page: bytes) -> Callable[[trio.SocketStream], Any]:
    async def serve(stream: trio.SocketStream) -> None:
        tls = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
        try:
            await tls.receive_some(65536)
            await tls.send_all(page)
            await tls.aclose()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await trio.aclose_forcefully(stream)

    return serve


def _http(page: bytes) -> Callable[[trio.SocketStream], Any]:
    async def serve(stream: trio.SocketStream) -> None:
        head = b"HTTP/1.1 200 OK\r\nServer: true\r\nContent-Length: "
        try:
            request = await stream.receive_some()
            if not request:
                return
            head += str(len(page)).encode() + b"\r\nX-Request: " + request[-40:].hex().encode()
            await stream.send_all(head + b"\r\n\r\n" + page)
            await stream.send_eof()
            await stream.receive_some()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            await trio.aclose_forcefully(stream)

    return serve


def _dns_answer(server: str) -> Callable[[bytes], bytes]:
    """Answer truly; the server's own address as a text shows who has answered."""

    def answer(wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        response = dns.message.make_response(query)
        question = query.question[0]
        if question.rdtype == 1:
            response.answer = [dns.rrset.from_text(question.name, 60, "IN", "A", TARGET[4])]
        elif question.rdtype == 28:
            response.answer = [dns.rrset.from_text(question.name, 60, "IN", "AAAA", TARGET[6])]
        elif question.rdtype == 16:
            response.answer = [dns.rrset.from_text(question.name, 60, "IN", "TXT", server)]
        return response.to_wire()

    return answer


async def _dns_tcp(stream: trio.SocketStream) -> None:
    try:
        data = await stream.receive_some()
        if data:
            answer = _dns_answer(stream.socket.getsockname()[0])(data[2:])
            await stream.send_all(len(answer).to_bytes(2, "big") + answer)
        await stream.aclose()
    except trio.BrokenResourceError:
        pass


async def _serve_udp(sock: trio.socket.SocketType, answer: Callable[[bytes], bytes]) -> None:
    while True:
        data, sender = await sock.recvfrom(65535)
        await sock.sendto(answer(data), sender)


@pytest.fixture(scope="session")
def bench() -> Bench:
    return Bench()


@pytest.fixture(params=[4, 6], ids=["IPv4", "IPv6"])
def target(request: pytest.FixtureRequest) -> str:
    return TARGET[request.param]


@pytest.fixture
def other(target: str) -> str:
    return OTHER[6 if ":" in target else 4]
