"""Rows on pages in the clear from addresses that the access network's resolver alone names.

Nothing proves such an address. Where resolvers that proved themselves name others, one page from
there tells whether it is the same site (techniques D06, D07).
"""

from collections.abc import Iterable

from probe.classify.likeness import are_unlike
from probe.classify.look_http import HttpLook
from probe.classify.rules import Rule, suspected, unclear
from probe.classify.spots import Spot, Truth
from probe.classify.statements import is_access
from probe.model.observation import HttpObservation
from probe.model.words import Category, Layer, Locus, State, Trigger

_VOUCHED = frozenset({Truth.PROVED, Truth.ENDORSED})
_EXPECTED = ("expect.body", "expect.present", "expect.header", "origin.header")
_RIVALS = ("edge_differs",)


def _pages(look: HttpLook, spots: Iterable[Spot]) -> tuple[HttpObservation, ...]:
    """Return what was answered there under the endpoint's name; `HttpLook` leaves some out."""
    return tuple(
        o
        for s in spots
        for o in s.fetches
        if o.status is not None
        and not o.over_tls
        and o.host.partition(":")[0].lower() == look.facts.host
    )


def _unvouched(look: HttpLook) -> tuple[HttpObservation, ...]:
    """Return pages of addresses that this network's resolver alone names."""
    if look.over_tls or look.has(*_EXPECTED):
        return ()
    return _pages(
        look,
        (
            s
            for s in look.spots
            if s.truth is Truth.UNKNOWN
            and s.named_by
            and all(is_access(resolver) for resolver, _ in s.named_by)
        ),
    )


def _vouched(look: HttpLook) -> tuple[Spot, ...]:
    """Return addresses that a source which proved itself names."""
    return tuple(s for s in look.facts.spots_of(look.family) if s.truth in _VOUCHED)


def _differs(look: HttpLook) -> bool:
    """Whether the page has nothing of the one at those: other words, or no redirect like theirs."""
    ours, theirs = _unvouched(look), _pages(look, _vouched(look))
    if not ours or not theirs:
        return False
    told = {_kind(o) for o in theirs}
    return are_unlike(ours, theirs) or ({_kind(o) for o in ours} == {2} and told == {3})


def _kind(page: HttpObservation) -> int:
    return (page.status or 0) // 100


def _is_in_own_network(look: HttpLook) -> bool:
    ours, geo = set(look.facts.vantage.facts.asns), look.facts.knowledge.geo
    networks = [geo.network_of(o.address) for o in _unvouched(look) if o.address is not None]
    return bool(networks) and all(n is not None and n.asn in ours for n in networks)


def _is_led(spot: Spot) -> bool:
    """Whether people here are led to that address, and nothing proves it."""
    return spot.truth is Truth.UNKNOWN and any(is_access(resolver) for resolver, _ in spot.named_by)


def _is_unasked(look: HttpLook) -> bool:
    """Whether a page came from one sort of address only: where people are led, or a vouched one."""
    if look.over_tls or not look.answered:
        return False
    vouched = _vouched(look)
    led = [s for s in look.facts.spots_of(look.family) if _is_led(s)]
    if _unvouched(look):
        return bool(vouched) and not any(s.fetches for s in vouched)
    elsewhere = not any(is_access(resolver) for s in look.spots for resolver, _ in s.named_by)
    return elsewhere and bool(led) and not any(s.fetches for s in led)


RULES_UNVOUCHED: tuple[Rule[HttpLook], ...] = (
    Rule[HttpLook](
        id="http.another_page_here",
        when=lambda look: _differs(look) and _is_in_own_network(look),
        state=State.BLOCKED,
        category=Category.DNS_LIE,
        subtype="wrong_address",
        layer=Layer.DNS,
        trigger=Trigger.NAME,
        locus=Locus.ISP_RESOLVER,
        grade=suspected,
        rivals=_RIVALS,
        why="D06: the resolver leads into its own network, to a page that has nothing of the one at"
        " the addresses which verified resolvers name.",
    ),
    unclear(
        "http.another_page_there",
        _differs,
        Layer.HTTP,
        _RIVALS,
        "D07: the page at the resolver's address has nothing of the one at the addresses which"
        " verified resolvers name; a service may have several.",
    ),
    unclear(
        "http.page_unvouched",
        _is_unasked,
        Layer.HTTP,
        _RIVALS,
        "D06, D07: a page in the clear, from an address that this network's resolver alone"
        " names, or from one that it does not; the page at the other was not asked for yet.",
    ),
)
