"""Where Roadblock keeps its things, and the settings file: read once, checked, never guessed at."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs

from probe.errors import UsageError

APPLICATION = "roadblock"


def data_folder() -> Path:
    """Return the platform's folder for this person's data; it may not exist yet."""
    return Path(platformdirs.user_data_dir(APPLICATION, appauthor=False))


def fingerprints_folder() -> Path:
    """Return where `roadblock fingerprints add` keeps lists; it may not exist yet."""
    return data_folder() / "fingerprints"


def settings_file() -> Path:
    """Return where config.toml is looked for; it need not exist."""
    return Path(platformdirs.user_config_dir(APPLICATION, appauthor=False)) / "config.toml"


def checkout() -> Path | None:
    """Return the checkout's root when the program runs from one, else None."""
    root = Path(__file__).resolve().parents[2]
    if (root / "pyproject.toml").is_file() and (root / "targets").is_dir():
        return root
    return None


def default_database() -> Path:
    """Return the database to use when none is named: the checkout's, else the person's."""
    root = checkout()
    return (root / "results" if root else data_folder()) / "roadblock.db"


def read_settings(path: Path | None = None) -> dict[str, Any]:
    """Read the settings file into click's default map.

    {"run": {"profile": "quick", "ca_file": "/etc/lab.pem"}}; {} when there is no file and none
    was asked for.
    """
    file = path or settings_file()
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        if path is None:
            return {}
        raise UsageError(f"{file}: there is no such settings file; check --config") from None
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {os.strerror(error.errno or 0)}") from error
    try:
        settings = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file}: is not TOML: {error}") from error
    return {verb: _underscored(value) for verb, value in settings.items()}


def check_settings(verb: str, settings: object, known: Mapping[str, Any]) -> None:
    """Refuse a setting that no option has: a typo must not pass as silence.

    `known` maps options to None and verbs below this one to a mapping of the same shape.
    """
    if not isinstance(settings, Mapping):
        raise UsageError(
            f"config.toml: {verb} must be a table: write [{verb}] and its settings below"
        )
    for name, value in settings.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
            raise UsageError(f"config.toml: [{verb}]: there is no setting {name!r}; {hint}")
        if known[name] is not None:
            check_settings(f"{verb}.{name}", value, known[name])


def _underscored(value: object) -> object:
    """Let config.toml write options as the command line does: `ca-file` is `ca_file`."""
    if isinstance(value, Mapping):
        return {str(key).replace("-", "_"): _underscored(child) for key, child in value.items()}
    return value
