"""`roadblock explore`: stored results in Datasette, for this machine's own browser."""

import re
import tempfile
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Final
from urllib.parse import quote

import click
import trio

from probe.cli.measuring import cancel_on_signal
from probe.cli.options import database_option
from probe.cli.reading import reading
from probe.config.settings import default_database
from probe.errors import UsageError
from probe.serve.explore import serve_command

_READY: Final = re.compile(rb"running on (http://127\.0\.0\.1:\d+)")


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="PORT",
    help="Default: a free one.",
)
@click.option("--lab", is_flag=True, help="Put the questions to the lab's runs instead.")
@database_option
def command(port: int, lab: bool, database: Path | None) -> int:
    """Open stored results in Datasette: browse, filter and ask in SQL. Read-only, on loopback.

    Prints an address to open. It comes with questions to begin with; new runs show at once.
    """
    path = database or default_database()
    with reading(path):
        # Says what is wrong with it, and brings an older one up to date.
        pass
    with tempfile.TemporaryDirectory(prefix="roadblock-explore-") as folder:
        serving = serve_command(path, Path(folder), port=port, lab=lab)
        trio.run(partial(_serve, serving, f"/{quote(path.stem)}"))
    return 0


async def _serve(serving: list[str], page: str) -> None:
    code: int | None = None
    async with trio.open_nursery() as nursery:
        work = await nursery.start(cancel_on_signal)
        with work:
            start = partial(
                trio.run_process, serving, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, check=False
            )
            process = await nursery.start(start)
            said = await _tell(process, page)
            code = await process.wait()
            raise UsageError(f"Datasette ended with {code}: {said[-1] if said else 'no word'}")
        # Stopped by the person.
        nursery.cancel_scope.cancel()


async def _tell(process: trio.Process, page: str) -> list[str]:
    """Print the address once it is served; return the last of what Datasette had to say."""
    assert process.stderr is not None
    said: list[str] = []
    buffer = b""
    async for part in process.stderr:
        *lines, buffer = (buffer + part).split(b"\n")
        for line in lines:
            said = [*said[-20:], line.decode(errors="replace")]
            if (ready := _READY.search(line)) is not None:
                click.echo(f"{ready[1].decode()}{page}")
                click.echo("Only this machine can open it. Ctrl-C ends it.", err=True)
    return said
