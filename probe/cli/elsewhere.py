"""Options that name other vantage points: helpers to ask, and snapshots of what one saw."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from probe.config.settings import settings_file
from probe.errors import UsageError
from probe.model.target import Catalogue
from probe.run.helper_line import HelperPlace, check_helper_url
from probe.run.remote import SeenElsewhere
from probe.run.snapshot import as_seen_elsewhere, read_public_key, read_snapshot

KEY_VARIABLE = "ROADBLOCK_CONTROL_KEY"
"""For CI, whose secrets are variables; a command line is seen by all on the machine."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Other vantage points of one run."""

    helpers: tuple[HelperPlace, ...] = ()
    snapshots: tuple[SeenElsewhere, ...] = ()


def keys_file() -> Path:
    """Return where the keys of helpers are looked for; it need not exist."""
    return settings_file().with_name("control-keys")


snapshot_key_option = click.option(
    "--snapshot-key",
    metavar="KEY",
    help="Take only snapshots that this key signed: ed25519:..., or a file that holds it.",
)


def elsewhere_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command gets controls, control_keys, snapshots and snapshot_key."""
    for option in (
        snapshot_key_option,
        click.option(
            "--snapshot",
            "snapshots",
            multiple=True,
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="What a control vantage saw earlier. May be repeated.",
        ),
        click.option(
            "--control-keys",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Lines of HOST KEY. Default: control-keys in the settings folder.",
        ),
        click.option(
            "--control",
            "controls",
            multiple=True,
            metavar="URL",
            help="A control vantage to ask what it sees; several: repeat it, or use commas.",
        ),
    ):
        command = option(command)
    return command


def elsewhere_of(
    catalogue: Catalogue,
    controls: Sequence[str] = (),
    *,
    control_keys: Path | None = None,
    snapshots: Sequence[Path] = (),
    snapshot_key: str | None = None,
) -> Elsewhere:
    """Read keys and snapshots, or complain before anything is sent."""
    return Elsewhere(
        helpers=_helpers(controls, control_keys),
        snapshots=_snapshots(catalogue, snapshots, snapshot_key),
    )


def _helpers(controls: Sequence[str], control_keys: Path | None) -> tuple[HelperPlace, ...]:
    urls = [check_helper_url(url.strip()) for text in controls for url in text.split(",")]
    urls = list(dict.fromkeys(urls))
    if not urls:
        return ()
    variable = os.environ.get(KEY_VARIABLE, "").strip()
    if variable and len(urls) == 1:
        return (HelperPlace(urls[0], variable),)
    file = control_keys or keys_file()
    keys = _read_keys(file, must_exist=control_keys is not None)
    return tuple(_with_key(url, keys, file) for url in urls)


def _with_key(url: str, keys: dict[str, str], file: Path) -> HelperPlace:
    netloc = HelperPlace(url, "").netloc.lower()
    if netloc not in keys:
        raise UsageError(
            f"--control {url}: there is no key for {netloc}; write a line `{netloc} KEY` into "
            f"{file}, with the key that its operator gave you"
        )
    return HelperPlace(url, keys[netloc])


def _read_keys(file: Path, *, must_exist: bool) -> dict[str, str]:
    """Return {host[:port]: key}."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        if must_exist:
            raise UsageError(f"{file}: there is no such file of keys") from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read: {type(error).__name__}") from error
    keys = {}
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        if words and (len(words) != 2 or not words[1].isascii()):
            raise UsageError(f"{file}:{number}: write HOST[:PORT] KEY")
        if words:
            keys[words[0].lower().removesuffix(":443")] = words[1]
    return keys


def _snapshots(
    catalogue: Catalogue, files: Sequence[Path], snapshot_key: str | None
) -> tuple[SeenElsewhere, ...]:
    key = read_public_key(snapshot_key) if snapshot_key is not None else None
    now = datetime.now(UTC)
    found = [
        as_seen_elsewhere(
            read_snapshot(file, public_key=key), catalogue, now=now, trusted=key is not None
        )
        for file in files
    ]
    ids = [remote.id for remote in found]
    if len(set(ids)) < len(ids):
        raise UsageError("--snapshot: two snapshots of one day and country; choose one")
    return tuple(found)
