"""The provider's resolver behind a router's is found by who asks for us, and only there."""

from datetime import UTC, datetime

import pytest

from probe.model.knowledge import Knowledge
from probe.model.observation import DnsAnswer, DnsObservation
from probe.model.target import Catalogue, Resolver, WhoamiName
from probe.model.verdict import VantageFacts
from probe.model.words import Arm, Transport
from probe.run.behind import resolver_behind
from tests.classify.build import Atlas

PROVIDERS, OURS, FOREIGN, PUBLIC = "188.254.2.53", "188.254.77.1", "146.112.1.1", "188.254.9.9"
KNOWLEDGE = Knowledge(
    catalogue=Catalogue(
        services=(),
        resolvers=(Resolver(id="p", operator="P", country="EU", addresses=(PUBLIC,)),),
        whoami=(
            WhoamiName(
                id="w", name="whoami.example", query_type="A", operator="W", tells="resolver"
            ),
        ),
    ),
    geo=Atlas({"188.254.": 12389, "146.112.": 36692}),
)


def _told(address: str, resolver: str = "system") -> DnsObservation:
    return DnsObservation(
        id="o",
        experiment="e",
        endpoint="local",
        arm=Arm.GATE,
        started_at=datetime(2026, 11, 28, tzinfo=UTC),
        duration_s=0.1,
        name="whoami.example",
        query_type="A",
        resolver=resolver,
        transport=Transport.SYSTEM,
        answers=(DnsAnswer(after_s=0.1, rcode=0, addresses=(address,)),),
    )


def _found(seen: DnsObservation, *kinds: str) -> Resolver | None:
    facts = VantageFacts(asns=(12389,), resolver_kinds=kinds or ("private",))
    return resolver_behind([seen], facts, KNOWLEDGE, lambda address: address != OURS)


def test_who_asks_for_us_from_our_own_network_is_the_providers_resolver():
    found = _found(_told(PROVIDERS))

    assert found is not None
    assert (found.id, found.addresses) == ("access", (PROVIDERS,))


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(_told(FOREIGN), id="from another network"),
        pytest.param(_told(OURS), id="a router that resolves by itself asks from our address"),
        pytest.param(_told(PUBLIC), id="a public resolver within our network"),
        pytest.param(_told(PROVIDERS, "google"), id="who asks for a public resolver"),
    ],
)
def test_nobody_else_is(seen):
    assert _found(seen) is None


@pytest.mark.parametrize("kinds", [("access",), ("public",), ("private", "access")])
def test_only_behind_a_resolver_of_this_house(kinds):
    """Where the machine knows the provider's resolver, that one is asked already."""
    assert _found(_told(PROVIDERS), *kinds) is None
