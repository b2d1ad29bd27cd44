"""What a run changes: the services that are not as they were when something was last said of them.

Words of the person's own summary and nothing else: no network, no country, no address. They may
pass through a stranger's server.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from probe.analyse.series import network_of
from probe.model.run import Run
from probe.model.words import State
from probe.report.escape import escape
from probe.report.findings import Findings
from probe.report.language.wording import Wording
from probe.report.words import service_sentence
from probe.store import Reader

# Older than that, it was another time: what is new then is a first look.
_REMEMBERED: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Before:
    """What was last said of a service, and when."""

    state: State
    at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to the person who measures."""

    title: str
    body: str


def said_before(reader: Reader, run: Run) -> dict[str, Before]:
    """Return what runs before this one said last, from the same network and the same world.

    {"instagram": Before(State.OK, ...)}; what could not be told says nothing, so `insufficient`
    hides nothing that was known before it.
    """
    here = network_of(run.vantage, None)
    found: dict[str, Before] = {}
    for earlier in reader.runs(run.world, run.started_at - _REMEMBERED):
        is_comparable = earlier.status != "invalid" and network_of(earlier.vantage, None) == here
        if earlier.id == run.id or earlier.started_at > run.started_at or not is_comparable:
            continue
        for said in reader.services(earlier.id):
            if said.state is not State.INSUFFICIENT:
                found[said.service] = Before(said.state, earlier.started_at)
    return found


def notice_of(found: Findings, before: Mapping[str, Before], words: Wording) -> Notice | None:
    """Return what has changed; None where nothing did, or nothing was known to compare with."""
    if found.run.status == "invalid" or not found.vantage.may_judge:
        return None
    lines = []
    for service in found.services:
        known = before.get(service.service)
        if known is None or service.state in {known.state, State.INSUFFICIENT}:
            continue
        name = found.name(service.service)
        lines.append(service_sentence(service, found.of(service.service), name, words))
        was = words.states[known.state]
        lines.append(words.phrases["notice_before"].format(was=was, time=f"{known.at:%Y-%m-%d}"))
    if not lines:
        return None
    title = words.phrases["notice_title"].format(count=len(lines) // 2)
    return Notice(title, "\n".join(escape(line) for line in lines))
