"""Certificates for whatever name is asked for, by an authority that nobody trusts.

A responder has to answer any ClientHello with a ServerHello; what it then shows verifies for nobody
and says so in its text. Only under its own names it shows its real certificate.
"""

import re
import ssl
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from probe.errors import UsageError
from probe.serve.bucket import Bucket

ALPN: Final = ("http/1.1",)
NOBODY: Final = "responder.invalid"
"""RFC 2606: what the certificate says to whoever sends no name, or one that no host has."""
_NAME: Final = re.compile(r"^[a-z0-9_.-]{1,253}$")
_ORGANISATION: Final = "Roadblock responder, not the real site"
_CONTEXTS_MAX: Final = 512
# Making one takes some milliseconds of CPU; a stranger must not buy hours of it.
_NEW_PER_MINUTE: Final = 120.0
_NEW_BURST: Final = 120.0
_VALID: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """The certificate that the operator has, and the names it is for."""

    certificate: Path
    private_key: Path
    names: frozenset[str]

    def context(self) -> ssl.SSLContext:
        """Return a server's context that shows it."""
        made = _server_context()
        made.load_cert_chain(self.certificate, self.private_key)
        return made


def read_certificate(certificate: Path, private_key: Path) -> OwnCertificate:
    """Return the operator's certificate, or complain of files that do not fit."""
    try:
        leaf = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
        _server_context().load_cert_chain(certificate, private_key)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"--certificate {certificate}, --private-key {private_key}: {error}"
        ) from error
    try:
        alternative = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return OwnCertificate(certificate, private_key, frozenset())
    names = (name.lower() for name in alternative.get_values_for_type(x509.DNSName))
    return OwnCertificate(certificate, private_key, frozenset(names))


class NameAuthority:
    """Makes a certificate for each name as it is asked for."""

    def __init__(self, now: Callable[[], datetime], own: OwnCertificate | None = None) -> None:
        self._now = now
        self._own_names = own.names if own is not None else frozenset()
        self._own = own.context() if own is not None else None
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._issuer = _name("Roadblock Responder CA, trusted by nobody")
        self._contexts: OrderedDict[str, ssl.SSLContext] = OrderedDict()
        self._bucket = Bucket(per_minute=_NEW_PER_MINUTE, burst=_NEW_BURST)
        self.context = self._make(NOBODY)
        """For a listener: hands over to the context of whatever name comes."""
        self.context.sni_callback = self._choose

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        chosen = self.context_for(name)
        if chosen is not None:
            connection.context = chosen

    def context_for(self, name: str | None) -> ssl.SSLContext | None:
        """Return the context for a name; None: the one for nobody will do."""
        name = (name or "").lower()
        if not _NAME.match(name):
            return None
        if self._own is not None and self._is_own(name):
            return self._own
        known = self._contexts.get(name)
        if known is None:
            if self._bucket.take() is not None:
                return None
            known = self._contexts[name] = self._make(name)
            if len(self._contexts) > _CONTEXTS_MAX:
                self._contexts.popitem(last=False)
        self._contexts.move_to_end(name)
        return known

    def _is_own(self, name: str) -> bool:
        return name in self._own_names or f"*.{name.partition('.')[2]}" in self._own_names

    def _make(self, name: str) -> ssl.SSLContext:
        pem = self._key_pem() + self._sign(name).public_bytes(serialization.Encoding.PEM)
        made = _server_context()
        with tempfile.TemporaryDirectory(prefix="roadblock-") as folder:
            # OpenSSL reads certificates from files only; the folder is ours alone.
            path = Path(folder) / "certificate.pem"
            path.write_bytes(pem)
            made.load_cert_chain(path)
        return made

    def _key_pem(self) -> bytes:
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def _sign(self, name: str) -> x509.Certificate:
        now = self._now().astimezone(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name[:64]))
            .issuer_name(self._issuer)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + _VALID)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self._key, hashes.SHA256())
        )


def _server_context() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(list(ALPN))
    return made


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            # X.520: a common name has at most 64 characters.
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
        ]
    )
