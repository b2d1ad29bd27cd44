"""`roadblock fingerprints`: what block pages, addresses and certificates are known by."""

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from probe.classify.fingerprints import match_address, match_page
from probe.cli.download import download
from probe.cli.options import WordyGroup, fingerprints_option, json_option
from probe.errors import UsageError
from probe.exchange.fingerprints import PUBLISHED, Imported, keep_fingerprints, read_fingerprints
from probe.model.knowledge import Fingerprint, Knowledge
from probe.model.observation import HttpObservation
from probe.model.target import Catalogue
from probe.model.words import Arm
from probe.reference import load_fingerprints
from probe.report.escape import escape, escape_json
from probe.report.grid import Cell, Grid, show

_CENSORS: Final = frozenset({"nat", "isp"})
_COMPLAINTS_MAX: Final = 10
_NOWHERE: Final = "page.invalid"


@click.group(cls=WordyGroup)
def command() -> None:
    """List, add and try the facts by which block pages are known."""


@command.command(name="list")
@fingerprints_option
@json_option
def list_all(fingerprints: Path, as_json: bool) -> None:
    """List all fingerprints, ours and added ones, in the order in which they speak."""
    known, digest = load_fingerprints(fingerprints)
    if as_json:
        rows = [_row(fingerprint) for fingerprint in known]
        click.echo(escape_json(json.dumps({"sha256": digest, "fingerprints": rows})))
        return
    grid_rows = tuple(
        (
            Cell(f.id),
            Cell(f.where),
            Cell(f.scope),
            Cell(f.match),
            Cell(f.pattern if len(f.pattern) <= 60 else f"{f.pattern[:59]}…"),
            Cell(f.seen),
        )
        for f in known
    )
    show([Grid(("Id", "Where", "Scope", "Match", "Pattern", "Seen"), grid_rows)], sys.stdout)
    click.echo(f"{len(known)} fingerprints; added lists are kept in {fingerprints}.", err=True)


@command.command()
@click.argument("source", metavar="FILE|URL")
@click.option("--name", metavar="NAME", help="What to keep it as. Default: the file's name.")
@fingerprints_option
def add(source: str, name: str | None, fingerprints: Path) -> None:
    """Add a list of Censored Planet's, Citizen Lab's or OONI's form.

    What is no evidence by itself, or could stop us, is refused, and said.
    """
    content = download(source) if "://" in source else _read(Path(source))
    kept = name or Path(urlsplit(source).path if "://" in source else source).stem
    _keep(content, source, kept, fingerprints)


@command.command()
@click.option(
    "--only",
    type=click.Choice([published.name for published in PUBLISHED]),
    multiple=True,
    help="Fetch this list only. May be repeated.",
)
@fingerprints_option
def update(only: tuple[str, ...], fingerprints: Path) -> int:
    """Fetch the published lists anew; the hosts that are asked are named.

    A list that cannot be fetched stays as it was.
    """
    failed = 0
    for published in PUBLISHED:
        if only and published.name not in only:
            continue
        click.echo(f"{published.name}: {published.url} (licence: {published.licence})", err=True)
        try:
            _keep(download(published.url), published.url, published.name, fingerprints)
        except UsageError as error:
            failed += 1
            click.echo(f"  {escape(str(error))}", err=True)
    return UsageError.exit_code if failed else 0


@command.command()
@click.argument(
    "file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@fingerprints_option
@json_option
def test(file: Path, fingerprints: Path, as_json: bool) -> None:
    """Say which fingerprints match a page: its body, or a whole answer with its headers.

    A list of addresses, one a line, is looked up among the block addresses.
    """
    known, digest = load_fingerprints(fingerprints)
    knowledge = Knowledge(
        catalogue=Catalogue(services=()), fingerprints=known, fingerprints_sha256=digest
    )
    found = _matching(_read(file), knowledge)
    if as_json:
        click.echo(escape_json(json.dumps({"matches": [_row(f) for f in found]})))
        return
    for fingerprint in found:
        owner = "a censor's" if fingerprint.scope in _CENSORS else "of unknown owner: no evidence"
        click.echo(
            escape(f"{fingerprint.id}  {fingerprint.where} {fingerprint.match} "
                   f"{fingerprint.pattern!r}  [{fingerprint.scope}: {owner}]")
        )  # fmt: skip
    if not found:
        click.echo("No fingerprint matches.")


def _matching(content: bytes, knowledge: Knowledge) -> tuple[Fingerprint, ...]:
    names = match_page(_page(content), knowledge)
    lines = content.decode("utf-8", "replace").split()
    if len(lines) <= 1000:
        names += tuple(name for line in lines for name in match_address(line, knowledge))
    by_id = {fingerprint.id: fingerprint for fingerprint in knowledge.fingerprints}
    return tuple(by_id[name] for name in dict.fromkeys(names))


def _page(content: bytes) -> HttpObservation:
    """Return a saved answer as the judge sees it: `HTTP/1.1 ...` and headers, or a body alone."""
    status, headers, body = 200, [], content
    if content.startswith(b"HTTP/"):
        head, _, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
        first, *lines = head.decode("latin-1").split("\n")
        told = re.search(r" (\d{3})\b", first)
        status = int(told[1]) if told else 200
        pairs = (line.partition(":") for line in lines if ":" in line)
        headers = [(name.strip().lower(), value.strip()) for name, _, value in pairs]
    title = re.search(rb"<title[^>]{0,200}>([^<]{0,1000})", body[:65_536], re.IGNORECASE)
    return HttpObservation(
        id="page",
        experiment="page",
        endpoint=_NOWHERE,
        arm=Arm.TARGET,
        started_at=datetime(1970, 1, 1, tzinfo=UTC),
        duration_s=0.0,
        url=f"http://{_NOWHERE}/",
        host=_NOWHERE,
        over_tls=False,
        status=status,
        headers=tuple(headers),
        location=next((value for name, value in headers if name == "location"), None),
        title=title[1].decode("utf-8", "replace").strip() if title else None,
        body=body,
    )


def _keep(content: bytes, source: str, name: str, folder: Path) -> None:
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    imported = read_fingerprints(content, source=source, seen=today)
    path = keep_fingerprints(imported, folder, name)
    click.echo(_told(imported, path))
    for refusal in imported.refused[:_COMPLAINTS_MAX]:
        click.echo(f"  refused {escape(refusal)}", err=True)
    if len(imported.refused) > _COMPLAINTS_MAX:
        click.echo(f"  ... and {len(imported.refused) - _COMPLAINTS_MAX} more", err=True)


def _told(imported: Imported, path: Path) -> str:
    evidence = sum(f.scope in _CENSORS for f in imported.fingerprints)
    narrowed = f", {len(imported.narrowed)} narrowed" if imported.narrowed else ""
    return (
        f"{len(imported.fingerprints)} fingerprints ({evidence} of them a censor's{narrowed}, "
        f"{len(imported.refused)} refused) of the form of {imported.form}: {path}"
    )


def _row(fingerprint: Fingerprint) -> dict[str, object]:
    return {
        "id": fingerprint.id,
        "where": fingerprint.where,
        "match": fingerprint.match,
        "pattern": fingerprint.pattern,
        "scope": fingerprint.scope,
        "countries": fingerprint.countries,
        "source": fingerprint.source,
        "seen": fingerprint.seen,
    }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a file or an https:// address") from error
