from datetime import timedelta

import pytest

from probe.analyse.series import REACHED, Label, Network, label_of, network_of, series
from probe.analyse.together import service_changes
from probe.model.run import FamilyVantage, Vantage
from probe.model.words import Category, Family, State
from tests.analyse.samples import GERMANY, NOW, bad, good, restricted, run, unclear

BLOCKED = Label(State.BLOCKED, Category.TLS_SNI_RESET)


def history(*days, endpoints=("rt.web",), vantage=GERMANY):
    """One run a day; what each day says of every endpoint."""
    return [
        (
            run(f"run-{day}", started_at=NOW + timedelta(days=day), vantage=vantage),
            [make(endpoint) for endpoint in endpoints],
        )
        for day, make in enumerate(days)
    ]


def test_each_endpoint_protocol_family_and_network_has_its_series():
    verdicts = [good("rt.web"), good("rt.web", family="ipv6"), good("rt.de")]
    elsewhere = run("run-2", vantage=Vantage(country="AT"))

    found = series([(run(), verdicts), (elsewhere, verdicts[:1])])

    assert [(key.endpoint, key.family, str(key.network)) for key in found] == [
        ("rt.de", "ipv4", "DE/AS64501"),
        ("rt.web", "ipv4", "AT"),
        ("rt.web", "ipv4", "DE/AS64501"),
        ("rt.web", "ipv6", "DE/AS64501"),
    ]


def test_a_bot_wall_counts_as_reached_and_no_verdict_as_nothing():
    assert label_of(restricted()) == REACHED
    assert label_of(unclear()) is None
    assert label_of(bad()) == BLOCKED


def test_what_a_platform_withholds_is_no_bot_wall():
    withheld = restricted(category=Category.PLATFORM_WITHHELD, subtype="region")

    assert label_of(withheld) == Label(State.RESTRICTED, Category.PLATFORM_WITHHELD)


@pytest.mark.parametrize("status", ["offline", "invalid", "failed"])
def test_runs_that_say_nothing_of_their_place_are_left_out(status):
    assert series([(run(status=status), [good()])]) == {}


def test_families_may_come_out_of_different_networks():
    two = Vantage(
        families=(
            FamilyVantage(family=Family.IPV4, asn=1, country="DE"),
            FamilyVantage(family=Family.IPV6, asn=2, country="DE"),
        ),
        country="DE",
    )

    assert network_of(two, Family.IPV6) == Network("DE", 2)
    assert network_of(two, None) == Network("DE", 1)
    assert str(network_of(Vantage(), None)) == "unknown"


def test_endpoints_that_change_together_are_one_change():
    days = [good] * 10 + [bad] * 10

    (change,) = service_changes(series(history(*days, endpoints=("rt.web", "rt.de"))))

    assert change.endpoints == ("rt.de", "rt.web")
    assert (change.before, change.after) == (REACHED, BLOCKED)
    assert change.at == NOW + timedelta(days=10)
    assert (change.earliest, change.latest) == (NOW + timedelta(days=9), NOW + timedelta(days=10))


def test_endpoints_that_change_at_different_times_are_two():
    early = history(*[good] * 10, *[bad] * 20, endpoints=("rt.web",))
    late = history(*[good] * 20, *[bad] * 10, endpoints=("rt.de",))

    assert len(service_changes(series([*early, *late]))) == 2


def test_networks_are_told_apart():
    days = [good] * 10 + [bad] * 10

    found = service_changes(
        series([*history(*days), *history(*days, vantage=Vantage(country="AT"))])
    )

    assert {str(change.network) for change in found} == {"AT", "DE/AS64501"}
