"""Puts the page together: one file, no script, nothing that is asked of any other host."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from probe.model.event import Event
from probe.model.words import State
from probe.report.language.wording import Wording
from probe.report.page.charts import bars, shares
from probe.report.page.facts import BUCKET_S, Cell, Facts, Network, network_name
from probe.report.page.html import download, scrolling, section, text
from probe.report.page.parts import (
    LETTERS,
    NO_DATA,
    STATES,
    Curve,
    Told,
    cause_stacks,
    day_mark,
    event_numbers,
    has_values,
    how_often,
    no_causes,
    pace_curves,
    part,
    period,
    shown_days,
    timing_curves,
)
from probe.report.page.style import CSS

_NETWORK_COLUMNS: Final = ("country", "asn")


def page_html(facts: Facts, words: Wording, told: Told) -> str:
    """Return the page."""
    source = told.source
    digest = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>Roadblock: {text(period(facts.days))}</title><style>{CSS}</style></head><body>"
    )
    if not facts.days:
        return (
            f"{head}<main><h1>Nothing was measured</h1><p>{text(source)}</p></main></body></html>"
        )
    note = f"{period(facts.days)}, UTC. {source}"
    parts = [
        _summary(facts, note),
        _heat_map(facts, words, told.names, note),
        _calendar(facts, told.events, note),
        _causes(facts, words, note),
        _timing(facts, note),
        _pace(facts, note),
        _coverage(facts, note),
    ]
    foot = (
        f"<footer><p>Made by Roadblock {text(told.version)} from {text(source)} "
        "A verdict says what was seen and how far the evidence carries; it is no proof of who did "
        "it. Grey and hatched cells say nothing about a service.</p></footer>"
    )
    return f"{head}<main>{''.join(parts)}</main>{foot}</body></html>\n"


def _summary(facts: Facts, note: str) -> str:
    numbers = {
        "days with runs": len(facts.days),
        "runs": facts.n_runs,
        "networks": len(facts.networks),
        "services": len(facts.services),
        "verdicts on endpoints": facts.n_verdicts,
    }
    items = "".join(f"<li><b>{n:,}</b>{text(what)}</li>" for what, n in numbers.items())
    return (
        f'<h1>What could be reached</h1><p class="dim">{text(note)}</p>'
        f'<ul class="facts">{items}</ul>'
    )


def _section(plot: str, facts: Facts, note: str, *, body: str, data: str) -> str:
    said = part(plot, facts)
    caption = f"{said.caption} {note}"
    return section(said.title, said.id, about=said.about, body=body, caption=caption, data=data)


# --- service by network ---------------------------------------------------------------------------


def _heat_map(facts: Facts, words: Wording, names: Mapping[str, str], note: str) -> str:
    heading = "".join(f'<th scope="col">{text(network_name(n))}</th>' for n in facts.networks)
    rows = []
    for service in facts.services:
        cells = "".join(_heat_cell(facts.cells.get((service, n)), words) for n in facts.networks)
        name = text(names.get(service, service))
        rows.append(f'<tr><th scope="row">{name}</th>{cells}</tr>')
    table = (
        f"<table><thead><tr><td></td>{heading}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
    data = (
        (service, *network, state.value, category.value, count)
        for (service, network), cell in facts.cells.items()
        for (state, category), count in sorted(cell.findings.items())
    )
    return _section(
        "map",
        facts,
        note,
        body=_state_key()
        + scrolling(
            "Table of services by network",
            table,
            note="Most frequent finding, how often of how many; the worst other one.",
        ),
        data=download(
            "services-by-network",
            ("service", *_NETWORK_COLUMNS, "state", "category", "verdicts"),
            data,
        ),
    )


def _heat_cell(cell: Cell | None, words: Wording) -> str:
    if cell is None:
        return '<td class="nodata">no data</td>'
    often = f"<small>{how_often(cell)}</small>"
    if cell.main is None:
        return f'<td class="insufficient">insufficient{often}</td>'
    state, category, _ = cell.main
    said = words.cells[category]
    head = state.value if state is State.OK else f"{state.value}: {said}"
    title = "; ".join(f"{s.value} {c.value} {n}" for (s, c), n in cell.findings.most_common())
    return f'<td class="{state.value}" title="{text(title)}">{text(head)}{often}</td>'


def _state_key() -> str:
    items = "".join(
        f'<li class="{state.value}">{state.value}: {text(said)}</li>'
        for state, said in STATES.items()
    )
    items += '<li class="nodata">no data: not measured</li>'
    return f'<ul class="key" aria-label="Key">{items}</ul>'


def _letter_key() -> str:
    letters = ", ".join(
        f"{LETTERS[state]} {state.value}" for state in State if state is not State.BLOCKED
    )
    return f"{letters}, – {NO_DATA}"


# --- days -----------------------------------------------------------------------------------------


def _calendar(facts: Facts, events: Sequence[Event], note: str) -> str:
    days = shown_days(facts.days)
    marked = event_numbers(events, days)
    rows = []
    for network in facts.networks:
        cells = "".join(_day_cell(facts.by_day.get((network, day)), day) for day in days)
        rows.append(f'<tr><th scope="row">{text(network_name(network))}</th>{cells}</tr>')
    table = f"<table class='days'>{_day_head(days, marked)}<tbody>{''.join(rows)}</tbody></table>"
    told = "".join(
        f"<li><span class='mark'>▼{marked[day]}</span> {day}: {text(event.title)}</li>"
        for day in marked
        for event in events
        if event.earliest.date() == day
    )
    data = (
        (day, *network, state.value, category.value, count)
        for (network, day), cell in sorted(facts.by_day.items(), key=lambda item: str(item[0]))
        for (state, category), count in sorted(cell.findings.items())
    )
    listed = (
        "<p>Known events of these days; that they fit in time does not make them the cause:</p>"
        f'<ul class="key">{told}</ul>'
    )
    return _section(
        "days",
        facts,
        note,
        body=scrolling(
            "Table of days by network",
            table,
            note=f"How many of the day's verdicts on services say blocked; else {_letter_key()}.",
        )
        + (listed if told else ""),
        data=download("days", ("day", *_NETWORK_COLUMNS, "state", "category", "verdicts"), data),
    )


def _day_head(days: Sequence[date], marked: Mapping[date, int]) -> str:
    cells = []
    for number, day in enumerate(days):
        label = f"{day:%b}<br>{day.day}" if number == 0 or day.day == 1 else str(day.day)
        mark = f'<br><span class="mark">▼{marked[day]}</span>' if day in marked else ""
        cells.append(f'<th scope="col" title="{day}">{label}{mark}</th>')
    return f"<thead><tr><td></td>{''.join(cells)}</tr></thead>"


def _day_cell(cell: Cell | None, day: date) -> str:
    if cell is None:
        return f'<td class="nodata" title="{day}: no data">–</td>'
    state, mark = day_mark(cell)
    if state is State.INSUFFICIENT:
        return f'<td class="insufficient" title="{day}: nothing can be said">{mark}</td>'
    title = f"{day}: " + ", ".join(f"{n} {s.value}" for s, n in cell.states().most_common())
    return f'<td class="{state.value}" title="{title}">{mark}</td>'


def _causes(facts: Facts, words: Wording, note: str) -> str:
    stacks = cause_stacks(facts, words)
    body = (
        scrolling("Chart of causes", bars(facts.days, stacks, "Findings a day, by cause"))
        if stacks
        else f"<p>{no_causes(facts)}</p>"
    )
    data = (
        (day, category.value, count, facts.verdicts.get(day, 0))
        for day, counter in sorted(facts.causes.items())
        for category, count in sorted(counter.items())
    )
    return _section(
        "causes",
        facts,
        note,
        body=body,
        data=download("causes", ("day", "category", "verdicts", "verdicts_of_the_day"), data),
    )


# --- distributions --------------------------------------------------------------------------------


def _timing(facts: Facts, note: str) -> str:
    data = (
        (step, f"{bucket * BUCKET_S * 1000:g}", count)
        for step, counter in sorted(facts.steps.items())
        for bucket, count in sorted(counter.items())
    )
    return _section(
        "timing",
        facts,
        note,
        body=_curves(timing_curves(facts), "ms", "Share of steps by duration"),
        data=download("timing", ("step", "from_ms", "steps"), data),
    )


def _pace(facts: Facts, note: str) -> str:
    data = (
        (*network, f"{kbps:g}", count)
        for network, counter in sorted(facts.paces.items(), key=lambda item: str(item[0]))
        for kbps, count in sorted(counter.items())
    )
    return _section(
        "goodput",
        facts,
        note,
        body=_curves(pace_curves(facts), "kbit/s", "Share of pages by goodput"),
        data=download("goodput", (*_NETWORK_COLUMNS, "kbps", "pages"), data),
    )


def _curves(curves: Sequence[Curve], unit: str, what: str) -> str:
    if not has_values(curves):
        return '<p class="dim">No data: no such step was measured.</p>'
    return scrolling(f"Chart: {what}", shares(curves, unit, what))


# --- coverage -------------------------------------------------------------------------------------


def _coverage(facts: Facts, note: str) -> str:
    days = shown_days(facts.days)
    most = max(facts.runs.values())
    rows = []
    for network in facts.networks:
        cells = "".join(_runs_cell(facts.runs.get((network, day), 0), most, day) for day in days)
        rows.append(f'<tr><th scope="row">{text(network_name(network))}</th>{cells}</tr>')
    table = f"<table class='days'>{_day_head(days, {})}<tbody>{''.join(rows)}</tbody></table>"
    data = ((day, *network, count) for (network, day), count in _sorted_runs(facts))
    return _section(
        "coverage",
        facts,
        note,
        body=scrolling("Table of runs a day by network", table),
        data=download("coverage", ("day", *_NETWORK_COLUMNS, "runs"), data),
    )


def _sorted_runs(facts: Facts) -> list[tuple[tuple[Network, date], int]]:
    return sorted(facts.runs.items(), key=lambda item: (item[0][1], str(item[0][0])))


def _runs_cell(count: int, most: int, day: date) -> str:
    if not count:
        return f'<td class="nodata" title="{day}: no run">–</td>'
    shade = min(3, 4 * count // (most + 1))
    return f'<td class="n{shade}" title="{day}: {count} runs">{count}</td>'
