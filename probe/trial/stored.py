"""Campaigns in a database: each run with its evidence, and the truth about it as a note of the run.

The truth is known only where the boxes' log is; kept beside the evidence, a campaign can be judged
anew by other rules without being played again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from probe.errors import StoreError
from probe.lab.pki import authority
from probe.model.verdict import Verdict
from probe.model.words import Arm
from probe.run.rejudge import Rejudged, rejudge, rejudge_vantage
from probe.store import ANY_WORLD, Reader, open_reader
from probe.trial.notes import Truths, truths_in
from probe.trial.playing import (
    LineOutcome,
    Outcome,
    Unit,
    base_knowledge,
    said_of,
    services_said,
)


def campaign_runs(database: Path) -> tuple[str, ...]:
    """Return the ids of a database's runs that carry their truth; none is an error."""
    with open_reader(database) as reader:
        found = tuple(run.id for run in reader.runs(ANY_WORLD) if truths_in(run) is not None)
    if not found:
        raise StoreError(
            f"{database}: no campaign is stored there; `roadblock lab score --db {database}` plays"
            " one into a new file"
        )
    return found


def rejudged(database: Path, runs: Sequence[str]) -> Iterator[LineOutcome]:
    """Judge stored runs by the rules that are loaded now, beside the truth."""
    with open_reader(database) as reader:
        for run_id in runs:
            yield rejudge_run(reader, run_id)


def rejudge_run(reader: Reader, run_id: str) -> LineOutcome:
    """Judge one stored run anew."""
    run = reader.run(run_id)
    truths = truths_in(run)
    catalogue = reader.catalogue(run_id)
    assert truths is not None
    assert catalogue is not None
    knowledge = replace(
        base_knowledge(), catalogue=catalogue, roots=(authority(run.started_at).root_der,)
    )
    # The first gates: by them the run's own verdicts were judged.
    gates = [o for o in reader.observations(run_id) if o.arm is Arm.GATE and o.attempt == 0]
    vantage = rejudge_vantage(gates, knowledge, run.vantage)
    if vantage.may_judge:
        said = rejudge(reader.evidence(run_id, catalogue, vantage=vantage), vantage, knowledge)
    else:
        said = Rejudged(vantage, (), ())
    targets = tuple(e for e in catalogue.endpoints if e.id in truths.line.endpoints)
    return LineOutcome(
        line=truths.line,
        vantage=vantage.state,
        status=run.status,
        outcomes=tuple(_outcomes(truths, said.verdicts)),
        services=services_said(targets, said.services),
        lab_s=truths.lab_s,
        cpu_s=truths.cpu_s,
        observations=truths.observations,
    )


def _outcomes(truths: Truths, verdicts: Sequence[Verdict]) -> Iterator[Outcome]:
    known = {(endpoint, p, f): expected for endpoint, p, f, expected in truths.units}
    disagreements = dict(truths.disagreements)
    for scenario in truths.line.scenarios:
        own = [v for v in verdicts if v.endpoint == scenario.endpoint]
        yield Outcome(
            scenario=scenario,
            units=tuple(
                Unit(said_of(v), known[v.endpoint, v.protocol, v.family])
                for v in own
                if (v.endpoint, v.protocol, v.family) in known
            ),
            target_failed=scenario.endpoint in truths.failed,
            disagreement=disagreements.get(scenario.id, ""),
        )
