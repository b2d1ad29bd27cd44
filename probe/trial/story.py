"""One scenario in words: what is done, what can be told from it, the packets, and what was said."""

from collections.abc import Sequence
from typing import Final

from probe.lab.boxes import BOXES
from probe.report.grid import Block, Cell, Grid, Tone
from probe.trial.environments import ENVIRONMENTS
from probe.trial.marking import fault
from probe.trial.packets import Trace, story_flows
from probe.trial.places import NETWORKS
from probe.trial.playing import LineOutcome, Outcome
from probe.trial.scenario import Line, Node, Scenario, Setting
from probe.trial.twins import identifiable, truth_of_kind, why
from probe.trial.worlds import kind_of, line_world

# A stalled download repeats itself; what matters comes first.
_PACKETS_MAX: Final = 24


def story_blocks(line: Line, scenario: Scenario) -> list[Block]:
    """Say what a scenario is and what its evidence can tell, before anything is played."""
    kind = kind_of(scenario)
    link = line.link
    source = BOXES[kind.id].source if kind.id in BOXES else ""
    key = f"{kind.id}@pair" if scenario.option("pair") else kind.id
    truth = truth_of_kind(key)
    family = f", over {scenario.family.value} only" if scenario.family else ""
    rows = []
    for setting in Setting:
        reach = identifiable(key, truth, setting)
        reasons = "; ".join(why(key, setting)) if reach != truth else ""
        rows.append((Cell(setting.value), Cell(said(reach)), Cell(reasons)))
    blocks: list[Block] = [
        f"{kind.id}: {kind.words}",
        f"Target {scenario.endpoint}{family}; {NETWORKS[line.network].words};"
        f" {ENVIRONMENTS[line.environment].words}; round trip {link.rtt_s * 1000:g} ms,"
        f" loss {link.loss:.1%}.",
    ]
    if source:
        blocks.append(f"Plays: {source}")
    blocks += [
        f"True: {said(truth)}",
        "",
        "What the evidence can tell, by what is learnt from elsewhere:",
        Grid(("Elsewhere", "Deepest node", "Because"), tuple(rows)),
    ]
    return blocks


def packet_blocks(trace: Trace, line: Line, scenario: Scenario) -> list[Block]:
    """Return the packets that matter: those of the first connection that the box laid hands on."""
    world = line_world(line)
    endpoint = next(e for e in world.catalogue.endpoints if e.id == scenario.endpoint)
    addresses = frozenset(world.hosts.get(endpoint.host, ()))
    blocks: list[Block] = []
    for flow in story_flows(trace, frozenset({endpoint.host}), addresses, scenario.kind):
        lines = [line for line in trace.lines if line.flow == flow]
        start = lines[0].at_s
        blocks += ["", "Packets as they pass the client (-> sent, <- received), and the box:"]
        blocks += [f"{line.at_s - start:9.4f} s {line.words}" for line in lines[:_PACKETS_MAX]]
        if len(lines) > _PACKETS_MAX:
            blocks.append(f"            and {len(lines) - _PACKETS_MAX} more")
    return blocks


def outcome_blocks(played: LineOutcome, only: str | None = None) -> list[Block]:
    """Return what a run said beside what is true."""
    chosen = [o for o in played.outcomes if only in (None, o.scenario.id)]
    right = "" if played.is_vantage_right else " (which is wrong of this line)"
    blocks: list[Block] = [
        "",
        f"The vantage point is {played.vantage.value}{right}; the run took {played.lab_s:.0f} s on"
        f" the lab's clock and {played.cpu_s:.1f} s of ours, {played.observations} observations.",
    ]
    for outcome in chosen:
        if outcome.disagreement:
            blocks.append(f"The scenario is an error: {outcome.disagreement}")
        if not outcome.units:
            blocks.append(f"{outcome.scenario.endpoint}: no verdict, nothing was judged.")
    rows = _rows(chosen)
    if rows:
        headings = ("Endpoint", "Over", "The run says", "Grade", "Rule", "True", "Right")
        blocks.append(Grid(headings, tuple(rows)))
        blocks += [u.said.detail for o in chosen for u in o.units if u.said.detail]
    return blocks


def _rows(outcomes: Sequence[Outcome]) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for outcome in outcomes:
        for unit in outcome.units:
            wrong = fault(unit)
            word = wrong or ("silent" if not unit.said.node else "yes")
            tone = Tone.BAD if wrong else Tone.GOOD if unit.said.node else Tone.WARN
            family = unit.said.family
            rows.append(
                (
                    Cell(outcome.scenario.endpoint),
                    Cell(f"{unit.said.protocol.value}{f'/{family.value}' if family else ''}"),
                    Cell(said(unit.said.node)),
                    Cell(unit.said.grade.value if unit.said.grade else ""),
                    Cell(unit.said.rule),
                    Cell(said(unit.expected.node)),
                    Cell(word, tone),
                )
            )
    return rows


def said(node: Node) -> str:
    """Return a node in words: `blocked: tls_sni_reset/injected`."""
    if not node:
        return "nothing"
    return node[0] + (f": {'/'.join(node[1:])}" if len(node) > 1 else "")
