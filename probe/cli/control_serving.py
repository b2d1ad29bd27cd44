"""What `roadblock control serve` and `snapshot` do with their options."""

import importlib.util
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import trio

from probe.cli.measuring import cancel_on_signal
from probe.errors import UsageError
from probe.model.elsewhere import Snapshot
from probe.model.knowledge import Knowledge
from probe.model.run import Machine
from probe.model.target import Endpoint
from probe.run.setup import make_tools
from probe.serve.faults import place_of
from probe.serve.keys import KeyRing
from probe.serve.survey import survey
from probe.serve.vantage import Closed, ControlVantage

if TYPE_CHECKING:
    # Needs the extra `serve`, which a snapshot does not.
    from probe.serve.server import Bind, Station

_PORT_MAX = 65_535


@dataclass(frozen=True, slots=True)
class Serving:
    """From where and with what a control vantage looks."""

    knowledge: Knowledge
    machine: Machine
    label: str = ""
    own_addresses: tuple[str, ...] = ()
    is_lab: bool = False
    quic: bool = True

    def vantage(self) -> ControlVantage:
        """Return the vantage; called inside `trio.run`, for it has the clock."""
        tools = make_tools(self.knowledge, self.machine, utc=datetime.now(UTC), quic=self.quic)
        return ControlVantage(
            self.knowledge,
            tools,
            label=self.label,
            own_addresses=_addresses(self.own_addresses),
            on_fault=_tell_fault,
        )


# --- a snapshot -----------------------------------------------------------------------------------


async def take_snapshot(serving: Serving, endpoints: Sequence[Endpoint]) -> Snapshot | None:
    """Look at the endpoints between two gates; None where the gates fail, which stderr says."""
    seen = 0

    def on_seen(endpoint: Endpoint) -> None:
        nonlocal seen
        seen += 1
        click.echo(f"[{seen}/{len(endpoints)}] {endpoint.id}", err=True)

    taken: Snapshot | Closed | None = None
    async with trio.open_nursery() as nursery:
        work = await nursery.start(cancel_on_signal)
        with work:
            taken = await survey(serving.vantage(), endpoints, on_seen=on_seen)
        nursery.cancel_scope.cancel()
    if taken is None:
        raise KeyboardInterrupt
    if isinstance(taken, Closed):
        click.echo(f"No snapshot was written: {taken.words}.", err=True)
        return None
    return taken


# --- a station ------------------------------------------------------------------------------------


def parse_station(
    bind: str,
    *,
    certificate: Path | None,
    private_key: Path | None,
    behind_proxy: bool,
    responder: tuple[str, str] | None,
) -> "Station":
    """Return what is to be served where, or complain of options that do not go together."""
    _need_extra()
    from probe.serve.certificates import read_certificate
    from probe.serve.server import Bind, Station

    questions = parse_bind(bind)
    if (certificate is None) != (private_key is None):
        raise UsageError("--certificate and --private-key belong together")
    own = None
    if certificate is not None and private_key is not None:
        own = read_certificate(certificate, private_key)
    if behind_proxy and not _is_loopback(questions.host):
        raise UsageError(
            f"--behind-proxy: {bind} is no loopback address, and keys would cross a network in "
            "clear; say --bind 127.0.0.1:8443"
        )
    if own is None and not behind_proxy:
        raise UsageError("name --certificate and --private-key, or say --behind-proxy")
    tls_bind = plain_bind = None
    if responder is not None:
        host = responder[0].strip("[]") or None
        tls_port, plain_port = _ports(responder[1])
        tls_bind, plain_bind = Bind(host, tls_port), Bind(host, plain_port)
    return Station(questions, own, not behind_proxy, tls_bind, plain_bind)


def parse_bind(text: str) -> "Bind":
    """Return where to listen: `127.0.0.1:8443`, `[::1]:8443`, or `:8443` for every address."""
    from probe.serve.server import Bind

    host, found, port = text.rpartition(":")
    if not found or not (port.isascii() and port.isdigit()) or int(port) > _PORT_MAX:
        raise UsageError(f"--bind {text}: write HOST:PORT, or :PORT for every address")
    return Bind(host.strip("[]") or None, int(port))


def _ports(text: str) -> tuple[int, int]:
    words = text.split(",")
    if len(words) != 2 or not all(w.isascii() and w.isdigit() for w in words):
        raise UsageError(f"--responder-ports {text}: write two ports, as in 443,80")
    return int(words[0]), int(words[1])


def _is_loopback(host: str | None) -> bool:
    try:
        return host is not None and ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _addresses(texts: Sequence[str]) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_address(text)) for text in texts)
    except ValueError as error:
        raise UsageError(f"--own-address: {error}") from error


def _need_extra() -> None:
    """Complain where the packages of the extra are not installed."""
    if any(importlib.util.find_spec(name) is None for name in ("hypercorn", "starlette")):
        raise UsageError("serving needs the extra: pip install 'roadblock[serve]'")


def _tell_fault(fault: BaseException) -> None:
    """Say what kind of thing broke, and where: what it says itself could hold an address."""
    click.echo(f"Fault: {place_of(fault)}", err=True)


def run_station(station: "Station", serving: Serving, keys: KeyRing) -> None:
    """Serve until a signal; say on stderr what is served, and never who asks."""
    from probe.serve.server import answering_dns, serve

    async def run() -> None:
        vantage = serving.vantage()
        async with trio.open_nursery() as nursery:
            work = await nursery.start(cancel_on_signal)

            async def warn() -> None:
                for address in await answering_dns(vantage.own_addresses):
                    click.echo(
                        f"Note. Something answers DNS at {address}: it can be no canary.", err=True
                    )

            def on_ready(bound: Sequence[str]) -> None:
                for place in bound:
                    click.echo(f"Listening on {place}", err=True)
                click.echo(
                    f"Clients: {len(keys.hashes)}. Gates: {vantage.verdict.state}."
                    + ("" if vantage.vouches else " Nothing is answered until they pass."),
                    err=True,
                )
                if station.has_responder:
                    nursery.start_soon(warn)

            with work:
                await serve(station, vantage, keys, on_ready=on_ready, on_fault=_tell_fault)
            nursery.cancel_scope.cancel()

    trio.run(run)
