"""`roadblock classify`: judge stored evidence by this version's rules, without the network."""

import json
import secrets
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import trio

from probe.cli.options import (
    ca_file_option,
    database_option,
    fingerprints_option,
    geo_option,
    json_option,
    targets_option,
)
from probe.cli.reading import catalogue_of, chosen_run, reading, run_option, world_option
from probe.config.settings import default_database
from probe.errors import UsageError
from probe.model.knowledge import Knowledge
from probe.model.run import Run
from probe.model.verdict import Verdict
from probe.model.words import Arm
from probe.reference import load_knowledge, roots_sha256
from probe.report.grid import Cell, Grid, show
from probe.report.table import category, over
from probe.run.rejudge import Rejudged, rejudge, rejudge_vantage
from probe.store import INTERNET, open_writer


@click.command()
@run_option
@world_option
@targets_option
@ca_file_option
@geo_option
@fingerprints_option
@database_option
@click.option("--dry-run", is_flag=True, help="Show what would change; store nothing.")
@json_option
def command(
    run_id: str | None,
    world: str | None,
    targets: Path | None,
    ca_file: Path | None,
    geo_db: Path | None,
    fingerprints: Path | None,
    database: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Judge stored evidence anew and store the verdicts as a new set beside the old."""
    path = database or default_database()
    with reading(path) as reader:
        run = chosen_run(reader, run_id, world)
        old = reader.verdicts(run.id)
        knowledge = _knowledge_for(
            run,
            replace(
                load_knowledge(targets, ca_file, geo_db, fingerprints),
                catalogue=catalogue_of(reader, run, targets),
            ),
            is_named=ca_file is not None,
        )
        gates = [o for o in reader.observations(run.id) if o.arm is Arm.GATE]
        vantage = rejudge_vantage(gates, knowledge, run.vantage)
        new = rejudge(
            reader.evidence(run.id, knowledge.catalogue, vantage=vantage), vantage, knowledge
        )
    set_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    if not dry_run:
        trio.run(_store, path, run, new, set_id)
    changes = _changes(old, new.verdicts)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "run": run.id,
                    "set": None if dry_run else set_id,
                    "judged": len(new.verdicts),
                    "changes": [
                        {"endpoint": now.endpoint, "over": over(now), "was": was, "is": _said(now)}
                        for was, now in changes
                    ],
                }
            )
        )
        return
    click.echo(f"Judged {len(new.verdicts)} verdicts of run {run.id}, {len(changes)} differ.")
    if changes:
        rows = tuple(
            (Cell(now.endpoint), Cell(over(now)), Cell(was), Cell(_said(now)))
            for was, now in changes
        )
        show([Grid(("Endpoint", "Over", "Was", "Is"), rows)], sys.stdout)
    if not dry_run:
        click.echo(f"Stored as set {set_id}; `roadblock report --set` shows any set.", err=True)


def _knowledge_for(run: Run, knowledge: Knowledge, *, is_named: bool) -> Knowledge:
    """Return the knowledge with the authorities that the run trusted; complain if we lack them.

    With others every certificate would look forged: that is no new judgement, it is a mistake.
    """
    if run.world != INTERNET and not is_named:
        from probe.lab.pki import authority

        return replace(knowledge, roots=(authority(run.started_at).root_der,), local_roots=())
    if not is_named and run.roots_sha256 not in {"", roots_sha256(knowledge.roots)}:
        raise UsageError(
            f"run {run.id} trusted other certificate authorities than this Roadblock ships; "
            "name the file that it used with --ca-file"
        )
    return knowledge


async def _store(path: Path, run: Run, new: Rejudged, set_id: str) -> None:
    async with open_writer(path) as writer:
        await writer.add_verdicts(
            run.id,
            new.verdicts,
            new.services,
            new.vantage,
            set_id=set_id,
            created_at=datetime.now(UTC),
        )


def _changes(old: tuple[Verdict, ...], new: tuple[Verdict, ...]) -> list[tuple[str, Verdict]]:
    before = {(v.endpoint, v.protocol, v.family): _said(v) for v in old}
    pairs = ((before.get((v.endpoint, v.protocol, v.family), "nothing"), v) for v in new)
    return [(was, now) for was, now in pairs if was != _said(now)]


def _said(verdict: Verdict) -> str:
    grade = f" {verdict.grade.value}" if verdict.grade else ""
    return f"{verdict.state.value} {category(verdict)}{grade}"
