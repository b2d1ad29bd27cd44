"""One story per QUIC rule."""

from probe.model.words import Arm
from tests.classify.build import (
    A1,
    TIMEOUT,
    UNREACHABLE,
    Story,
    last,
    online,
)
from tests.classify.cases_pace import flow
from tests.classify.cases_tls import GOOD
from tests.classify.filing import cases


def _quic(
    *target: dict[str, object],
    control: dict[str, object] | None = None,
    offered: bool = True,
    gate: str = "pass",
    tcp: object = None,
) -> Story:
    told = Story()
    told.vantage = online(gates={"udp443": gate})
    told.honest_dns(A1)
    if tcp is None:
        told.tls(A1)
        told.http(A1, headers=[("alt-svc", 'h3=":443"')] if offered else ())
    else:
        told.tcp(A1, tcp, duration=0.05)  # type: ignore[arg-type]
        told.tcp(A1, tcp, duration=0.05)  # type: ignore[arg-type]
    for values in target:
        told.quic(A1, **values)  # type: ignore[arg-type]
    if control is not None:
        told.quic(A1, arm=Arm.C1, **control)  # type: ignore[arg-type]
    return told


DONE = {"done": True}
NEGOTIATED = {"version": "negotiation", "datagrams": 1}
UNANSWERED = {"version": "negotiation"}


def _quic_pace(**values: object) -> Story:
    told = _quic(DONE)
    told.observations[-1] = told.observations[-1].model_copy(update=values)
    return told


def _freezes(ended: str) -> Story:
    """Four pages that stop after 16 KB, and connections of nothing but PINGs."""
    told = _quic(*[{**DONE, "attempt": number} for number in range(4)], gate="pass")
    told.observations = [
        o.model_copy(
            update={
                "failure": TIMEOUT,
                "progress": ((0.1, 8000), (0.2, 16_000)),
                "duration_s": 20.2,
            }
        )
        if o.step.value == "quic"
        else o
        for o in told.observations
    ]
    told.pings(A1, ended, method="quic", received=4_000)
    return told


cases(
    quic__frozen_after_packets=lambda: _freezes("silent"),
    quic__not_tried=lambda: _quic(NEGOTIATED),
    quic__stalled=lambda: _quic_pace(
        failure=TIMEOUT, progress=((0.1, 8000), (0.2, 16_000)), duration_s=20.2
    ),
    quic__slow=lambda: _quic_pace(progress=flow(150_000)),
    quic__ok=lambda: _quic(DONE),
    quic__unproved=lambda: _quic_pace(chain=()),
    quic__down_elsewhere_too=lambda: _quic_elsewhere(),
    quic__closed_too_soon=lambda: _closed_too_soon(),
    quic__blocked_by_name=lambda: _quic(GOOD, {"attempt": 1}, control={**DONE, "attempt": 1}),
    quic__blocked_by_version=lambda: _quic(GOOD, NEGOTIATED, NEGOTIATED, GOOD, control=GOOD),
    quic__closed_for_all=lambda: _quic(GOOD, gate="fail"),
    quic__blocked_with_tcp=lambda: _connects_in(_quic(GOOD, tcp=TIMEOUT), "h/DE", "h/US"),
    quic__unreachable_with_tcp=lambda: _connects_in(_quic(GOOD, tcp=UNREACHABLE), "h/DE", "h/US"),
    quic__blocked_by_address=lambda: _speaks_quic_in(_quic(GOOD, UNANSWERED, control=GOOD), "h/DE"),
    quic__unclear=lambda: _quic(GOOD),
)


def _connects_in(told: Story, *vantages: str) -> Story:
    for vantage in vantages:
        told.tcp(A1)
        told.elsewhere(vantage, last(told))
    return told


def _speaks_quic_in(told: Story, vantage: str) -> Story:
    told.quic(A1, done=True)
    told.elsewhere(vantage, last(told))
    return told


def _quic_elsewhere() -> Story:
    told = _quic(GOOD)
    told.quic(A1)
    told.elsewhere("h/DE", last(told))
    return told


def _closed_too_soon() -> Story:
    told = _quic({"datagrams": 1})
    told.tcp(A1)
    told.observations[-2] = told.observations[-2].model_copy(
        update={"close_code": 0x128, "first_byte_s": 0.01}
    )
    return told
