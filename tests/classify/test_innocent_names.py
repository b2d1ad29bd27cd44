"""Answers about names that look like lies and are none: the judge accuses nobody."""

import pytest

from probe.lab.pki import Certificate
from probe.model.words import (
    Arm,
    Category,
    Grade,
    State,
    Transport,
)
from tests.classify.build import (
    A1,
    A2,
    B1,
    NODATA,
    NXDOMAIN,
    RESET,
    SERVFAIL,
    TIMEOUT,
    Atlas,
    Story,
    knowledge,
    online,
)
from tests.classify.test_innocent import ACCUSING, accusations


def test_different_addresses_of_one_service_are_no_lie() -> None:
    """CDNs and in-network caches answer differently everywhere (CERTainty: 72 % of the flags)."""
    story = Story()
    story.dns([A2])
    story.encrypted_dns(A1)
    story.good_page(A1, A2)

    assert story.verdict().state is State.OK


def test_answered_address_that_does_not_connect_is_no_lie() -> None:
    story = Story()
    story.dns([A2])
    story.encrypted_dns(A1)
    story.tcp(A2, TIMEOUT)
    story.good_page(A1)

    assert story.verdict().category is not Category.DNS_LIE
    assert not accusations(story)


@pytest.mark.parametrize("rcode", [NODATA, NXDOMAIN, SERVFAIL])
def test_resolver_that_denies_ipv6_for_everyone_is_no_liar(rcode: int) -> None:
    """Hotels' proxies answer AAAA with whatever their author thought of (RFC 4074)."""
    story = Story()
    story.honest_dns(A1)
    story.observations = [o for o in story.observations if getattr(o, "query_type", "") == "A"]
    for _ in range(4):
        story.dns(query_type="AAAA", rcode=rcode)
    story.encrypted_dns(B1, query_type="AAAA")
    story.good_page(A1, B1)

    assert [v.state for v in story.verdicts()] == [State.OK, State.OK]


def test_resolver_that_fails_for_neutral_names_too_is_broken_not_lying() -> None:
    story = Story()
    story.vantage = online(working_resolvers=())
    story.dns(rcode=SERVFAIL)
    story.dns(rcode=SERVFAIL, arm=Arm.C1, name="example.com")
    story.encrypted_dns(A1)
    story.good_page(A1)

    assert not [v for v in story.verdicts() if v.state in ACCUSING]


def test_name_taken_down_for_everyone_is_down_although_its_server_lives() -> None:
    """D20: a server at an old address does not make honest denials lies."""
    story = Story()
    story.dns(rcode=NXDOMAIN)
    story.encrypted_dns(rcode=NXDOMAIN)
    story.good_page(A1)

    assert (story.verdict().state, story.verdict().category) == (State.DOWN, Category.DOWN)


def test_filter_of_the_router_is_not_the_providers_lie() -> None:
    story = Story()
    story.vantage = online(resolver_kinds=("private",))
    for _ in range(4):
        story.dns(["0.0.0.0"])
    story.dns([A1], resolver="access")
    story.encrypted_dns(A1)
    story.good_page(A1)

    verdict = story.verdict()

    assert (verdict.state, verdict.category) == (State.INSUFFICIENT, Category.LOCAL_INTERFERENCE)


def test_lie_of_a_private_resolver_stays_suspected_while_the_provider_was_not_asked() -> None:
    story = Story()
    story.vantage = online(resolver_kinds=("private",))
    for _ in range(4):
        story.dns(rcode=NXDOMAIN)
    story.encrypted_dns(A1)
    story.good_page(A1)

    assert story.verdict().grade is Grade.SUSPECTED


def test_filter_of_a_resolver_that_is_not_the_networks_own_is_no_censors() -> None:
    """A family resolver (1.1.1.3) that somebody here chose; and one of which nothing is known."""
    chosen, unknown = Story(), Story()
    chosen.vantage = online(resolver_is_strangers=True, resolver_asns=(13335,))
    unknown.vantage = online(resolver_asns=())
    for story in (chosen, unknown):
        for _ in range(5):
            story.dns(rcode=NXDOMAIN, ede=16)
        story.encrypted_dns(A1)
        story.good_page(A1)

    assert chosen.verdict().category is Category.LOCAL_INTERFERENCE
    assert unknown.verdict().grade is Grade.SUSPECTED


def test_filter_that_says_that_its_client_wished_it_is_local() -> None:
    """RFC 8914 section 4.18: Filtered, at the client's request."""
    story = Story()
    story.dns(rcode=NXDOMAIN, ede=17)
    story.encrypted_dns(A1)
    story.good_page(A1)

    assert story.verdict().category is Category.LOCAL_INTERFERENCE


def test_cache_of_the_service_in_the_providers_network_is_no_lie() -> None:
    """It knows some of the service's names only, and shows another one's certificate."""
    story = Story()
    story.knowledge = knowledge(geo=Atlas({"157.240.": 32934, "188.254.": 12389}))
    for _ in range(4):
        story.dns(["188.254.2.9"])
    story.encrypted_dns(A1)
    story.tls("188.254.2.9", kind=Certificate.GENUINE, certificate_for="static.instagram.com")
    story.good_page(A1)

    assert not accusations(story, above=None)


def test_cuts_that_hit_neutral_names_as_well_are_an_overloaded_servers() -> None:
    story = Story()
    story.honest_dns(A1)
    for number in range(1, 13):
        story.tls(A1, None if number == 1 else RESET, after=0.05, attempt=number)
        story.tls(A1, RESET if number == 1 else None, after=0.05, arm=Arm.C1, attempt=number)

    assert not accusations(story, above=None)


def test_public_resolver_that_filters_by_every_way_is_not_forged_on_the_path() -> None:
    story = Story()
    story.dns([A1])
    for transport in (Transport.UDP, Transport.TCP, Transport.DOH):
        story.dns(rcode=NXDOMAIN, resolver="quad9", transport=transport)
    story.dns([A1], resolver="google", transport=Transport.DOH)
    story.good_page(A1)

    assert not accusations(story)


def test_default_certificate_in_the_same_network_is_no_lie() -> None:
    """A CDN edge shows its default certificate: same owner, wrong edge."""
    story = Story()
    story.knowledge = knowledge(geo=Atlas({"157.240.": 32934}))
    story.dns([A2])
    story.encrypted_dns(A1)
    story.good_page(A1)
    story.tls(A2, kind=Certificate.WRONG_NAME)

    assert story.verdict().category is not Category.DNS_LIE


def test_encrypted_resolvers_that_say_nothing_readable_affirm_nothing() -> None:
    """Reached and verified, but too busy (HTTP 429), closing, or answering garbage.

    They were taken for witnesses that the name exists, and a name that was given up for blocked.
    """
    story = Story()
    story.dns(rcode=NXDOMAIN)
    story.encrypted_dns(A1)
    story.observations = [
        o.model_copy(update={"answers": (), "failure": RESET}) if getattr(o, "chain", ()) else o
        for o in story.observations
    ]
    story.dns(name="example.com", arm=Arm.C2)

    assert story.verdict().state not in ACCUSING
