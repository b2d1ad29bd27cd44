"""One story per TCP rule."""

from collections.abc import Callable

from probe.model.words import FailureWord, Operation
from tests.classify.build import (
    A1,
    A2,
    NXDOMAIN,
    REFUSED,
    TIMEOUT,
    UNREACHABLE,
    Atlas,
    Story,
    failure,
    knowledge,
    last,
)
from tests.classify.filing import cases, page, reached, story_of


def _connects(*failing: object, before: Callable[[Story], object] | None = None) -> Story:
    told = Story()
    told.honest_dns(A1, A2)
    if before is not None:
        before(told)
    for fails in failing:
        told.tcp(A1, fails)  # type: ignore[arg-type]
    return told


def _with_duration(fails: object, *durations: float, **values: object) -> Story:
    told = Story()
    told.honest_dns(A1)
    for duration in durations:
        told.tcp(A1, fails, duration=duration, **values)  # type: ignore[arg-type]
    return told


def _seen_elsewhere(told: Story, fails: object, *vantages: str) -> Story:
    for vantage in vantages:
        told.tcp(A1, fails)  # type: ignore[arg-type]
        told.elsewhere(vantage, last(told))
    return told


def _works_in_two_countries(told: Story) -> Story:
    return _seen_elsewhere(told, None, "h/DE", "h/US")


def _near(told: Story) -> Story:
    """The sender of the error is in our own network."""
    told.knowledge = knowledge(geo=Atlas({"188.254.": 12389}))
    return told


NO_ROUTE = failure(FailureWord.NETWORK_UNREACHABLE, Operation.CONNECT)
PROHIBITED = {"icmp": (3, 13, "188.254.2.1")}

cases(
    tcp__not_tried=lambda: story_of(lambda s: s.dns(rcode=NXDOMAIN)),
    tcp__ok=lambda: story_of(reached, page),
    tcp__down_elsewhere_too=lambda: _seen_elsewhere(_connects(TIMEOUT), TIMEOUT, "h/DE"),
    tcp__no_route=lambda: _with_duration(NO_ROUTE, 0.0, 0.0),
    tcp__prohibited_by_server=lambda: _with_duration(UNREACHABLE, 0.05, icmp=(3, 13, A1)),
    tcp__port_prohibited=lambda: _near(
        story_of(
            reached,
            lambda s: s.tcp(A1, UNREACHABLE, duration=0.02, **PROHIBITED),
            lambda s: s.tcp(A1, port=80),
        )
    ),
    tcp__address_prohibited=lambda: _near(_with_duration(UNREACHABLE, 0.02, **PROHIBITED)),
    tcp__refused_too_soon=lambda: story_of(
        reached,
        *[lambda s: s.tcp(A1, port=80)] * 4,
        *[lambda s: s.tcp(A1, REFUSED, duration=0.01)] * 3,
    ),
    tcp__refused_here_only=lambda: _works_in_two_countries(_with_duration(REFUSED, 0.05)),
    tcp__refused_nearby=lambda: _with_duration(REFUSED, 0.003, 0.003),
    tcp__refused=lambda: _with_duration(REFUSED, 0.05),
    tcp__silent_port=lambda: _works_in_two_countries(
        _connects(TIMEOUT, before=lambda s: s.tcp(A1, port=80))
    ),
    tcp__silent=lambda: _works_in_two_countries(_connects(TIMEOUT, TIMEOUT)),
    tcp__no_route_on_path=lambda: _works_in_two_countries(_with_duration(NO_ROUTE, 0.03, 0.03)),
    tcp__unreachable=lambda: _works_in_two_countries(_with_duration(UNREACHABLE, 0.03, 0.03)),
    tcp__fails_everywhere_from_here=lambda: _connects(TIMEOUT, TIMEOUT),
    tcp__unclear=lambda: _connects(TIMEOUT),
)
