"""`roadblock service`: let systemd start a run by a timer, on a host that stays."""

import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from probe.cli.choice import PROFILES
from probe.cli.consent import agreed, consent_option
from probe.cli.options import (
    Finite,
    WordyGroup,
    database_option,
    language_option,
    selection_arguments,
    targets_option,
)
from probe.cli.selection import country_notes, select, services_of
from probe.config.consent import Language, Record, store_record
from probe.config.settings import default_database
from probe.config.units import NAME, Manager, folder, make_units
from probe.errors import UsageError
from probe.reference import load_catalogue

# Where a system's unit may neither look nor write (ProtectHome=yes).
_HOMES: Final = ("/home", "/root", "/run/user")

manager_option = click.option(
    "--system/--user",
    "is_system",
    help="For the whole machine, as a user of its own, or only while you are logged in"
    " (`loginctl enable-linger` keeps it going). Default: --user.",
)
root_option = click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write below this folder, as when an image is made, and start nothing.",
)


@click.group(cls=WordyGroup)
def command() -> None:
    """Let systemd start a run by a timer, or see how it does.

    For hosts. In a container `roadblock watch` does the same without systemd.
    """


@command.command()
@click.argument("names", nargs=-1, metavar="[SERVICE]...")
@manager_option
@click.option("--profile", type=click.Choice(PROFILES), default="quick", show_default=True)
@selection_arguments[2]
@click.option("--without", multiple=True, metavar="SERVICE", help="Leave it out.")
@click.option(
    "--interval",
    type=Finite(min=1.0),
    default=6.0,
    show_default=True,
    metavar="HOURS",
    help="From the end of one run to the next; up to a tenth more is drawn.",
)
@targets_option
@database_option
@consent_option
@language_option
@click.option("--print", "only_print", is_flag=True, help="Print the units and write nothing.")
@root_option
def install(
    names: tuple[str, ...],
    is_system: bool,
    profile: str,
    tier: int,
    without: tuple[str, ...],
    interval: float,
    targets: Path | None,
    database: Path | None,
    consent: str | None,
    language: Language,
    only_print: bool,
    root: Path | None,
) -> None:
    """Write the units and start the timer. Asks for consent first, as `run` does."""
    catalogue = load_catalogue(targets)
    # Now, and not at three in the morning: a wrong name is a usage error here.
    endpoints = select(catalogue, names, tier=tier, without=without)
    manager: Manager = "system" if is_system else "user"
    if is_system and targets is not None:
        _refuse_home(targets.resolve(), "the folder of targets")
    argv = [sys.executable, "-m", "probe", "run", *names, "--profile", profile, "--quiet"]
    argv += ["--tier", str(tier)]
    argv += [word for name in without for word in ("--without", name)]
    if targets is not None:
        argv += ["--targets", str(targets.resolve())]
    path = None if is_system else (database or default_database()).resolve()
    units = make_units(manager, argv, interval_hours=interval, database=path)
    if only_print:
        for name, text in units.files:
            click.echo(f"# {name}\n{text}")
        return
    if is_system and root is None:
        _refuse_home(Path(sys.prefix), "Roadblock's environment")
    if root is None:
        _program()
    services = services_of(catalogue, endpoints)
    for note in country_notes(services):
        click.echo(f"Note. {note}", err=True)
    record = agreed(consent, language=language, services=[s.name for s in services])
    _write(units.files, _below(root, folder(manager, Path.home())))
    if is_system:
        _hand_over(record, _below(root, Path(f"/var/lib/{NAME}") / NAME))
    if root is not None:
        click.echo(f"Written below {root}; nothing was started.")
        return
    _systemctl(manager, "daemon-reload")
    _systemctl(manager, "enable", "--now", f"{NAME}.timer")
    click.echo("The timer runs. The first run begins in ten minutes to three quarters of an hour.")
    click.echo(f"See: roadblock service status{' --system' if is_system else ''}")


@command.command()
@manager_option
@root_option
def uninstall(is_system: bool, root: Path | None) -> None:
    """Stop the timer and delete the units. Measurements and consent stay."""
    manager: Manager = "system" if is_system else "user"
    where = _below(root, folder(manager, Path.home()))
    files = [where / f"{NAME}.{kind}" for kind in ("timer", "service")]
    if not any(file.exists() for file in files):
        raise UsageError(f"{where}: no units of Roadblock are there; nothing was done")
    if root is None:
        _systemctl(manager, "disable", "--now", f"{NAME}.timer")
        _systemctl(manager, "stop", f"{NAME}.service")
    for file in files:
        file.unlink(missing_ok=True)
    if root is None:
        _systemctl(manager, "daemon-reload")
    click.echo("The units are gone. `roadblock forget --all` deletes what was measured.")


@command.command()
@manager_option
def status(is_system: bool) -> int:
    """Say whether the timer runs, when it ran last and when it runs next."""
    manager: Manager = "system" if is_system else "user"
    if not (folder(manager, Path.home()) / f"{NAME}.timer").exists():
        other = "" if is_system else " --system"
        click.echo(f"Not installed. To install it: roadblock service install{other}")
        return 5
    timer = _shown(manager, f"{NAME}.timer", "ActiveState", "LastTriggerUSec")
    last = _shown(manager, f"{NAME}.service", "ActiveState", "Result", "ExecMainStatus")
    click.echo(f"Timer       {timer['ActiveState']}")
    click.echo(f"Last run    {timer['LastTriggerUSec'] or 'none yet'}")
    click.echo(f"Ended with  {last['Result']} (exit code {last['ExecMainStatus']})")
    if last["ActiveState"] == "activating":
        click.echo("A run is going on.")
    _systemctl(manager, "list-timers", f"{NAME}.timer", "--no-pager", "--no-legend")
    return 0


def _write(files: tuple[tuple[str, str], ...], where: Path) -> None:
    try:
        where.mkdir(parents=True, exist_ok=True)
        for name, text in files:
            (where / name).write_text(text, encoding="utf-8")
            click.echo(f"Wrote {where / name}", err=True)
    except OSError as error:
        raise UsageError(
            f"{where}: {error.strerror}; a unit for the whole machine needs root: sudo ..."
        ) from error


def _hand_over(record: Record, where: Path) -> None:
    """Give the unit's own user the consent that a person gave for this machine."""
    try:
        store_record(where, replace(record, agreed_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}"))
    except OSError as error:
        raise UsageError(f"{where}: {error.strerror}") from error


def _refuse_home(path: Path, what: str) -> None:
    for home in _HOMES:
        if path.is_relative_to(home):
            raise UsageError(
                f"{path}: a unit for the whole machine sees nothing below {home}, so {what} must"
                " lie elsewhere: python3 -m venv /opt/roadblock; or use --user"
            )


def _below(root: Path | None, path: Path) -> Path:
    return path if root is None else root / path.relative_to("/")


def _systemctl(manager: Manager, *words: str) -> None:
    done = subprocess.run(  # noqa: S603 (systemd's own program)
        [_program(), f"--{manager}", *words], check=False, capture_output=True, text=True
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines()
        raise UsageError(
            f"systemctl {' '.join(words)}: {reason[-1] if reason else done.returncode}; "
            "is systemd running here? In a container: roadblock watch"
        )
    click.echo(done.stdout, nl=False)


def _shown(manager: Manager, unit: str, *properties: str) -> dict[str, str]:
    wanted = [f"--property={name}" for name in properties]
    done = subprocess.run(  # noqa: S603 (systemd's own program)
        [_program(), f"--{manager}", "show", unit, *wanted],
        check=False,
        capture_output=True,
        text=True,
    )
    known = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    return {name: known.get(name, "") for name in properties}


def _program() -> str:
    found = shutil.which("systemctl")
    if found is None:
        raise UsageError("there is no systemd here (no systemctl); `roadblock watch` needs none")
    return found
