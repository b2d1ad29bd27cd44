"""What is asked to learn where we are, and whether the line is good."""

from datetime import timedelta

import pytest

from probe.classify import ask_vantage_again, is_as_before
from probe.lab.pki import Certificate
from probe.model.experiment import Kind
from probe.model.knowledge import Knowledge, Network
from probe.model.target import WhoamiName
from probe.model.verdict import VantageVerdict
from probe.model.words import Family, Transport
from tests.classify.lines import ABROAD, CONTROLS, HOME, KNOWLEDGE, PORTALS, Line
from tests.classify.test_vantage import healthy


def test_first_asks_about_this_machine_and_a_spread_of_controls() -> None:
    asked = Line().asked()

    kinds = {e.kind for e in asked}
    screened = {e.endpoint for e in asked if e.kind is Kind.SCREEN}
    assert kinds == {Kind.LOCAL, Kind.RESOLVE, Kind.SCREEN}
    assert {"one", "two", "three", "portal1", "portal2"} <= screened
    assert {c.country for c in CONTROLS if c.id in screened} == {"US", "EU", "JP", "BR", "RU"}


def test_nothing_more_is_asked_when_controls_pass() -> None:
    assert healthy().asked() == ()


def test_controls_at_home_are_asked_once_home_is_known() -> None:
    line = Line().local(detail={"country": "RU"}).passes(*ABROAD)

    assert {e.endpoint for e in line.asked()} == {"six", "seven"}


def test_failing_controls_are_looked_at_once_more_while_they_are_many() -> None:
    line = Line().dies(*CONTROLS)

    first = line.asked()
    again = {e.endpoint for e in first if e.round}
    for number, seen in enumerate(list(line.observations)):
        line.observations.append(
            seen.model_copy(
                update={
                    "id": f"again{number}",
                    "experiment": f"again.{seen.endpoint}",
                    "started_at": seen.started_at + timedelta(seconds=60),
                }
            )
        )

    assert again == {c.id for c in CONTROLS}
    assert line.asked() == ()


def test_where_only_one_host_passes_its_countrymen_are_asked() -> None:
    """A shutdown on a line whose country nobody knows: is it home that passes?"""
    line = Line().passes(HOME[0]).dies(*ABROAD)

    assert "seven" in {e.endpoint for e in line.asked() if not e.round}


def _whereabouts(resolver_asks_from: str) -> Line:
    line = Line().passes(*ABROAD)
    catalogue = KNOWLEDGE.catalogue.model_copy(
        update={
            "whoami": (
                WhoamiName(
                    id="r", name="r.example", query_type="A", operator="R", tells="resolver"
                ),
                WhoamiName(
                    id="c",
                    name="c.example",
                    query_type="TXT",
                    operator="C",
                    tells="client",
                    server="216.239.32.10",
                ),
            )
        }
    )
    networks = {"188.254.": (12389, "RU"), "146.112.": (36692, "US"), "8.8.": (15169, "US")}
    line.knowledge = Knowledge(catalogue=catalogue, roots=KNOWLEDGE.roots, geo=Countries(networks))
    line.dns("c.example", "188.254.7.7", resolver="whoami:c")
    line.dns("r.example", resolver_asks_from, transport=Transport.SYSTEM)
    return line


class Countries:
    """A geo source with countries."""

    source = "told"

    def __init__(self, networks: dict[str, tuple[int, str]]) -> None:
        self.networks = networks

    def network_of(self, address: str) -> Network | None:
        found = (n for start, n in self.networks.items() if address.startswith(start))
        return next((Network(asn, country) for asn, country in found), None)


def test_country_and_networks_are_learnt_from_whoami_names() -> None:
    facts = _whereabouts("188.254.2.2").verdict().facts

    assert (facts.country, facts.asns, facts.resolver_asns) == ("RU", (12389,), (12389,))
    assert not facts.resolver_is_strangers


def test_resolver_of_another_network_and_country_was_chosen_by_somebody() -> None:
    """A family filter that a household set up must not be taken for the provider."""
    assert _whereabouts("146.112.61.1").verdict().facts.resolver_is_strangers


def test_whoami_names_are_among_the_first_questions() -> None:
    asked = _whereabouts("188.254.2.2")
    asked.observations = []

    resolvers = {e.resolver for e in asked.asked() if e.kind is Kind.RESOLVE}

    assert {"system", "whoami:c"} <= resolvers


def _asked_again(before: VantageVerdict) -> set[str]:
    return {e.endpoint for e in ask_vantage_again(before, KNOWLEDGE)}


def test_at_the_end_a_few_that_passed_are_asked_again() -> None:
    """One in cleartext, one at home, three operators abroad: as many witnesses as may vouch."""
    before = Line().local(detail={"country": "RU"}).passes(*CONTROLS).verdict()

    asked = _asked_again(before)

    assert len(asked) == 5
    assert {"six", "portal1"} <= asked


def test_what_failed_before_is_no_witness() -> None:
    before = (
        Line().local(detail={"country": "RU"}).passes(*CONTROLS[1:]).dies(CONTROLS[0]).verdict()
    )

    asked = _asked_again(before)

    assert before.failing_controls == ("one",)
    assert "one" not in asked


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(Line().dies(*CONTROLS), id="nothing passed"),
        pytest.param(
            Line().local(detail={"country": "RU"}).dies(*ABROAD[2:]).passes(*ABROAD[:2], *HOME),
            id="too few abroad",
        ),
    ],
)
def test_a_line_that_was_no_good_is_asked_anew(before: Line) -> None:
    assert not _asked_again(before.verdict())


@pytest.mark.parametrize(
    ("now", "same"),
    [
        pytest.param(Line().passes(*ABROAD[:3], PORTALS[0]), True, id="all pass"),
        pytest.param(Line().passes(*ABROAD[:2], PORTALS[0]).dies(ABROAD[2]), False, id="one dies"),
        pytest.param(
            Line().passes(*ABROAD[:3]).foreign(HOME[0], kind=Certificate.PRIVATE_CA),
            False,
            id="a stranger's certificate",
        ),
        pytest.param(
            Line().local(has_ipv6=True).passes(*ABROAD[:3]).dies(*ABROAD[:3], family=Family.IPV6),
            False,
            id="one family is gone",
        ),
    ],
)
def test_a_few_looks_vouch_only_where_all_of_them_pass(now: Line, same: bool) -> None:
    before = healthy().verdict()

    assert is_as_before(before, now.observations, KNOWLEDGE) is same
