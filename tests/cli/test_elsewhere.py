"""Which helpers and snapshots a run is given: read, and complained of, before anything is sent."""

from datetime import UTC, datetime

import pytest

from probe.cli.elsewhere import KEY_VARIABLE, elsewhere_of, keys_file
from probe.cli.main import main
from probe.config.consent import consent_sha256
from probe.errors import UsageError
from probe.model.elsewhere import Seen, Snapshot, digest_of
from probe.model.target import Catalogue, Endpoint, Service
from probe.model.words import Role
from probe.run.helper_line import HelperPlace
from probe.run.snapshot import load_or_make_key, public_key_text, write_snapshot

ENDPOINT = Endpoint(
    id="bbc.web", service="bbc", host="www.bbc.com", role=Role.WEB, url="https://www.bbc.com/"
)
CATALOGUE = Catalogue(services=(Service(id="bbc", name="BBC", endpoints=(ENDPOINT,)),))
URL, OTHER = "https://de.example.net", "https://nl.example.net:8443"


@pytest.fixture
def keys(tmp_path):
    file = tmp_path / "keys"
    file.write_text("# helpers\nDE.example.net rb_de\nnl.example.net:8443 rb_nl  # a friend's\n")
    return file


@pytest.fixture
def snapshot(tmp_path):
    now = datetime.now(UTC)
    path = tmp_path / "s.json.gz"
    seen = Seen(endpoint="bbc.web", endpoint_sha256=digest_of(ENDPOINT))
    taken = Snapshot(started_at=now, ended_at=now, version="0", country="DE", seen=(seen,))
    write_snapshot(path, taken, load_or_make_key(tmp_path / "key.pem"))
    return path


def test_nothing_named_is_nothing_asked():
    assert elsewhere_of(CATALOGUE).helpers == ()


@pytest.mark.parametrize("controls", [(URL, OTHER), (f"{URL},{OTHER}",), (URL, OTHER, URL + "/")])
def test_several_helpers_each_get_their_own_key(keys, controls):
    found = elsewhere_of(CATALOGUE, controls, control_keys=keys)

    assert found.helpers == (HelperPlace(URL, "rb_de"), HelperPlace(OTHER, "rb_nl"))


def test_keys_are_looked_for_in_the_settings_folder():
    keys_file().parent.mkdir(parents=True)
    keys_file().write_text("de.example.net rb_de\n")

    assert elsewhere_of(CATALOGUE, [URL]).helpers[0].key == "rb_de"


def test_a_single_helpers_key_may_come_as_a_secret_of_the_ci(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "rb_secret")

    assert elsewhere_of(CATALOGUE, [URL]).helpers[0].key == "rb_secret"


def test_one_secret_is_not_told_to_several_helpers(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "rb_secret")

    with pytest.raises(UsageError, match="there is no key for de"):
        elsewhere_of(CATALOGUE, [URL, OTHER])


@pytest.mark.parametrize("text", ["de.example.net", "a b c", "de.example.net h\u00e9"])
def test_a_line_that_is_no_key_is_told_with_its_number(tmp_path, text):
    (tmp_path / "keys").write_text(f"# one\n{text}\n")

    with pytest.raises(UsageError, match="keys:2: write"):
        elsewhere_of(CATALOGUE, [URL], control_keys=tmp_path / "keys")


def test_a_file_of_keys_that_was_named_must_be_there(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        elsewhere_of(CATALOGUE, [URL], control_keys=tmp_path / "nowhere")


def test_a_snapshot_is_read_for_the_catalogues_endpoints(snapshot, tmp_path):
    key = public_key_text(load_or_make_key(tmp_path / "key.pem").public_key())

    (remote,) = elsewhere_of(CATALOGUE, snapshots=[snapshot], snapshot_key=key).snapshots

    assert remote.id == f"snapshot:{datetime.now(UTC):%Y-%m-%d}/DE"
    assert remote.notes == ()


def test_two_snapshots_that_would_be_called_the_same_are_refused(snapshot):
    with pytest.raises(UsageError, match="choose one"):
        elsewhere_of(CATALOGUE, snapshots=[snapshot, snapshot])


@pytest.fixture
def measured(monkeypatch):
    """What the run was given."""
    given = {}

    async def measure(request, knowledge, tools, sink, **options):
        given.update(options)
        raise UsageError("far enough")

    monkeypatch.setattr("probe.cli.measuring.measure", measure)
    return given


def run(*options, tmp_path):
    return main(
        ["run", "bbc", "--db", str(tmp_path / "db"), "--consent", consent_sha256(), *options]
    )


def test_the_run_gets_helpers_and_snapshots(measured, keys, snapshot, tmp_path, capsys):
    options = ["--control", f"{URL},{OTHER}", "--control-keys", str(keys)]

    run(*options, "--snapshot", str(snapshot), tmp_path=tmp_path)

    assert [place.netloc for place in measured["helpers"]] == [
        "de.example.net",
        "nl.example.net:8443",
    ]
    assert [remote.id[:9] for remote in measured["remotes"]] == ["snapshot:"]


def test_without_its_key_no_helper_is_asked_and_nothing_is_sent(measured, tmp_path, capsys):
    assert run("--control", URL, tmp_path=tmp_path) == 2

    assert measured == {}
    assert "there is no key for de.example.net" in capsys.readouterr().err


def test_a_changed_snapshot_ends_the_run_before_it_begins(measured, snapshot, tmp_path, capsys):
    snapshot.write_bytes(snapshot.read_bytes()[:-20] + b"\x00" * 20)

    assert run("--snapshot", str(snapshot), tmp_path=tmp_path) == 2
    assert measured == {}


def test_a_check_asks_its_helpers_too(measured, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(KEY_VARIABLE, "rb_secret")

    main(
        ["check", "bbc", "--db", str(tmp_path / "db"), "--consent", consent_sha256(),
         "--control", URL]
    )  # fmt: skip

    assert measured["helpers"] == (HelperPlace(URL, "rb_secret"),)
