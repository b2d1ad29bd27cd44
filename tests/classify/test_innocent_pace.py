"""Slow servers, slow lines and closed UDP: nobody is accused of them."""

from probe.model.experiment import Kind
from probe.model.words import (
    Arm,
    Category,
    RivalStatus,
    State,
)
from tests.classify.build import (
    A1,
    HOST,
    NEUTRAL,
    OTHER,
    TIMEOUT,
    Story,
    online,
)
from tests.classify.cases_http import in_a_black_hole
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


def _slow(*others: float) -> Story:
    story = Story()
    story.honest_dns(A1)
    story.tls(A1)
    story.tls(A1, arm=Arm.C1)
    story.http(A1, progress=flow(100_000))
    for bps in others:
        story.http(A1, arm=Arm.C1, progress=flow(bps))
    return story


def _slow_server(story: Story) -> RivalStatus:
    return next(r.status for r in story.verdict().rivals if r.id == "slow_server")


def test_a_handshake_under_another_name_does_not_clear_a_slow_server() -> None:
    """Its pages may come as slowly: one is asked for."""
    story = _slow()

    assert _slow_server(story) is not RivalStatus.RULED_OUT
    assert Kind.FETCH in {e.kind for e in story.asked() if e.arm is Arm.C1}


def test_another_name_that_is_fast_at_the_same_address_does() -> None:
    assert _slow_server(_slow(4e6)) is RivalStatus.RULED_OUT


def test_a_freeze_is_not_excused_by_a_black_hole_for_large_packets() -> None:
    """What stops after 16 KB has let many large packets through (techniques T09)."""
    frozen = in_a_black_hole(Story())
    frozen.honest_dns(A1)
    frozen.tls(A1)
    frozen.http(A1, fails=TIMEOUT, progress=((0.1, 8_000), (0.2, 16_000)), duration=20.3)

    assert frozen.verdict().category is not Category.LOCAL_INTERFERENCE


def test_what_the_name_meets_at_a_strangers_host_is_not_excused_by_one_either() -> None:
    told = Story()
    told.honest_dns(A1)
    told.tls(A1, TIMEOUT, after=10.0)
    told.tls(A1, arm=Arm.C1, received=7, fails=TIMEOUT, after=10.0)
    for name in (NEUTRAL, HOST, NEUTRAL):
        fails = TIMEOUT if name == HOST else None
        told.tls(OTHER, fails, arm=Arm.C2, name=name, after=10.0 if fails else None)

    assert in_a_black_hole(told).verdict().category is Category.TLS_SNI_DROP
