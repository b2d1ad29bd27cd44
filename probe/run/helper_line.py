"""One request to a helper: our own steps, its certificate verified before the key is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import probe
from probe.classify.chains import judge_chain
from probe.errors import UsageError
from probe.measure.recorder import Recorder
from probe.measure.resolve import SYSTEM, resolve
from probe.measure.tools import Tools
from probe.model.experiment import Experiment, Hello, Kind
from probe.model.words import Arm, Transport
from probe.wire import http, tcp, tls
from probe.wire.addresses import canonical

# Two resolvers, two addresses per family: beyond that the helper is not to be reached from here.
_ADDRESSES_MAX: Final = 8
_READ_IDLE_S: Final = 20.0

_Source = tuple[str, Transport] | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a helper sent back."""

    status: int
    body: bytes
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Unreached:
    """Why there is no reply."""

    why: str


@dataclass(frozen=True, slots=True)
class HelperPlace:
    """Where a helper is and the key that it knows us by."""

    url: str
    key: str = field(repr=False)

    @property
    def host(self) -> str:
        """Its name or literal address."""
        return urlsplit(self.url).hostname or ""

    @property
    def netloc(self) -> str:
        """Its host with the port, where that is not 443: how it is called in the evidence."""
        return urlsplit(self.url).netloc.removesuffix(":443")


def check_helper_url(url: str) -> str:
    """Return the URL without a trailing slash, or complain: it must be plain https."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme == "https" and bool(parts.hostname) and (parts.port or 443) > 0
    except ValueError:
        fine = False
    if not fine or not url.isascii() or any(mark in url for mark in "@?# "):
        raise UsageError(f"--control {url}: write https://host[:port][/path]; the key has a file")
    return url.rstrip("/")


class HelperLine:
    """Reaches one helper; remembers the address at which it answered."""

    def __init__(self, place: HelperPlace, roots: tuple[bytes, ...], tools: Tools) -> None:
        self.place = place
        self.address: str | None = None
        """Where it was reached last, its certificate verified."""
        self._roots = roots
        self.tools = tools

    async def send(
        self, path: str, content: bytes = b"", *, limit_bytes: int, wait_s: float
    ) -> Reply | Unreached:
        """GET, or POST where there is content; try each address that the helper may be at."""
        why = "its name leads nowhere"
        tried: set[str] = set()
        for source in self._sources():
            for address in await self._addresses(source):
                if address in tried or len(tried) >= _ADDRESSES_MAX:
                    continue
                tried.add(address)
                reply = await self._try(address, path, content, limit_bytes, wait_s)
                if isinstance(reply, Reply):
                    self.address = address
                    return reply
                why = reply.why
        self.address = None
        return Unreached(why)

    def _sources(self) -> tuple[_Source, ...]:
        """Return who may know its address: nobody, the system, and encrypted resolvers at last."""
        encrypted = (
            (resolver, transport)
            for resolver, transport in self.tools.screen_resolvers
            if transport in (Transport.DOH, Transport.DOT)
        )
        return (None, (SYSTEM, Transport.SYSTEM), *encrypted)

    async def _addresses(self, source: _Source) -> Sequence[str]:
        """Return addresses to try: where it answered last, a literal one, or what DNS tells.

        A literal address was chosen by the person, so it may be anywhere; one that DNS told not.
        """
        literal = canonical(self.place.host)
        if source is None:
            return [address for address in (self.address, literal) if address is not None]
        return [] if literal is not None else await self._ask(*source)

    async def _ask(self, resolver: str, transport: Transport) -> list[str]:
        asked = Experiment(kind=Kind.RESOLVE, endpoint="helper", arm=Arm.C6, name=self.place.host)
        # Its steps are no evidence about any endpoint, so nobody keeps them.
        recorder = Recorder(asked, asked.endpoint, self.tools.clock)
        observations = await resolve(
            recorder, self.tools, self.place.host, resolver=resolver, transport=transport
        )
        return [a for o in observations for a in o.addresses if self.tools.allow(a)]

    async def _try(
        self, address: str, path: str, content: bytes, limit_bytes: int, wait_s: float
    ) -> Reply | Unreached:
        pacing = self.tools.pacing
        port = urlsplit(self.place.url).port or 443
        connected = await tcp.connect(address, port, timeout_s=pacing.connect_timeout_s)
        if connected.stream is None:
            assert connected.failure is not None
            return Unreached(f"no connection: {connected.failure.word}")
        try:
            shaken = await tls.handshake(
                connected.stream,
                server_name=self.place.host,
                hello=Hello.SSL,
                alpn=("http/1.1",),
                first_s=pacing.handshake_idle_s,
                idle_s=pacing.handshake_idle_s,
                total_s=pacing.handshake_total_s,
            )
            if shaken.stream is None:
                assert shaken.failure is not None
                return Unreached(f"no TLS: {shaken.failure.word}")
            now = self.tools.clock.now()
            chain = judge_chain(shaken.chain, self.place.host, at=now, roots=self._roots)
            if not chain.verified:
                # Whoever answers there must not learn the key.
                return Unreached(f"its certificate does not verify: {chain.reason}")
            session = http.Session(connected.stream, shaken.stream, self.place.url + path)
            result = await session.exchange(
                method="POST" if content else "GET",
                headers=self._headers(content),
                content=content,
                body_limit_bytes=limit_bytes,
                first_s=wait_s,
                idle_s=_READ_IDLE_S,
                total_s=wait_s + 3 * _READ_IDLE_S,
            )
        finally:
            connected.stream.close()
        return _reply(result, limit_bytes)

    def _headers(self, content: bytes) -> tuple[tuple[str, str], ...]:
        return (
            ("authorization", f"Bearer {self.place.key}"),
            ("user-agent", f"roadblock/{probe.__version__}"),
            ("accept", "application/json"),
            ("accept-encoding", "gzip"),
            *((("content-type", "application/json"),) if content else ()),
        )


def _reply(result: http.HttpResult, limit_bytes: int) -> Reply | Unreached:
    if result.failure is not None:
        return Unreached(f"no answer: {result.failure.word}")
    if result.how == "limit" or result.body_bytes >= limit_bytes:
        return Unreached(f"its answer is longer than {limit_bytes:,} bytes")
    if result.how != "complete" or result.status is None:
        return Unreached("its answer was cut short")
    after = result.header("retry-after")
    return Reply(
        status=result.status,
        body=result.body,
        # Nine digits are thirty years.
        retry_after_s=float(after)
        if after.isascii() and after.isdigit() and len(after) < 10
        else None,
    )
