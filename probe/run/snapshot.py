r"""A snapshot: what a vantage saw of the catalogue, signed and dated; writer and reader together.

    {"format": "roadblock-snapshot", "version": 1, "public_key": "ed25519:...",
     "signature": "...", "payload": "{\"started_at\": ...}"}

The payload is a text within the text, so that the bytes that were signed are the bytes that are
read, whoever laid the file out. A name that ends in `.gz` is compressed.
"""

import base64
import binascii
import json
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from pydantic import ValidationError

from probe.errors import UsageError
from probe.model.elsewhere import Snapshot, digest_of
from probe.model.observation import Observation
from probe.model.target import Catalogue
from probe.run.remote import SeenElsewhere
from probe.run.told import believed
from probe.wire.addresses import is_global

FORMAT: Final = "roadblock-snapshot"
VERSION: Final = 1
KEY_PREFIX: Final = "ed25519:"
# A signature over one kind of text must never fit another.
_DOMAIN: Final = b"roadblock-snapshot 1\n"
# Two hundred endpoints at 100 KB each; a bomb costs no more than this.
_FILE_MAX_BYTES: Final = 64_000_000
_GZIP_BITS: Final = 31
_GZIP_MAGIC: Final = b"\x1f\x8b"
# Our clock or the vantage's may be somewhat wrong.
_FUTURE: Final = timedelta(days=1)
AGE_MAX_DAYS: Final = 30
"""What was reached a month ago says too little about today: a newer snapshot is asked for."""
AGE_NOTED_DAYS: Final = 2


@dataclass(frozen=True, slots=True)
class Signed:
    """A snapshot whose signature fits, and the key that made it."""

    snapshot: Snapshot
    public_key: str
    observations: dict[str, object]
    """{endpoint id: the list as it was in the file}: not believed yet."""
    source: str
    """Where it was read."""

    @property
    def id(self) -> str:
        """How it is called in the evidence: `snapshot:2026-11-20/DE`."""
        country = f"/{self.snapshot.country}" if self.snapshot.country else ""
        return f"snapshot:{self.snapshot.started_at:%Y-%m-%d}{country}"

    def age_days(self, now: datetime) -> int:
        """Return how many whole days have passed since."""
        return (now - self.snapshot.started_at).days


# --- keys -----------------------------------------------------------------------------------------


def load_or_make_key(path: Path) -> Ed25519PrivateKey:
    """Return the signing key of a PEM file; where there is no file, make one that only we read."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return _make_key(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {os.strerror(error.errno or 0)}") from error
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{path}: is no unencrypted private key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path}: is no Ed25519 key; name a new file and one is made there")
    return key


def _make_key(path: Path) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {os.strerror(error.errno or 0)}") from error
    return key


def public_key_text(key: Ed25519PublicKey) -> str:
    """Return a public key as one word, `ed25519:...`, to be handed on."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return KEY_PREFIX + base64.b64encode(raw).decode()


def read_public_key(text: str) -> str:
    """Return a public key given as a word, or as a file that holds it; complain when it is none."""
    word = text.strip()
    if not word.startswith(KEY_PREFIX):
        try:
            word = Path(text).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--snapshot-key {text}: is neither a key nor a file") from error
    if _public_key(word) is None:
        raise UsageError(f"--snapshot-key {text}: write it as {KEY_PREFIX}BASE64")
    return word


def _public_key(word: object) -> Ed25519PublicKey | None:
    if not isinstance(word, str) or not word.startswith(KEY_PREFIX):
        return None
    try:
        raw = base64.b64decode(word.removeprefix(KEY_PREFIX), validate=True)
        return Ed25519PublicKey.from_public_bytes(raw)
    except (ValueError, binascii.Error):
        return None


# --- writing --------------------------------------------------------------------------------------


def write_snapshot(path: Path, snapshot: Snapshot, key: Ed25519PrivateKey) -> None:
    """Sign the snapshot and write it; a file of that name is replaced whole or not at all."""
    # Without defaults an observation would lose the name of its step.
    payload = snapshot.model_dump_json(exclude_none=True)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "public_key": public_key_text(key.public_key()),
        "signature": base64.b64encode(key.sign(_DOMAIN + payload.encode())).decode(),
        "payload": payload,
    }
    data = json.dumps(document, indent=1).encode() + b"\n"
    if path.suffix == ".gz":
        packer = zlib.compressobj(wbits=_GZIP_BITS)
        data = packer.compress(data) + packer.flush()
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {os.strerror(error.errno or 0)}") from error


# --- reading --------------------------------------------------------------------------------------


def read_snapshot(path: Path, *, public_key: str | None = None) -> Signed:
    """Return a snapshot whose signature fits; complain of one that was changed, or is another's.

    Without `public_key` the key in the file counts: then nobody changed it by accident, but whoever
    made it is as unknown as before.
    """
    document = _document(path)
    key_word, payload = document.get("public_key"), document.get("payload")
    key = _public_key(key_word)
    if key is None or not isinstance(key_word, str) or not isinstance(payload, str):
        raise UsageError(f"{path}: is no snapshot; `roadblock control snapshot` writes one")
    if public_key is not None and key_word != public_key:
        raise UsageError(f"{path}: was signed by another key, {key_word}; do not use it")
    try:
        signature = base64.b64decode(str(document.get("signature")), validate=True)
        key.verify(signature, _DOMAIN + payload.encode("utf-8", "surrogatepass"))
    except (InvalidSignature, ValueError, binascii.Error) as error:
        raise UsageError(f"{path}: was changed after it was signed; get it anew") from error
    return _read_payload(path, payload, key_word)


def _document(path: Path) -> dict[str, object]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {os.strerror(error.errno or 0)}") from error
    if data.startswith(_GZIP_MAGIC):
        try:
            data = zlib.decompressobj(wbits=_GZIP_BITS).decompress(data, _FILE_MAX_BYTES)
        except zlib.error as error:
            raise UsageError(f"{path}: is damaged: {error}") from error
    if len(data) >= _FILE_MAX_BYTES:
        raise UsageError(f"{path}: is larger than {_FILE_MAX_BYTES:,} bytes; no snapshot is")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: is no snapshot: not JSON") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UsageError(f"{path}: is no snapshot; `roadblock control snapshot` writes one")
    if document.get("version") != VERSION:
        raise UsageError(f"{path}: is of another version; a newer Roadblock may read it")
    return document


def _read_payload(path: Path, payload: str, public_key: str) -> Signed:
    """Read the frame strictly and leave the observations for later: each is judged by itself."""
    try:
        fields = json.loads(payload)
        entries = fields.get("seen", [])
        observations = {str(e["endpoint"]): e.pop("observations", []) for e in entries}
        snapshot = Snapshot.model_validate_json(json.dumps(fields))
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as e:
        raise UsageError(f"{path}: is signed, but is not what we understand") from e
    return Signed(snapshot, public_key, observations, str(path))


def as_seen_elsewhere(
    signed: Signed,
    catalogue: Catalogue,
    *,
    now: datetime,
    trusted: bool,
    allow: Callable[[str], bool] = is_global,
) -> SeenElsewhere:
    """Return what the snapshot says of our catalogue's endpoints, its age among the notes."""
    age_days = signed.age_days(now)
    taken = f"{signed.snapshot.started_at:%Y-%m-%d}"
    if signed.snapshot.started_at > now + _FUTURE:
        raise UsageError(f"{signed.source}: is dated {taken}, after today; is our clock right?")
    if age_days > AGE_MAX_DAYS:
        raise UsageError(
            f"{signed.source}: is {age_days} days old; after {AGE_MAX_DAYS} days it says "
            "too little about today: get a newer one"
        )
    endpoints = {endpoint.id: endpoint for endpoint in catalogue.endpoints}
    hosts = frozenset(endpoint.host for endpoint in catalogue.endpoints)
    known: dict[str, tuple[Observation, ...]] = {}
    others = 0
    for entry in signed.snapshot.seen:
        endpoint = endpoints.get(entry.endpoint)
        if endpoint is None or entry.endpoint_sha256 != digest_of(endpoint):
            others += 1
            continue
        raw = signed.observations.get(entry.endpoint)
        known[endpoint.id] = believed(raw, endpoint, hosts=hosts, allow=allow)
    notes = []
    if age_days >= AGE_NOTED_DAYS:
        notes.append(f"it is {age_days} days old")
    if not trusted:
        notes.append(f"nobody said whose key {signed.public_key} is")
    if others:
        notes.append(f"{others} of its endpoints are not those of our catalogue")
    return SeenElsewhere(signed.id, known, tuple(notes))
