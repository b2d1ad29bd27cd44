"""The command `roadblock`: finds the verb, and turns every ending into one of the exit codes."""

import contextlib
import errno
import importlib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from probe import __version__
from probe.cli.verbs import VERBS, Section
from probe.errors import ProbeError, UsageError
from probe.report.escape import escape

EXIT_CODES = """\b
Exit codes:
   0  measured (run) or as expected (check)
   1  an unexpected result (check only)
   2  wrong usage or configuration
   3  inconclusive: offline, controls failed, budget used
   4  internal error
   5  nothing selected
 130  interrupted; what was finished is stored"""
INTERNAL_ERROR = 4
INTERRUPTED = 130
_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})
# Longer than any message of ours: one that lists all worlds has 3,000.
LINE_MAX = 5000


class VerbGroup(click.Group):
    """Imports a verb's module when the verb is used, so that the help costs no more than click."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs' names, in the help's order."""
        del ctx
        return [verb.name for verb in VERBS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb's module and return its command."""
        del ctx
        verb = next((verb for verb in VERBS if verb.name == cmd_name), None)
        if verb is None:
            return None
        module = importlib.import_module(f"probe.cli.{verb.module or verb.name}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb; a reader that went away ends it as an interruption.

        Click's own answer to that is 1, our word for a check that failed.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _silence()
            ctx.exit(INTERRUPTED)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs under their headings, from the table."""
        del ctx
        for section in Section:
            rows = [(verb.name, verb.help) for verb in VERBS if verb.section is section]
            with formatter.section(section.value):
                # One column for all sections: widest verb and two spaces.
                formatter.write_dl([(name.ljust(12), text) for name, text in rows])


def parameters_of(command: click.Command) -> dict[str, Any]:
    """Return what config.toml may set for a command: {"profile": None, "check": {...}}."""
    names: dict[str, Any] = {
        parameter.name: None
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.allow_from_autoenv and parameter.name
    }
    if isinstance(command, click.Group):
        names |= {name: parameters_of(child) for name, child in command.commands.items()}
    return names


@click.group(
    cls=VerbGroup,
    epilog=EXIT_CODES,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "ROADBLOCK",
        "max_content_width": 100,
    },
)
@click.version_option(__version__, message="roadblock %(version)s")
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Settings to use instead of config.toml in the platform's folder.",
)
@click.option("--debug", is_flag=True, help="Show a traceback when Roadblock itself fails.")
@click.pass_context
def program(context: click.Context, config: Path | None, debug: bool) -> None:
    """Measure whether services can be reached from here, and what stands in the way.

    The result goes to stdout, progress to stderr. Options win over ROADBLOCK_* variables, and
    those over config.toml.
    """
    from probe.config.settings import check_settings, read_settings

    del debug  # read by _debug(), which also serves errors before this line
    settings = read_settings(config)
    invoked = context.invoked_subcommand or ""
    known: dict[str, Any] = {verb.name: {} for verb in VERBS}
    command = program.get_command(context, invoked)
    if command is not None:
        known[invoked] = parameters_of(command)
    check_settings("config.toml", {name: {} for name in settings}, known)
    check_settings(invoked, settings.get(invoked, {}), known[invoked])
    context.default_map = settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    _open_streams()
    _print_anything()
    try:
        code = program.main(
            args=None if arguments is None else list(arguments),
            prog_name="roadblock",
            standalone_mode=False,
        )
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except BaseException as error:  # noqa: BLE001 - a crash must never look like a result
        return _failed(error)
    return code if isinstance(code, int) else 0


def _open_streams() -> None:
    """Put the null device where a stream was closed: whoever closed it wants to hear nothing."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def _silence() -> None:
    """Let Python not complain at exit about what could not be written, and end with our code."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _print_anything() -> None:
    """Let a stream that knows few characters print the others' codes: no title may end a run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _failed(error: BaseException) -> int:
    """Report an error that reached the top; trio wraps what a nursery raised in groups."""
    leaves = list(_leaves(error))
    for leaf in leaves:
        if isinstance(leaf, SystemExit):
            raise leaf
    if any(isinstance(leaf, KeyboardInterrupt) for leaf in leaves):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    ours = [leaf for leaf in leaves if isinstance(leaf, ProbeError)]
    first = leaves[0]
    if isinstance(first, UnicodeEncodeError) and first.reason == "surrogates not allowed":
        # Python keeps an argument's odd bytes so; only as a file's name are they good.
        click.echo("roadblock: what was given is not UTF-8", err=True)
        return UsageError.exit_code
    if isinstance(first, OSError) and not _debug():
        if first.errno in _DISK_ERRORS:
            return _not_written(first)
        if first.filename is not None:
            # A path that the person gave, or a folder of theirs; the verbs explain most themselves.
            click.echo(f"roadblock: {_about_file(first)}", err=True)
            return UsageError.exit_code
    if ours and len(ours) == len(leaves) and not _debug():
        click.echo(f"roadblock: {_printable(ours[0])}", err=True)
        return ours[0].exit_code
    if _debug():
        import traceback

        traceback.print_exception(error)
    else:
        click.echo(
            f"roadblock: internal error: {type(first).__name__}: {_printable(first)}\n"
            "This is a fault in Roadblock, not in your network. "
            "`roadblock --debug ...` shows where it happened.",
            err=True,
        )
    return ours[0].exit_code if ours and len(ours) == len(leaves) else INTERNAL_ERROR


def _printable(error: BaseException) -> str:
    return _printable_text(str(error))


def _printable_text(text: str) -> str:
    """Return it line by line safe to print: it may quote a file that somebody sent us."""
    return "\n".join(escape(line, limit=LINE_MAX) for line in text.split("\n"))


def _not_written(error: OSError) -> int:
    """Say that a disk is full or broken; the disk behind stderr may be the one."""
    with contextlib.suppress(OSError):
        click.echo(f"roadblock: could not be written: {_about_file(error)}", err=True)
    _silence()
    return INTERNAL_ERROR


def _about_file(error: OSError) -> str:
    where = "" if error.filename is None else f"{error.filename}: "
    return _printable_text(f"{where}{error.strerror or error}")


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for child in error.exceptions:
            yield from _leaves(child)
    else:
        yield error


def _debug() -> bool:
    return "--debug" in sys.argv or bool(os.environ.get("ROADBLOCK_DEBUG"))
