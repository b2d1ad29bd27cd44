"""Gates: what a line does to everybody, by quorum; and when services may be judged."""

import pytest

from probe.classify.rules_gates import RULES_GATES
from probe.lab.pki import Certificate
from probe.model.knowledge import Knowledge
from probe.model.target import Catalogue, WhoamiName
from probe.model.verdict import VantageVerdict
from probe.model.words import SUBTYPES, Family, Transport, VantageState
from tests.classify.build import Atlas
from tests.classify.lines import ABROAD, CONTROLS, HOME, KNOWLEDGE, PORTALS, Line, flow

DAY_S = 86_400.0


def healthy() -> Line:
    return Line().local(has_ipv6=True).passes(*CONTROLS)


def stalling() -> Line:
    return Line().mutes(*ABROAD, acked=518).passes(*PORTALS)


def skewed() -> Line:
    line = Line().foreign(*ABROAD, kind=Certificate.NOT_YET_VALID)
    for control in ABROAD:
        line.page(control, offset_s=-40 * DAY_S)
    return line


def resolving(*transports: Transport, works: bool) -> Line:
    line = healthy()
    for resolver in ("google", "quad9"):
        for transport in transports:
            for host in ("a.example", "b.example"):
                addresses = ("93.184.215.14",) if works else ()
                line.dns(host, *addresses, resolver=resolver, transport=transport)
    return line


CASES = {
    "gate.offline_nothing_tried": Line,
    "gate.offline_nothing_passes": lambda: Line().dies(*CONTROLS),
    "gate.offline_pass": healthy,
    "gate.portal_altered": lambda: _portal(),
    "gate.portal_not_tried": lambda: Line().passes(*ABROAD),
    "gate.portal_pass": healthy,
    "gate.interception_seen": lambda: Line().foreign(*ABROAD, kind=Certificate.PRIVATE_CA),
    "gate.interception_not_tried": lambda: Line().dies(*ABROAD),
    "gate.interception_pass": healthy,
    "gate.clock_skewed": skewed,
    "gate.clock_pass": healthy,
    "gate.clock_unknown": lambda: Line().dies(*ABROAD),
    "gate.shutdown_foreign": lambda: Line().passes(*HOME).dies(*ABROAD),
    "gate.shutdown_pass": healthy,
    "gate.shutdown_unknown": lambda: Line().dies(*CONTROLS),
    "gate.allowlist_address": lambda: Line().passes(*HOME).mutes(*ABROAD),
    "gate.allowlist_protocol": lambda: Line().passes(*PORTALS).dies(*ABROAD, *HOME),
    "gate.allowlist_pass": healthy,
    "gate.allowlist_unknown": lambda: Line().dies(*CONTROLS),
    "gate.ipv6_absent": lambda: Line().local(has_ipv6=False).passes(*CONTROLS),
    "gate.ipv6_broken": lambda: Line().passes(*ABROAD).dies(*ABROAD, family=Family.IPV6),
    "gate.ipv6_pass": lambda: Line().passes(*ABROAD, family=Family.IPV6),
    "gate.ipv6_unknown": lambda: Line().passes(*ABROAD),
    "gate.udp443_closed": lambda: Line().passes(*ABROAD).quic(*ABROAD[1:3], done=False),
    "gate.udp443_pass": lambda: Line().passes(*ABROAD).quic(*ABROAD[1:3], done=True),
    "gate.udp443_unknown": healthy,
    "gate.mtu_stalls": stalling,
    "gate.mtu_pass": lambda: Line().passes(*ABROAD, progress=flow()),
    "gate.mtu_unknown": healthy,
    "gate.resolvers_udp_closed": lambda: resolving(Transport.UDP, works=False),
    "gate.resolvers_encrypted_closed": lambda: resolving(Transport.DOH, works=False),
    "gate.resolvers_pass": lambda: resolving(Transport.UDP, works=True),
    "gate.resolvers_unknown": healthy,
    "gate.proxy_set": lambda: healthy().local(proxies=("https_proxy",)),
    "gate.proxy_pass": healthy,
    "gate.proxy_unknown": Line,
    "gate.hosts_names": lambda: healthy().local(hosts_names=("www.instagram.com",)),
    "gate.hosts_pass": healthy,
    "gate.hosts_unknown": Line,
    "gate.vpn_up": lambda: healthy().local(tunnel_interfaces=("tun",)),
    "gate.vpn_pass": healthy,
    "gate.vpn_unknown": Line,
    "gate.filter_resolver_at_home": lambda: healthy().local(resolver_kinds=("private",)),
    "gate.filter_pass": healthy,
    "gate.filter_unknown": Line,
}


def _portal() -> Line:
    line = Line()
    for control in PORTALS:
        line.connects(control)
        line.page(control, status=302, body="log in")
    return line.dies(*ABROAD)


def _names_lead_home() -> Line:
    line = Line()
    for control in ABROAD:
        line.dns(control.host, "10.1.0.1", endpoint=control.id)
    return line


@pytest.mark.parametrize("rule", RULES_GATES, ids=lambda rule: rule.id)
def test_every_gate_rule_has_a_case_that_makes_it_speak(rule) -> None:
    spoken = {gate.rule_id for gate in CASES[rule.id]().verdict().gates}

    assert rule.id in spoken
    assert rule.subtype is None or rule.subtype in SUBTYPES[rule.category]


@pytest.mark.parametrize("rule", CASES)
def test_every_gate_speaks_once(rule) -> None:
    gates = [gate.gate for gate in CASES[rule]().verdict().gates]

    assert sorted(gates) == sorted({rule.gate for rule in RULES_GATES})


@pytest.mark.parametrize(
    ("line", "state"),
    [
        pytest.param(healthy, VantageState.ONLINE, id="all pass"),
        pytest.param(lambda: Line().dies(*CONTROLS), VantageState.OFFLINE, id="none passes"),
        pytest.param(_portal, VantageState.CAPTIVE_PORTAL, id="hotel"),
        pytest.param(
            lambda: _names_lead_home(),
            VantageState.CAPTIVE_PORTAL,
            id="every name leads to the hotel's own address",
        ),
        pytest.param(
            lambda: Line().foreign(*ABROAD, kind=Certificate.PRIVATE_CA).passes(*PORTALS),
            VantageState.INTERCEPTED,
            id="antivirus exchanges all certificates",
        ),
        pytest.param(
            lambda: (
                Line().foreign(*ABROAD[:3], kind=Certificate.PRIVATE_CA).passes(*ABROAD[3:], *HOME)
            ),
            VantageState.INTERCEPTED,
            id="one stranger issues for three unrelated operators",
        ),
        pytest.param(
            lambda: Line().passes(*HOME).dies(*ABROAD),
            VantageState.SHUTDOWN,
            id="only home answers",
        ),
        pytest.param(
            lambda: Line().passes(*HOME).mutes(*ABROAD),
            VantageState.ALLOWLIST,
            id="abroad connects and carries nothing",
        ),
        pytest.param(
            lambda: Line().passes(*ABROAD[2:], *HOME, *PORTALS).dies(*ABROAD[:2]),
            VantageState.DEGRADED,
            id="some are blocked",
        ),
        pytest.param(
            lambda: Line().local(has_ipv6=False).passes(*CONTROLS),
            VantageState.ONLINE,
            id="no IPv6 is no defect",
        ),
        pytest.param(skewed, VantageState.DEGRADED, id="the clock is off, nothing else is"),
    ],
)
def test_state_of_the_vantage(line, state) -> None:
    assert line().verdict().state is state


def test_half_of_the_controls_blocked_still_lets_services_be_judged() -> None:
    """China, Iran, Russia: the quorum holds while half of what is abroad is gone."""
    line = Line().local(detail={"country": "RU"}).passes(*HOME, *ABROAD[3:]).dies(*ABROAD[:3])

    verdict = line.verdict()

    assert verdict.may_judge
    assert set(verdict.failing_controls) == {"one", "two", "three"}


def test_control_known_to_be_blocked_here_does_not_speak_for_abroad() -> None:
    line = Line().local(detail={"country": "CN"}).passes(*ABROAD[2:]).dies(ABROAD[1])

    assert line.verdict().state is VantageState.DEGRADED


def test_two_dead_controls_abroad_are_no_shutdown() -> None:
    """A quorum needs three of at least two operators."""
    line = Line().local(detail={"country": "RU"}).passes(*HOME).dies(*ABROAD[:2])

    assert line.verdict().state is VantageState.DEGRADED


def test_broken_family_is_masked() -> None:
    verdict = CASES["gate.ipv6_broken"]().verdict()

    assert verdict.masked_families == (Family.IPV6,)
    assert verdict.may_judge


def test_one_control_failing_over_ipv6_masks_nothing() -> None:
    line = Line().passes(*ABROAD).dies(ABROAD[0], family=Family.IPV6)

    assert line.verdict().masked_families == ()


def test_skewed_clock_is_corrected_before_certificates_are_judged() -> None:
    """A machine forty days behind sees every certificate from the future; nobody intercepts."""
    verdict = skewed().verdict()

    assert verdict.facts.clock_offset_s == pytest.approx(-40 * DAY_S, abs=60)
    assert {g.gate: g.outcome for g in verdict.gates}["interception"] == "pass"


def test_facts_for_the_judge_are_taken_from_controls() -> None:
    line = Line().local(resolver_kinds=("access",)).passes(*ABROAD, progress=flow(8e6))
    line.dns("www.one.example", "203.0.113.1", resolver="google")
    line.dns("www.one.example", resolver="quad9").dns("www.two.example", resolver="quad9")

    facts = line.verdict().facts

    assert facts.rate_bps == pytest.approx(8e6, rel=0.2)
    assert facts.rtt_s == pytest.approx(0.04)
    assert facts.working_resolvers == ("google/udp",)
    assert facts.failing_resolvers == ("quad9/udp",)
    assert facts.neutral_addresses == ("203.0.113.1",)
    assert facts.resolver_kinds == ("access",)


def test_injectors_answers_do_not_make_a_dead_resolver_work() -> None:
    """Under on-path injection a dead resolver seems to answer for what is blocked."""
    line = Line().passes(*ABROAD)
    line.dns("www.one.example", "59.24.3.174", resolver="google")
    line.dns("www.two.example", resolver="google")

    facts = line.verdict().facts

    assert (facts.working_resolvers, facts.failing_resolvers) == ((), ("google/udp",))


def test_public_resolvers_that_all_ask_from_one_strange_network_are_intercepted() -> None:
    line = Line().passes(*ABROAD)
    line.knowledge = Knowledge(
        catalogue=KNOWLEDGE.catalogue,
        roots=KNOWLEDGE.roots,
        geo=Atlas({"8.8.": 15169, "9.9.": 19281, "188.254.": 12389}),
    )
    for resolver, address in (("google", "8.8.8.8"), ("quad9", "9.9.9.9")):
        line.dns("whoami.example", "188.254.2.2", resolver=resolver)
        seen = line.observations[-1]
        line.observations[-1] = seen.model_copy(update={"address": address})

    assert line.verdict().facts.dns_intercepted


@pytest.mark.parametrize(
    ("asker", "expected"),
    [
        pytest.param("188.254.2.2", True, id="from our own network"),
        pytest.param("194.60.8.9", False, id="from a network as unknown"),
    ],
)
def test_resolvers_of_unknown_networks_do_not_ask_from_ours(asker: str, expected: bool) -> None:
    """The bundled geo data has gaps: a resolver in one of them is not our provider's all the same.

    Whoever answers a public resolver's question from our access network is somebody else.
    """
    line = Line().passes(*ABROAD)
    whoami = (
        *KNOWLEDGE.catalogue.whoami,
        WhoamiName(
            id="me",
            name="me.example",
            query_type="A",
            operator="M",
            tells="client",
            server="203.0.113.53",
        ),
    )
    line.knowledge = Knowledge(
        catalogue=KNOWLEDGE.catalogue.model_copy(update={"whoami": whoami}),
        roots=KNOWLEDGE.roots,
        geo=Atlas({"188.254.": 12389}),
    )
    line.dns("me.example", "188.254.77.1", resolver="whoami:me")
    for resolver, address in (("google", "185.220.9.9"), ("quad9", "194.60.8.8")):
        line.dns("whoami.example", asker, resolver=resolver)
        seen = line.observations[-1]
        line.observations[-1] = seen.model_copy(update={"address": address})

    facts = line.verdict().facts

    assert facts.asns == (12389,)
    assert facts.dns_intercepted is expected


def test_answer_from_an_address_without_dns_is_interception_too() -> None:
    line = healthy().dns("neutral.example", "10.0.0.1", resolver="canary:quiet")

    assert line.verdict().facts.dns_intercepted


def test_catalogue_without_controls_can_be_measured() -> None:
    line = Line()
    line.knowledge = Knowledge(catalogue=Catalogue(services=()))

    verdict: VantageVerdict = line.verdict()

    assert verdict.state is VantageState.DEGRADED
    assert verdict.may_judge


# --- asking ---------------------------------------------------------------------------------------


# --- where we are ---------------------------------------------------------------------------------
