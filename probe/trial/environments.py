"""What holds for everything on a line: lossy, narrow, without IPv6, behind a portal."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from probe.lab.box import Box, Names, Where
from probe.lab.packet import UDP
from probe.lab.path import Link
from probe.lab.servers.nameserver import Lie, LieKind, NameManner
from probe.lab.servers.site import TlsManner
from probe.lab.worlds import WORLDS
from probe.lab.worlds.faults import FullTable
from probe.lab.worlds.networks import PORTAL_HOST
from probe.lab.worlds.spec import Ground, WorldSpec
from probe.lab.worlds.trouble import BrokenIpv6, Outage
from probe.model.words import Family, VantageState
from probe.trial.boxes import ForgetfulNat, Interruption, LatePortal, Radio, Silence

_JUDGED: Final = frozenset({VantageState.ONLINE, VantageState.DEGRADED})


@dataclass(frozen=True, slots=True)
class Environment:
    """One sort of line."""

    id: str
    words: str
    spec: Callable[[WorldSpec], WorldSpec] = lambda spec: spec
    """What it changes in the world."""
    link: Mapping[str, Any] = field(default_factory=dict)
    """What it changes in the link."""
    boxes: Callable[[Ground, int], Mapping[int, Sequence[Box]]] = lambda _ground, _seed: {}
    """Boxes of its own; the number is the line's seed."""
    vantage: frozenset[VantageState] = _JUDGED
    """What may be said of such a vantage point."""
    judged: bool = True
    """Whether services can be judged from here at all."""
    certain: bool = True
    """Whether what is fine can be expected to be found fine."""
    families: frozenset[Family] = frozenset(Family)
    """Families that work."""
    quic: bool = True
    """Whether UDP passes to port 443."""
    resolver: str = "access"
    """Whose the client's resolver is: the access network's, or the home's own (`private`)."""
    networks: tuple[str, ...] = ()
    """Where it makes sense; empty: anywhere."""


def _like(world_id: str) -> Callable[[WorldSpec], WorldSpec]:
    """Take over what a named world of the lab changes, but for its network and its link."""
    named = WORLDS[world_id]

    def change(spec: WorldSpec) -> WorldSpec:
        return replace(
            spec,
            resolver_manner=named.resolver_manner,
            resolver_delay_s=named.resolver_delay_s,
            edges=MappingProxyType({**spec.edges, **named.edges}),
            has_ipv4=named.has_ipv4,
            has_ipv6=named.has_ipv6,
            unknown_name=named.unknown_name,
            admits_every=named.admits_every,
        )

    return change


def _boxes_of(world_id: str) -> Callable[[Ground, int], Mapping[int, Sequence[Box]]]:
    return lambda ground, _seed: WORLDS[world_id].boxes(ground)


def _with(**changes: Any) -> Callable[[WorldSpec], WorldSpec]:  # noqa: ANN401 (WorldSpec's fields)
    return lambda spec: replace(spec, **changes)


def _interruption(ground: Ground, seed: int) -> Mapping[int, Sequence[Box]]:
    del ground
    lasts_s = (10.0, 30.0, 90.0, 300.0, 900.0)[seed % 5]
    return {1: (Interruption(starts_s=4.0 + seed % 17, lasts_s=lasts_s),)}


def _bad_path(ground: Ground, seed: int) -> Mapping[int, Sequence[Box]]:
    """One of four parallel carriers' paths leads nowhere; the 5-tuple decides who meets it."""
    return {4: (ground.box("T13", inner=Silence(), share=0.25, salt=str(seed)),)}


def _shut(ground: Ground, seed: int) -> Mapping[int, Sequence[Box]]:
    del seed
    return {2: (ground.box("T15", where=Where(spared=ground.domestic())),)}


def _listed_only(ground: Ground, seed: int) -> Mapping[int, Sequence[Box]]:
    del seed
    return {2: (ground.box("T06", where=Where(spared=ground.domestic())),)}


def _slow_country(ground: Ground, seed: int) -> Mapping[int, Sequence[Box]]:
    del seed
    return {3: (ground.box("R07", where=Where(spared=ground.domestic())),)}


def _no_dot(ground: Ground, seed: int) -> Mapping[int, Sequence[Box]]:
    del seed
    return {2: (ground.box("D15"),)}


def _no_foreign_dns(ground: Ground, seed: int) -> Mapping[int, Sequence[Box]]:
    del seed
    spared = (*ground.access.resolver,)
    return {2: (ground.box("D13", where=Where(ports=frozenset({53}), spared=spared)),)}


def _no_doh(ground: Ground, seed: int) -> Mapping[int, Sequence[Box]]:
    del seed
    names = {r.server_name for r in ground.catalogue.resolvers if r.server_name}
    return {2: (ground.box("D16", names=Names(tuple(sorted(names)))),)}


def _late_portal(ground: Ground, seed: int) -> Mapping[int, Sequence[Box]]:
    box = LatePortal(portal=PORTAL_HOST, spares=ground.resolvers(), starts_s=8.0 + seed % 40)
    return {0: (box,)}


def _denies_aaaa(spec: WorldSpec) -> WorldSpec:
    """Return the world of a proxy that has never heard of AAAA (RFC 4074 section 4.2)."""
    lie = Lie(Names(("*",)), LieKind.NXDOMAIN, technique="E03", types=frozenset({"AAAA"}))
    return replace(spec, lies=(*spec.lies, lie))


def _dns_flags(ground: Ground, seed: int) -> Mapping[int, Sequence[Box]]:
    del seed
    return {2: (ground.box("D17"), ground.box("D18"))}


ENVIRONMENTS: Final[Mapping[str, Environment]] = MappingProxyType(
    {
        environment.id: environment
        for environment in (
            Environment("plain", "a line on which everything works"),
            Environment("loss-1", "one packet in a hundred is lost", link={"loss": 0.01}),
            Environment(
                "loss-3",
                "three packets in a hundred are lost",
                link={"loss": 0.03, "jitter_s": 0.005},
            ),
            Environment(
                "loss-8",
                "eight packets in a hundred are lost",
                link={"loss": 0.08, "jitter_s": 0.01},
            ),
            Environment(
                "loss-15",
                "fifteen packets in a hundred are lost",
                link={"loss": 0.15},
                vantage=frozenset(VantageState),
                certain=False,
            ),
            Environment("jitter", "delays vary by 80 ms", link={"jitter_s": 0.08}),
            Environment(
                "reordering",
                "packets overtake and repeat each other",
                link={"reorder": 0.05, "duplicate": 0.03},
            ),
            Environment("narrow", "one megabit a second", link={"rate_bps": 1_000_000.0}),
            Environment(
                "mtu-told", "a tunnel that says how small packets must be", link={"mtu": 1380}
            ),
            Environment(
                "mtu-black-hole",
                "a tunnel that swallows large packets without a word",
                link={"mtu": 1380, "tells_too_big": False},
                certain=False,
            ),
            Environment(
                "no-ipv6", "no IPv6", _with(has_ipv6=False), families=frozenset({Family.IPV4})
            ),
            Environment(
                "no-ipv4", "no IPv4", _with(has_ipv4=False), families=frozenset({Family.IPV6})
            ),
            Environment(
                "broken-ipv6",
                "IPv6 leads nowhere",
                boxes=lambda _ground, _seed: {1: (BrokenIpv6(where=Where(version=6)),)},
                families=frozenset({Family.IPV4}),
            ),
            Environment(
                "no-udp443",
                "a router drops UDP to port 443",
                boxes=lambda ground, _seed: {1: (ground.box("Q01"),)},
                quic=False,
            ),
            Environment(
                "capped-udp443",
                "a router stops each flow of UDP to port 443 after 25 packets, whoever is asked",
                boxes=lambda ground, _seed: {0: (ground.box("Q07"),)},
                quic=False,
            ),
            Environment(
                "no-udp",
                "a firewall passes TCP only; its own resolver answers",
                boxes=lambda ground, _seed: {1: (Outage(protocol=UDP, spares=ground.resolvers()),)},
                quic=False,
            ),
            Environment(
                "radio",
                "a mobile line whose radio sleeps",
                boxes=lambda _ground, _seed: {0: (Radio(),)},
            ),
            Environment(
                "forgetful-nat",
                "a translator that forgets flows after eight idle seconds",
                boxes=lambda _ground, _seed: {1: (ForgetfulNat(),)},
                certain=False,
            ),
            Environment(
                "full-nat",
                "a translator with too few ports for a customer",
                boxes=lambda _ground, _seed: {1: (FullTable(flows=12),)},
                vantage=frozenset(VantageState),
                certain=False,
            ),
            Environment(
                "portal-later",
                "a hotel's login page that comes in the middle of the run",
                _like("captive-portal"),
                boxes=_late_portal,
                vantage=frozenset(VantageState),
                certain=False,
            ),
            *(
                Environment(
                    f"clock-three-years-{where}",
                    f"the machine's clock is three years {where}",
                    _with(skew=timedelta(days=365 * years)),
                    vantage=frozenset(VantageState),
                    certain=False,
                )
                for where, years in (("ahead", 3), ("behind", -3))
            ),
            Environment(
                "no-aaaa-answers",
                "the resolver says of every name's IPv6 that there is no such name",
                _denies_aaaa,
                certain=False,
            ),
            Environment("resolver-slow", "the resolver takes 3 s", _with(resolver_delay_s=3.0)),
            Environment(
                "resolver-silent",
                "the provider's resolver is down",
                _with(resolver_manner=NameManner.NEVER),
            ),
            Environment(
                "resolver-servfail",
                "the provider's resolver fails for every name",
                _with(resolver_manner=NameManner.SERVFAIL),
            ),
            Environment("home-resolver", "the home's router is the resolver", resolver="private"),
            Environment(
                "strict-servers",
                "all servers reset names that they do not serve",
                _with(unknown_name=TlsManner.RESET),
            ),
            Environment(
                "bad-path",
                "one of four parallel paths leads nowhere",
                boxes=_bad_path,
                certain=False,
            ),
            Environment(
                "interruption",
                "the line is dead for a while in the middle of the run",
                boxes=_interruption,
                vantage=frozenset(VantageState),
                certain=False,
            ),
            Environment(
                "no-dot",
                "port 853 is shut",
                boxes=_no_dot,
            ),
            Environment("no-foreign-dns", "foreign resolvers are shut", boxes=_no_foreign_dns),
            Environment("no-doh", "encrypted resolvers are reset by name", boxes=_no_doh),
            Environment(
                "dns-flags",
                "the browsers' canary is denied, HTTPS records are stripped",
                boxes=_dns_flags,
            ),
            Environment(
                "captive-portal",
                "a hotel's login page",
                _like("captive-portal"),
                boxes=_boxes_of("captive-portal"),
                vantage=frozenset({VantageState.CAPTIVE_PORTAL}),
                judged=False,
            ),
            Environment(
                "antivirus",
                "an office opens all TLS with a root of its own",
                _like("antivirus"),
                boxes=_boxes_of("antivirus"),
                vantage=frozenset({VantageState.INTERCEPTED}),
                judged=False,
            ),
            Environment(
                "transparent-dns",
                "all DNS is led to the provider's resolver",
                _like("transparent-dns"),
                boxes=_boxes_of("transparent-dns"),
                networks=("de",),
            ),
            Environment(
                "offline",
                "nothing comes back",
                boxes=lambda _ground, _seed: {1: (Outage(),)},
                vantage=frozenset({VantageState.OFFLINE}),
                judged=False,
            ),
            Environment(
                "shutdown",
                "addresses abroad are dead, domestic ones work",
                boxes=_shut,
                vantage=frozenset({VantageState.SHUTDOWN}),
                judged=False,
                networks=("ru", "cn", "ir", "tr"),
            ),
            Environment(
                "allow-list",
                "abroad, connections open and nothing more passes; domestic ones work",
                boxes=_listed_only,
                vantage=frozenset({VantageState.ALLOWLIST, VantageState.SHUTDOWN}),
                judged=False,
                networks=("ru", "cn", "ir", "tr"),
            ),
            Environment(
                "slow-country",
                "all that is abroad shares 64 kbit/s a connection",
                boxes=_slow_country,
                vantage=frozenset({*_JUDGED, VantageState.SHUTDOWN}),
                certain=False,
                networks=("ru", "cn", "ir", "tr"),
            ),
        )
    }
)
"""By id. The link's fields are laid over those that the line draws."""


def link_of(environment: Environment, drawn: Link) -> Link:
    """Return a line's link as its environment changes it."""
    return replace(drawn, **environment.link)
