import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from probe.errors import UsageError
from probe.model.elsewhere import Seen, Snapshot, digest_of
from probe.model.observation import TlsObservation
from probe.model.target import Catalogue, Endpoint, Service
from probe.model.words import Arm, Family, Role
from probe.run import snapshot as module
from probe.run.snapshot import (
    as_seen_elsewhere,
    load_or_make_key,
    public_key_text,
    read_public_key,
    read_snapshot,
    write_snapshot,
)

TAKEN = datetime(2026, 11, 20, 12, tzinfo=UTC)
ENDPOINT = Endpoint(
    id="bbc.web", service="bbc", host="www.bbc.com", role=Role.WEB, url="https://www.bbc.com/"
)
CATALOGUE = Catalogue(services=(Service(id="bbc", name="BBC", endpoints=(ENDPOINT,)),))
SEEN = TlsObservation(
    id="x",
    experiment="x",
    endpoint="bbc.web",
    arm=Arm.TARGET,
    family=Family.IPV4,
    address="151.101.0.81",
    port=443,
    started_at=TAKEN,
    duration_s=0.1,
    server_name="www.bbc.com",
    chain=(b"\x30\x00\xff",),
)


def snapshot(*seen, **changes):
    fields = {
        "started_at": TAKEN,
        "ended_at": TAKEN + timedelta(minutes=5),
        "version": "0.1.0",
        "country": "DE",
        "seen": seen
        or (Seen(endpoint="bbc.web", endpoint_sha256=digest_of(ENDPOINT), observations=(SEEN,)),),
    }
    return Snapshot(**{**fields, **changes})


@pytest.fixture
def key(tmp_path):
    return load_or_make_key(tmp_path / "key.pem")


@pytest.fixture(params=["snapshot.json", "snapshot.json.gz"])
def file(request, tmp_path, key):
    path = tmp_path / request.param
    write_snapshot(path, snapshot(), key)
    return path


def seen_in(signed, *, days=0, trusted=True, catalogue=CATALOGUE):
    return as_seen_elsewhere(signed, catalogue, now=TAKEN + timedelta(days=days), trusted=trusted)


def edit(path, change):
    """Change the document as somebody on the way would."""
    packed = path.suffix == ".gz"
    data = path.read_bytes()
    document = json.loads(gzip.decompress(data) if packed else data)
    change(document)
    text = json.dumps(document).encode()
    path.write_bytes(gzip.compress(text) if packed else text)


async def test_what_was_seen_comes_back_with_date_and_country(file, key):
    signed = read_snapshot(file, public_key=public_key_text(key.public_key()))
    remote = seen_in(signed)

    assert remote.id == "snapshot:2026-11-20/DE"
    assert [(o.step, o.chain) for o in await remote.look(ENDPOINT)] == [("tls", SEEN.chain)]
    assert remote.notes == ()


def test_a_changed_snapshot_is_refused(file):
    edit(file, lambda d: d.update(payload=d["payload"].replace("151.101.0.81", "151.101.0.82")))

    with pytest.raises(UsageError, match="changed after it was signed"):
        read_snapshot(file)


@pytest.mark.parametrize("signature", ["", "AAAA", "?", None])
def test_a_snapshot_without_its_signature_is_refused(file, signature):
    edit(file, lambda d: d.update(signature=signature))

    with pytest.raises(UsageError, match="changed after it was signed"):
        read_snapshot(file)


def test_a_snapshot_of_another_key_is_refused(file, tmp_path):
    other = public_key_text(load_or_make_key(tmp_path / "other.pem").public_key())

    with pytest.raises(UsageError, match="signed by another key"):
        read_snapshot(file, public_key=other)


def test_a_snapshot_signed_anew_by_somebody_else_is_refused(file, key, tmp_path):
    """Who changes it can sign it too; only the key that we were told tells them apart."""
    write_snapshot(file, snapshot(), load_or_make_key(tmp_path / "other.pem"))

    with pytest.raises(UsageError, match="signed by another key"):
        read_snapshot(file, public_key=public_key_text(key.public_key()))


def test_without_a_key_it_is_said_that_nobody_vouches_for_it(file):
    remote = seen_in(read_snapshot(file), trusted=False)

    assert ["nobody said whose key" in note for note in remote.notes] == [True]


def test_its_age_is_said(file):
    assert seen_in(read_snapshot(file), days=9).notes == ("it is 9 days old",)


def test_after_a_month_it_is_refused(file):
    with pytest.raises(UsageError, match="get a newer one"):
        seen_in(read_snapshot(file), days=31)


def test_one_from_the_future_is_refused(file):
    with pytest.raises(UsageError, match="after today"):
        seen_in(read_snapshot(file), days=-3)


async def test_an_endpoint_that_means_something_else_here_is_left_out(file):
    moved = ENDPOINT.model_copy(update={"url": "https://www.bbc.com/news"})
    catalogue = Catalogue(services=(Service(id="bbc", name="BBC", endpoints=(moved,)),))

    remote = seen_in(read_snapshot(file), catalogue=catalogue)

    assert await remote.look(moved) == ()
    assert remote.notes == ("1 of its endpoints are not those of our catalogue",)


async def test_rows_that_no_look_could_have_made_are_dropped(tmp_path, key):
    rows = (SEEN, SEEN.model_copy(update={"address": "10.0.0.1"}))
    entry = Seen(endpoint="bbc.web", endpoint_sha256=digest_of(ENDPOINT), observations=rows)
    write_snapshot(tmp_path / "s.json", snapshot(entry), key)

    remote = seen_in(read_snapshot(tmp_path / "s.json"))

    assert len(await remote.look(ENDPOINT)) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"[" * 200_000,
        b"{}",
        b'{"format": "roadblock-snapshot", "version": 2}',
        b'{"format": "roadblock-snapshot", "version": 1}',
        b'{"format": "roadblock-snapshot", "version": 1, "public_key": "ed25519:AAAA"}',
        b"\x1f\x8bnonsense",
        gzip.compress(b"\xff\xfe", mtime=0),
    ],
)
def test_anything_else_is_refused_with_a_reason(tmp_path, data):
    path = tmp_path / "file"
    path.write_bytes(data)

    with pytest.raises(UsageError, match=str(path)):
        read_snapshot(path)


@pytest.mark.parametrize(
    "payload", ["[]", "{}", "null", '{"seen": [7]}', '{"seen": {"endpoint": "x"}}', "[" * 100_000]
)
def test_a_signed_text_that_is_no_snapshot_is_refused(tmp_path, key, payload):
    import base64

    document = {
        "format": "roadblock-snapshot",
        "version": 1,
        "public_key": public_key_text(key.public_key()),
        "signature": base64.b64encode(key.sign(module._DOMAIN + payload.encode())).decode(),
        "payload": payload,
    }
    path = tmp_path / "s.json"
    path.write_text(json.dumps(document))

    with pytest.raises(UsageError, match="not what we understand"):
        read_snapshot(path)


def test_a_bomb_costs_no_more_than_the_largest_snapshot(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_FILE_MAX_BYTES", 100_000)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b" " * 50_000_000))

    with pytest.raises(UsageError, match="larger than"):
        read_snapshot(path)


def test_a_signing_key_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    path = tmp_path / "key.pem"

    made, read = load_or_make_key(path), load_or_make_key(path)

    assert public_key_text(made.public_key()) == public_key_text(read.public_key())
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "rsa.pem"
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    with pytest.raises(UsageError, match="no Ed25519 key"):
        load_or_make_key(path)


def test_a_public_key_is_a_word_or_a_file(tmp_path, key):
    word = public_key_text(key.public_key())
    (tmp_path / "key.pub").write_text(word + "\n")

    assert read_public_key(word) == read_public_key(str(tmp_path / "key.pub")) == word


@pytest.mark.parametrize("text", ["ed25519:", "ed25519:AAAA", "ed25519:?", "/nowhere", ""])
def test_what_is_no_public_key_is_refused(text):
    with pytest.raises(UsageError, match="--snapshot-key"):
        read_public_key(text)
