import pytest

from probe.analyse.rates import Rate, rates, wilson
from probe.analyse.series import REACHED, Label, Network, Reading, SeriesKey
from probe.model.words import Category, Protocol, State
from tests.analyse.samples import NOW

BLOCKED = Label(State.BLOCKED, Category.DNS_LIE)


def key(service="rt", asn=1):
    return SeriesKey(service, f"{service}.web", Protocol.HTTPS, "ipv4", Network("DE", asn))


def readings(*labels):
    return [Reading(NOW, label) for label in labels]


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        pytest.param(81, 263, 0.2553, 0.3662, id="81 of 263"),
        pytest.param(15, 148, 0.0624, 0.1605, id="15 of 148"),
        pytest.param(0, 20, 0.0, 0.1611, id="0 of 20"),
        pytest.param(1, 29, 0.0061, 0.1718, id="1 of 29"),
        pytest.param(29, 29, 0.8830, 1.0, id="29 of 29"),
    ],
)
def test_wilsons_interval_is_the_published_one(hits, n, low, high):
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


def test_nothing_read_has_no_share():
    """A rate of 0 where n is 0 would be drawn as `not blocked`."""
    nothing = Rate(0, 0, 0, 0)

    assert (nothing.share, nothing.interval, nothing.networks_interval) == (None, None, None)


def test_a_rate_tells_its_n_and_its_networks():
    found = {
        key(asn=1): readings(BLOCKED, BLOCKED, REACHED),
        key(asn=2): readings(REACHED),
        key("bbc", asn=1): readings(REACHED),
    }

    by_service = rates(found, by=lambda key, _: key.service)

    assert by_service["rt"] == Rate(hits=2, n=4, networks_hit=1, networks=2)
    assert by_service["rt"].share == 0.5
    assert by_service["bbc"].networks_interval == pytest.approx((0.0, 0.7935), abs=1e-4)


def test_what_counts_and_how_it_is_grouped_are_chosen():
    down = Label(State.DOWN, Category.DOWN)
    found = {key(): readings(BLOCKED, down, REACHED)}

    by_day = rates(
        found,
        by=lambda _, reading: reading.at.date(),
        states=frozenset({State.BLOCKED, State.DOWN}),
    )

    assert by_day[NOW.date()].hits == 2
