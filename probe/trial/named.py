"""Finds what an id on the command line means: a drawn scenario, a kind, an environment."""

from dataclasses import replace
from typing import Final

from probe.errors import UsageError
from probe.lab.path import Link
from probe.trial.blocking import BLOCKING
from probe.trial.environments import ENVIRONMENTS
from probe.trial.grid import line_named
from probe.trial.innocent import INNOCENT
from probe.trial.roll import roll_line
from probe.trial.scenario import Line, Scenario, Setting

_TARGETS: Final = {"https": "instagram.web", "http": "instagram.http"}


def find_line(name: str, setting: Setting | None = None) -> tuple[Line, str | None]:
    """Return the line of an id, and which of its scenarios is meant (None: all).

    `7-b12` a drawn run, `7-k2` one of the roll · `7-b12/S02.3` one scenario of it · `S02` a kind,
    done to one target on a quiet line · `loss-3` an environment, with one target that nobody
    touches.
    """
    run, _, scenario = name.partition("/")
    line = line_named(run, setting) or roll_line(run)
    if line is not None:
        if scenario and scenario not in {s.id for s in line.scenarios}:
            known = ", ".join(s.id for s in line.scenarios)
            raise UsageError(f"run {run} has no scenario {scenario!r}; it has: {known}")
        return line, scenario or None
    kind = BLOCKING.get(name) or BLOCKING.get(name.upper()) or INNOCENT.get(name)
    if kind is not None:
        environment = "home-resolver" if kind.id == "tracker" else "plain"
        alone = Scenario(kind.id, kind.id, _TARGETS[kind.scheme], None, _first(kind.id))
        network = "de" if kind.innocent else "ru"
        return _quiet(kind.id, network, environment, alone, setting), None
    if name in ENVIRONMENTS:
        alone = Scenario("plain", "plain", _TARGETS["https"])
        network = (*ENVIRONMENTS[name].networks, "de")[0]
        return _quiet(name, network, name, alone, setting), None
    raise UsageError(f"nothing is named {name!r}; `roadblock lab list` shows what there is")


def _quiet(
    line_id: str, network: str, environment: str, scenario: Scenario, setting: Setting | None
) -> Line:
    return Line(
        id=line_id,
        network=network,
        environment=environment,
        link=Link(rtt_s=0.06),
        setting=setting or Setting.NONE,
        scenarios=(scenario,),
    )


def _first(kind_id: str) -> tuple[tuple[str, str | int | float], ...]:
    """Return what the kind leaves open, each at its first value; a box inside the network."""
    kind = BLOCKING.get(kind_id) or INNOCENT[kind_id]
    first = {name: values[0] for name, values in kind.options.items()}
    if "link" in first and not kind.innocent:
        first["link"] = 2
    return tuple(first.items())


def alone(line: Line, scenario_id: str) -> Line:
    """Return a line with one of its scenarios alone: not the same run, but quicker to look at."""
    return replace(line, scenarios=tuple(s for s in line.scenarios if s.id == scenario_id))
