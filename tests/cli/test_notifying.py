"""`--notify`: what is sent, to a server on loopback, and what is never printed."""

import http.server
import json
import threading
from datetime import UTC, datetime

import pytest
import trio

from probe.cli import notifying
from probe.cli.main import main
from probe.config.consent import consent_sha256
from probe.model.run import Run
from probe.model.verdict import ServiceVerdict
from probe.model.words import Category, State
from probe.run.watch import Rhythm
from probe.store import open_writer
from tests.cli.test_run import Measurement

pytest.importorskip("apprise", reason="needs apprise, the extra `notify`")
# apprise itself imports it where Python still has it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
CONSENT = ["--consent", consent_sha256()]
KEY = "a-secret-token"


@pytest.fixture
def measurement(monkeypatch):
    """Every run finds Instagram blocked, on 23 November."""
    stand_in = Measurement()
    monkeypatch.setattr("probe.cli.measuring.measure", stand_in)
    return stand_in


@pytest.fixture
def database(tmp_path):
    return tmp_path / "roadblock.db"


@pytest.fixture
def before(database):
    """Store a run of the day before in which a service had a state."""

    def stored(service, state):
        async def fill():
            async with open_writer(database) as writer:
                at = datetime(2026, 11, 22, tzinfo=UTC)
                run = Run(id="yesterday", started_at=at, seed=1, status="complete")
                said = ServiceVerdict(service=service, state=state, category=Category.OK)
                await writer.begin_run(run)
                await writer.add_verdicts(run.id, (), (said,), set_id=run.id)
                await writer.finish_run(run)

        trio.run(fill)

    return stored


@pytest.fixture
def inbox():
    """Return (address, messages): a server on loopback that keeps what it is sent."""
    messages = []

    class Keep(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keep) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        yield f"json://127.0.0.1:{server.server_port}/{KEY}", messages
        server.shutdown()
        serving.join()


def run(database, *options):
    return main(["run", "instagram.web", *CONSENT, "--db", str(database), *options])


def test_a_changed_verdict_is_sent(measurement, database, before, inbox, capsys):
    before("instagram", State.OK)
    address, messages = inbox

    assert run(database, "--notify", address) == 0

    (message,) = messages
    assert message["title"] == "Roadblock: changed services: 1"
    sentence, was = message["message"].splitlines()
    assert sentence in capsys.readouterr().out.replace("\n", " ")
    assert was == "Before (2026-11-22): works."
    assert message["attachments"] == []


def test_the_first_look_is_never_sent(measurement, database, inbox):
    address, messages = inbox

    run(database, "--notify", address)

    assert messages == []


def test_what_stays_the_same_is_not_sent(measurement, database, before, inbox):
    before("instagram", State.BLOCKED)
    address, messages = inbox

    run(database, "--notify", address)

    assert messages == []


def test_nobody_is_told_anything_unasked(measurement, database, before, inbox):
    before("instagram", State.OK)

    run(database)

    assert inbox[1] == []


def test_addresses_can_stand_in_the_settings(measurement, database, before, inbox, tmp_path):
    before("instagram", State.OK)
    address, messages = inbox
    settings = tmp_path / "config.toml"
    settings.write_text(f'[run]\nnotify = ["{address}"]\n')

    code = main(
        ["--config", str(settings), "run", "instagram.web", *CONSENT, "--db", str(database)]
    )

    assert code == 0
    assert len(messages) == 1


def test_a_dead_server_changes_no_exit_code_and_its_key_is_not_shown(
    measurement, database, before, capsys
):
    before("instagram", State.OK)

    # Port 1 of loopback: nobody listens there.
    assert run(database, "--notify", f"json://127.0.0.1:1/{KEY}") == 0

    shown = capsys.readouterr()
    assert "Could not tell json://... what has changed." in shown.err
    assert KEY not in shown.out + shown.err


def test_an_address_that_is_none_is_refused_before_anything_is_sent(measurement, database, capsys):
    assert run(database, "--notify", f"nowhere://{KEY}") == 2

    shown = capsys.readouterr().err
    assert "--notify nowhere://...: apprise knows no such address" in shown
    assert KEY not in shown
    assert measurement.requests == []


def test_without_its_library_the_command_to_type_is_said(
    measurement, database, monkeypatch, capsys
):
    monkeypatch.setattr(notifying, "find_spec", lambda name: None)

    assert run(database, "--notify", "json://127.0.0.1/") == 2
    assert "pip install 'roadblock[notify]'" in capsys.readouterr().err
    assert measurement.requests == []


@pytest.fixture
def watcher(measurement, database, before, inbox, tmp_path):
    """A watch of an endpoint of one's own that worked the day before."""
    before("blog", State.OK)
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "blog.toml").write_text('[[endpoint]]\nurl = "https://blog.example.org/"\n')
    made = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trio, "run", lambda watch, _: made.append(watch.__self__) or 0)
        options = ["--targets", str(folder), "--notify", inbox[0], "--db", str(database)]
        assert main(["watch", *CONSENT, *options]) == 0
    return made[0]


async def test_a_watch_tells_a_change_once(measurement, watcher, inbox, autojump_clock):
    """The second run says what the first said: that is no news."""
    watcher.runs_left = 2

    assert await watcher.watch(Rhythm(3600.0)) == 0

    assert len(measurement.requests) == 2
    assert [message["title"] for message in inbox[1]] == ["Roadblock: changed services: 1"]
