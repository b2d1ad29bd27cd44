"""Trust roots: the shipped public ones verify; what a machine adds is only noticed."""

import binascii
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import certifi

from probe.errors import UsageError

BLOCK: Final = re.compile(
    rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----(.+?)-----END", re.DOTALL
)
# Where Linux distributions keep the bundle that programs read.
# Source: Go's crypto/x509 root_linux.go (Debian, Fedora and RHEL, SUSE, Alpine).
BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
# Where an administrator puts roots of their own (Debian, Fedora and RHEL, SUSE, Arch).
# Source: update-ca-certificates(8), update-ca-trust(8).
ANCHORS: Final = (
    "/usr/local/share/ca-certificates",
    "/etc/pki/ca-trust/source/anchors",
    "/etc/pki/trust/anchors",
    "/etc/ca-certificates/trust-source/anchors",
)
# What the distribution itself ships: public roots that certifi may have dropped, or not yet have.
DISTRIBUTED: Final = ("/usr/share/ca-certificates/mozilla",)
# Variables by which an environment adds roots: OpenSSL, requests, curl, Node.
VARIABLES: Final = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
)


def load_roots(ca_file: Path | None = None) -> tuple[bytes, ...]:
    """Return the certificates that verify, as DER: the shipped ones, or those of the file instead.

    Nothing is parsed here: a bundle may hold one certificate that a reader refuses (certifi has one
    with a serial that is not positive), and the others must still do.
    """
    if ca_file is None:
        return tuple(der_certificates(Path(certifi.where()).read_bytes()))
    try:
        given = ca_file.read_bytes()
    except OSError as error:
        raise UsageError(
            f"--ca-file: {ca_file} cannot be read ({error.strerror}); name a file of certificates"
        ) from error
    roots = tuple(der_certificates(given)) or _as_der(given)
    if not roots:
        raise UsageError(f"--ca-file: {ca_file} holds no certificate; name a PEM or DER file")
    return roots


def load_local_roots(
    shipped: Iterable[bytes],
    *,
    environment: Mapping[str, str] | None = None,
    base: Path = Path("/"),
) -> tuple[bytes, ...]:
    """Return roots that this machine or its environment adds to the public ones.

    They never verify (a state's root may be among them); a chain that ends in one raises
    `trust_local` and the interception gate. `base` is where the file system begins, for tests.
    """
    environment = os.environ if environment is None else environment
    named = (environment[variable] for variable in VARIABLES if environment.get(variable))
    paths = [*(base / bundle.lstrip("/") for bundle in BUNDLES), *map(Path, named)]
    paths.extend(path for folder in ANCHORS for path in _files(base, folder))
    # Bundles and variables are mostly links to one file.
    single = dict.fromkeys(path.resolve() for path in paths)
    known = set(shipped) | set(load_roots())
    found = dict.fromkeys(der for path in single for der in _read(path) if der not in known)
    if not found:
        return ()
    public = {d for folder in DISTRIBUTED for path in _files(base, folder) for d in _read(path)}
    return tuple(der for der in found if der not in public)


def roots_sha256(roots: Iterable[bytes]) -> str:
    """Return one hash of a set of roots, whatever their order."""
    digests = sorted(hashlib.sha256(der).digest() for der in roots)
    return hashlib.sha256(b"".join(digests)).hexdigest()


def der_certificates(pem: bytes) -> Iterator[bytes]:
    """Yield the certificates of a PEM text, passing over what is broken."""
    for block in BLOCK.finditer(pem):
        try:
            der = binascii.a2b_base64(block[1])
        except binascii.Error:
            continue
        if der.startswith(b"\x30"):
            yield der


def _as_der(given: bytes) -> tuple[bytes, ...]:
    """A file may hold one certificate in DER, which begins with a long SEQUENCE."""
    return (given,) if given.startswith(b"\x30\x82") else ()


def _files(base: Path, folder: str) -> Iterator[Path]:
    directory = base / folder.lstrip("/")
    try:
        yield from sorted(p for p in directory.rglob("*") if p.suffix in {".crt", ".pem"})
    except OSError:
        return


def _read(path: Path) -> tuple[bytes, ...]:
    """A store that cannot be read adds nothing that we could notice."""
    try:
        return tuple(der_certificates(path.read_bytes()))
    except OSError:
        return ()
