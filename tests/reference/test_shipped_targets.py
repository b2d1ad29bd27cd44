"""What the shipped catalogue promises; the numbers are the project's, not the loader's."""

from collections import defaultdict
from ipaddress import ip_address

import pytest

from probe.model.words import Role, Transport
from probe.reference.catalogue import load_catalogue

CATALOGUE = load_catalogue()
META = ["instagram", "facebook", "messenger", "whatsapp", "threads"]
STORY = [*META, "twitter", "rt", "sputnik", "bbc", "dw", "meduza", "youtube", "tiktok"]


@pytest.mark.parametrize("service", STORY)
def test_every_service_of_the_story_has_a_core_endpoint(service):
    (found,) = (s for s in CATALOGUE.services if s.id == service)

    assert any(e.core for e in found.endpoints)


def test_the_core_stays_within_what_one_polite_look_can_cover():
    assert sum(e.core for e in CATALOGUE.endpoints) <= 45


@pytest.mark.parametrize("service", ["rt", "sputnik"])
def test_sanctioned_outlets_are_tier_two_with_notes_for_the_countries_concerned(service):
    (found,) = (s for s in CATALOGUE.services if s.id == service)

    assert {e.risk_tier for e in found.endpoints} == {2}
    assert {"EU", "GB"} <= found.country_notes.keys()


@pytest.mark.parametrize("country", ["RU", "CN", "IR", "TR", "KZ", "BY", "EU"])
def test_every_country_of_interest_has_controls_at_home_and_abroad(country):
    at_home = [c for c in CATALOGUE.controls if c.country == country]
    usable = [
        c for c in CATALOGUE.controls if country not in c.known_blocked_in and "reach" in c.purpose
    ]

    assert len({c.host for c in at_home}) >= 2
    assert len({c.operator for c in at_home}) >= 3
    assert len({c.operator for c in usable if c.country != country}) >= 3


@pytest.mark.parametrize("purpose", ["reach", "portal", "quic", "transfer", "neutral_name"])
def test_every_purpose_has_a_control(purpose):
    assert any(purpose in c.purpose for c in CATALOGUE.controls)


def test_portal_quic_and_transfer_controls_have_more_than_one_operator():
    operators = defaultdict(set)
    for control in CATALOGUE.controls:
        for purpose in control.purpose:
            operators[purpose].add(control.operator)

    assert all(len(operators[p]) >= 2 for p in ("portal", "quic", "transfer"))


def test_content_endpoints_have_a_sibling_on_the_same_host():
    by_id = {e.id: e for e in CATALOGUE.endpoints}
    content = [
        e for e in CATALOGUE.endpoints if e.role is Role.CONTENT and e.service in {"rt", "sputnik"}
    ]

    assert len(content) == 12
    for endpoint in content:
        assert endpoint.sibling is not None
        assert by_id[endpoint.sibling].host == endpoint.host
        assert endpoint.expect.withheld_marks
        assert not endpoint.core
        assert endpoint.sureness == "assumed"


def test_last_known_addresses_are_global_dated_and_sourced():
    known = [a for e in CATALOGUE.endpoints for a in e.last_known]

    assert {e.id for e in CATALOGUE.endpoints if e.last_known} >= {"instagram.web", "rt.web"}
    assert all(ip_address(a.address).is_global and a.source for a in known)


def test_neutral_names_have_as_many_bytes_as_the_host():
    """A hello of another length would be another hello."""
    for endpoint in CATALOGUE.endpoints:
        assert {len(n) for n in endpoint.neutral_names} <= {len(endpoint.host)}, endpoint.id


def test_resolvers_differ_in_operator_and_country_and_speak_every_transport():
    operators = {r.operator for r in CATALOGUE.resolvers}
    countries = {r.country for r in CATALOGUE.resolvers}
    spoken = {t for r in CATALOGUE.resolvers for t in r.transports}

    assert len(operators) == len(CATALOGUE.resolvers)
    assert {"US", "RU", "CN", "EU"} <= countries
    assert spoken == set(Transport) - {Transport.SYSTEM}


def test_whoami_names_tell_resolver_and_client():
    assert {w.tells for w in CATALOGUE.whoami} == {"resolver", "client"}


def test_no_stranger_is_a_canary():
    """Only our own, or documented, machines may be asked what they do not serve."""
    assert CATALOGUE.canaries == ()


def test_every_file_under_services_is_named_after_its_service():
    from probe.reference.places import shipped_targets

    names = {p.stem for p in (shipped_targets() / "services").glob("*.toml")}

    assert names == {s.id for s in CATALOGUE.services}
    assert set(STORY) <= names
