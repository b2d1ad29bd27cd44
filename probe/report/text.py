"""The report that people read: the place, a sentence per service, the tables, what to do next."""

from collections.abc import Iterator

from probe.model.words import Flag, RivalStatus, State
from probe.report.findings import Findings
from probe.report.grid import Block
from probe.report.language.wording import Wording
from probe.report.table import finding_grid, layer_grid
from probe.report.words import (
    location_sentences,
    next_step,
    place,
    rival_sentence,
    service_sentence,
    vantage_sentences,
    witness_of,
)

INTERNET = "internet"


def report_blocks(found: Findings, words: Wording) -> list[Block]:
    """Return the whole report of a run."""
    return [*_head(found, words), *_body(found, words)]


def _head(found: Findings, words: Wording) -> Iterator[Block]:
    run = found.run
    if run.world != INTERNET:
        yield words.phrases["lab"].format(world=run.world.removeprefix("lab:"))
    started = f"{run.started_at:%Y-%m-%d %H:%M}"
    yield words.phrases["where"].format(place=place(run, words), time=started)
    yield from vantage_sentences(found.vantage, run, words)
    if run.status in {"running", "interrupted", "budget", "invalid"}:
        yield words.phrases[run.status].format(reason="; ".join(run.notes))


def _body(found: Findings, words: Wording) -> Iterator[Block]:
    if not found.services:
        if found.vantage.may_judge:
            yield words.phrases["no_verdicts"]
        return
    yield ""
    for service in found.services:
        name = found.name(service.service)
        yield service_sentence(service, found.of(service.service), name, words)
        yield from (f"    {line}" for line in _below(found, service.service, words))
    yield ""
    yield layer_grid(found, words)
    failing = [verdict for verdict in found.verdicts if verdict.state is not State.OK]
    if failing:
        yield ""
        yield finding_grid(failing, words)
        yield ""
        yield words.phrases["words"]


def _below(found: Findings, service_id: str, words: Wording) -> Iterator[str]:
    """Yield what belongs to a service's sentence: facts, rivals, flags, the next step."""
    service = next(s for s in found.services if s.service == service_id)
    witness = witness_of(service, found.of(service_id))
    if service.state is State.OK:
        strange = (v for v in found.of(service_id) if Flag.UNEXPECTED_CONTENT in v.flags)
        flag = words.flags[Flag.UNEXPECTED_CONTENT]
        yield from dict.fromkeys(f"{v.endpoint}: {flag}: {v.detail}" for v in strange)
        return
    if witness is None:
        return
    if witness.detail:
        yield f"{witness.endpoint}: {witness.detail}"
    # What is still open comes first: it is what a reader must not overlook.
    yield from location_sentences(witness, words)
    for rival in sorted(witness.rivals, key=lambda rival: rival.status is RivalStatus.RULED_OUT):
        yield rival_sentence(rival, words)
    yield from (words.flags[flag] for flag in witness.flags)
    step = next_step(witness, words, found.run.profile)
    if step:
        yield words.phrases["next"].format(step=step)
