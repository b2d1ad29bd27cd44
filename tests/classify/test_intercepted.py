"""A resolver that answers for all others: what it alone can say, and what it passes on."""

import pytest

from probe.model.words import Transport
from tests.classify.build import A1, Story
from tests.classify.cases_dns import NXDOMAIN, SERVFAIL

NODATA = 0


def intercepted(rcode, *, system=True):
    story = Story()
    if system:
        story.dns(rcode=rcode)
    for transport in (Transport.UDP, Transport.TCP):
        story.dns(rcode=rcode, resolver="google", transport=transport)
    story.encrypted_dns(A1)
    story.good_page(A1)
    return story.verdict().rule_id


@pytest.mark.parametrize("system", [True, False])
@pytest.mark.parametrize("rcode", [SERVFAIL, NODATA])
def test_what_the_zones_own_servers_may_have_said_accuses_nobody(rcode, system):
    """They refuse the one resolver that all questions reach, or have nothing for its country."""
    assert intercepted(rcode, system=system) == "dns.fails_for_this_name"


def test_a_name_that_exists_and_is_denied_was_lied_about():
    assert intercepted(NXDOMAIN) == "dns.lie_intercepted"
