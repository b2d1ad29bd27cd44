"""Slow servers, slow lines and closed UDP: nobody is accused of them."""

from probe.model.words import (
    Arm,
    Category,
    State,
)
from tests.classify.build import (
    A1,
    Story,
    online,
)
from tests.classify.cases_pace import flow


def test_slow_server_and_slow_line_are_not_throttled() -> None:
    line = Story()
    line.vantage = online(rate_bps=300_000.0)
    line.honest_dns(A1)
    line.tls(A1)
    line.http(A1, progress=flow(150_000))
    server = Story()
    server.honest_dns(A1)
    server.tls(A1)
    server.http(A1, progress=flow(150_000))
    server.http(A1, arm=Arm.C1, progress=flow(160_000))

    assert line.verdict().state is State.OK
    assert server.verdict().state is State.OK


def test_lossy_transfers_are_not_throttled() -> None:
    """Loss hits both arms and varies: the interval of the ratio stays wide."""
    story = Story()
    story.honest_dns(A1)
    story.tls(A1)
    rates = (93e3, 300e3, 700e3, 1437e3, 420e3, 910e3, 150e3, 1200e3)
    for number, rate in enumerate(rates, start=1):
        story.http(A1, progress=flow(rate), attempt=number)
        story.http(A1, arm=Arm.C1, progress=flow(rates[-number]), attempt=number)

    assert not [v for v in story.verdicts() if v.subtype in {"sni_police", "shape"}]


def test_quic_of_a_host_that_never_spoke_it_is_not_blocked() -> None:
    story = Story()
    story.honest_dns(A1)
    story.good_page(A1)
    story.quic(A1)
    story.quic(A1, arm=Arm.C1)

    assert [v.state for v in story.verdicts()] == [State.OK, State.INSUFFICIENT]


def test_closed_udp_of_this_line_says_nothing_of_the_service() -> None:
    story = Story()
    story.vantage = online(gates={"udp443": "fail"})
    story.honest_dns(A1)
    story.good_page(A1)
    story.quic(A1)

    quic = story.verdicts()[1]

    assert (quic.state, quic.category, quic.subtype) == (
        State.INSUFFICIENT,
        Category.QUIC_BLOCK,
        "generic",
    )
