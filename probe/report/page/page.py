"""Puts the page together: one file, no script, nothing that is asked of any other host."""

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from probe.model.event import Event
from probe.model.words import Category, State
from probe.report.language.wording import Wording
from probe.report.page.charts import SERIES_MAX, Curve, bars, shares
from probe.report.page.facts import BUCKET_S, Cell, Facts, Network, network_name
from probe.report.page.html import download, scrolling, section, text
from probe.report.page.style import CSS

# As many columns as a person looks through; the data that go with them are complete.
_DAYS_MAX: Final = 62
_STEPS: Final = {
    "dns": "name lookup",
    "tcp": "connection",
    "tls": "encryption",
    "quic": "HTTP/3",
    "http": "page",
}
_STATES: Final = {
    State.OK: "works",
    State.RESTRICTED: "reached, gives less",
    State.REFUSED: "the service turns us away",
    State.IMPAIRED: "works badly",
    State.BLOCKED: "looks blocked",
    State.DOWN: "does not work anywhere",
    State.INSUFFICIENT: "measured, and nothing can be said",
}
_NETWORK_COLUMNS: Final = ("country", "asn")


def page_html(
    facts: Facts,
    words: Wording,
    *,
    names: Mapping[str, str],
    events: Sequence[Event],
    source: str,
    version: str,
) -> str:
    """Return the page; `source` says in words where the results were read from."""
    digest = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>Roadblock: {text(_period(facts.days))}</title><style>{CSS}</style></head><body>"
    )
    if not facts.days:
        return (
            f"{head}<main><h1>Nothing was measured</h1><p>{text(source)}</p></main></body></html>"
        )
    note = f"{_period(facts.days)}, UTC. {source}"
    parts = [
        _summary(facts, note),
        _heat_map(facts, words, names, note),
        _calendar(facts, events, note),
        _causes(facts, words, note),
        _timing(facts, note),
        _pace(facts, note),
        _coverage(facts, note),
    ]
    foot = (
        f"<footer><p>Made by Roadblock {text(version)} from {text(source)} "
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


# --- service by network ---------------------------------------------------------------------------


def _heat_map(facts: Facts, words: Wording, names: Mapping[str, str], note: str) -> str:
    heading = "".join(f'<th scope="col">{text(network_name(n))}</th>' for n in facts.networks)
    rows = []
    for service in facts.services:
        cells = "".join(_heat_cell(facts.cells.get((service, n)), words) for n in facts.networks)
        name = text(names.get(service, service))
        rows.append(f'<tr><th scope="row">{name}</th>{cells}</tr>')
    table = (
        f"<table><caption>Most frequent finding, and how often of how many</caption>"
        f"<thead><tr><td></td>{heading}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
    data = (
        (service, *network, state.value, category.value, count)
        for (service, network), cell in facts.cells.items()
        for (state, category), count in sorted(cell.findings.items())
    )
    return section(
        "Services by network",
        "map",
        about="Each cell names the most frequent finding, and in how many of the runs that could "
        "tell it was made.",
        body=_state_key() + scrolling("Services by network", table),
        caption=f"n = {sum(c.n for c in facts.cells.values()):,} verdicts on services that say "
        f"something. {note}",
        data=download(
            "services-by-network",
            ("service", *_NETWORK_COLUMNS, "state", "category", "verdicts"),
            data,
        ),
    )


def _heat_cell(cell: Cell | None, words: Wording) -> str:
    if cell is None:
        return '<td class="nodata">no data</td>'
    if cell.main is None:
        return (
            f'<td class="insufficient">insufficient<small>0 of {cell.unclear} can tell</small></td>'
        )
    state, category, count = cell.main
    said = words.cells[category]
    head = state.value if state is State.OK else f"{state.value}: {said}"
    title = "; ".join(f"{s.value} {c.value} {n}" for (s, c), n in cell.findings.most_common())
    return (
        f'<td class="{state.value}" title="{text(title)}">{text(head)}'
        f"<small>{count} of {cell.n}</small></td>"
    )


def _state_key() -> str:
    items = "".join(
        f'<li class="{state.value}">{state.value}: {text(said)}</li>'
        for state, said in _STATES.items()
    )
    items += '<li class="nodata">no data: not measured</li>'
    return f'<ul class="key" aria-label="Key">{items}</ul>'


# --- days -----------------------------------------------------------------------------------------


def _shown_days(days: Sequence[date]) -> list[date]:
    """Return the last days without gaps: a day without a run is a column too."""
    last = days[-1]
    first = max(days[0], last - timedelta(days=_DAYS_MAX - 1))
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _calendar(facts: Facts, events: Sequence[Event], note: str) -> str:
    days = _shown_days(facts.days)
    marked = {day: number for number, day in enumerate(_event_days(events, days), start=1)}
    rows = []
    for network in facts.networks:
        cells = "".join(_day_cell(facts.by_day.get((network, day)), day) for day in days)
        rows.append(f'<tr><th scope="row">{text(network_name(network))}</th>{cells}</tr>')
    table = (
        "<table class='days'><caption>How many of the day's verdicts on services say blocked"
        f"</caption>{_day_head(days, marked)}<tbody>{''.join(rows)}</tbody></table>"
    )
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
    return section(
        "Days",
        "days",
        about="For each network and day, the number of verdicts that say a service looks blocked; "
        "the colour is that of the worst one.",
        body=scrolling("Days by network", table) + (listed if told else ""),
        caption=f"The last {len(days)} days; the data have all. {note}",
        data=download("days", ("day", *_NETWORK_COLUMNS, "state", "category", "verdicts"), data),
    )


def _event_days(events: Sequence[Event], days: Sequence[date]) -> list[date]:
    return sorted({e.earliest.date() for e in events if days[0] <= e.earliest.date() <= days[-1]})


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
    if not cell.n:
        return f'<td class="insufficient" title="{day}: nothing can be said">?</td>'
    states: Counter[State] = Counter()
    for (state, _), count in cell.findings.items():
        states[state] += count
    worst = next(
        (s for s in (State.BLOCKED, State.IMPAIRED, State.REFUSED, State.DOWN, State.RESTRICTED)
         if states[s]),
        State.OK,
    )  # fmt: skip
    title = f"{day}: " + ", ".join(f"{n} {state.value}" for state, n in states.most_common())
    return f'<td class="{worst.value}" title="{title}">{states[State.BLOCKED]}</td>'


def _causes(facts: Facts, words: Wording, note: str) -> str:
    totals: Counter[Category] = Counter()
    for counter in facts.causes.values():
        totals.update(counter)
    kept = [category for category, _ in totals.most_common(SERIES_MAX)]
    if len(totals) > SERIES_MAX:
        kept = kept[:-1]
    stacks: dict[str, dict[date, int]] = {_cause(c, words): {} for c in kept}
    for day, counter in facts.causes.items():
        for category, count in counter.items():
            name = _cause(category, words) if category in kept else "others"
            stack = stacks.setdefault(name, {})
            stack[day] = stack.get(day, 0) + count
    body = (
        scrolling("Causes", bars(facts.days, stacks, "Findings a day, by cause"))
        if totals
        else "<p>Nothing but ok and insufficient was found.</p>"
    )
    data = (
        (day, category.value, count, facts.verdicts.get(day, 0))
        for day, counter in sorted(facts.causes.items())
        for category, count in sorted(counter.items())
    )
    return section(
        "Causes",
        "causes",
        about="Verdicts on endpoints that are neither ok nor insufficient, by mechanism. More "
        "runs on a day make higher bars: compare with the coverage below.",
        body=body,
        caption=f"n = {totals.total():,} of {facts.n_verdicts:,} verdicts. {note}",
        data=download("causes", ("day", "category", "verdicts", "verdicts_of_the_day"), data),
    )


def _cause(category: Category, words: Wording) -> str:
    return f"{category.value}: {words.cells[category]}"


# --- distributions --------------------------------------------------------------------------------


def _timing(facts: Facts, note: str) -> str:
    curves = [
        Curve(
            name, {(bucket + 0.5) * BUCKET_S * 1000: n for bucket, n in facts.steps[step].items()}
        )
        for step, name in _STEPS.items()
        if facts.steps.get(step)
    ]
    data = (
        (step, f"{bucket * BUCKET_S * 1000:g}", count)
        for step, counter in sorted(facts.steps.items())
        for bucket, count in sorted(counter.items())
    )
    return section(
        "Timing",
        "timing",
        about="Which share of the steps that succeeded took at most so long.",
        body=_curves(curves, "ms", "Share of steps by duration"),
        caption=f"Steps of 5 ms; from the targets' own steps, not the controls'. {note}",
        data=download("timing", ("step", "from_ms", "steps"), data),
    )


def _pace(facts: Facts, note: str) -> str:
    largest = sorted(facts.paces, key=lambda n: -facts.paces[n].total())[:SERIES_MAX]
    curves = [Curve(network_name(n), facts.paces[n]) for n in sorted(largest, key=network_name)]
    data = (
        (*network, f"{kbps:g}", count)
        for network, counter in sorted(facts.paces.items(), key=lambda item: str(item[0]))
        for kbps, count in sorted(counter.items())
    )
    return section(
        "Goodput",
        "goodput",
        about="Which share of the pages of 16 KiB and more came at most so fast. A slow page is no "
        "throttling by itself: that takes a control.",
        body=_curves(curves, "kbit/s", "Share of pages by goodput"),
        caption=f"Bytes received by the whole exchange's duration, to two digits. {note}",
        data=download("goodput", (*_NETWORK_COLUMNS, "kbps", "pages"), data),
    )


def _curves(curves: Sequence[Curve], unit: str, what: str) -> str:
    if not any(value > 0 for curve in curves for value in curve.counts):
        return '<p class="dim">No data: no such step was measured.</p>'
    return scrolling(what, shares(curves, unit, what))


# --- coverage -------------------------------------------------------------------------------------


def _coverage(facts: Facts, note: str) -> str:
    days = _shown_days(facts.days)
    most = max(facts.runs.values())
    rows = []
    for network in facts.networks:
        cells = "".join(_runs_cell(facts.runs.get((network, day), 0), most, day) for day in days)
        rows.append(f'<tr><th scope="row">{text(network_name(network))}</th>{cells}</tr>')
    table = (
        f"<table class='days'><caption>Runs a day</caption>{_day_head(days, {})}"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
    data = ((day, *network, count) for (network, day), count in _sorted_runs(facts))
    return section(
        "Coverage",
        "coverage",
        about="How often it was measured. These colours say nothing about what was found.",
        body=scrolling("Runs a day by network", table),
        caption=f"n = {facts.n_runs:,} runs. {note}",
        data=download("coverage", ("day", *_NETWORK_COLUMNS, "runs"), data),
    )


def _sorted_runs(facts: Facts) -> list[tuple[tuple[Network, date], int]]:
    return sorted(facts.runs.items(), key=lambda item: (item[0][1], str(item[0][0])))


def _runs_cell(count: int, most: int, day: date) -> str:
    if not count:
        return f'<td class="nodata" title="{day}: no run">–</td>'
    shade = min(3, 4 * count // (most + 1))
    return f'<td class="n{shade}" title="{day}: {count} runs">{count}</td>'


def _period(days: Sequence[date]) -> str:
    if not days:
        return "no runs"
    return f"{days[0]}" if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
