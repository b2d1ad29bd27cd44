"""What a document leaves to be inferred: 0.4 tells no connections of redirects."""

from collections.abc import Iterator, Sequence

from probe.exchange.ooni.document import Fields
from probe.exchange.ooni.records import TIMEOUTS, Maker, http_observations
from probe.model.observation import HttpObservation, TcpObservation, TlsObservation
from probe.model.words import Family


def pages_of(
    maker: Maker,
    keys: Fields,
    first: str,
    connects: Sequence[TcpObservation],
    handshakes: Sequence[TlsObservation],
) -> list[HttpObservation]:
    """Return the requests that are steps of their own, each with its address."""
    placed = _placed(maker, keys, first, connects, handshakes)
    return [page for page in placed if _says_more(page, connects, handshakes)]


def _placed(
    maker: Maker,
    keys: Fields,
    first: str,
    connects: Sequence[TcpObservation],
    handshakes: Sequence[TlsObservation],
) -> Iterator[HttpObservation]:
    """Yield the requests; 0.4 does not say over which connection, so the first good one."""
    for page in http_observations(maker, keys):
        if page.address is not None:
            yield page
            continue
        port = 443 if page.over_tls else 80
        made = [o for o in connects if o.failure is None]
        good = [o.address for o in handshakes if o.failure is None and o.port == port]
        good += [o.address for o in made if o.port == port]
        is_silent = page.failure is not None and page.failure.word in TIMEOUTS
        if is_silent and page.status is None and _is_later(page, keys, first, bool(good)):
            # Silence at an address is not silence after a name.
            maker.problems.append("a request timed out, and no step says where")
            yield page.model_copy(update={"port": port})
            continue
        good += [o.address for o in (*made, *connects)]
        address = next(iter(good), None)
        family = None if address is None else (Family.IPV6 if ":" in address else Family.IPV4)
        yield page.model_copy(update={"address": address, "family": family, "port": port})


def _is_later(page: HttpObservation, keys: Fields, first: str, is_connected: bool) -> bool:
    """Whether the request is behind a redirect, over a connection of which nothing is known."""
    requests = keys.get("requests")
    is_redirected = isinstance(requests, list) and len(requests) > 1
    return is_redirected and (page.host != first or not is_connected)


def _says_more(
    page: HttpObservation,
    connects: Sequence[TcpObservation],
    handshakes: Sequence[TlsObservation],
) -> bool:
    """Whether a request is a step of its own, and not a failed connection said again."""
    if page.status is not None or page.failure is None or page.address is None:
        return True
    own = [o for o in connects if o.address == page.address]
    shaken = [o for o in handshakes if o.address == page.address]
    is_connected = any(o.failure is None for o in own)
    is_shaken = not page.over_tls or not shaken or any(o.failure is None for o in shaken)
    return is_connected and is_shaken


def missing_connection(
    maker: Maker, page: HttpObservation, connects: Sequence[TcpObservation]
) -> list[TcpObservation]:
    """Return the connection of a redirect's page, which 0.4 does not record."""
    is_known = any((o.address, o.port) == (page.address, page.port) for o in connects)
    if is_known or page.status is None or page.address is None:
        return []
    made = maker.made(TcpObservation, _before(page, "tcp"), "requests")
    return [made] if isinstance(made, TcpObservation) else []


def missing_handshake(
    maker: Maker, page: HttpObservation, handshakes: Sequence[TlsObservation]
) -> list[TlsObservation]:
    """Return the handshake of a page for which none is recorded, as far as the page tells."""
    if not page.over_tls or any(o.server_name == page.host for o in handshakes):
        return []
    failure = page.failure if page.status is None else None
    if failure is not None and page.address is None:
        return []
    if failure is not None:
        maker.problems.append("no TLS step: the request's failure is taken for its own")
    fields = _before(page, "tls") | {
        "server_name": page.host,
        "failure": failure,
        # OONI fetches no page over TLS that it did not verify.
        "verified": True if page.status is not None else None,
    }
    made = maker.made(TlsObservation, fields, "requests")
    return [made] if isinstance(made, TlsObservation) else []


def _before(page: HttpObservation, step: str) -> Fields:
    """Return the fields of a step that a page must have had before it."""
    fields = page.model_dump(
        include={"experiment", "endpoint", "arm", "family", "address", "port", "started_at"}
    )
    return fields | {"id": f"{page.id}-{step}", "duration_s": 0.0}


def repeats_handshake(page: HttpObservation, handshakes: Sequence[TlsObservation]) -> bool:
    """Whether a request only says again how its handshake failed."""
    return (
        page.status is None
        and page.over_tls
        and any(o.id == f"{page.id}-tls" and o.failure is not None for o in handshakes)
    )
