"""Runs a control vantage: hypercorn on trio for the questions, our own listeners for the responder.

Neither keeps a log of who came. What breaks in here is told as the kind of exception and its place,
without its text: that could hold an address.
"""

import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import trio
from hypercorn.config import Config
from hypercorn.trio import serve as serve_asgi

from probe.serve.app import Api
from probe.serve.arrivals import ArrivalLog
from probe.serve.certificates import NameAuthority, OwnCertificate
from probe.serve.keys import KeyRing
from probe.serve.responder import Responder
from probe.serve.sized import Objects
from probe.serve.vantage import ControlVantage
from probe.wire import dns

HANDSHAKE_S: Final = 20
KEEP_ALIVE_S: Final = 10
_DNS_WAIT_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Bind:
    """Where to listen."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Station:
    """What is served, and where."""

    questions: Bind
    certificate: OwnCertificate | None
    """None: cleartext, for a proxy on the same machine that speaks HTTPS."""
    responder_tls: Bind | None = None
    responder_plain: Bind | None = None

    @property
    def has_responder(self) -> bool:
        """Whether connections under any name are answered as well."""
        return self.responder_tls is not None


async def serve(
    station: Station,
    vantage: ControlVantage,
    keys: KeyRing,
    *,
    on_ready: Callable[[Sequence[str]], None] = lambda _: None,
    on_fault: Callable[[BaseException], None] = lambda _: None,
) -> None:
    """Serve until cancelled; `on_ready` gets the addresses once everything listens."""
    arrivals = ArrivalLog(vantage.clock) if station.has_responder else None
    app = Api(vantage, keys, arrivals=arrivals).app()
    async with trio.open_nursery() as nursery:
        await nursery.start(vantage.run)
        bound: list[str] = []
        if arrivals is not None:
            bound += await _start_responder(station, vantage, arrivals, nursery, on_fault)
        listening = partial(
            serve_asgi,
            app,  # type: ignore[arg-type]  # two spellings of the types of ASGI
            _config(station, on_fault),
            shutdown_trigger=trio.sleep_forever,
            mode="asgi",
        )
        bound = [*await nursery.start(listening), *bound]
        on_ready(bound)


async def _start_responder(
    station: Station,
    vantage: ControlVantage,
    arrivals: ArrivalLog,
    nursery: trio.Nursery,
    on_fault: Callable[[BaseException], None],
) -> list[str]:
    authority = NameAuthority(vantage.clock.now, station.certificate)
    responder = Responder(authority, arrivals, Objects(), on_fault=on_fault)
    encrypted = await _listen(station.responder_tls)
    plain = await _listen(station.responder_plain)
    nursery.start_soon(responder.serve, encrypted, plain)
    return [
        f"{scheme}://{_name_of(listener)} (responder)"
        for scheme, listeners in (("https", encrypted), ("http", plain))
        for listener in listeners
    ]


async def _listen(bind: Bind | None) -> list[trio.SocketListener]:
    if bind is None:
        return []
    return list(await trio.open_tcp_listeners(bind.port, host=bind.host))


def _name_of(listener: trio.SocketListener) -> str:
    host, port = listener.socket.getsockname()[:2]
    return str(Bind(str(host), int(port)))


def _config(station: Station, on_fault: Callable[[BaseException], None]) -> Config:
    config = Config()
    config.bind = [str(station.questions)]
    if station.certificate is not None:
        config.certfile = str(station.certificate.certificate)
        config.keyfile = str(station.certificate.private_key)
    # Askers speak HTTP/1.1; what is not spoken cannot be abused.
    config.alpn_protocols = ["http/1.1"]
    config.include_server_header = False
    config.ssl_handshake_timeout = HANDSHAKE_S
    config.keep_alive_timeout = KEEP_ALIVE_S
    config.accesslog = None
    config.errorlog = _fault_log(on_fault)
    return config


def _fault_log(on_fault: Callable[[BaseException], None]) -> logging.Logger:
    """Return a log that hands on exceptions and forgets every text."""
    log = logging.Logger("roadblock.serve")
    handler = _Faults(logging.ERROR)
    handler.on_fault = on_fault
    log.addHandler(handler)
    return log


class _Faults(logging.Handler):
    on_fault: Callable[[BaseException], None]

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info is not None and record.exc_info[1] is not None:
            self.on_fault(record.exc_info[1])


def place_of(fault: BaseException) -> str:
    """Say what broke and where, without what it said: `KeyError in app.py:120`."""
    frames = traceback.extract_tb(fault.__traceback__)
    if not frames:
        return type(fault).__name__
    file = frames[-1].filename.rpartition("/")[2]
    return f"{type(fault).__name__} in {file}:{frames[-1].lineno}"


async def answering_dns(addresses: Sequence[str]) -> list[str]:
    """Return those of our addresses on which something answers DNS: they can be no canary."""
    found = []
    for address in addresses:
        asked = await dns.ask_udp(
            address, "example.com", ("A",), timeout_s=_DNS_WAIT_S, window_s=0.1
        )
        if any(question.answers for question in asked):
            found.append(address)
    return found
