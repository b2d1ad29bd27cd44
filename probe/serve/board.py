"""Serves the status page to this machine's own browser: read-only, on loopback, no script."""

import os
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import trio
from hypercorn.config import Config
from hypercorn.trio import serve as serve_asgi
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from probe.errors import UsageError
from probe.model.target import Catalogue
from probe.model.verdict import VantageVerdict
from probe.model.words import VantageState
from probe.report.evidence import evidence_blocks
from probe.report.findings import Findings, findings
from probe.report.language.wording import Wording
from probe.report.page.board import (
    BOARD_CSS,
    RUNS_SHOWN,
    Past,
    front_html,
    missing_html,
    service_html,
)
from probe.report.status import read_status
from probe.run.rejudge import judge_services
from probe.serve.faults import fault_log
from probe.store import Reader, open_reader
from probe.store.watching import read_watching

LOOPBACK: Final = "127.0.0.1"
# No script, no form, no frame, nothing from elsewhere; the one style sheet is a file of ours.
_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Board:
    """Makes the pages from a database."""

    database: Path
    catalogue: Catalogue
    words: Wording
    world: str | None = None
    """None: runs of the internet."""
    max_age: timedelta = timedelta(hours=26)

    def front(self) -> str:
        """Return the front page as the database stands now."""
        with open_reader(self.database) as reader:
            runs = reader.runs(self.world)[-RUNS_SHOWN:]
            status = read_status(
                reader,
                self.catalogue.pacing,
                now=datetime.now(UTC),
                database_bytes=self.database.stat().st_size,
                free_bytes=shutil.disk_usage(self.database.parent).free,
                watching=read_watching(self.database),
            )
            past = [Past(run, reader.services(run.id)) for run in runs]
            # The last run that said something; one that was offline says so in the table below.
            last = next((each.run for each in reversed(past) if each.services), None)
            last = last or (runs[-1] if runs else None)
            found = self._found(reader, last.id) if last else None
        return front_html(status, found, past, self.words, max_age=self.max_age)

    def service(self, run_id: str, service_id: str) -> str | None:
        """Return what a run says of a service; None where it says nothing."""
        with open_reader(self.database) as reader:
            if run_id not in {run.id for run in reader.runs(self.world)}:
                return None
            found = self._found(reader, run_id)
            if service_id not in {service.service for service in found.services}:
                return None
            verdicts = found.of(service_id)
            evidence = {
                endpoint: evidence_blocks(
                    [verdict for verdict in verdicts if verdict.endpoint == endpoint],
                    reader.observations(run_id, endpoint),
                    self.words,
                )
                for endpoint in dict.fromkeys(verdict.endpoint for verdict in verdicts)
            }
        return service_html(found, service_id, evidence, self.words)

    def _found(self, reader: Reader, run_id: str) -> Findings:
        catalogue = reader.catalogue(run_id) or self.catalogue
        verdicts = reader.verdicts(run_id)
        return findings(
            reader.run(run_id),
            reader.vantage(run_id) or VantageVerdict(state=VantageState.OFFLINE),
            reader.services(run_id) or judge_services(verdicts, catalogue),
            verdicts,
            catalogue,
        )


def board_app(board: Board, hosts: frozenset[str]) -> Starlette:
    """Return the ASGI application; only requests to one of these Host headers are answered.

    A page elsewhere may point its own name at loopback and have a browser ask us in its name.
    """

    def guarded(
        make: Callable[[Request], Awaitable[Response]],
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            if request.headers.get("host", "").lower() not in hosts:
                return Response("This page is for this machine's own browser.\n", 421, _HEADERS)
            response = await make(request)
            response.headers.update(_HEADERS)
            return response

        return answer

    async def front(request: Request) -> Response:
        del request
        return HTMLResponse(await trio.to_thread.run_sync(board.front))

    async def service(request: Request) -> Response:
        asked = request.path_params
        page = await trio.to_thread.run_sync(board.service, asked["run"], asked["service"])
        if page is None:
            return HTMLResponse(missing_html("No such run says anything of such a service."), 404)
        return HTMLResponse(page)

    async def style(request: Request) -> Response:
        del request
        return Response(BOARD_CSS, media_type="text/css")

    async def missing(request: Request, error: Exception) -> Response:
        del error
        return await guarded(_not_here)(request)

    return Starlette(
        routes=[
            Route("/", guarded(front), methods=["GET"]),
            Route("/run/{run}/{service}", guarded(service), methods=["GET"]),
            Route("/style.css", guarded(style), methods=["GET"]),
        ],
        exception_handlers={HTTPException: missing},
    )


async def serve_board(
    board: Board,
    *,
    port: int = 0,
    on_ready: Callable[[str], None],
    on_fault: Callable[[BaseException], None] = lambda _: None,
) -> None:
    """Serve on loopback until cancelled; port 0 takes a free one. `on_ready` gets the address."""
    try:
        (listener,) = await trio.open_tcp_listeners(port, host=LOOPBACK)
    except OSError as error:
        raise UsageError(f"cannot listen on {LOOPBACK}:{port}: {error.strerror}") from error
    taken = listener.socket.getsockname()[1]
    hosts = frozenset({f"{LOOPBACK}:{taken}", f"localhost:{taken}"})
    config = Config()
    # hypercorn closes what it gets; it gets its own.
    config.bind = [f"fd://{os.dup(listener.socket.fileno())}"]
    config.alpn_protocols = ["http/1.1"]
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = fault_log(on_fault)
    async with trio.open_nursery() as nursery:
        await nursery.start(
            partial(
                serve_asgi,
                board_app(board, hosts),  # type: ignore[arg-type]  # two spellings of ASGI's types
                config,
                shutdown_trigger=trio.sleep_forever,
                mode="asgi",
            )
        )
        on_ready(f"http://{LOOPBACK}:{taken}/")


async def _not_here(request: Request) -> Response:
    del request
    return HTMLResponse(missing_html("There is no such page."), 404)
