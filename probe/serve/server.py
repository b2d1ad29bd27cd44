"""Runs a control vantage: hypercorn on trio for the questions, our own listeners for the responder.

Neither keeps a log of who came.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import trio
from hypercorn.config import Config
from hypercorn.trio import serve as serve_asgi

from probe.errors import UsageError
from probe.serve.app import Api
from probe.serve.arrivals import ArrivalLog
from probe.serve.certificates import NameAuthority, OwnCertificate
from probe.serve.faults import fault_log
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

    host: str | None
    """None: every address of both families."""
    port: int

    def __str__(self) -> str:
        host = self.host or ""
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Station:
    """What is served, and where."""

    questions: Bind
    certificate: OwnCertificate | None
    """For the questions, and for the responder under its own names."""
    speaks_tls: bool = True
    """Off: questions come in cleartext from a proxy on the same machine that speaks HTTPS."""
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
    questions = await _listen(station.questions)
    encrypted = await _listen(station.responder_tls)
    plain = await _listen(station.responder_plain)
    bound = [
        *(f"{'https' if station.speaks_tls else 'http'}://{_name_of(each)}" for each in questions),
        *(f"https://{_name_of(each)} (responder)" for each in encrypted),
        *(f"http://{_name_of(each)} (responder)" for each in plain),
    ]
    async with trio.open_nursery() as nursery:
        await nursery.start(vantage.run)
        if arrivals is not None:
            authority = NameAuthority(vantage.clock.now, station.certificate)
            responder = Responder(authority, arrivals, Objects(), on_fault=on_fault)
            nursery.start_soon(responder.serve, encrypted, plain)
        await nursery.start(
            partial(
                serve_asgi,
                app,  # type: ignore[arg-type]  # two spellings of the types of ASGI
                _config(station, questions, on_fault),
                shutdown_trigger=trio.sleep_forever,
                mode="asgi",
            )
        )
        on_ready(bound)


async def _listen(bind: Bind | None) -> list[trio.SocketListener]:
    if bind is None:
        return []
    try:
        return list(await trio.open_tcp_listeners(bind.port, host=bind.host))
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            f"cannot listen on {bind}: {reason}; ports below 1024 need CAP_NET_BIND_SERVICE"
        ) from error


def _name_of(listener: trio.SocketListener) -> str:
    host, port = listener.socket.getsockname()[:2]
    return str(Bind(str(host), int(port)))


def _config(
    station: Station,
    listeners: Sequence[trio.SocketListener],
    on_fault: Callable[[BaseException], None],
) -> Config:
    config = Config()
    # hypercorn closes what it gets; it gets its own.
    config.bind = [f"fd://{os.dup(listener.socket.fileno())}" for listener in listeners]
    if station.speaks_tls and station.certificate is not None:
        config.certfile = str(station.certificate.certificate)
        config.keyfile = str(station.certificate.private_key)
    # Askers speak HTTP/1.1; what is not spoken cannot be abused.
    config.alpn_protocols = ["http/1.1"]
    config.include_server_header = False
    config.ssl_handshake_timeout = HANDSHAKE_S
    config.keep_alive_timeout = KEEP_ALIVE_S
    config.accesslog = None
    config.errorlog = fault_log(on_fault)
    return config


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
