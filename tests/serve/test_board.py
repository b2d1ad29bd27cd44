"""The status page: what it shows, to whom, and what it never does."""

import re
import shutil
from datetime import UTC, datetime
from functools import partial

import pytest
import trio

from probe.model.run import Run
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict
from probe.model.words import Category, Family, Grade, Layer, Protocol, State, VantageState
from probe.reference.catalogue import load_catalogue
from probe.report.words import wording
from probe.serve.board import Board, board_app, serve_board
from probe.store import open_writer

HOST = "127.0.0.1:8080"
CHROMIUM = shutil.which("chromium")
EVIL = "<script>alert(1)</script>\x1b[31m"


def finding(kind, service, state, **values):
    blocked = state is State.BLOCKED
    return kind(
        service=service,
        state=state,
        category=Category.TLS_SNI_RESET if blocked else Category.OK,
        grade=Grade.PROBABLE if blocked else None,
        **values,
    )


def verdict(service, state):
    return finding(
        Verdict,
        service,
        state,
        endpoint=f"{service}.web",
        protocol=Protocol.HTTPS,
        family=Family.IPV4,
        layer=Layer.TLS,
        rule_id="tls.reset",
        detail=EVIL,
    )


@pytest.fixture
def board(tmp_path):
    """A database of two runs: Instagram worked, then was cut; the BBC worked both times."""
    path = tmp_path / "roadblock.db"

    async def fill():
        async with open_writer(path) as writer:
            for day, instagram in ((24, State.OK), (25, State.BLOCKED)):
                at = datetime(2026, 11, day, tzinfo=UTC)
                run = Run(id=f"run-{day}", started_at=at, ended_at=at, status="complete", seed=1)
                await writer.begin_run(run)
                said = {"instagram": instagram, "bbc": State.OK}
                await writer.add_verdicts(
                    run.id,
                    tuple(verdict(service, state) for service, state in said.items()),
                    tuple(
                        finding(ServiceVerdict, service, state, witness=f"{service}.web")
                        for service, state in said.items()
                    ),
                    VantageVerdict(state=VantageState.ONLINE),
                    set_id=run.id,
                )
                await writer.finish_run(run)

    trio.run(fill)
    return Board(path, load_catalogue(), wording("en"))


async def get(board, path, *, host=HOST, method="GET"):
    """Ask the application; (status, headers, body)."""
    sent = []
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", host.encode())],
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
    }

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    await board_app(board, frozenset({HOST}))(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:]).decode()
    return sent[0]["status"], headers, body


async def test_there_is_a_card_per_service_in_plain_words(board):
    status, _, page = await get(board, "/")

    assert status == 200
    assert page.count('class="card"') == 2
    assert "Instagram: could not be reached; it looks blocked." in page
    assert "BBC: works." in page


async def test_each_earlier_run_has_a_mark_with_its_words(board):
    _, _, page = await get(board, "/")

    marks = re.findall(r'href="/run/(run-\d+)/instagram" aria-label="([^"]+)"', page)
    assert marks == [
        ("run-24", "2026-11-24 00:00 UTC: works."),
        ("run-25", "2026-11-25 00:00 UTC: could not be reached."),
    ]


async def test_behind_a_mark_lies_the_evidence(board):
    status, _, page = await get(board, "/run/run-25/instagram")

    assert status == 200
    assert "by rule tls.reset" in page


@pytest.mark.parametrize("path", ["/", "/run/run-25/instagram"])
async def test_what_the_network_said_cannot_act_in_the_page(board, path):
    _, headers, page = await get(board, path)

    assert "<script" not in page
    assert "\x1b" not in page
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "script-src" not in policy


async def test_nothing_is_asked_of_any_other_host(board):
    for path in ("/", "/run/run-25/instagram", "/style.css"):
        _, _, page = await get(board, path)
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//|url\(|@import""", page)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1", ""])
@pytest.mark.parametrize("path", ["/", "/style.css", "/nothing"])
async def test_another_hosts_name_is_not_answered(board, host, path):
    """Else a page elsewhere could point its name at loopback and read what was measured."""
    status, _, page = await get(board, path, host=host)

    assert status == 421
    assert "Instagram" not in page


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_it_can_only_be_read(board, method):
    status, _, _ = await get(board, "/", method=method)

    assert status in {404, 405}


@pytest.mark.parametrize(
    "path", ["/run/run-25/rt", "/run/run-99/instagram", "/run/../instagram", "/x"]
)
async def test_what_is_not_there_is_said_so(board, path):
    status, _, page = await get(board, path)

    assert status == 404
    assert "Not here" in page


async def test_reading_changes_nothing(board):
    before = board.database.read_bytes()

    await get(board, "/")

    assert board.database.read_bytes() == before


@pytest.mark.loopback
async def test_it_listens_on_loopback_alone(board):
    async with trio.open_nursery() as nursery:
        address = await nursery.start(_serving, board)
        assert address.startswith("http://127.0.0.1:")
        nursery.cancel_scope.cancel()


@pytest.mark.loopback
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed here")
async def test_a_real_browser_shows_it_without_complaint(board, tmp_path):
    """The policy must allow what the page needs: a browser that refuses says so on its console."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    flags += [f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr"]
    async with trio.open_nursery() as nursery:
        address = await nursery.start(_serving, board)
        done = await trio.run_process(
            [CHROMIUM, *flags, "--window-size=390,844", "--dump-dom", address],
            capture_stdout=True,
            capture_stderr=True,
            check=False,
        )
        nursery.cancel_scope.cancel()

    assert done.stdout.decode().count('class="card"') == 2
    assert "CONSOLE" not in done.stderr.decode()


async def _serving(board, task_status=trio.TASK_STATUS_IGNORED):
    await partial(serve_board, on_ready=task_status.started)(board)
