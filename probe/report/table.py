"""The table service × layer, and the table of everything that did not go as it should."""

from collections.abc import Sequence

from probe.model.verdict import Finding, Verdict
from probe.model.words import Category, Layer, Protocol, RivalStatus, State
from probe.report.findings import Findings
from probe.report.grid import Cell, Grid, Tone
from probe.report.language.wording import Wording

COLUMNS = ("dns", "tcp", "tls", "http", "quic")
COLUMN_OF = {
    Layer.DNS: "dns",
    Layer.IP: "tcp",
    Layer.TCP: "tcp",
    Layer.TLS: "tls",
    Layer.HTTP: "http",
    Layer.CONTENT: "http",
    Layer.QUIC: "quic",
}
STEPS = {
    Protocol.HTTPS: ("dns", "tcp", "tls", "http"),
    Protocol.HTTP: ("dns", "tcp", "http"),
    Protocol.TLS: ("dns", "tcp", "tls"),
    Protocol.TCP: ("dns", "tcp"),
    Protocol.DNS: ("dns",),
    Protocol.QUIC: ("quic",),
}
"""Which columns a verdict over a protocol speaks of, in the order of the steps."""
WORST_FIRST = (
    State.BLOCKED,
    State.DOWN,
    State.REFUSED,
    State.IMPAIRED,
    State.RESTRICTED,
    State.INSUFFICIENT,
    State.OK,
)
GOES_ON = frozenset({State.OK, State.IMPAIRED, State.RESTRICTED})
"""States after whose layer the later ones were reached."""
TONES = {
    State.OK: Tone.GOOD,
    State.RESTRICTED: Tone.WARN,
    State.REFUSED: Tone.WARN,
    State.IMPAIRED: Tone.WARN,
    State.BLOCKED: Tone.BAD,
    State.DOWN: Tone.WARN,
    State.INSUFFICIENT: Tone.DIM,
}
NOTHING = Cell("·", Tone.DIM)


def layer_grid(found: Findings, words: Wording) -> Grid:
    """Return one row per service and one column per step."""
    rows = []
    for service in found.services:
        verdicts = found.of(service.service)
        cells = (_layer_cell(verdicts, column, words) for column in COLUMNS)
        rows.append((Cell(found.name(service.service)), *cells))
    return Grid(tuple(words.columns[key] for key in ("service", *COLUMNS)), tuple(rows))


def finding_grid(verdicts: Sequence[Verdict], words: Wording) -> Grid:
    """Return one row per verdict: endpoint, finding, how sure, and what else it may be."""
    rows = tuple(
        (
            Cell(verdict.endpoint),
            Cell(over(verdict)),
            Cell(claimed(verdict), TONES[verdict.state]),
            Cell(verdict.grade.value if verdict.grade else ""),
            Cell(_looks(verdict)),
            Cell(", ".join(_open_rivals(verdict))),
        )
        for verdict in verdicts
    )
    keys = ("endpoint", "protocol", "category", "grade", "n", "rivals")
    return Grid(tuple(words.columns[key] for key in keys), rows)


def category(finding: Finding) -> str:
    """Return category and subtype as one word: `tls_sni_reset/injected`."""
    subtype = f"/{finding.subtype}" if finding.subtype else ""
    return f"{finding.category.value}{subtype}"


def claimed(verdict: Verdict) -> str:
    """Return the same; with a question mark for what was seen and is not claimed: `throttle?`."""
    is_open = verdict.state is State.INSUFFICIENT and verdict.category is not Category.INSUFFICIENT
    return f"{category(verdict)}?" if is_open else category(verdict)


def over(verdict: Verdict) -> str:
    """Return protocol and family: `https ipv4`."""
    return " ".join(part for part in (verdict.protocol.value, verdict.family) if part)


def _layer_cell(verdicts: Sequence[Verdict], column: str, words: Wording) -> Cell:
    """Merge what all verdicts say of a step: the worst, and how many endpoints it is true of."""
    said: dict[str, list[tuple[State, Category]]] = {}
    for verdict in verdicts:
        mark = _mark(verdict, column)
        if mark is not None:
            said.setdefault(verdict.endpoint, []).append(mark)
    if not said:
        return NOTHING
    worst_of = {endpoint: min(marks, key=_badness) for endpoint, marks in said.items()}
    state, worst = min(worst_of.values(), key=_badness)
    if state is State.OK:
        return Cell(words.cells[Category.OK], TONES[State.OK])
    affected = sum(mark[0] is state for mark in worst_of.values())
    share = "" if affected == len(worst_of) else f" {affected}/{len(worst_of)}"
    return Cell(words.cells[worst] + share, TONES[state])


def _mark(verdict: Verdict, column: str) -> tuple[State, Category] | None:
    """Return what one verdict says of a step; None where it says nothing."""
    steps = STEPS[verdict.protocol]
    if column not in steps:
        return None
    for finding in (verdict, *verdict.also):
        if finding.state is not State.OK and _column(finding, steps) == column:
            return finding.state, finding.category
    if verdict.state is State.OK:
        return State.OK, Category.OK
    reached = steps.index(_column(verdict, steps))
    if steps.index(column) < reached or verdict.state in GOES_ON:
        return State.OK, Category.OK
    return None


def _column(finding: Finding, steps: tuple[str, ...]) -> str:
    """Return the step at which a finding showed; without a layer, the first one."""
    column = COLUMN_OF.get(finding.layer, steps[0]) if finding.layer else steps[0]
    return column if column in steps else steps[-1]


def _badness(mark: tuple[State, Category]) -> int:
    return WORST_FIRST.index(mark[0])


def _looks(verdict: Verdict) -> str:
    """Return the attempts with the trigger and, where there were some, those of the control."""
    if verdict.n_control:
        return f"{verdict.n_target}+{verdict.n_control}"
    return str(verdict.n_target or 1)


def _open_rivals(verdict: Verdict) -> list[str]:
    return [rival.id for rival in verdict.rivals if rival.status is not RivalStatus.RULED_OUT]
