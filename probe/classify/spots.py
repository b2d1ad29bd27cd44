"""One address of an endpoint with all that was tried there, and whether it is the endpoint's."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from probe.classify import constants as k
from probe.classify.addresses import is_nobodys
from probe.classify.chains import Chain
from probe.classify.handshakes import Handshake
from probe.classify.pages import owner_of
from probe.model.knowledge import Geo
from probe.model.observation import HttpObservation, QuicObservation, TcpObservation
from probe.model.target import Endpoint
from probe.model.words import Family, Transport


class Truth(StrEnum):
    """Whether an address is the endpoint's."""

    PROVED = "proved"  # a verified handshake there, for the name
    ENDORSED = "endorsed"  # an encrypted resolver, a helper or a dated source names it
    UNKNOWN = "unknown"
    FALSE = "false"  # no public host's, a known block address, or it shows a foreign certificate


@dataclass(frozen=True, slots=True)
class Spot:
    """One address of the endpoint (or one that somebody claimed to be), with all that was tried."""

    address: str
    family: Family
    truth: Truth
    named_by: frozenset[tuple[str, Transport]] = frozenset()
    connects: tuple[TcpObservation, ...] = ()
    """To the endpoint's port, whatever name was sent afterwards."""
    other_ports: tuple[TcpObservation, ...] = ()
    target: tuple[Handshake, ...] = ()
    """With the endpoint's name and the ordinary hello."""
    variants: tuple[Handshake, ...] = ()
    """With the endpoint's name and another hello."""
    control: tuple[Handshake, ...] = ()
    """C1: with a neutral name."""
    fetches: tuple[HttpObservation, ...] = ()
    control_fetches: tuple[HttpObservation, ...] = ()
    quic: tuple[QuicObservation, ...] = ()
    control_quic: tuple[QuicObservation, ...] = ()
    rtt_s: float | None = None
    rtt_samples: int = 0


def condemned(
    spots: tuple[Spot, ...], endpoint: Endpoint, geo: Geo, owners: frozenset[str]
) -> tuple[Spot, ...]:
    """Mark addresses false that show somebody else's certificate, where others show the endpoint's.

    With the name itself: while another address is proved. Without a proved one it may as well be a
    man in the middle at a true address; a certificate of a public root in the same network as a
    proved address is a CDN's default, not a lie; and so is one for a name of the service's
    `owners`.

    With a neutral name, where the name is cut everywhere: while an endorsed address shows, under
    the same neutral name, a certificate of the endpoint's owner.
    """
    proved = [s for s in spots if s.truth is Truth.PROVED]
    witnesses = proved or [
        s for s in spots if s.truth is Truth.ENDORSED and _shows_owner(s, endpoint.host)
    ]
    if not witnesses:
        return spots
    networks = {n.asn for s in witnesses if (n := geo.network_of(s.address)) is not None}
    networks.update(endpoint.networks)

    def is_false(spot: Spot) -> bool:
        if spot.truth is not Truth.UNKNOWN:
            return False
        if is_nobodys(spot.address):
            # Also of an endpoint of one's own, whose private addresses may be genuine.
            return True
        home = geo.network_of(spot.address)
        is_home = home is not None and home.asn in networks
        foreign = [h.chain for h in spot.target if h.chain is not None and not h.chain.verified]
        if proved and foreign:
            return all(
                _is_foreign(chain, is_home=is_home) and not _is_of_service(chain, owners)
                for chain in foreign
            )
        return not is_home and not foreign and _shows_stranger(spot, endpoint.host)

    return tuple(replace(s, truth=Truth.FALSE) if is_false(s) else s for s in spots)


def _is_foreign(chain: Chain, *, is_home: bool) -> bool:
    return chain.reason in {"self_signed", "unknown_issuer", "malformed"} or (
        chain.reason == "wrong_name" and not is_home
    )


def _is_of_service(chain: Chain, owners: frozenset[str]) -> bool:
    """Whether a public root signed it for a name of the service's.

    A provider's network holds services' own caches, which know some of their names only.
    """
    return chain.anchored and any(
        owner_of(name.removeprefix("*.")) in owners for name in chain.names
    )


def _defaults(spot: Spot) -> list[Chain]:
    """Return what the server shows to who asks for a neutral name."""
    return [h.chain for h in spot.control if h.chain is not None and h.chain.names]


def _is_owners(chain: Chain, host: str) -> bool:
    return any(owner_of(name.removeprefix("*.")) == owner_of(host) for name in chain.names)


def _shows_owner(spot: Spot, host: str) -> bool:
    return any(chain.anchored and _is_owners(chain, host) for chain in _defaults(spot))


def _shows_stranger(spot: Spot, host: str) -> bool:
    """Whether every try with the name failed, and the default certificate is another owner's."""
    shown = _defaults(spot)
    return (
        bool(spot.target)
        and all(h.chain is None for h in spot.target)
        and bool(shown)
        and not any(_is_owners(chain, host) for chain in shown)
    )


def round_trip(connects: Iterable[TcpObservation], port: int) -> tuple[float | None, int]:
    """Return the shortest round trip to an address and how many samples it rests on.

    The kernel's own minimum goes before the clock around `connect`, which may hold a lost SYN.
    """
    samples = []
    for seen in connects:
        if seen.failure is not None or seen.port not in (None, port, 80, 443):
            continue
        info = seen.tcp_info
        # Linux says 2**32 - 1 where it has no sample. Its own never is of a repeated SYN (Karn's
        # rule, RFC 6298 section 3), so one is as good as two of the clock around `connect`.
        if info is not None and info.min_rtt_us and 0 < info.min_rtt_us < 60_000_000:
            samples += [info.min_rtt_us / 1e6] * k.RTT_SAMPLES_MIN
        elif seen.duration_s > 0:
            samples.append(seen.duration_s)
    return (min(samples) if samples else None), len(samples)
