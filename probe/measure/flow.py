"""One connection to one address: connect, shake hands, fetch; each step recorded as it ends."""

import contextlib
from types import TracebackType

from probe.errors import ForbiddenAddressError
from probe.measure.recorder import Recorder
from probe.measure.tools import Tools
from probe.model.experiment import Hello
from probe.model.observation import (
    HttpObservation,
    PingObservation,
    TcpObservation,
    TlsObservation,
)
from probe.wire import http, tcp, tls
from probe.wire.error_queue import Icmp
from probe.wire.pings import ping_h2


class Flow:
    """Steps over one connection. Made by `open_flow`."""

    def __init__(self, recorder: Recorder, tools: Tools, address: str, port: int) -> None:
        self._recorder = recorder
        self._tools = tools
        self._address = address
        self._port = port
        self._stream: tcp.TcpStream | None = None
        self._tls: tls.TlsStream | None = None

    async def connect(self, *, source_port: int | None = None) -> bool:
        """Connect; the port is new unless given."""
        result = await tcp.connect(
            self._address,
            self._port,
            timeout_s=self._tools.pacing.connect_timeout_s,
            source_port=source_port,
        )
        self._stream = result.stream
        self._recorder.add(
            TcpObservation(
                **self._recorder.base(
                    result.started, result.ended, address=self._address, port=self._port
                ),
                failure=result.failure,
                tcp_info=result.info,
                source_port=result.source_port,
                icmp=_icmp(result.icmp),
            )
        )
        return self._stream is not None

    async def shake(
        self,
        server_name: str | None,
        *,
        hello: Hello = Hello.SSL,
        alpn: tuple[str, ...] = (),
        goes_on: bool = False,
    ) -> bool:
        """Shake hands under this name; verify nothing. `goes_on`: a page is asked for at once."""
        stream, pacing = self._connected, self._tools.pacing
        sent, received = stream.bytes_sent, stream.bytes_received
        result = await tls.handshake(
            stream,
            server_name=server_name,
            hello=hello,
            alpn=alpn,
            first_s=pacing.handshake_idle_s,
            idle_s=pacing.read_idle_s,
            total_s=pacing.handshake_total_s,
            goes_on=goes_on,
        )
        self._tls = result.stream
        self._recorder.add(
            TlsObservation(
                **self._recorder.base(
                    result.started, result.ended, address=self._address, port=self._port
                ),
                bytes_sent=stream.bytes_sent - sent,
                bytes_received=stream.bytes_received - received,
                failure=result.failure,
                tcp_info=stream.info(),
                server_name=result.server_name,
                hello=result.hello.value,
                hello_bytes=result.hello_bytes,
                hello_sha256=result.hello_sha256,
                alpn_offered=result.alpn_offered,
                alpn=result.alpn,
                version=result.version,
                cipher=result.cipher,
                chain=result.chain,
                alert=result.alert,
                first_byte_s=result.first_byte_s,
                failed_after_s=result.failed_after_s,
                received_head=result.received_head,
                progress=result.progress,
            )
        )
        return self._tls is not None

    async def finish_handshake(self) -> None:
        """Let the server know that the handshake is complete, when no page is asked for."""
        if self._tls is not None:
            # What goes wrong now is no part of the handshake, which was recorded as it ended.
            with contextlib.suppress(OSError):
                await self._tls.finish_handshake()

    async def fetch(
        self,
        url: str,
        *,
        host: str | None = None,
        headers: tuple[tuple[str, str], ...] = http.PAGE_HEADERS,
        body_limit_bytes: int | None = None,
    ) -> HttpObservation:
        """Ask for one page; redirects are recorded, not followed."""
        stream, pacing = self._connected, self._tools.pacing
        sent, received = stream.bytes_sent, stream.bytes_received
        result = await http.Session(stream, self._tls, url).exchange(
            headers=headers,
            host=host,
            body_limit_bytes=body_limit_bytes or pacing.body_bytes,
            first_s=pacing.read_idle_s,
            idle_s=pacing.read_idle_s,
            total_s=pacing.read_total_s,
        )
        observation = HttpObservation(
            **self._recorder.base(
                result.started, result.ended, address=self._address, port=self._port
            ),
            bytes_sent=stream.bytes_sent - sent,
            bytes_received=stream.bytes_received - received,
            failure=result.failure,
            tcp_info=stream.info(),
            url=url,
            host=result.request_headers[0][1],
            over_tls=self._tls is not None,
            http_version=result.http_version,
            status=result.status,
            request_headers=result.request_headers,
            headers=result.headers,
            location=result.location,
            body=result.body,
            body_bytes=result.body_bytes,
            body_sha256=result.body_sha256,
            declared_bytes=result.declared_bytes,
            ended=result.how,
            first_byte_s=result.first_byte_s,
            failed_after_s=result.failed_after_s,
            progress=result.progress,
            title=result.title,
        )
        self._recorder.add(observation)
        return observation

    async def ping(self, server_name: str, *, count: int, gap_s: float) -> None:
        """Ping over HTTP/2, where the peer agreed on it; else nothing is sent or recorded."""
        stream = self._connected
        if self._tls is None or self._tls.alpn != "h2":
            return
        sent, received = stream.bytes_sent, stream.bytes_received
        result = await ping_h2(
            self._tls, count=count, gap_s=gap_s, idle_s=self._tools.pacing.read_idle_s
        )
        self._recorder.add(
            PingObservation(
                **self._recorder.base(
                    result.started, result.ended, address=self._address, port=self._port
                ),
                bytes_sent=stream.bytes_sent - sent,
                bytes_received=stream.bytes_received - received,
                failure=result.failure,
                tcp_info=stream.info(),
                server_name=server_name,
                method="h2",
                pings_sent=result.sent,
                pings_answered=result.answered,
                ended=result.how,
            )
        )

    @property
    def _connected(self) -> tcp.TcpStream:
        assert self._stream is not None, "connect first"
        return self._stream

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def _icmp(told: Icmp | None) -> tuple[int, int, str | None] | None:
    return None if told is None else (told.type, told.code, told.sender)


class open_flow:  # noqa: N801  used like a function, and cheaper than a decorated generator
    """Hold one flow to an address. The one way to a measured address, so the one place to refuse.

    Whoever calls asks `tools.allow` first; that nobody forgot is what is checked here.
    """

    __slots__ = ("_flow", "_held")

    def __init__(
        self, recorder: Recorder, tools: Tools, address: str, port: int, *, named: bool
    ) -> None:
        if not tools.allow(address):
            raise ForbiddenAddressError(f"{address}: not a global address; nothing was sent there")
        self._held = tools.limiter.flow(address, named=named)
        self._flow = Flow(recorder, tools, address, port)

    async def __aenter__(self) -> Flow:
        await self._held.__aenter__()
        return self._flow

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        self._flow.close()
        return await self._held.__aexit__(kind, error, traceback)
