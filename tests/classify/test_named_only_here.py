"""A name that does not exist elsewhere: what answers at made-up addresses is not the service."""

import pytest

from probe.model.words import State
from tests.classify.build import (
    A1,
    BLOCK,
    HOST,
    NODATA,
    NXDOMAIN,
    REFUSED,
    SERVFAIL,
    Story,
    endpoint,
    last,
)

STRANGER = "208.80.154.232"
ONLY_HERE = "dns.named_only_here"


def _in_clear(told: Story) -> None:
    told.tcp(STRANGER, port=80)
    told.http(STRANGER, body="<title>Search results</title>")


def _refused(told: Story) -> None:
    told.tcp(STRANGER, REFUSED)


def _ghost(url: str, *, encrypted: bool = True) -> Story:
    told = Story(endpoint(url))
    told.dns([STRANGER])
    if encrypted:
        told.encrypted_dns(rcode=NXDOMAIN)
    else:
        told.dns(rcode=NXDOMAIN)
        told.elsewhere("helper:a/DE", last(told))
    return told


@pytest.mark.parametrize("encrypted", [True, False], ids=["encrypted resolvers", "a helper"])
@pytest.mark.parametrize(
    ("url", "seen"),
    [
        pytest.param(f"http://{HOST}/", _in_clear, id="a page in the clear is no proof"),
        pytest.param(f"https://{HOST}/", _refused, id="a refusal is not the service's"),
    ],
)
def test_a_name_that_only_resolvers_here_know_says_nothing_of_the_service(
    url, seen, encrypted
) -> None:
    """A filter's entry outlived the site, a provider sells what is not found: neither ok nor down.

    ooni/probe#2308 calls it ghost blocking.
    """
    told = _ghost(url, encrypted=encrypted)
    seen(told)

    verdict = told.verdict()

    assert (verdict.state, verdict.rule_id) == (State.INSUFFICIENT, ONLY_HERE)


def test_a_server_that_fails_elsewhere_too_is_not_the_services() -> None:
    """It was down before: whatever else refuses at that address is somebody else's."""
    told = _ghost(f"https://{HOST}/", encrypted=False)
    told.tcp(STRANGER, REFUSED)
    told.elsewhere("helper:a/DE", last(told))
    told.tcp(STRANGER, REFUSED)

    assert told.verdict().rule_id == ONLY_HERE


def test_a_known_block_address_still_accuses() -> None:
    told = Story()
    told.dns([BLOCK])
    told.encrypted_dns(rcode=NXDOMAIN)

    assert told.verdict().state is State.BLOCKED


@pytest.mark.parametrize("rcode", [NODATA, SERVFAIL], ids=["no address", "a failure"])
def test_a_name_without_addresses_elsewhere_may_exist(rcode) -> None:
    """Zones tell addresses to some countries only, and fail for some resolvers."""
    told = Story()
    told.dns([STRANGER])
    told.encrypted_dns(rcode=rcode)
    told.tcp(STRANGER, REFUSED)

    assert told.verdict().rule_id != ONLY_HERE


def test_a_name_of_which_any_encrypted_resolver_knows_an_address_exists() -> None:
    told = _ghost(f"https://{HOST}/")
    told.encrypted_dns(A1)
    told.tcp(STRANGER, REFUSED)

    assert told.verdict().rule_id != ONLY_HERE


def test_a_certificate_proves_the_name_whoever_denies_it() -> None:
    told = _ghost(f"https://{HOST}/")
    told.good_page(STRANGER)

    assert told.verdict().state is State.OK
