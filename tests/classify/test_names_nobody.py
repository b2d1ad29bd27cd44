"""A zone that names the null address or loopback leads nowhere for everyone: nobody lies."""

import pytest

from probe.model.words import Category, State, Transport
from tests.classify.build import A1, NXDOMAIN, Story, last

DOWN = (State.DOWN, Category.DOWN, "dns.names_nobody")


def _said(told: Story) -> tuple[State, Category, str]:
    verdict = told.verdict()
    return verdict.state, verdict.category, verdict.rule_id


def _encrypted(told: Story, resolver: str, *addresses: str) -> None:
    told.dns(addresses, resolver=resolver, transport=Transport.DOH)


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_what_verified_resolvers_say_too_is_the_zones_own(address):
    """OONI's suite has it as `localhostWithHTTPS`; it was called a lie of an interceptor."""
    told = Story()
    told.dns([address])
    told.dns([address], resolver="google")
    told.dns([address], resolver="google", transport=Transport.TCP)
    told.encrypted_dns(address)

    assert _said(told) == DOWN


def test_a_helper_abroad_that_is_told_the_same_is_as_good():
    told = Story()
    told.dns(["127.0.0.1"])
    told.elsewhere("helper:a/DE", last(told))
    told.dns(["127.0.0.1"])

    assert _said(told) == DOWN


def test_a_name_that_no_other_vantage_finds_is_not_affirmed_by_a_live_server() -> None:
    """It was given up, or is too new: the provider's resolver that denies it is no liar."""
    told = Story()
    told.dns(rcode=NXDOMAIN)
    told.elsewhere("helper:a/DE", last(told))
    told.dns(rcode=NXDOMAIN)
    told.good_page(A1)

    assert told.verdict().state is not State.BLOCKED


def test_one_operator_absolves_and_proves_no_more():
    """It may filter, as a resolver for families does."""
    told = Story()
    told.dns(["0.0.0.0"])
    _encrypted(told, "google", "0.0.0.0")

    assert told.verdict().state is State.INSUFFICIENT


def test_operators_that_disagree_absolve_nobody():
    told = Story()
    told.dns(["0.0.0.0"])
    _encrypted(told, "google", "0.0.0.0")
    _encrypted(told, "quad9", A1)
    told.good_page(A1)

    assert _said(told) == (State.BLOCKED, Category.DNS_LIE, "dns.lie_bogon")


def test_a_private_address_may_be_a_network_that_we_are_not_in():
    told = Story()
    told.dns(["10.1.2.3"])
    told.encrypted_dns("10.1.2.3")

    assert told.verdict().state is State.INSUFFICIENT
