"""Which lie it is where several answers of one resolver show different parts of it."""

import pytest

from probe.model.words import Arm, Category, Grade, RivalStatus, Transport
from tests.classify.build import A1, NXDOMAIN, OTHER, TIMEOUT, Failure, Story, online


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_alias_that_only_one_answer_shows_names_the_lie(order):
    """The system's library may keep an alias to itself; the resolver's own answer does not."""
    story = Story()
    told = (
        {},
        {"cnames": ["filter.provider.example"], "resolver": "access"},
    )
    for number in order:
        story.dns(["10.10.34.35"], **told[number])
    story.encrypted_dns(A1)
    story.good_page(A1)

    assert story.verdict().subtype == "cname"


def _behind_a_router(*, rcode: int = 0, fails: Failure | None = None) -> Story:
    """The router denies the name; what asks in its stead is asked as well."""
    story = Story()
    story.vantage = online(resolver_kinds=("private",), working_resolvers=("system/system",))
    for number in range(3):
        story.dns(rcode=NXDOMAIN, transport=Transport.SYSTEM, attempt=number)
    found = [] if rcode or fails else [A1]
    story.dns(found, rcode=rcode, fails=fails, resolver="access")
    told = {"resolver": "access", "name": "example.com", "arm": Arm.C1}
    story.dns([] if fails else [OTHER], fails=fails, **told)
    story.encrypted_dns(A1)
    story.good_page(A1)
    return story


def test_a_provider_that_lies_itself_is_the_liar_behind_the_router():
    verdict = _behind_a_router(rcode=NXDOMAIN).verdict()

    assert (verdict.category, verdict.grade) == (Category.DNS_LIE, Grade.STRONG)


def test_a_provider_that_tells_the_truth_leaves_the_filter_at_home():
    assert _behind_a_router().verdict().rule_id == "dns.filter_at_home"


def test_a_server_that_answers_no_client_is_no_witness():
    """Who asks in the router's stead often serves nobody: it clears and accuses nobody."""
    story = _behind_a_router(fails=TIMEOUT)

    verdict = story.verdict()

    assert (verdict.category, verdict.grade) == (Category.DNS_LIE, Grade.SUSPECTED)


def test_a_look_asks_the_provider_past_the_router():
    """One question tells a filter at home from a lie; without it the first look accuses."""
    story = Story()
    story.vantage = online(resolver_kinds=("private",))
    story.dns(rcode=NXDOMAIN)
    story.encrypted_dns(A1)
    story.good_page(A1)

    assert "access" in {e.resolver for e in story.asked("look")}


def test_where_questions_are_led_astray_the_provider_was_not_asked_either():
    """A router that answers in everybody's name answers in the provider's as well."""
    story = _behind_a_router(rcode=NXDOMAIN)
    story.vantage = online(resolver_kinds=("private",), dns_intercepted=True)
    story.dns(rcode=NXDOMAIN, resolver="google")

    verdict = story.verdict()

    assert verdict.rule_id == "dns.lie_intercepted"
    status = {rival.id: rival.status for rival in verdict.rivals}
    assert status["local_filter"] is not RivalStatus.RULED_OUT
