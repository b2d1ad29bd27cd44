"""Where a check's report goes: stdout, files that are replaced whole, and GitHub's own files."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from probe.errors import UsageError
from probe.exchange.checks import FORMATS, written
from probe.exchange.checks.github import outputs as github_outputs
from probe.model.check import CheckReport


@dataclass(frozen=True, slots=True)
class CheckOutput:
    """A file to write, and in which format."""

    form: str
    path: Path


def parse_check_output(text: str) -> CheckOutput:
    """Read FORMAT=FILE before anything is measured for a file that cannot be written."""
    form, equals, name = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--output {text}: write FORMAT=FILE, as in --output junit=roadblock.xml")
    if form not in FORMATS:
        raise UsageError(f"--output {text}: no format {form!r}; there are: {', '.join(FORMATS)}")
    path = Path(name)
    if not path.parent.is_dir():
        raise UsageError(f"--output {text}: there is no folder {path.parent}; make it first")
    return CheckOutput(form, path)


def default_format() -> str:
    """Return what is printed when nothing is asked for: GitHub's commands on a runner of theirs."""
    return "github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text"


def write_report(report: CheckReport, form: str, files: Sequence[CheckOutput]) -> None:
    """Write the files, then stdout; with the format `github` also the job's summary and outputs."""
    for file in files:
        replace_file(file.path, written(report, file.form))
    click.echo(written(report, form), nl=False)
    if form == "github":
        _append("GITHUB_STEP_SUMMARY", written(report, "markdown"))
        path = str(files[0].path) if files else ""
        _append("GITHUB_OUTPUT", github_outputs(report, report_path=path))


def replace_file(path: Path, text: str) -> None:
    """Write the file whole: readers see the old one or the new one, never a part."""
    # The name has no suffix that a collector of *.prom or *.xml would pick up half-written.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error


def _append(variable: str, text: str) -> None:
    """Append to the file that GitHub names; other lines of the step stay."""
    name = os.environ.get(variable)
    if name:
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(text)
