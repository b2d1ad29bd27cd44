"""The gates' table: what this line and this machine do to everybody, by quorum over controls.

techniques 1.8 (E01-E12), T06, T15, S17. A gate has several rows; the first that holds speaks for
it. One operator's controls are one witness; a quorum needs two.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from probe.classify.controls import Gates
from probe.classify.gate_facts import (
    has_mtu_trouble,
    is_allowlist,
    is_broken,
    is_intercepted,
    is_offline,
    is_port_allowlist,
    is_portal,
    is_shutdown,
    is_skewed,
    quic_tried,
    quorum,
    resolvers_fail,
)
from probe.classify.rules import always
from probe.model.words import Category, Family

Outcome = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRule:
    """One row of one gate."""

    id: str
    gate: str
    when: Callable[[Gates], bool]
    outcome: Outcome
    category: Category | None = None
    subtype: str | None = None
    detail: str


RULES_GATES: tuple[GateRule, ...] = (
    GateRule(
        id="gate.offline_nothing_tried",
        gate="offline",
        when=lambda g: not g.tried,
        outcome="unknown",
        detail="no control was tried",
    ),
    GateRule(
        id="gate.offline_nothing_passes",
        gate="offline",
        when=is_offline,
        outcome="fail",
        detail="no control could be reached",
    ),
    GateRule(
        id="gate.offline_pass",
        gate="offline",
        when=always,
        outcome="pass",
        detail="controls can be reached",
    ),
    GateRule(
        id="gate.portal_altered",
        gate="captive_portal",
        when=is_portal,
        outcome="fail",
        category=Category.CAPTIVE_PORTAL,
        detail="pages of known content come back altered, and nothing else can be reached",
    ),
    GateRule(
        id="gate.portal_not_tried",
        gate="captive_portal",
        when=lambda g: not g.portals,
        outcome="unknown",
        detail="no page of known content was tried",
    ),
    GateRule(
        id="gate.portal_pass",
        gate="captive_portal",
        when=always,
        outcome="pass",
        detail="pages of known content are unaltered, or genuine certificates are seen",
    ),
    GateRule(
        id="gate.interception_seen",
        gate="interception",
        when=is_intercepted,
        outcome="fail",
        category=Category.LOCAL_INTERFERENCE,
        subtype="tls",
        detail="hosts of unrelated operators show certificates of one stranger",
    ),
    GateRule(
        id="gate.interception_not_tried",
        gate="interception",
        when=lambda g: not any(t.foreign or t.passes() for t in g.over_tls),
        outcome="unknown",
        detail="no control showed a certificate",
    ),
    GateRule(
        id="gate.interception_pass",
        gate="interception",
        when=always,
        outcome="pass",
        detail="controls show genuine certificates",
    ),
    GateRule(
        id="gate.clock_skewed",
        gate="clock",
        when=is_skewed,
        outcome="fail",
        category=Category.LOCAL_INTERFERENCE,
        subtype="clock",
        detail="this machine's clock is more than a day off",
    ),
    GateRule(
        id="gate.clock_pass",
        gate="clock",
        when=lambda g: g.clock_offset_s is not None or bool(g.passing),
        outcome="pass",
        detail="certificates are in time",
    ),
    GateRule(
        id="gate.clock_unknown",
        gate="clock",
        when=always,
        outcome="unknown",
        detail="no control told the time",
    ),
    GateRule(
        id="gate.shutdown_foreign",
        gate="shutdown",
        when=is_shutdown,
        outcome="fail",
        category=Category.SHUTDOWN,
        subtype="foreign",
        detail="hosts at home answer, and no host abroad accepts a connection",
    ),
    GateRule(
        id="gate.shutdown_pass",
        gate="shutdown",
        when=lambda g: bool(g.passing),
        outcome="pass",
        detail="hosts abroad can be reached, or it is not known where home is",
    ),
    GateRule(
        id="gate.shutdown_unknown",
        gate="shutdown",
        when=always,
        outcome="unknown",
        detail="no control could be reached",
    ),
    GateRule(
        id="gate.allowlist_address",
        gate="allowlist",
        when=lambda g: not is_shutdown(g) and is_allowlist(g),
        outcome="fail",
        category=Category.ALLOWLIST,
        subtype="address",
        detail="hosts at home answer; abroad nearly none does",
    ),
    GateRule(
        id="gate.allowlist_protocol",
        gate="allowlist",
        when=is_port_allowlist,
        outcome="fail",
        category=Category.ALLOWLIST,
        subtype="protocol",
        detail="cleartext pages come as ever; no host accepts a connection for TLS",
    ),
    GateRule(
        id="gate.allowlist_pass",
        gate="allowlist",
        when=lambda g: bool(g.passing),
        outcome="pass",
        detail="hosts abroad can be reached, or it is not known where home is",
    ),
    GateRule(
        id="gate.allowlist_unknown",
        gate="allowlist",
        when=always,
        outcome="unknown",
        detail="no control could be reached",
    ),
    GateRule(
        id="gate.ipv6_absent",
        gate="ipv6",
        when=lambda g: g.local is not None and g.local.has_ipv6 is False,
        outcome="unknown",
        detail="this line has no IPv6",
    ),
    GateRule(
        id="gate.ipv6_broken",
        gate="ipv6",
        when=lambda g: is_broken(g, Family.IPV6),
        outcome="fail",
        category=Category.LOCAL_INTERFERENCE,
        subtype="ipv6",
        detail="nothing can be reached over IPv6",
    ),
    GateRule(
        id="gate.ipv6_pass",
        gate="ipv6",
        when=lambda g: any(t.passes(Family.IPV6) for t in g.tried),
        outcome="pass",
        detail="controls can be reached over IPv6",
    ),
    GateRule(
        id="gate.ipv6_unknown",
        gate="ipv6",
        when=always,
        outcome="unknown",
        detail="too few controls were tried over IPv6",
    ),
    GateRule(
        id="gate.udp443_closed",
        gate="udp443",
        when=lambda g: quorum(quic_tried(g)) and not any(t.quic for t in quic_tried(g)),
        outcome="fail",
        category=Category.QUIC_BLOCK,
        subtype="generic",
        detail="no control answers QUIC",
    ),
    GateRule(
        id="gate.udp443_pass",
        gate="udp443",
        when=lambda g: any(t.quic for t in g.tried),
        outcome="pass",
        detail="a control answers QUIC",
    ),
    GateRule(
        id="gate.udp443_unknown",
        gate="udp443",
        when=always,
        outcome="unknown",
        detail="too few controls were asked over QUIC",
    ),
    GateRule(
        id="gate.mtu_stalls",
        gate="mtu",
        when=has_mtu_trouble,
        outcome="fail",
        category=Category.LOCAL_INTERFERENCE,
        subtype="mtu",
        detail="most controls stall once packets grow large",
    ),
    GateRule(
        id="gate.mtu_pass",
        gate="mtu",
        when=lambda g: any(t.rates_bps for t in g.tried),
        outcome="pass",
        detail="large downloads from controls complete",
    ),
    GateRule(
        id="gate.mtu_unknown",
        gate="mtu",
        when=always,
        outcome="unknown",
        detail="no large download from a control",
    ),
    GateRule(
        id="gate.resolvers_udp_closed",
        gate="resolvers",
        when=lambda g: resolvers_fail(g, encrypted=False),
        outcome="fail",
        category=Category.RESOLVER_BLOCKED,
        subtype="udp53",
        detail="no public resolver answers over UDP, whatever the name",
    ),
    GateRule(
        id="gate.resolvers_encrypted_closed",
        gate="resolvers",
        when=lambda g: resolvers_fail(g, encrypted=True),
        outcome="fail",
        category=Category.RESOLVER_BLOCKED,
        subtype="doh",
        detail="no encrypted resolver answers, whatever the name",
    ),
    GateRule(
        id="gate.resolvers_pass",
        gate="resolvers",
        when=lambda g: bool(g.dns),
        outcome="pass",
        detail="resolvers answer for the controls' names",
    ),
    GateRule(
        id="gate.resolvers_unknown",
        gate="resolvers",
        when=always,
        outcome="unknown",
        detail="no resolver was asked",
    ),
    GateRule(
        id="gate.proxy_set",
        gate="proxy",
        when=lambda g: g.local is not None and bool(g.local.proxies),
        outcome="fail",
        category=Category.LOCAL_INTERFERENCE,
        subtype="proxy",
        detail="proxy variables are set; the probe goes past them, browsers may not",
    ),
    GateRule(
        id="gate.proxy_pass",
        gate="proxy",
        when=lambda g: g.local is not None,
        outcome="pass",
        detail="no proxy is set",
    ),
    GateRule(
        id="gate.proxy_unknown",
        gate="proxy",
        when=always,
        outcome="unknown",
        detail="this machine was not looked at",
    ),
    GateRule(
        id="gate.hosts_names",
        gate="hosts",
        when=lambda g: g.local is not None and bool(g.local.hosts_names),
        outcome="fail",
        category=Category.LOCAL_INTERFERENCE,
        subtype="hosts",
        detail="the hosts file answers for names under test",
    ),
    GateRule(
        id="gate.hosts_pass",
        gate="hosts",
        when=lambda g: g.local is not None,
        outcome="pass",
        detail="the hosts file is silent on the names under test",
    ),
    GateRule(
        id="gate.hosts_unknown",
        gate="hosts",
        when=always,
        outcome="unknown",
        detail="this machine was not looked at",
    ),
    GateRule(
        id="gate.vpn_up",
        gate="vpn",
        when=lambda g: g.local is not None and bool(g.local.tunnel_interfaces),
        outcome="fail",
        category=Category.LOCAL_INTERFERENCE,
        subtype="vpn",
        detail="a tunnel is up: what is seen may be another network's",
    ),
    GateRule(
        id="gate.vpn_pass",
        gate="vpn",
        when=lambda g: g.local is not None,
        outcome="pass",
        detail="no tunnel is up",
    ),
    GateRule(
        id="gate.vpn_unknown",
        gate="vpn",
        when=always,
        outcome="unknown",
        detail="this machine was not looked at",
    ),
    GateRule(
        id="gate.filter_resolver_at_home",
        gate="filter",
        when=lambda g: (
            g.local is not None and bool(set(g.local.resolver_kinds) & {"loopback", "private"})
        ),
        outcome="unknown",
        detail="the resolver is this machine's or the router's: it may filter by itself",
    ),
    GateRule(
        id="gate.filter_pass",
        gate="filter",
        when=lambda g: g.local is not None,
        outcome="pass",
        detail="the resolver is the provider's or a public one",
    ),
    GateRule(
        id="gate.filter_unknown",
        gate="filter",
        when=always,
        outcome="unknown",
        detail="this machine was not looked at",
    ),
)
