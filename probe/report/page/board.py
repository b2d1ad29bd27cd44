"""The status page: a card per service, a line of past runs, and what each verdict rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from probe.model.run import Run
from probe.model.verdict import ServiceVerdict
from probe.model.words import State
from probe.report.findings import Findings
from probe.report.grid import Block, Grid
from probe.report.language.wording import Wording
from probe.report.page.html import scrolling, text
from probe.report.page.parts import LETTERS
from probe.report.page.style import CSS
from probe.report.status import Status, status_grid
from probe.report.text import INTERNET
from probe.report.words import next_step, place, service_sentence, vantage_sentences, witness_of

# As many runs as fit on a phone in two rows; at one run in six hours they are ten days.
RUNS_SHOWN: Final = 40
BOARD_CSS: Final = (
    CSS
    + """
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1rem;padding:0;
list-style:none;margin:1.5rem 0}
.card{border:1px solid var(--line);border-radius:10px;padding:1rem;background:var(--panel)}
.card h2{margin:0 0 .3rem;display:flex;align-items:center;gap:.5rem;font-size:1.05rem}
.card p{margin:.3rem 0}
.badge{display:inline-flex;align-items:center;justify-content:center;width:1.6rem;height:1.6rem;
border-radius:50%;font-size:.9rem;font-weight:700;flex:none}
.past{display:flex;flex-wrap:wrap;gap:2px;list-style:none;padding:0;margin:.7rem 0 0}
.past a,.past span{display:block;width:1.5rem;height:1.5rem;line-height:1.5rem;text-align:center;
font-size:.8rem;border-radius:4px;text-decoration:none}
.past a:focus-visible,.past a:hover{outline:2px solid var(--c0)}
.steps td{text-align:left;min-width:0;overflow-wrap:anywhere}
.board th{vertical-align:top}.board td{text-align:left}
nav{margin:.5rem 0}section ul{margin:.3rem 0;padding-left:1.2rem;max-width:46rem}
section li,section p{overflow-wrap:anywhere}
summary{cursor:pointer;padding:.4rem 0}summary:focus-visible{outline:3px solid var(--c0)}
"""
)


@dataclass(frozen=True, slots=True)
class Past:
    """One earlier run and what it said of each service."""

    run: Run
    services: tuple[ServiceVerdict, ...]


def front_html(
    status: Status,
    found: Findings | None,
    past: Sequence[Past],
    words: Wording,
    *,
    max_age: timedelta,
) -> str:
    """Return the front page; `past` holds the last runs, oldest first, `found` the last of them."""
    if found is None:
        body = (
            "<h1>Nothing was measured yet</h1><p>Make a first run, then load this page again:"
            " <code>roadblock run</code></p>"
        )
        return _page("Roadblock", body)
    run = found.run
    where = words.phrases["where"].format(
        place=place(run, words), time=f"{run.started_at:%Y-%m-%d %H:%M}"
    )
    said = "".join(f"<p>{text(line)}</p>" for line in vantage_sentences(found.vantage, run, words))
    cards = "".join(_card(service, found, past, words) for service in found.services)
    nothing = "" if cards else f"<p>{text(words.phrases['no_verdicts'])}</p>"
    return _page(
        "Roadblock",
        f"<h1>What can be reached from here</h1>{_lab(run, words)}<p>{text(where)}</p>{said}"
        f'{nothing}<ul class="cards">{cards}</ul>{_key(words)}'
        f"{_probe(status, run, words, max_age)}",
    )


def service_html(
    found: Findings, service_id: str, evidence: Mapping[str, Sequence[Block]], words: Wording
) -> str:
    """Return what a run says of one service, and every step that it rests on.

    `evidence` is {endpoint: its blocks}.
    """
    name = found.name(service_id)
    service = next(s for s in found.services if s.service == service_id)
    sentence = service_sentence(service, found.of(service_id), name, words)
    witness = witness_of(service, found.of(service_id))
    step = ""
    if witness is not None and service.state is not State.OK:
        step = next_step(witness, words, found.run.profile)
    advice = f"<p>{text(words.phrases['next'].format(step=step))}</p>" if step else ""
    parts = "".join(_evidence(endpoint, blocks) for endpoint, blocks in evidence.items())
    started = f"{found.run.started_at:%Y-%m-%d %H:%M}"
    return _page(
        f"{name}, {started}",
        f'<nav><a href="/">All services</a></nav><h1>{text(name)}</h1>{_lab(found.run, words)}'
        f"<p>{_badge(service.state)} {text(sentence)}</p>{advice}"
        f'<p class="dim">Run {text(found.run.id)}, {started} UTC,'
        f" {text(place(found.run, words))}. Steps marked * carry a verdict.</p>{parts}",
    )


def missing_html(what: str) -> str:
    """Return the page for what is not there."""
    return _page("Not here", f'<h1>Not here</h1><p>{text(what)}</p><p><a href="/">Back</a></p>')


def _lab(run: Run, words: Wording) -> str:
    """Say of a lab's run that it is one: no picture of it may pass for a measurement."""
    if run.world == INTERNET:
        return ""
    told = words.phrases["lab"].format(world=run.world.removeprefix("lab:"))
    return f"<p><strong>{text(told)}</strong></p>"


def _probe(status: Status, run: Run, words: Wording, max_age: timedelta) -> str:
    if run.world != INTERNET:
        return ""
    grid = _table(status_grid(status, words, max_age), "board")
    return (
        '<section aria-labelledby="probe"><h2 id="probe">The probe</h2>'
        f"{scrolling('How the probe is doing', grid)}</section>"
    )


def _card(service: ServiceVerdict, found: Findings, past: Sequence[Past], words: Wording) -> str:
    name = found.name(service.service)
    sentence = service_sentence(service, found.of(service.service), name, words)
    link = f"/run/{text(found.run.id)}/{text(service.service)}"
    cells = "".join(_cell(each, service.service, words) for each in past)
    return (
        f'<li class="card"><h2>{_badge(service.state)}<a href="{link}">{text(name)}</a></h2>'
        f'<p>{text(sentence)}</p><ol class="past" aria-label="Earlier runs, oldest first">'
        f"{cells}</ol></li>"
    )


def _cell(past: Past, service_id: str, words: Wording) -> str:
    when = f"{past.run.started_at:%Y-%m-%d %H:%M} UTC"
    said = next((s for s in past.services if s.service == service_id), None)
    if said is None:
        told = text(f"{when}: not measured")
        return (
            f'<li><span class="nodata" role="img" aria-label="{told}" title="{told}">·</span></li>'
        )
    told = text(f"{when}: {words.states[said.state]}")
    href = f"/run/{text(past.run.id)}/{text(service_id)}"
    return (
        f'<li><a class="{said.state.value}" href="{href}" aria-label="{told}" title="{told}">'
        f"{LETTERS[said.state]}</a></li>"
    )


def _badge(state: State) -> str:
    return f'<span class="badge {state.value}" aria-hidden="true">{LETTERS[state]}</span>'


def _key(words: Wording) -> str:
    items = "".join(
        f'<li class="{state.value}">{LETTERS[state]} {text(words.states[state])}</li>'
        for state in State
    )
    return (
        f'<ul class="key" aria-label="What the marks mean">{items}'
        '<li class="nodata">· not measured</li></ul>'
    )


def _evidence(endpoint: str, blocks: Sequence[Block]) -> str:
    """Return a part of the page: plain words first, then reasons, then every step, folded up."""
    name = text(endpoint)
    inside, reasons = "", ""
    for block in blocks:
        if isinstance(block, str) and block.startswith(" "):
            reasons += f"<li>{text(block.strip())}</li>"
            continue
        inside += f"<ul>{reasons}</ul>" if reasons else ""
        reasons = ""
        if isinstance(block, Grid):
            table = scrolling(f"Steps of {endpoint}", _table(block, "steps"))
            inside += f"<details><summary>Every step ({len(block.rows)})</summary>{table}</details>"
        elif block.strip():
            inside += f"<p><strong>{text(block)}</strong></p>"
    return f'<section aria-label="{name}"><h2>{name}</h2>{inside}</section>'


def _table(grid: Grid, kind: str) -> str:
    head = ""
    if any(grid.headings):
        cells = "".join(
            f'<th scope="col">{text(heading)}</th>' if heading else "<td></td>"
            for heading in grid.headings
        )
        head = f"<thead><tr>{cells}</tr></thead>"
    rows = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{text(cell.text)}</th>'
            if kind == "board" and not number
            else f"<td>{text(cell.text)}</td>"
            for number, cell in enumerate(row)
        )
        + "</tr>"
        for row in grid.rows
    )
    return f'<table class="{kind}">{head}<tbody>{rows}</tbody></table>'


def _page(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)}</title>"
        '<link rel="stylesheet" href="/style.css"><link rel="icon" href="data:,"></head>'
        f"<body><main>{body}</main><footer><p>This page is read from this machine's database and"
        " sends nothing. A verdict says what was seen and how far the evidence carries.</p>"
        "</footer></body></html>\n"
    )
