"""`roadblock control`: be a control vantage, make its keys, take and verify snapshots."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import trio

from probe.cli.consent import agreed, consent_option
from probe.cli.control_serving import Serving, parse_station, run_station, take_snapshot
from probe.cli.elsewhere import snapshot_key_option
from probe.cli.measuring import knowledge_here
from probe.cli.options import (
    WordyGroup,
    ca_file_option,
    geo_option,
    json_option,
    language_option,
    selection_arguments,
    targets_option,
)
from probe.cli.selection import country_notes, select, services_of
from probe.config.consent import Language
from probe.errors import UsageError
from probe.lab.mark import world_of
from probe.run.machine import read_machine
from probe.run.snapshot import (
    load_or_make_key,
    public_key_text,
    read_public_key,
    read_snapshot,
    write_snapshot,
)
from probe.serve.keys import add_key, read_keys

NAMES, EVERY, TIER = selection_arguments
NOTHING_SELECTED = 5
INCONCLUSIVE = 3

keys_option = click.option(
    "--keys",
    "keys_file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="The clients: lines of a name and the hash of a key.",
)
vantage_option = click.option(
    "--vantage", default="", metavar="LABEL", help="Where this is, as in DE/AS3320."
)
own_address_option = click.option(
    "--own-address",
    "own_addresses",
    multiple=True,
    metavar="ADDRESS",
    help="An address of this machine that it cannot find out itself: never contacted, never told.",
)
"""Behind a translation of addresses whoami names tell the way out, not every way in."""


@click.group(cls=WordyGroup)
def command() -> None:
    """Be a control vantage for other probes, or take a snapshot of what is seen from here."""


@command.command()
@click.argument("name")
@keys_option
def key(name: str, keys_file: Path) -> None:
    """Make a key for the client NAME, add its hash to the file, and print it once.

    Hand it on over a way that you trust; a line of the file is what has to go to take it back.
    """
    click.echo(add_key(keys_file, name))
    click.echo(f"Added {name} to {keys_file}. The key is stored nowhere; note it now.", err=True)


@command.command()
@keys_option
@click.option(
    "--bind", default=":8443", show_default=True, metavar="HOST:PORT", help="Where to listen."
)
@click.option(
    "--certificate",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The server's certificate with its chain, PEM.",
)
@click.option(
    "--private-key",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The certificate's key, PEM.",
)
@click.option(
    "--behind-proxy",
    is_flag=True,
    help="Speak cleartext on a loopback address, for a proxy that speaks HTTPS.",
)
@click.option("--responder", is_flag=True, help="Also answer connections under any name.")
@click.option(
    "--responder-bind",
    default="",
    metavar="HOST",
    help="Where the responder listens, on TCP ports 443 and 80. Default: every address.",
)
@click.option(
    "--responder-ports",
    default="443,80",
    show_default=True,
    metavar="TLS,PLAIN",
    help="Other ports, where something in front leads 443 and 80 there.",
)
@vantage_option
@own_address_option
@targets_option
@ca_file_option
@geo_option
@consent_option
@language_option
def serve(
    keys_file: Path,
    bind: str,
    certificate: Path | None,
    private_key: Path | None,
    behind_proxy: bool,
    responder: bool,
    responder_bind: str,
    responder_ports: str,
    vantage: str,
    own_addresses: tuple[str, ...],
    targets: Path | None,
    ca_file: Path | None,
    geo_db: Path | None,
    consent: str | None,
    language: Language,
) -> None:
    """Tell probes with a key what is seen from here, until a signal ends it.

    It looks at catalogue entries only and keeps no log of who asked. This machine contacts the
    services itself, so somebody has to agree first (see `roadblock consent`).
    """
    keys = read_keys(keys_file)
    station = parse_station(
        bind,
        certificate=certificate,
        private_key=private_key,
        behind_proxy=behind_proxy,
        responder=(responder_bind, responder_ports) if responder else None,
    )
    serving = _serving(targets, ca_file, geo_db, vantage, own_addresses)
    if not serving.is_lab:
        names = [service.name for service in serving.knowledge.catalogue.services]
        agreed(consent, language=language, services=names)
    run_station(station, serving, keys)


@command.command()
@NAMES
@EVERY
@TIER
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="Where to write it; a name that ends in .gz is compressed.",
)
@click.option(
    "--signing-key",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="Ed25519 key, PEM; made where there is none.",
)
@click.option("--no-quic", is_flag=True, help="Leave HTTP/3 out.")
@vantage_option
@own_address_option
@targets_option
@ca_file_option
@geo_option
@consent_option
@language_option
def snapshot(
    names: tuple[str, ...],
    every: bool,
    tier: int,
    output: Path,
    signing_key: Path,
    no_quic: bool,
    vantage: str,
    own_addresses: tuple[str, ...],
    targets: Path | None,
    ca_file: Path | None,
    geo_db: Path | None,
    consent: str | None,
    language: Language,
) -> int:
    """Write what is seen from here to a signed file, for probes that can reach no helper.

    Without names: the core endpoints of the first tier. It says which country and network it was
    taken in, and nothing else about this machine.
    """
    serving = _serving(targets, ca_file, geo_db, vantage, own_addresses, quic=not no_quic)
    endpoints = select(serving.knowledge.catalogue, names, tier=tier, every=every)
    if not endpoints:
        click.echo("Nothing is selected.", err=True)
        return NOTHING_SELECTED
    services = services_of(serving.knowledge.catalogue, endpoints)
    if not serving.is_lab:
        for note in country_notes(services):
            click.echo(f"Note. {note}", err=True)
        agreed(consent, language=language, services=[service.name for service in services])
    private = load_or_make_key(signing_key)
    taken = trio.run(take_snapshot, serving, endpoints)
    if taken is None:
        return INCONCLUSIVE
    write_snapshot(output, taken, private)
    click.echo(f"{output}: {len(taken.seen)} endpoints, seen from {taken.country or 'unknown'}.")
    click.echo(f"Signed by {public_key_text(private.public_key())}")
    return 0


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@snapshot_key_option
@json_option
def verify(file: Path, snapshot_key: str | None, as_json: bool) -> None:
    """Check a snapshot's signature and say what it holds; sends nothing."""
    key = read_public_key(snapshot_key) if snapshot_key is not None else None
    signed = read_snapshot(file, public_key=key)
    now = datetime.now(UTC)
    said = {
        "id": signed.id,
        "signed_by": signed.public_key,
        "key_checked": key is not None,
        "started_at": signed.snapshot.started_at.isoformat(),
        "age_days": signed.age_days(now),
        "country": signed.snapshot.country,
        "asns": list(signed.snapshot.asns),
        "version": signed.snapshot.version,
        "catalogue_sha256": signed.snapshot.catalogue_sha256,
        "endpoints": [entry.endpoint for entry in signed.snapshot.seen],
    }
    if as_json:
        click.echo(json.dumps(said))
        return
    click.echo(f"{signed.id}: {len(signed.snapshot.seen)} endpoints, {said['age_days']} days old.")
    click.echo(f"Signed by {signed.public_key}, and not changed since.")
    if key is None:
        click.echo("Whose key that is, only its owner can tell you: --snapshot-key.", err=True)


def _serving(
    targets: Path | None,
    ca_file: Path | None,
    geo_db: Path | None,
    label: str,
    own_addresses: Sequence[str],
    *,
    quic: bool = True,
) -> Serving:
    machine = read_machine()
    world = world_of(machine.resolv_conf)
    knowledge = knowledge_here(world, targets, ca_file, geo_db)
    if not knowledge.catalogue.controls:
        raise UsageError("the catalogue has no controls; nothing would vouch for this line")
    return Serving(
        knowledge=knowledge,
        machine=machine,
        label=label,
        own_addresses=tuple(own_addresses),
        is_lab=world is not None,
        quic=quic,
    )
