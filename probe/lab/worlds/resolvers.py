"""Innocent worlds of names: other true answers, filters that somebody chose, broken zones."""

import ipaddress
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from probe.lab.box import Names
from probe.lab.pki import Certificate
from probe.lab.servers.nameserver import Lie, LieKind, NameManner
from probe.lab.servers.site import Edge, Page, Site
from probe.lab.worlds.networks import GERMANY
from probe.lab.worlds.spec import EdgePlan, Ground, ResolverPlan, WorldSpec

_HOST: Final = "www.instagram.com"
_WWW: Final = Names((_HOST,))
_INSTAGRAM: Final = Names(("*.instagram.com",))
_SOCIAL: Final = Names(
    ("*.instagram.com", "*.cdninstagram.com", "*.facebook.com", "*.fbcdn.net", "*.tiktok.com",
     "*.twitter.com", "x.com", "*.twimg.com")
)  # fmt: skip

# iptoasn 2026-09-16: of AS32934, as www.instagram.com's own; another site of the same network.
_ELSEWHERE: Final = ("157.240.20.174", "2a03:2880:f11c:8083:face:b00c:0:25de")
# Of AS3320, the access network in GERMANY: a cache of the operator's in the provider's rack, as
# Meta's, Google's and Netflix's appliances stand (peering.google.com; openconnect.netflix.com).
_IN_NETWORK: Final = ("87.190.160.40", "2003:0:1304::40")

_NULL: Final = ("0.0.0.0", "::")  # noqa: S104  (an answer, not an address to bind)

# RFC 1918: a home's router, which forwards to the provider's resolver.
_HOME: Final = replace(GERMANY, resolver=("192.168.178.1",))
# Addresses of public resolvers that filter, as their operators publish them: Cloudflare's
# "1.1.1.1 for Families" (iptoasn: AS13335) and OpenDNS FamilyShield (AS36692).
_FAMILY: Final = replace(
    GERMANY, resolver=("1.1.1.3",), resolver_egress=("172.70.240.10", "2400:cb00:71::10")
)
_SHIELD: Final = replace(
    GERMANY, resolver=("208.67.222.123",), resolver_egress=("146.112.133.10", "2a04:e4c0:10::10")
)
# OpenDNS's page for what its family filter refuses (AS36692).
_SHIELD_PAGE: Final = ("146.112.61.106", "2a04:e4c0:11::106")

# Google's documentation, "Lock SafeSearch for accounts, devices and networks": a CNAME to
# restrict.youtube.com, 216.239.38.120 (AS15169).
_RESTRICTED: Final = ("216.239.38.120", "2001:4860:4802:32::78")
_YOUTUBE: Final = Names(("www.youtube.com", "m.youtube.com", "youtubei.googleapis.com"))

# RFC 6052 section 2.1.
_WELL_KNOWN_PREFIX: Final = "64:ff9b::"


def _also_at(host: str, addresses: tuple[str, str]) -> EdgePlan:
    """Return a plan that puts what stands at a host's first address at others too."""

    def plan(ground: Ground, edges: Mapping[str, Edge]) -> Mapping[str, Edge]:
        own = ground.layout.hosts.get(host)
        return dict.fromkeys(addresses, edges[own[0]]) if own else {}

    return plan


def _elsewhere(
    names: Names, addresses: tuple[str, str], why: str, *, every: int = 1, cname: str | None = None
) -> Lie:
    """Return an answer that differs from the others' and is as true as theirs."""
    kind = LieKind.WRONG_ADDRESS if cname is None else LieKind.CNAME
    return Lie(
        names,
        kind,
        a=addresses[:1],
        aaaa=addresses[1:],
        cname=cname,
        technique=why,
        types=frozenset({"A", "AAAA"}),
        every=every,
    )


def _filter(kind: LieKind, *, ede: tuple[int, str] | None = None) -> Lie:
    """Return a filter of social networks that whoever owns the line has chosen (E03)."""
    a, aaaa = (_NULL[:1], _NULL[1:]) if kind is LieKind.BOGON else ((), ())
    return Lie(_SOCIAL, kind, a=a, aaaa=aaaa, ede=ede, technique="E03")


def _zone_fault(lie: Lie) -> ResolverPlan:
    """Return what every resolver in the world says, for the zone's own servers make them."""
    return lambda _, __: (lie,)


def _dnssec_bogus(_: Ground, resolver: str) -> tuple[Lie, ...]:
    """Let resolvers that validate fail, and the provider's, which does not, answer."""
    if resolver == "access":
        return ()
    # RFC 8914 section 4.7: 6, DNSSEC Bogus.
    lie = Lie(_INSTAGRAM, LieKind.SERVFAIL, ede=(6, "no matching signature"), technique="dnssec")
    return (lie,)


def _dns64(ground: Ground, resolver: str) -> tuple[Lie, ...]:
    """Synthesise AAAA for names without (RFC 6147), and tell the prefix (RFC 7050)."""
    if resolver != "access":
        return ()
    told = [
        Lie(
            Names((host,)),
            LieKind.WRONG_ADDRESS,
            aaaa=tuple(_mapped(address) for address in addresses),
            technique="dns64",
            types=frozenset({"AAAA"}),
        )
        for host, addresses in ground.layout.hosts.items()
        if not any(":" in address for address in addresses)
    ]
    # RFC 7050 section 2: these two addresses never change.
    well_known = ("192.0.0.170", "192.0.0.171")
    return (
        *told,
        Lie(
            Names(("ipv4only.arpa",)),
            LieKind.WRONG_ADDRESS,
            a=well_known,
            aaaa=tuple(_mapped(address) for address in well_known),
            technique="dns64",
        ),
    )


def _nat64(ground: Ground, edges: Mapping[str, Edge]) -> Mapping[str, Edge]:
    """Let servers be reached at the addresses that the translator gives them (RFC 6146)."""
    del ground
    return {_mapped(address): edge for address, edge in edges.items() if ":" not in address}


def _mapped(ipv4: str) -> str:
    return str(ipaddress.IPv6Address(f"{_WELL_KNOWN_PREFIX}{ipv4}"))


_SHIELD_SITE: Final = Site(
    "block.opendns.example",
    fallback=Page(200, body=b"<title>This site is blocked.</title>"),
    plain=None,
)

_TRUE: Final = (
    WorldSpec(
        "geo-dns",
        "Another resolver, another address",
        f"The provider's resolver is told the address of {_HOST} that is nearest to it, and public"
        " resolvers others (RFC 7871). All of them serve the name with its own certificate.",
        lies=(_elsewhere(_INSTAGRAM, _ELSEWHERE, "geo-dns"),),
        furnish=_also_at(_HOST, _ELSEWHERE),
    ),
    WorldSpec(
        "in-network-cache",
        "A cache in the provider's own network",
        "The provider's resolver leads Instagram's names to a cache of its operator that stands in"
        " the provider's network: an address of the access network, with the genuine certificate.",
        lies=(_elsewhere(_INSTAGRAM, _IN_NETWORK, "cache"),),
        furnish=_also_at(_HOST, _IN_NETWORK),
    ),
    WorldSpec(
        "two-upstreams",
        "A router with two upstreams",
        "The home's router asks two upstreams in turn; each has a true address of its own.",
        access=_HOME,
        lies=(_elsewhere(_INSTAGRAM, _ELSEWHERE, "geo-dns", every=2),),
        furnish=_also_at(_HOST, _ELSEWHERE),
    ),
    WorldSpec(
        "nat64",
        "IPv6 only, with a translator",
        "A mobile line has IPv6 only; its resolver makes AAAA records out of A records (DNS64), and"
        " a translator carries them to IPv4 (NAT64).",
        answers=_dns64,
        furnish=_nat64,
        has_ipv4=False,
    ),
)

_CHOSEN: Final = (
    *(
        WorldSpec(
            f"parental-{word}",
            f"A home that filters social networks: {does}",
            f"The home's router filters social networks for its children, and {does}. Public"
            " resolvers, and packets, are left alone: whoever owns the line has chosen it.",
            access=_HOME,
            lies=(_filter(kind, ede=ede),),
        )
        for word, does, kind, ede in (
            ("null", "answers 0.0.0.0", LieKind.BOGON, None),
            ("nxdomain", "says that the names do not exist", LieKind.NXDOMAIN, None),
            ("refused", "refuses the questions", LieKind.REFUSED, None),
            ("nodata", "answers without an address", LieKind.NODATA, None),
            # RFC 8914 section 4.18: 17, Filtered: at the client's own request.
            ("filtered", "says that it filters", LieKind.NXDOMAIN, (17, "parental control")),
        )
    ),
    WorldSpec(
        "family-resolver",
        "A public resolver that filters, chosen by its user",
        "The machine's owner has set a public family filter as resolver; it answers 0.0.0.0 for"
        " social networks. Other resolvers tell the truth.",
        access=_FAMILY,
        lies=(_filter(LieKind.BOGON),),
    ),
    WorldSpec(
        "family-page",
        "A public resolver with a page of its own",
        "The machine's owner has set a public family filter as resolver; it leads social networks"
        " to a page that says so.",
        access=_SHIELD,
        lies=(
            Lie(
                _SOCIAL,
                LieKind.BLOCKPAGE,
                a=_SHIELD_PAGE[:1],
                aaaa=_SHIELD_PAGE[1:],
                technique="E03",
            ),
        ),
        edges=dict.fromkeys(
            _SHIELD_PAGE,
            Edge((_SHIELD_SITE,), takes_every_name=True, forges=Certificate.PRIVATE_CA),
        ),
    ),
    WorldSpec(
        "safe-search",
        "A school that keeps YouTube restricted",
        "The resolver answers a CNAME to restrict.youtube.com for YouTube's names, as Google tells"
        " schools to do; the address there serves YouTube with its own certificate.",
        lies=(_elsewhere(_YOUTUBE, _RESTRICTED, "E03", cname="restrict.youtube.com"),),
        furnish=_also_at("www.youtube.com", _RESTRICTED),
    ),
    WorldSpec(
        "hosts-list",
        "A block list in the hosts file",
        "The machine's owner has installed a list that sends social networks to 0.0.0.0.",
        client_hosts=dict.fromkeys(
            (_HOST, "instagram.com", "www.facebook.com", "twitter.com", "x.com", "www.tiktok.com"),
            _NULL[:1],
        ),
    ),
)

_ZONES: Final = (
    WorldSpec(
        "zone-servfail",
        "Instagram's name servers do not answer",
        "All of Instagram's name servers are down: every resolver of the world says SERVFAIL.",
        answers=_zone_fault(Lie(_INSTAGRAM, LieKind.SERVFAIL, technique="origin-dns")),
    ),
    WorldSpec(
        "zone-gone",
        "Somebody forgot to renew the name",
        "Instagram's names no longer exist, for anybody.",
        answers=_zone_fault(Lie(_INSTAGRAM, LieKind.NXDOMAIN, technique="origin-dns")),
    ),
    WorldSpec(
        "zone-bogus",
        "A signature that does not fit",
        "Instagram's zone is signed wrongly: every resolver validates and says SERVFAIL, with the"
        " extended error 6 (RFC 8914).",
        answers=_zone_fault(
            Lie(
                _INSTAGRAM,
                LieKind.SERVFAIL,
                ede=(6, "no matching signature"),
                technique="origin-dns",
            )
        ),
    ),
    WorldSpec(
        "zone-bogus-public",
        "A signature that only public resolvers check",
        "Instagram's zone is signed wrongly: public resolvers validate and say SERVFAIL, with the"
        " extended error 6; the provider's does not validate, and answers.",
        answers=_dnssec_bogus,
    ),
    WorldSpec(
        "zone-no-aaaa",
        "No IPv6 any more",
        "Instagram has taken its IPv6 addresses out of the DNS; A records are there.",
        answers=_zone_fault(
            Lie(_INSTAGRAM, LieKind.NODATA, technique="no-aaaa", types=frozenset({"AAAA"}))
        ),
    ),
    *(
        WorldSpec(
            f"zone-aaaa-{kind.name.lower()}",
            f"Name servers that answer AAAA with {kind.name}",
            f"Instagram's name servers answer questions for AAAA with {kind.name}, though the name"
            " exists (RFC 4074 section 4): every resolver passes it on. A records are there.",
            answers=_zone_fault(
                Lie(_INSTAGRAM, kind, technique="no-aaaa", types=frozenset({"AAAA"}))
            ),
        )
        for kind in (LieKind.NXDOMAIN, LieKind.SERVFAIL)
    ),
)

_RESOLVERS: Final = (
    WorldSpec(
        "resolver-servfail",
        "The provider's resolver fails",
        "The provider's resolver has lost its own way out and says SERVFAIL to everything.",
        resolver_manner=NameManner.SERVFAIL,
    ),
    WorldSpec(
        "resolver-refused",
        "The provider's resolver is for others",
        "The provider's resolver refuses every question: the machine still has the one of another"
        " network.",
        resolver_manner=NameManner.REFUSED,
    ),
    WorldSpec(
        "resolver-truncates",
        "The provider's resolver wants TCP",
        "The provider's resolver limits the rate of its answers over UDP: it truncates each, and"
        " answers over TCP.",
        resolver_manner=NameManner.TRUNCATE,
    ),
    WorldSpec(
        "resolver-flaky",
        "Every third question fails",
        "The provider's resolver is overloaded and says SERVFAIL to every third question.",
        lies=(Lie(Names(("*",)), LieKind.SERVFAIL, technique="overload", every=3),),
    ),
)

SPECS: Final = (*_TRUE, *_CHOSEN, *_ZONES, *_RESOLVERS)
"""Nobody on the way interferes in any of them; filters are the line's owner's own."""
