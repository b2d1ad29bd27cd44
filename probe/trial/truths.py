"""What is true of each verdict: the boxes' log says it, and the scenario's author must agree."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from probe.lab.log import Event, TruthLog, What
from probe.lab.techniques import TECHNIQUES
from probe.lab.truth import Truth, truth_of
from probe.lab.world import World
from probe.model.target import Endpoint
from probe.model.words import Family, Layer, Protocol
from probe.trial.blocking import BLOCKING
from probe.trial.environments import ENVIRONMENTS
from probe.trial.innocent import INNOCENT
from probe.trial.places import RESPONDERS
from probe.trial.scenario import INTERFERED, NOWHERE, Expected, Line, Scenario, node
from probe.trial.twins import ALSO_TRUE, MAIN_ROWS, identifiable

# Rows that slow down: over QUIC a small page may stay below what they let pass.
_SLOW: Final = frozenset(row for row in TECHNIQUES if row.startswith("R"))
# Boxes that hold another one, which does what S01 does.
_HOLDERS: Final = frozenset({"S20", "T13"})


@dataclass(frozen=True, slots=True)
class Records:
    """A log, sorted by target, so that a hundred verdicts do not read all of it a hundred times."""

    world: World
    by_endpoint: dict[str, TruthLog]

    def of(self, endpoint: Endpoint, protocol: Protocol, family: Family | None) -> Truth:
        """Return what the log says about one verdict."""
        log = self.by_endpoint.get(endpoint.id) or TruthLog()
        return truth_of(self.world, log, endpoint, protocol=protocol, family=family)


def records_of(world: World, log: TruthLog, endpoints: Iterable[Endpoint]) -> Records:
    """Sort a log by the targets that its events can be about."""
    hosts: dict[str, str] = {}
    addresses: dict[str, str] = {}
    found: dict[str, TruthLog] = {}
    for endpoint in endpoints:
        hosts[endpoint.host] = endpoint.id
        addresses |= dict.fromkeys(world.hosts.get(endpoint.host, ()), endpoint.id)
        found[endpoint.id] = TruthLog()
    # What becomes of a target's name at a control's address (C2) is no deed against the target.
    controls = {
        address
        for control in world.catalogue.controls
        for address in world.hosts.get(control.host, ())
        if address not in addresses
    } | RESPONDERS
    named = {event.flow: event.name for event in log if event.name}
    for event in log:
        if event.flow.server in controls:
            continue
        name = event.name or named.get(event.flow, "")
        target = hosts.get(name) or addresses.get(event.flow.server)
        if target is not None:
            found[target].add(_told(event))
    return Records(world, found)


def _told(event: Event) -> Event:
    """Return the event as its inner box's own, where one box holds another."""
    if event.box in _HOLDERS and event.what is What.INJECTED:
        return replace(event, box="S01")
    return event


def expected_of(
    line: Line,
    scenario: Scenario,
    records: Records,
    endpoint: Endpoint,
    protocol: Protocol,
    family: Family | None,
) -> tuple[Expected, str]:
    """Return what is true of one verdict, and where author and log disagree (empty: nowhere)."""
    environment = ENVIRONMENTS[line.environment]
    if not environment.judged or (family is not None and family not in environment.families):
        return Expected(NOWHERE), ""
    logged = records.of(endpoint, protocol, family)
    if protocol is Protocol.QUIC and not environment.quic and not _is_of_names(logged):
        return Expected(NOWHERE), ""
    truth = node(logged.state, logged.category, logged.subtype)
    if scenario.kind in INNOCENT:
        return _innocent(line, scenario, protocol, logged)
    kind = BLOCKING[scenario.kind]
    row = TECHNIQUES[MAIN_ROWS.get(kind.id, kind.id)]
    is_meant = protocol in row.protocols and scenario.family in (None, family)
    if truth[:1] not in INTERFERED:
        may_miss = kind.chance or (row.id in _SLOW and protocol is Protocol.QUIC)
        wrong = is_meant and not may_miss
        reachable = NOWHERE if kind.chance else ("ok",)
        return Expected(("ok",), reachable=reachable), (
            f"{row.id} was to strike {_words(endpoint, protocol, family)} and did not"
            if wrong
            else ""
        )
    key = f"{logged.technique}@pair" if scenario.option("pair") else logged.technique
    expected = Expected(
        truth,
        logged.technique,
        identifiable(key, truth, line.setting),
        ALSO_TRUE.get(logged.technique, frozenset()),
    )
    if not is_meant or logged.technique != row.id:
        return expected, (
            f"{logged.technique} struck {_words(endpoint, protocol, family)}, which was not meant"
        )
    return expected, ""


def _is_of_names(logged: Truth) -> bool:
    """Whether what was done was done to the name, before any packet to the target."""
    row = TECHNIQUES.get(logged.technique)
    return row is not None and row.layer is Layer.DNS


def _innocent(
    line: Line, scenario: Scenario, protocol: Protocol, logged: Truth
) -> tuple[Expected, str]:
    kind = INNOCENT[scenario.kind]
    complaint = ""
    if (logged.state.value,) in INTERFERED:
        complaint = f"{logged.technique} struck {scenario.endpoint}, where nobody was to interfere"
    is_concerned = protocol in kind.protocols
    truth = kind.node if is_concerned else ("ok",)
    if not (kind.certain and ENVIRONMENTS[line.environment].certain):
        return Expected(truth, kind.id), complaint
    reachable = identifiable(kind.id, truth, line.setting) if is_concerned else truth
    return Expected(truth, kind.id, reachable), complaint


def _words(endpoint: Endpoint, protocol: Protocol, family: Family | None) -> str:
    return f"{endpoint.id} over {protocol}{f'/{family}' if family else ''}"
