"""Worlds in which nobody censors: the open one, and every innocent trouble."""

from typing import Final

from probe.lab.box import Names, Where
from probe.lab.packet import UDP
from probe.lab.path import Link
from probe.lab.pki import Certificate
from probe.lab.servers.nameserver import Lie, LieKind, NameManner
from probe.lab.servers.site import Edge, Page, Site, TlsManner
from probe.lab.worlds.misbehaving import (
    answering,
    consent_wall,
    login_wall,
    refusing,
    showing,
    slow,
)
from probe.lab.worlds.networks import GERMANY, INTERCEPTOR, PORTAL_HOST
from probe.lab.worlds.spec import WorldSpec, everything
from probe.lab.worlds.trouble import BrokenIpv6, Interceptor, Outage, Portal

_INSTAGRAM = Names(("*.instagram.com",))
_TRACKERS = Names(("*.tiktok.com", "*.tiktokv.com", "connect.facebook.net"))

_PORTAL_SITE = Site(
    "portal.hotel.example",
    fallback=Page(302, (("location", "http://portal.hotel.example/login"),), technique="E01"),
    plain=None,
    certificate=Certificate.SELF_SIGNED,
)

_OFFICE_SITE = Site(
    "proxy.office.example", fallback=Page(body=b"opened and looked at\n"), plain=None
)

SPECS: Final = (
    WorldSpec(
        "open",
        "Nobody interferes",
        "A German home line on which everything works: the world that all others are changes of.",
    ),
    WorldSpec(
        "offline",
        "No way out",
        "The home's router is there, and nothing comes back from beyond it.",
        boxes=lambda _: {1: [Outage()]},
    ),
    WorldSpec(
        "captive-portal",
        "A hotel's login page",
        "Web traffic ends at the hotel's own server until a guest has logged in; names are resolved"
        " truthfully, nothing else passes.",
        boxes=lambda ground: {0: [Portal(portal=PORTAL_HOST, spares=ground.resolvers())]},
        edges=dict.fromkeys(PORTAL_HOST, Edge((_PORTAL_SITE,), takes_every_name=True)),
    ),
    WorldSpec(
        "broken-ipv6",
        "IPv6 leads nowhere",
        "The line has an IPv6 address and a route, and nothing comes back; IPv4 works.",
        boxes=lambda _: {1: [BrokenIpv6(where=Where(version=6))]},
        client_resolvers=GERMANY.resolver[:1],
    ),
    WorldSpec("no-ipv6", "IPv4 only", "The line has no IPv6 at all.", has_ipv6=False),
    WorldSpec("no-ipv4", "IPv6 only", "The line has no IPv4 at all.", has_ipv4=False),
    WorldSpec(
        "no-udp",
        "A network that lets no UDP out",
        "An office's firewall passes TCP only; its own resolver answers all the same.",
        boxes=lambda ground: {1: [Outage(protocol=UDP, spares=ground.resolvers())]},
    ),
    WorldSpec(
        "no-udp443",
        "A network without QUIC",
        "A router drops UDP to port 443, whoever it is for.",
        boxes=lambda ground: {1: [ground.box("Q01")]},
    ),
    WorldSpec(
        "dead-server",
        "Instagram's servers are gone",
        "The names resolve and nobody answers at the addresses: the service is down.",
        dead=_INSTAGRAM,
    ),
    WorldSpec(
        "server-refuses",
        "Servers refuse unknown names",
        "Servers reset connections whose name they do not serve, as many balancers do.",
        unknown_name=TlsManner.RESET,
    ),
    WorldSpec(
        "overloaded",
        "Every second connection",
        "Servers are overloaded and reset every second connection.",
        admits_every=2,
    ),
    WorldSpec(
        "server-reset",
        "A broken backend",
        "Instagram's edge resets connections for its own names, at every address: its backend is"
        " broken. It looks like a reset by name, and no censor is there.",
        changed=((_INSTAGRAM, refusing(TlsManner.RESET, "origin-tls")),),
    ),
    WorldSpec(
        "tls-geofence",
        "Instagram refuses this country in the handshake",
        "Instagram's edge answers hellos from this country with an alert, at every address.",
        changed=((_INSTAGRAM, refusing(TlsManner.ALERT, "G07")),),
    ),
    WorldSpec(
        "bot-wall",
        "Everybody takes the probe for a bot",
        "Every server answers 403 with a challenge, over verified TLS.",
        changed=everything(answering("cloudflare-challenge")),
    ),
    WorldSpec(
        "geofence",
        "Instagram does not serve this country",
        "Instagram's edge says that its owner has banned the country.",
        changed=((_INSTAGRAM, answering("cloudflare-1009")),),
    ),
    WorldSpec(
        "legal",
        "Unavailable for legal reasons",
        "Instagram's own servers answer 451.",
        changed=((_INSTAGRAM, answering("legal")),),
    ),
    WorldSpec(
        "rate-limit",
        "Too many requests",
        "Instagram's servers answer 429.",
        changed=((_INSTAGRAM, answering("rate-limit")),),
    ),
    WorldSpec(
        "login-wall",
        "Log in first",
        "Instagram redirects everything to its login page.",
        changed=((_INSTAGRAM, login_wall),),
    ),
    WorldSpec(
        "consent-wall",
        "Consent first",
        "Instagram redirects everything to its consent page.",
        changed=((_INSTAGRAM, consent_wall),),
    ),
    WorldSpec(
        "server-error",
        "Instagram is broken and says so",
        "Instagram's servers answer 503.",
        changed=((_INSTAGRAM, answering("unavailable")),),
    ),
    WorldSpec(
        "expired-certificate",
        "Somebody forgot to renew",
        "Instagram's certificate has expired.",
        changed=((_INSTAGRAM, showing(Certificate.EXPIRED)),),
    ),
    WorldSpec(
        "slow-server",
        "A slow server",
        "Instagram's servers take four seconds to answer a handshake.",
        changed=((_INSTAGRAM, slow(4.0)),),
    ),
    WorldSpec(
        "antivirus",
        "A program that opens every TLS connection",
        "An office's interceptor shows a certificate of its own authority for every name, those of"
        " the controls included.",
        boxes=lambda _: {0: [Interceptor(to=INTERCEPTOR)]},
        edges=dict.fromkeys(
            INTERCEPTOR,
            Edge((_OFFICE_SITE,), takes_every_name=True, forges=Certificate.PRIVATE_CA),
        ),
    ),
    WorldSpec(
        "transparent-dns",
        "One resolver for everybody",
        "Every question over UDP or TCP port 53, whoever it is for, is led to the provider's"
        " resolver, which tells the truth.",
        boxes=lambda ground: {1: [ground.box("D11", to=ground.access.resolver)]},
    ),
    WorldSpec(
        "mtu-black-hole",
        "Large packets vanish",
        "A tunnel on the way carries 1,400 bytes a packet and says nothing about it.",
        link=Link(mtu=1400, tells_too_big=False),
    ),
    WorldSpec(
        "ad-blocker",
        "A resolver that blocks trackers",
        "The home's resolver answers 0.0.0.0 for trackers, as its owner told it to.",
        lies=(
            Lie(
                _TRACKERS,
                LieKind.BOGON,
                a=("0.0.0.0",),  # noqa: S104 (nobody binds it: it is the answer)
                aaaa=("::",),
                technique="E03",
            ),
        ),
    ),
    WorldSpec(
        "hosts-file",
        "An old line in the hosts file",
        "Somebody once wrote Instagram's name into the hosts file.",
        client_hosts={"www.instagram.com": ("127.0.0.1",)},
    ),
    WorldSpec(
        "resolver-silent",
        "The provider's resolver is down",
        "The access network's resolver never answers; public ones do.",
        resolver_manner=NameManner.NEVER,
    ),
    WorldSpec(
        "resolver-slow",
        "The provider's resolver is slow",
        "The access network's resolver takes three seconds for every answer.",
        resolver_delay_s=3.0,
    ),
    WorldSpec(
        "resolver-garbage",
        "A resolver that answers rubbish",
        "The access network's resolver answers with bytes that are no DNS message.",
        resolver_manner=NameManner.GARBAGE,
    ),
    WorldSpec(
        "resolver-loop",
        "A resolver that goes round in circles",
        "The access network's resolver answers with a compressed name that points at itself.",
        resolver_manner=NameManner.POINTER_LOOP,
    ),
    WorldSpec(
        "lossy",
        "A bad line",
        "Five packets in a hundred are lost, each way, and delays vary.",
        link=Link(rtt_s=0.08, loss=0.05, jitter_s=0.01),
    ),
    *(
        WorldSpec(
            f"page-{page_id}",
            title,
            f"Instagram's servers misbehave: {title.lower()}.",
            changed=((_INSTAGRAM, answering(page_id)),),
        )
        for page_id, title in {
            "gzip-bomb": "100 KB that unpack to 100 MB",
            "endless-headers": "Headers without an end",
            "endless-body": "A body without an end",
            "drip": "One byte a second",
            "truncated": "A body that is cut short",
            "reset-mid-body": "A reset in the middle of the body",
            "stalled": "A body that stops in the middle",
            "silent": "A server that never answers a request",
            "no-http": "Something that is not HTTP",
        }.items()
    ),
    WorldSpec(
        "tls-rubbish",
        "Rubbish in place of TLS",
        "Instagram's servers answer a handshake with records of nonsense.",
        changed=((_INSTAGRAM, refusing(TlsManner.RUBBISH_RECORD, "origin-tls")),),
    ),
)
