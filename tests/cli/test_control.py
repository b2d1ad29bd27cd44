"""The verb `control`, with stand-ins for what would send: what it refuses, writes and says."""

import json
from datetime import UTC, datetime

import pytest

from probe.cli.control_serving import parse_bind, parse_station
from probe.cli.main import main
from probe.config.consent import consent_sha256
from probe.errors import UsageError
from probe.lab.pki import authority
from probe.model.elsewhere import Seen, Snapshot, digest_of
from probe.model.run import Machine
from probe.serve.keys import read_keys
from probe.serve.server import Bind

CONSENT = ["--consent", consent_sha256()]


@pytest.fixture
def certificate(tmp_path):
    issued = authority(datetime.now(UTC)).issue("helper.example.net")
    (tmp_path / "chain.pem").write_bytes(issued.chain_pem)
    (tmp_path / "key.pem").write_bytes(issued.key_pem)
    return {"certificate": tmp_path / "chain.pem", "private_key": tmp_path / "key.pem"}


@pytest.fixture
def snapshot(monkeypatch):
    """Pretend to have looked."""
    asked = []

    async def take_snapshot(serving, endpoints):
        asked.append((serving, endpoints))
        now = datetime.now(UTC)
        seen = [Seen(endpoint=e.id, endpoint_sha256=digest_of(e)) for e in endpoints]
        return Snapshot(started_at=now, ended_at=now, version="0", country="DE", seen=seen)

    monkeypatch.setattr("probe.cli.control.take_snapshot", take_snapshot)
    return asked


@pytest.fixture
def served(monkeypatch):
    """Pretend to serve."""
    stations = []
    monkeypatch.setattr(
        "probe.cli.control.run_station", lambda station, serving, keys: stations.append(station)
    )
    return stations


def test_a_key_is_printed_once_and_kept_as_its_hash(tmp_path, capsys):
    keys = tmp_path / "keys"

    assert main(["control", "key", "anna", "--keys", str(keys)]) == 0

    key = capsys.readouterr().out.strip()
    assert key not in keys.read_text()
    assert read_keys(keys).name_of(key) == "anna"


def take(tmp_path, *options, name="s.json.gz"):
    output = ["--output", str(tmp_path / name), "--signing-key", str(tmp_path / "signing.pem")]
    return main(["control", "snapshot", *options, *output])


def test_nothing_is_looked_at_without_consent(snapshot, tmp_path, capsys):
    assert take(tmp_path) == 2

    assert snapshot == []
    assert not (tmp_path / "s.json.gz").exists()


def test_a_snapshot_is_written_signed_and_verified(snapshot, tmp_path, capsys):
    assert take(tmp_path, "bbc", *CONSENT) == 0
    public = capsys.readouterr().out.split()[-1]

    assert main(["control", "verify", str(tmp_path / "s.json.gz"), "--snapshot-key", public]) == 0
    said = capsys.readouterr().out
    assert f"Signed by {public}, and not changed since." in said
    assert "0 days old" in said


def test_verify_says_what_it_holds_as_json(snapshot, tmp_path, capsys):
    take(tmp_path, "bbc.web", *CONSENT)
    capsys.readouterr()

    main(["control", "verify", str(tmp_path / "s.json.gz"), "--json"])

    said = json.loads(capsys.readouterr().out)
    assert (said["endpoints"], said["country"], said["key_checked"]) == (["bbc.web"], "DE", False)


def test_a_changed_snapshot_does_not_verify(snapshot, tmp_path, capsys):
    take(tmp_path, "bbc", *CONSENT, name="s.json")
    file = tmp_path / "s.json"
    text = file.read_text()
    file.write_text(text.replace('\\"country\\":\\"DE\\"', '\\"country\\":\\"RU\\"'))
    assert file.read_text() != text

    assert main(["control", "verify", str(file)]) == 2
    assert "was changed after it was signed" in capsys.readouterr().err


def test_sensitive_services_are_in_no_snapshot_unless_named(snapshot, tmp_path, capsys):
    take(tmp_path, *CONSENT)

    ((_, endpoints),) = snapshot
    assert not {"rt", "sputnik"} & {endpoint.service for endpoint in endpoints}


def test_where_the_gates_fail_no_file_is_written(tmp_path, monkeypatch, capsys):
    async def take_snapshot(serving, endpoints):
        return None

    monkeypatch.setattr("probe.cli.control.take_snapshot", take_snapshot)

    assert take(tmp_path, "bbc", *CONSENT) == 3
    assert not (tmp_path / "s.json.gz").exists()


def serve(tmp_path, *options):
    return main(["control", "serve", "--keys", str(tmp_path / "keys"), *options])


def test_it_does_not_serve_without_consent(served, tmp_path, capsys):
    main(["control", "key", "anna", "--keys", str(tmp_path / "keys")])

    assert serve(tmp_path, "--behind-proxy", "--bind", "127.0.0.1:8443") == 2
    assert served == []


def test_it_does_not_serve_without_clients(served, tmp_path, capsys):
    assert serve(tmp_path, "--behind-proxy", "--bind", "127.0.0.1:8443", *CONSENT) == 2

    assert "roadblock control key NAME" in capsys.readouterr().err


def test_inside_the_lab_it_serves_without_consent(served, tmp_path, monkeypatch, capsys):
    main(["control", "key", "anna", "--keys", str(tmp_path / "keys")])
    monkeypatch.setattr(
        "probe.cli.control.read_machine",
        lambda: Machine(resolv_conf="# Roadblock lab: open\nnameserver 192.0.2.1\n"),
    )

    assert serve(tmp_path, "--behind-proxy", "--bind", "127.0.0.1:8443") == 0
    assert [station.questions for station in served] == [Bind("127.0.0.1", 8443)]


def station(bind=":8443", *, certificate=None, private_key=None, behind_proxy=False, **options):
    return parse_station(
        bind,
        certificate=certificate,
        private_key=private_key,
        behind_proxy=behind_proxy,
        **{"responder": None, **options},
    )


def test_with_a_certificate_it_speaks_https_to_everybody(certificate):
    made = station(**certificate)

    assert (made.speaks_tls, made.questions) == (True, Bind(None, 8443))
    assert made.certificate.names == {"helper.example.net"}


def test_a_responder_listens_on_the_ports_of_the_web(certificate):
    made = station(**certificate, responder=("", "443,80"))

    assert (made.responder_tls, made.responder_plain) == (Bind(None, 443), Bind(None, 80))


def test_a_responder_behind_a_proxy_still_has_its_own_certificate(certificate):
    made = station(
        "127.0.0.1:8443", **certificate, behind_proxy=True, responder=("192.0.2.1", "443,80")
    )

    assert made.speaks_tls is False
    assert made.certificate is not None


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({}, "name --certificate and --private-key, or say --behind-proxy"),
        ({"behind_proxy": True}, "no loopback address"),
        ({"behind_proxy": True, "bind": "0.0.0.0:8443"}, "no loopback address"),
        ({"bind": "8443"}, "write HOST:PORT"),
        ({"bind": "127.0.0.1:http"}, "write HOST:PORT"),
        ({"bind": ":70000"}, "write HOST:PORT"),
    ],
)
def test_what_would_be_unsafe_or_makes_no_sense_is_refused(options, complaint):
    with pytest.raises(UsageError, match=complaint):
        station(options.pop("bind", ":8443"), **options)


@pytest.mark.parametrize("ports", ["443", "443,", "a,b", "1,2,3"])
def test_responder_ports_are_two_numbers(certificate, ports):
    with pytest.raises(UsageError, match="two ports"):
        station(**certificate, responder=("", ports))


def test_a_certificate_without_its_key_is_refused(certificate):
    with pytest.raises(UsageError, match="belong together"):
        station(certificate=certificate["certificate"])


@pytest.mark.parametrize(
    ("text", "bind"),
    [
        (":8443", Bind(None, 8443)),
        ("127.0.0.1:1", Bind("127.0.0.1", 1)),
        ("[::1]:1", Bind("::1", 1)),
    ],
)
def test_places_are_written_as_everywhere(text, bind):
    assert parse_bind(text) == bind


def test_without_the_extra_it_says_what_to_install(certificate, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(UsageError, match=r"roadblock\[serve\]"):
        station(**certificate)
