"""Files that a run writes besides its report: `--output FORMAT=FILE`."""

import io
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from probe.errors import UsageError
from probe.report.document import document_json
from probe.report.findings import Findings
from probe.report.grid import show
from probe.report.language.wording import Wording
from probe.report.text import report_blocks


def _text(found: Findings, words: Wording) -> str:
    file = io.StringIO()
    show(report_blocks(found, words), file)
    return file.getvalue()


def _json(found: Findings, words: Wording) -> str:
    return document_json(found, words) + "\n"


OUTPUTS: Mapping[str, Callable[[Findings, Wording], str]] = {"json": _json, "text": _text}
"""{format: what makes the file's text}"""


@dataclass(frozen=True, slots=True)
class Output:
    """A file to write, and in which format."""

    form: str
    path: Path


def parse_output(text: str) -> Output:
    """Read FORMAT=FILE, before anything is measured for a file that cannot be written."""
    form, equals, name = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--output {text}: write FORMAT=FILE, as in --output json=run.json")
    if form not in OUTPUTS:
        raise UsageError(f"--output {text}: no format {form!r}; there are: {', '.join(OUTPUTS)}")
    path = Path(name)
    if not path.parent.is_dir():
        raise UsageError(f"--output {text}: there is no folder {path.parent}; make it first")
    if not os.access(path if path.exists() and not path.is_file() else path.parent, os.W_OK):
        raise UsageError(f"--output {text}: {path.parent} may not be written; name another folder")
    return Output(form, path)


def write_output(output: Output, found: Findings, words: Wording) -> None:
    """Write the file whole: it is replaced only once the new one is complete."""
    with replacing(output.path) as temporary:
        temporary.write_text(OUTPUTS[output.form](found, words), encoding="utf-8")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Lend a file beside this one, and put it in its place once it is complete.

    A device or a pipe (`/dev/stdout`) is written to, and never replaced; of a link, what it names.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    path = path.resolve()
    temporary = path.with_name(f".{path.name}.new")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
