"""Reports of checks that these tests write down."""

from dataclasses import replace

from probe.analyse.baseline_file import parse_baseline
from probe.analyse.check import Plan, Take, check
from probe.analyse.timings import Timing
from probe.model.verdict import VantageVerdict
from probe.model.words import Family, Layer, State, VantageState
from tests.analyse.samples import (
    GERMANY,
    ONLINE,
    TODAY,
    bad,
    good,
    restricted,
    run,
    service,
    service_verdict,
    unclear,
)

SERVICES = (
    service("instagram", "instagram.web", "instagram.api"),
    service("rt"),
    service("bbc"),
    service("tiktok"),
)
BASELINE = """\
[expect]
rt = { state = "blocked", reason = "EU ban" }
bbc = { state = "blocked", reason = "court order", until = 2026-01-31 }
instagram = { tls_ms_p95 = 100 }
"""
# What a censor may put into a page's title or a redirect, and we into a detail.
NASTY = (
    "\x1b[2J::error::pwned\n::add-mask::x\r\n##[error]|`<script>alert(1)</script>` @someone "
    '"quoted" \\ %0A \u202e\u2028 ]]> {x="y"} \x00'
)


def judge_service(of, verdicts):
    states = [verdict.state for verdict in verdicts]
    for state in (State.BLOCKED, State.RESTRICTED, State.INSUFFICIENT):
        if state in states:
            return service_verdict(of.id, state)
    return service_verdict(of.id)


def plan(text=BASELINE, **changes):
    standard = Plan(
        services=SERVICES,
        endpoints=tuple(endpoint for one in SERVICES for endpoint in one.endpoints),
        baseline=parse_baseline(text, file="roadblock.toml", services=SERVICES),
        today=TODAY,
        judge_service=judge_service,
        tool_version="0.1.0",
        max_attempts=2,
        failures_needed=2,
    )
    return replace(standard, **changes)


def mixed(detail="reset 16 ms after the name"):
    """One report with every outcome: failing, flaky, bot wall, expected, expired, unclear."""
    timings = {("instagram.web", Family.IPV4): Timing({Layer.TLS: [0.05, 0.2], Layer.DNS: [0.01]})}
    first = Take(
        run("run-1"),
        ONLINE,
        (
            good("instagram.web"),
            bad("instagram.web", family="ipv6", detail=detail),
            bad("instagram.api"),
            good("rt.web"),
            good("bbc.web"),
            restricted("bbc.web", family="ipv6", detail=detail),
            unclear("tiktok.web", detail=detail),
        ),
        timings,
    )
    second = Take(
        run("run-2"),
        ONLINE,
        (bad("instagram.web", family="ipv6", detail=detail), good("instagram.api")),
    )
    return check([first, second], plan())


def passing():
    verdicts = tuple(good(e.id) for one in SERVICES for e in one.endpoints)
    return check([Take(run(), ONLINE, verdicts)], plan(""))


def offline():
    gates = VantageVerdict(state=VantageState.OFFLINE, sentence="No control answers.")
    return check([Take(run(status="offline"), gates, ())], plan(""))


def nothing():
    return check([Take(run(), ONLINE, ())], plan("", endpoints=()))


def many(number):
    """A report with so many failures."""
    services = tuple(service(f"shop{count}") for count in range(number))
    verdicts = tuple(bad(one.endpoints[0].id) for one in services)
    wide = plan("", services=services, endpoints=tuple(one.endpoints[0] for one in services))
    return check([Take(run(vantage=GERMANY), ONLINE, verdicts)], wide)


REPORTS = {
    "mixed": mixed,
    "nasty": lambda: mixed(NASTY),
    "passing": passing,
    "offline": offline,
    "nothing": nothing,
    "many": lambda: many(30),
}
