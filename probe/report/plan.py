"""Says beforehand what a run would send: hosts, steps, and upper bounds of bytes and time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from probe.model.target import Catalogue, Control, Endpoint, Pacing
from probe.model.words import Transport
from probe.report.grid import Block, Cell, Grid

# Bytes both ways, headers of IP included, rounded up from captures of one exchange each: A and AAAA
# over UDP; the same over one TCP, TLS or HTTPS connection with its certificates; a TCP handshake
# and close; a TLS 1.3 handshake with a chain of three; request and response headers; a QUIC
# handshake with its padded datagrams.
DNS_BYTES = {
    Transport.SYSTEM: 600,
    Transport.UDP: 600,
    Transport.TCP: 1_200,
    Transport.DOT: 7_000,
    Transport.DOH: 9_000,
}
CONNECT_BYTES = 400
HANDSHAKE_BYTES = 6_000
HEADER_BYTES = 3_000
QUIC_BYTES = 9_000
# A control's page is small; one look at it is a whole screen without QUIC.
CONTROL_PAGE_BYTES = 20_000
# Names of large platforms resolve to one or two addresses per family; the pacing bounds handshakes.
ADDRESSES_ASSUMED = 2
# A look at a healthy endpoint lasts as long as the window for late DNS answers, plus round trips.
ROUND_TRIPS_S = 2.0


@dataclass(frozen=True, slots=True)
class EndpointPlan:
    """What the first look at one endpoint sends at most."""

    endpoint: Endpoint
    steps: tuple[str, ...]
    connections: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would send. Later experiments depend on what is seen; the budgets bound them."""

    endpoints: tuple[EndpointPlan, ...]
    controls: tuple[Control, ...]
    resolvers: tuple[tuple[str, Transport], ...]
    whoami_names: tuple[str, ...]
    pacing: Pacing
    connections: int
    bytes: int
    seconds_good: float
    """If everything answers."""
    seconds_bad: float
    """If nothing does."""


def plan(
    endpoints: Sequence[Endpoint],
    catalogue: Catalogue,
    *,
    resolvers: Sequence[tuple[str, Transport]],
    quic: bool,
) -> Plan:
    """Estimate a run's first looks and gates."""
    pacing = catalogue.pacing
    lookups = sum(DNS_BYTES[transport] for _, transport in resolvers)
    planned = tuple(
        _plan_endpoint(endpoint, pacing, lookups=lookups, asked=len(resolvers), quic=quic)
        for endpoint in endpoints
    )
    gates = len(catalogue.controls) * (
        CONNECT_BYTES
        + HANDSHAKE_BYTES
        + HEADER_BYTES
        + CONTROL_PAGE_BYTES
        + DNS_BYTES[Transport.UDP]
    )
    batches = -(-len(planned) // pacing.workers)
    good_s = pacing.dns_window_s + ROUND_TRIPS_S
    bad_s = 2 * pacing.dns_timeout_s + pacing.connect_timeout_s + pacing.handshake_idle_s
    return Plan(
        endpoints=planned,
        controls=catalogue.controls,
        resolvers=tuple(resolvers),
        whoami_names=tuple(dict.fromkeys(entry.name for entry in catalogue.whoami)),
        pacing=pacing,
        connections=sum(p.connections for p in planned) + 2 * len(catalogue.controls),
        # The gates are asked at the start and at the end.
        bytes=min(pacing.bytes_per_run, sum(p.bytes for p in planned) + 2 * gates),
        seconds_good=min(pacing.seconds_per_run, (batches + 2) * good_s),
        seconds_bad=min(pacing.seconds_per_run, (batches + 2) * bad_s),
    )


def plan_blocks(planned: Plan, names: dict[str, str]) -> list[Block]:
    """Return the plan for people."""
    pacing = planned.pacing
    return [
        _opening(len(planned.endpoints)),
        _endpoint_grid(planned.endpoints, names),
        "",
        f"To tell a block from a broken line, {len(planned.controls)} control hosts:",
        *_wrapped(control.host for control in planned.controls),
        "Resolvers that are asked for each name:",
        *_wrapped(f"{resolver} ({transport})" for resolver, transport in planned.resolvers),
        *(
            ["To find out this network's number and country:", *_wrapped(planned.whoami_names)]
            if planned.whoami_names
            else []
        ),
        "",
        f"At most {planned.connections} connections and {planned.bytes / 1e6:.1f} MB for these "
        f"looks, in {_minutes(planned.seconds_good)} if all answers, "
        f"{_minutes(planned.seconds_bad)} if nothing does.",
        "A failure is followed by experiments that look for its cause, within these limits: "
        f"{pacing.names_per_endpoint} handshakes with a name per endpoint and as many controls, "
        f"{pacing.names_per_network_per_minute:g} a minute to one network under confirmation, "
        f"{pacing.flows_per_network} connections to one network and {pacing.flows_max} in all at "
        f"a time, {pacing.bytes_per_run / 1e6:g} MB and {_minutes(pacing.seconds_per_run)} per "
        f"run, one run per endpoint in {pacing.session_hours:g} hours. With --locate at most "
        f"{pacing.names_per_walk} more packets with the name of each endpoint that is blocked.",
        "Nothing was sent.",
    ]


def plan_json(planned: Plan) -> dict[str, object]:
    """Return the plan for programs."""
    return {
        "schema_version": 1,
        "endpoints": [
            {
                "id": each.endpoint.id,
                "service": each.endpoint.service,
                "url": each.endpoint.url,
                "steps": list(each.steps),
                "connections": each.connections,
                "bytes": each.bytes,
            }
            for each in planned.endpoints
        ],
        "controls": [control.host for control in planned.controls],
        "resolvers": [f"{resolver}/{transport}" for resolver, transport in planned.resolvers],
        "whoami": list(planned.whoami_names),
        "pacing": planned.pacing.model_dump(),
        "connections": planned.connections,
        "bytes": planned.bytes,
        "seconds_good": planned.seconds_good,
        "seconds_bad": planned.seconds_bad,
    }


def _plan_endpoint(
    endpoint: Endpoint, pacing: Pacing, *, lookups: int, asked: int, quic: bool
) -> EndpointPlan:
    """Bound one look: two families, a page in each, every address connected to."""
    scheme = endpoint.url.partition(":")[0]
    families = 1 if endpoint.ipv6 is False else 2
    flows = families * ADDRESSES_ASSUMED
    handshakes = families * min(pacing.addresses_per_family, ADDRESSES_ASSUMED)
    steps = ["dns", "tcp"]
    size = lookups + flows * CONNECT_BYTES
    if scheme in {"https", "tls"}:
        steps.append("tls")
        size += handshakes * HANDSHAKE_BYTES
    if scheme in {"https", "http"}:
        steps.append("http")
        size += families * (pacing.body_bytes + HEADER_BYTES)
    if quic and endpoint.http3:
        steps.append("quic")
        flows += families
        size += families * (QUIC_BYTES + pacing.body_bytes)
    return EndpointPlan(endpoint, tuple(steps), flows + asked, size)


def _opening(count: int) -> str:
    if count == 1:
        return "A run would look once at 1 endpoint:"
    return f"A run would look once at {count} endpoints, in an order drawn anew:"


def _endpoint_grid(endpoints: Iterable[EndpointPlan], names: dict[str, str]) -> Grid:
    rows = tuple(
        (
            Cell(names.get(each.endpoint.service, each.endpoint.service)),
            Cell(each.endpoint.url),
            Cell(" ".join(each.steps)),
            Cell(str(each.connections)),
            Cell(f"{each.bytes / 1e3:.0f}"),
        )
        for each in endpoints
    )
    return Grid(("Service", "URL", "Steps", "Connections ≤", "kB ≤"), rows)


def _wrapped(words: Iterable[str], width: int = 96) -> list[str]:
    """Lay words out in indented lines."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(word) + 2 <= width:
            lines[-1] += f", {word}"
        else:
            lines.append(f"  {word}")
    return lines


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
