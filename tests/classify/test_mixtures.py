"""Several boxes at once, as real networks have them: the lie is named beside what hides it."""

import pytest

from probe.model.experiment import Kind
from probe.model.target import Expectation
from probe.model.words import Arm, Category, FailureWord, Family, State, Transport
from tests.classify.build import (
    A1,
    DENIED,
    HOST,
    NEUTRAL,
    NODATA,
    OTHER,
    RESET,
    TIMEOUT,
    Atlas,
    Story,
    endpoint,
    failure,
    knowledge,
    online,
)
from tests.classify.filing import HTTP

STRANGER = "208.80.154.232"
STRANGER6 = "2620:0:861::1"


def cut_everywhere(*, default: str, endorsed_default: str = "*.instagram.com") -> Story:
    """The resolver names a stranger; the name is reset there and at the true address."""
    story = Story(endpoint(networks=(32934,)))
    story.knowledge = knowledge(geo=Atlas({"157.240.": 32934, "208.80.": 14907}))
    story.dns([STRANGER])
    story.encrypted_dns(A1)
    for address, shown in ((STRANGER, default), (A1, endorsed_default)):
        story.tls(address, RESET, after=0.05, acked=1)
        story.tls(address, arm=Arm.C1, certificate_for=shown)
    return story


def test_lie_is_named_where_the_name_is_cut_at_the_lying_address_too() -> None:
    """AS12389: the resolver leads to a block page, and a second box resets the name (RU22)."""
    verdict = cut_everywhere(default="blocked.provider.example").verdict()

    assert (verdict.state, verdict.category) == (State.BLOCKED, Category.DNS_LIE)
    assert Category.TLS_SNI_RESET in [finding.category for finding in verdict.also]


@pytest.mark.parametrize(
    "defaults",
    [
        pytest.param({"default": "edge.instagram.com"}, id="the-owners-own-edge"),
        pytest.param(
            {"default": "other.cdn.example", "endorsed_default": "default.cdn.example"},
            id="nobody-shows-the-owners",
        ),
    ],
)
def test_other_defaults_accuse_no_resolver(defaults: dict[str, str]) -> None:
    """Geo-DNS: another address is no lie, and a CDN's default certificate names the CDN."""
    verdict = cut_everywhere(**defaults).verdict()

    assert verdict.category is Category.TLS_SNI_RESET


def test_address_of_a_family_that_the_name_has_not_got_is_no_blocked_address() -> None:
    """D07: verified resolvers know no IPv6 address; the one that is named is a stranger's."""
    story = Story(endpoint(networks=(32934,)))
    story.knowledge = knowledge(geo=Atlas({"157.240.": 32934, "2620:": 14907}))
    story.dns([A1])
    story.dns([STRANGER6], query_type="AAAA")
    story.encrypted_dns(A1)
    story.encrypted_dns(query_type="AAAA", rcode=NODATA)
    story.good_page(A1)
    for _ in range(3):
        story.tcp(STRANGER6, TIMEOUT)

    said = {verdict.family: verdict for verdict in story.verdicts()}

    assert said[Family.IPV6].category is Category.DNS_LIE
    assert said[Family.IPV4].state is State.OK


def test_code_of_a_direct_question_goes_before_the_librarys_word() -> None:
    """getaddrinfo says "temporary failure" of REFUSED and SERVFAIL alike."""
    story = Story()
    story.dns(
        transport=Transport.SYSTEM, fails=failure(FailureWord.DNS_TEMPORARY_FAILURE), duration=0.02
    )
    story.dns(resolver="access", rcode=DENIED)
    story.encrypted_dns(A1)
    story.good_page(A1)

    assert story.verdict().subtype == "refused"


def test_bare_refusal_sooner_than_the_server_is_one_of_status() -> None:
    """H03: 403 is what this endpoint may say itself, but not after a third of the round trip."""
    story = Story(HTTP)
    story.honest_dns(A1)
    for _ in range(2):
        story.tcp(A1, port=80)
    story.http(A1, 403, body="<h1>Forbidden</h1>", first_byte=0.015)
    story.http(OTHER, 404, arm=Arm.C2, name=NEUTRAL, body="no")

    verdict = story.verdict()

    assert (verdict.category, verdict.subtype) == (Category.BLOCKPAGE, "status")


def test_one_version_that_passes_alone_names_the_hello() -> None:
    """S16: all that offer TLS 1.3 are dropped, whatever name they ask for; elsewhere they pass."""
    story = Story()
    story.honest_dns(A1)
    for hello in ("ssl", "tls13"):
        story.tls(A1, TIMEOUT, hello=hello, acked=1, after=10.0)
    story.tls(A1, TIMEOUT, arm=Arm.C1, acked=1, after=10.0)
    story.tls(A1, hello="tls12")
    story.tls(A1, connect=False)
    story.elsewhere("helper:a/DE", story.observations.pop())

    verdict = story.verdict()

    assert (verdict.category, verdict.subtype) == (Category.TLS_FINGERPRINT_BLOCK, "version")


def test_zone_that_may_refuse_us_is_asked_about_in_our_own_country() -> None:
    """D04 and G06 look alike: what tells them apart is another network's resolver at home."""
    story = Story()
    story.vantage = online(country="DE")
    story.dns(rcode=NODATA)
    story.encrypted_dns(A1)
    story.good_page(A1)

    assert Kind.REMOTE in {experiment.kind for experiment in story.asked("quick")}


@pytest.mark.parametrize("url", [f"https://{HOST}/", f"http://{HOST}/"])
def test_loopback_is_no_working_site_of_ones_own_either(url: str) -> None:
    """With targets of one's own private addresses may be genuine; 127.0.0.1 never is, abroad."""
    story = Story(endpoint(url, own=True))
    for _ in range(2):
        story.dns(["127.0.0.1"])
    for resolver in ("google", "quad9"):
        story.dns([A1], resolver=resolver)
    if url.startswith("https"):
        story.good_page(A1)
    else:
        story.tcp(A1, port=80)
        story.http(A1)

    assert story.verdict().state is not State.OK


def test_page_where_people_are_led_counts_in_the_clear() -> None:
    """D06: the resolver leads to a block page; that the site answers elsewhere helps nobody."""
    target = endpoint(
        f"http://{HOST}/", expect=Expectation(status=(301,), sureness="observed"), own=True
    )
    story = Story(target)
    story.dns([STRANGER])
    story.dns([A1], resolver="google")
    for address in (STRANGER, A1):
        story.tcp(address, port=80)
    story.http(STRANGER, 200, body="<title>Site blocked</title>", marks=("unexpect.status",))
    story.http(A1, 301, location=f"https://{HOST}/", marks=("expect.status",))

    assert story.verdict().state is not State.OK


def test_forged_answers_over_udp_are_named_before_the_cut_over_tcp() -> None:
    """What is done to UDP is what an ordinary client is told; the cut is beside it."""
    told = Story()
    told.dns(rcode=3)
    for resolver in ("google", "quad9"):
        told.dns(rcode=3, resolver=resolver)
        told.dns(resolver=resolver, transport=Transport.TCP, fails=RESET)
    told.encrypted_dns(A1)
    told.good_page(A1)

    verdict = told.verdict()

    assert (verdict.rule_id, verdict.subtype) == ("dns.forged_on_path", "in_path")


def _one_hello_passes(after: float) -> Story:
    told = Story()
    told.honest_dns(A1)
    for number in range(4):
        told.tls(A1, RESET, after=after, acked=1, attempt=number)
        told.tls(A1, arm=Arm.C1, attempt=number)
    told.tls(A1, hello="tls12")
    return told


def test_a_box_that_misses_one_hello_is_no_filter_of_shapes() -> None:
    """S20: no server sends ends so soon, and hellos of the same shape pass with another name."""
    verdict = _one_hello_passes(0.016).verdict()

    assert (verdict.state, verdict.subtype) == (State.BLOCKED, "injected")
    assert _one_hello_passes(0.05).verdict().rule_id == "tls.shape_matters"


@pytest.mark.parametrize(
    ("ends", "subtype"),
    [
        pytest.param((0.049, 0.050, 0.052), "rewrite", id="all as late as the server"),
        pytest.param((0.049, 0.050, 0.040), None, id="one that is sooner than it can be"),
    ],
)
def test_what_is_made_of_the_servers_answer_is_never_sooner(ends, subtype):
    """A box near the server, on a jittery line, looks like one that rewrites, most of the time."""
    told = Story()
    told.honest_dns(A1)
    for number, after in enumerate(ends):
        told.tls(A1, RESET, after=after, acked=1, attempt=number)
        told.tls(A1, arm=Arm.C1, attempt=number)

    assert told.verdict().subtype == subtype
