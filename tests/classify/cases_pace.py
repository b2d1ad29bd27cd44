"""One story per rule on pace."""

from probe.model.observation import TcpInfo
from probe.model.words import Arm, Family
from tests.classify.build import (
    A1,
    HOST,
    NEUTRAL,
    OTHER,
    TIMEOUT,
    Story,
    last,
    online,
)
from tests.classify.cases_http import _answers, in_a_black_hole
from tests.classify.filing import cases, page, reached, story_of


def flow(bps: float, size: int = 131_072, *, uneven: bool = False) -> tuple[tuple[float, int], ...]:
    """Progress of a download: 64 reads at a steady pace, or in ever longer gaps."""
    steps = 64
    span = size * 8 / bps
    return tuple(
        (span * ((i / steps) ** (3 if uneven else 1)), size * i // steps)
        for i in range(1, steps + 1)
    )


def _paired(own: float, other: float, *, uneven: bool = False, queue: bool = False) -> Story:
    told = _answers({"progress": flow(own, uneven=uneven)})
    info = TcpInfo(rtt_us=400_000 if queue else 50_000, min_rtt_us=50_000)
    for number in range(1, 9):
        progress = flow(own * (1 + number / 100), uneven=uneven)
        told.http(A1, progress=progress, attempt=number, tcp_info=info)
        told.http(A1, progress=flow(other), attempt=number, arm=Arm.C1)
    return told


def bursts(bps: float, size: int = 131_072) -> tuple[tuple[float, int], ...]:
    """Progress of a policed download: four packets at once, then a stall until the next."""
    stall, step = 4 * 1_460 * 8 / bps, 1_460
    return tuple(
        (stall * (number // 4) + 0.03 * (number % 4), number * step)
        for number in range(1, size // step)
    )


def at_responder(
    own: tuple[tuple[float, int], ...],
    other: tuple[tuple[float, int], ...] | None = None,
    *,
    rounds: int = 8,
) -> Story:
    """A slow page, and one object under two names at a helper's own responder."""
    told = _answers({"progress": flow(150_000)})
    for number in range(1, rounds + 1):
        for name, progress in ((HOST, own), (NEUTRAL, other or flow(8e6))):
            told.http(OTHER, arm=Arm.C2, name=name, progress=progress, attempt=number)
            sized = {"url": f"https://{name}/sized/131072", "family": Family.IPV4}
            told.observations[-1] = told.observations[-1].model_copy(update=sized)
    return told


STOPS = (16_000, 16_200, 16_100, 16_000)


def _line_is_fast(told: Story) -> Story:
    told.vantage = online(rate_bps=8e6)
    return told


def _frozen(*sizes: int) -> Story:
    told = Story()
    told.honest_dns(A1)
    told.tls(A1)
    for number, size in enumerate(sizes):
        told.http(
            A1,
            fails=TIMEOUT,
            progress=((0.1, size // 2), (0.2, size)),
            duration=20.2,
            attempt=number,
        )
    return told


def _stalls_elsewhere() -> Story:
    told = _frozen(33_000, 33_000)
    told.elsewhere("h/DE", last(told))
    return told


def _pinged(told: Story, ended: str) -> Story:
    told.pings(A1, ended, received=400)
    return told


def _read_on_elsewhere(told: Story) -> Story:
    told.http(A1, progress=((0.1, 40_000), (0.2, 80_000)))
    told.elsewhere("h/DE", last(told))
    return told


def _fast_at_home() -> Story:
    told = _answers({"progress": flow(150_000)})
    told.vantage = online(country="RU")
    told.http(A1, progress=flow(9e6))
    told.elsewhere("helper:a/RU", last(told))
    return told


def _late(seconds: float, *, abroad: bool) -> Story:
    told = Story()
    told.honest_dns(A1)
    told.tls(A1)
    late = told.observations[-1].model_copy(update={"first_byte_s": seconds})
    told.observations[-1] = late
    told.http(A1)
    told.tls(A1, arm=Arm.C1)
    if abroad:
        told.tls(OTHER, arm=Arm.C2, name=NEUTRAL)
        told.tls(OTHER, arm=Arm.C2, name=HOST)
        told.observations[-1] = told.observations[-1].model_copy(update={"first_byte_s": seconds})
    return told


def _creeping() -> Story:
    told = Story()
    told.honest_dns(A1)
    told.tls(A1, duration=6.0)
    told.http(A1, fails=TIMEOUT, progress=flow(5_000, 32_768), duration=53.0)
    told.tls(A1, arm=Arm.C1, duration=0.1)
    return told


cases(
    pace__throttled_shape=lambda: _paired(150_000, 8e6, queue=True),
    pace__throttled_sni_extreme=lambda: at_responder(flow(5_200, 65_536)),
    pace__throttled_sni_police=lambda: at_responder(bursts(140_000)),
    pace__throttled=lambda: _paired(150_000, 8e6, uneven=True),
    pace__stalls_elsewhere_too=lambda: _stalls_elsewhere(),
    pace__frozen=lambda: _read_on_elsewhere(_frozen(*STOPS)),
    pace__frozen_after_packets=lambda: _pinged(_line_is_fast(_frozen(*STOPS)), "silent"),
    pace__frozen_after_bytes=lambda: _pinged(_read_on_elsewhere(_frozen(*STOPS)), "complete"),
    pace__extreme_by_name=_creeping,
    pace__stalled=lambda: _frozen(16_000),
    pace__large_packets_lost=lambda: in_a_black_hole(_frozen(400)),
    pace__delayed_by_name=lambda: _late(4.0, abroad=True),
    pace__slow_whatever_name=lambda: _slow_everywhere(),
    pace__slow_here=lambda: _fast_at_home(),
    pace__slow=lambda: _answers({"progress": flow(150_000)}),
    pace__trickle=lambda: _answers(
        {"fails": TIMEOUT, "progress": ((1.0, 20), (59.0, 60)), "duration": 60.0}
    ),
    pace__slow_to_answer=lambda: _late(4.0, abroad=False),
    pace__ok=lambda: story_of(reached, page),
)


def _slow_everywhere() -> Story:
    told = _answers({"progress": flow(150_000)})
    told.http(A1, arm=Arm.C1, progress=flow(160_000))
    return told
