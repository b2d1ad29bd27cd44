"""What the judge says of whole stories: the units, the gates, and who is guilty."""

import pytest

from probe.lab.pki import Certificate
from probe.model.words import (
    Arm,
    Category,
    Family,
    Flag,
    Grade,
    Protocol,
    State,
    Transport,
    VantageState,
)
from tests.classify.build import (
    A1,
    A2,
    B1,
    BLOCK,
    HOST,
    NXDOMAIN,
    OTHER,
    REFUSED,
    RESET,
    SERVFAIL,
    TIMEOUT,
    Story,
    endpoint,
    last,
    online,
)
from tests.classify.cases_whole import blocked_by_name


def test_open_endpoint_is_ok_in_both_families() -> None:
    story = Story()
    story.honest_dns(A1, A2, B1)
    story.good_page(A1, B1)

    assert [(v.state, v.family) for v in story.verdicts()] == [
        (State.OK, Family.IPV4),
        (State.OK, Family.IPV6),
    ]


def test_family_without_addresses_gives_no_row() -> None:
    story = Story()
    story.honest_dns(A1)
    story.good_page(A1)

    assert [v.family for v in story.verdicts()] == [Family.IPV4]


def test_name_that_nobody_resolves_gives_one_verdict_without_a_family() -> None:
    story = Story()
    for query_type in ("A", "AAAA"):
        story.dns(rcode=NXDOMAIN, query_type=query_type)
        story.encrypted_dns(query_type=query_type, rcode=NXDOMAIN)

    verdict = story.verdict()

    assert (verdict.family, verdict.state, verdict.category) == (None, State.DOWN, Category.DOWN)


def test_masked_family_gives_no_verdict() -> None:
    story = Story()
    story.vantage = online().model_copy(update={"masked_families": (Family.IPV6,)})
    story.honest_dns(A1, B1)
    story.good_page(A1)
    story.tcp(B1, TIMEOUT)
    story.tcp(B1, TIMEOUT)

    assert [v.family for v in story.verdicts()] == [Family.IPV4]


@pytest.mark.parametrize(
    ("state", "category"),
    [
        (VantageState.OFFLINE, Category.INSUFFICIENT),
        (VantageState.CAPTIVE_PORTAL, Category.CAPTIVE_PORTAL),
        (VantageState.SHUTDOWN, Category.SHUTDOWN),
        (VantageState.ALLOWLIST, Category.ALLOWLIST),
    ],
)
def test_lost_vantage_never_becomes_a_verdict_about_a_service(state, category) -> None:
    story = Story()
    story.vantage = online(state)
    story.honest_dns(A1)
    story.tcp(A1, TIMEOUT)

    verdict = story.verdict()

    assert (verdict.state, verdict.category) == (State.INSUFFICIENT, category)


@pytest.mark.parametrize(
    ("url", "protocol"),
    [
        (f"https://{HOST}/", Protocol.HTTPS),
        (f"http://{HOST}/", Protocol.HTTP),
        (f"tls://{HOST}", Protocol.TLS),
        (f"tcp://{HOST}:5222", Protocol.TCP),
    ],
)
def test_protocol_is_the_urls(url, protocol) -> None:
    assert Story(endpoint(url)).verdict().protocol is protocol


def test_bare_port_is_ok_when_it_connects() -> None:
    story = Story(endpoint(f"tcp://{HOST}:5222"))
    story.honest_dns(A1)
    story.tcp(A1, port=5222)

    assert (story.verdict().state, story.verdict().rule_id) == (State.OK, "tcp.ok")


# --- guilty ---------------------------------------------------------------------------------------


def test_lie_before_a_reset_is_the_verdict_and_the_reset_is_listed() -> None:
    """AS12389: the resolver lies, and a second box cuts the true address: the earliest explains."""
    story = Story()
    story.dns([BLOCK])
    story.encrypted_dns(A1)
    story.tls(BLOCK, kind=Certificate.WRONG_NAME)
    story.tls(A1, RESET, after=0.015, acked=1)
    story.tls(A1, arm=Arm.C1)

    verdict = story.verdict()

    assert (verdict.category, verdict.subtype) == (Category.DNS_LIE, "blockpage")
    assert [f.category for f in verdict.also] == [Category.TLS_SNI_RESET]


def test_lie_told_three_times_against_two_operators_is_strong() -> None:
    story = Story()
    for _ in range(3):
        story.dns(rcode=NXDOMAIN)
    story.encrypted_dns(A1)
    story.good_page(A1)

    assert story.verdict().grade is Grade.STRONG


def test_failure_code_is_no_lie_for_the_zones_servers_may_refuse_the_resolver() -> None:
    """Techniques D02, G06; clients here are kept away all the same, so it is not `ok`."""
    story = Story()
    for _ in range(5):
        story.dns(rcode=SERVFAIL)
    story.encrypted_dns(A1)
    story.good_page(A1)

    assert story.verdict().rule_id == "dns.fails_for_this_name"


def test_known_block_address_seen_twice_is_confirmed() -> None:
    story = Story()
    story.dns([BLOCK])
    story.dns([BLOCK])
    story.encrypted_dns(A1)
    story.good_page(A1)

    assert story.verdict().grade is Grade.CONFIRMED


def test_admission_by_the_resolver_counts_as_an_artefact() -> None:
    story = Story()
    story.dns(rcode=NXDOMAIN, ede=16)
    story.dns(rcode=NXDOMAIN, ede=16)
    story.encrypted_dns(A1)
    story.good_page(A1)

    verdict = story.verdict()

    assert verdict.grade is Grade.CONFIRMED
    assert Flag.EDE_ADMITTED in verdict.flags


def test_forged_answers_beside_an_honest_resolver_leave_the_site_reachable() -> None:
    story = Story()
    story.dns([A1])
    for resolver in ("google", "quad9"):
        story.dns(["10.10.34.35"], resolver=resolver)
        story.dns([A1], resolver=resolver, transport=Transport.TCP)
    story.encrypted_dns(A1)
    story.good_page(A1)

    assert (story.verdict().state, story.verdict().category) == (
        State.IMPAIRED,
        Category.DNS_INJECTION,
    )


def _silent_address(*seen_from: str) -> Story:
    story = Story()
    story.vantage = online(country="RU")
    story.honest_dns(A1)
    for number in range(4):
        story.tcp(A1, TIMEOUT, attempt=number)
        story.tcp(OTHER, arm=Arm.C5, attempt=number)
    for vantage in seen_from:
        story.tcp(A1)
        story.elsewhere(vantage, last(story))
    return story


@pytest.mark.parametrize(
    "seen_from",
    [
        pytest.param((), id="nobody else looked: a dead server"),
        pytest.param(("helper:a/DE",), id="one country abroad: an origin that refuses ours"),
        pytest.param(("snapshot:2026-11-17/RU", "snapshot:2026-11-17/DE"), id="it died since"),
        pytest.param(("helper:a/DE", "helper:b/DE"), id="one country twice"),
    ],
)
def test_silent_address_is_nobodys_until_only_our_network_differs(seen_from) -> None:
    """Techniques 0.6: T01, G05 and E10 look alike."""
    assert _silent_address(*seen_from).verdict().state is State.INSUFFICIENT


@pytest.mark.parametrize(
    ("seen_from", "grade"),
    [
        pytest.param(("helper:a/RU",), Grade.PROBABLE, id="our own country"),
        pytest.param(("helper:a/DE", "helper:b/US"), Grade.SUSPECTED, id="two others"),
    ],
)
def test_silent_address_that_others_reach_now_is_blocked(seen_from, grade) -> None:
    verdict = _silent_address(*seen_from).verdict()

    assert (verdict.category, verdict.grade) == (Category.IP_BLOCK, grade)


def test_silence_that_a_neutral_host_shares_is_this_lines() -> None:
    """A full address translator drops new connections, whoever they are for."""
    story = _silent_address("helper:a/RU")
    story.tcp(OTHER, TIMEOUT, arm=Arm.C5, attempt=4)

    assert story.verdict().state is State.INSUFFICIENT


def test_family_that_fails_alone_is_told_apart() -> None:
    story = Story()
    story.honest_dns(A1, B1)
    story.tcp(A1, TIMEOUT)
    story.tcp(A1, TIMEOUT, port=80)
    story.good_page(B1)

    assert [(v.family, v.state) for v in story.verdicts()] == [
        (Family.IPV4, State.INSUFFICIENT),
        (Family.IPV6, State.OK),
    ]


def test_dead_address_among_living_ones_is_only_a_flag() -> None:
    story = Story()
    story.honest_dns(A1, A2)
    story.tcp(A2, REFUSED)
    story.good_page(A1)

    verdict = story.verdict()

    assert verdict.state is State.OK
    assert verdict.also == ()


def test_forged_certificate_with_a_known_issuer_seen_twice_is_confirmed() -> None:
    story = Story()
    story.honest_dns(A1)
    story.tls(A1, kind=Certificate.PRIVATE_CA)
    story.tls(A1, kind=Certificate.PRIVATE_CA)

    verdict = story.verdict()

    assert (verdict.category, verdict.grade) == (Category.TLS_MITM, Grade.CONFIRMED)


def test_families_that_fail_alike_are_one_test() -> None:
    """Techniques 0.1: families are strata; each alone would miss what both together show."""
    story = Story()
    story.honest_dns(A1, B1)
    for number in range(1, 4):
        for address in (A1, B1):
            story.tls(address, RESET, after=0.05, acked=1, attempt=number)
            story.tls(address, arm=Arm.C1, attempt=number)

    assert [v.p_value for v in story.verdicts()] == [pytest.approx(1 / 400)] * 2


def test_every_verdict_carries_its_evidence_and_versions() -> None:
    verdict = blocked_by_name(3).verdict()

    assert verdict.evidence
    assert verdict.ruleset_version
    assert "ms after the name" in verdict.detail
