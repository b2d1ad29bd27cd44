"""`--notify URL`: tells a person that a verdict changed, through apprise; an extra.

It sends after a run and never during one, from this machine's line, to the address that the person
gave: the one thing that leaves this machine and is no measurement.
"""

import logging
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from probe.errors import UsageError
from probe.report.findings import Findings
from probe.report.language.wording import Wording
from probe.report.notice import Notice, notice_of, said_before
from probe.store import open_reader

notify_option = click.option(
    "--notify",
    "notify",
    multiple=True,
    metavar="URL",
    help="Tell there when a service's verdict changes: an address of apprise (extra: notify), as "
    "ntfys://ntfy.sh/TOPIC. May be repeated; better kept in config.toml, for it may hold a key.",
)
MISSING = "--notify needs apprise, which is not installed here: pip install 'roadblock[notify]'"


class Notifier:
    """Sends notices to the person's addresses; without any it does nothing."""

    def __init__(self, addresses: Sequence[str]) -> None:
        """Read the addresses, before anything is measured for one that is none."""
        self._services: list[tuple[str, Any]] = []
        if not addresses:
            return
        if find_spec("apprise") is None:
            raise UsageError(MISSING)
        import apprise

        # It warns on stderr, with addresses; what fails is said below, without them.
        logging.getLogger("apprise").addHandler(logging.NullHandler())
        logging.getLogger("apprise").propagate = False
        # Its own pictures and pages are left out: nobody's server is to be asked for them.
        asset = apprise.AppriseAsset(
            app_id="Roadblock", app_desc="Roadblock", app_url="",
            image_url_mask="", image_url_logo="", async_mode=False, secure_logging=True,
        )  # fmt: skip
        for address in addresses:
            scheme = address.partition("://")[0] if "://" in address else "?"
            service = apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
            if service is None:
                # The address itself may hold a key: it is not repeated.
                raise UsageError(
                    f"--notify {scheme}://...: apprise knows no such address; its manual lists "
                    "those it sends to: https://appriseit.com/services/"
                )
            self._services.append((scheme, service))

    def tell(self, found: Findings, database: Path, words: Wording) -> None:
        """Send what the run changed; a message that cannot be sent changes no exit code."""
        if not self._services:
            return
        with open_reader(database) as reader:
            notice = notice_of(found, said_before(reader, found.run), words)
        if notice is not None:
            self._send(notice)

    def _send(self, notice: Notice) -> None:
        for scheme, service in self._services:
            if service.notify(title=notice.title, body=notice.body):
                click.echo(f"Told {scheme}://... what has changed.", err=True)
            else:
                click.echo(f"Could not tell {scheme}://... what has changed.", err=True)
