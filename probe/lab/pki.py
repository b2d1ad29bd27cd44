"""The lab's certificate authority, and the forgeries that boxes and servers show instead.

Keys and signatures are derived from labels (RFC 6979), so the same name at the same date has the
same certificate in every process: packet sizes repeat, and a scenario replays exactly. The keys
guard nothing: whoever can read this file can compute them.
"""

import hashlib
import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LAB_ANCHOR = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""What the virtual lab's clock shows at its start; the kernel's lab takes the machine's."""

# NIST SP 800-186 section 3.2.1.3: the order of P-256's group.
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Certificate(StrEnum):
    """Which certificate a server (or a box in its place) shows for a name."""

    GENUINE = "genuine"
    SELF_SIGNED = "self_signed"
    PRIVATE_CA = "private_ca"  # of a box whose operator never filled in OpenSSL's form
    STATE_CA = "state_ca"  # chains to a root that some machines were told to trust
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    NEW_ROOT = "new_root"  # of an authority that is younger than the client's store of roots
    ANTIVIRUS = "antivirus"  # of a program whose root the machine was told to trust
    WRONG_NAME = "wrong_name"  # genuine, but of the filter's own host


_STRANGERS = {
    Certificate.STATE_CA: "Ministry of the Lab",
    Certificate.NEW_ROOT: "Lab Trust Services 2026",
    Certificate.ANTIVIRUS: "Lab Antivirus Web Shield",
}


@dataclass(frozen=True, slots=True)
class Issued:
    """A key and the chain that a server sends for it: DER, leaf first, without the root."""

    key_pem: bytes
    chain: tuple[bytes, ...]

    @property
    def chain_pem(self) -> bytes:
        """The chain as PEM, leaf first."""
        return b"".join(_pem(der) for der in self.chain)


_Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class _Signer:
    """A name that owns a key: the subject of one certificate, the issuer of others."""

    name: x509.Name
    key: ec.EllipticCurvePrivateKey


class Authority:
    """A root and its intermediate at one date; issues on demand and remembers what it issued."""

    def __init__(self, at: datetime, *, organisation: str = "Roadblock Lab") -> None:
        self._day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self._organisation = organisation
        self._issued: dict[tuple[Certificate, tuple[str, ...]], Issued] = {}
        self._contexts: dict[
            tuple[Certificate, tuple[str, ...], tuple[str, ...]], ssl.SSLContext
        ] = {}
        root = _Signer(_name(f"{organisation} Root X1", organisation), _key(f"{organisation} root"))
        self._root_der = _ca(root, root, self._span(3650, 3650), path_length=1)
        self._signer = _Signer(
            _name(f"{organisation} TLS CA 1", organisation), _key(f"{organisation} intermediate")
        )
        self._signer_der = _ca(self._signer, root, self._span(700, 1800), path_length=0)

    @property
    def root_der(self) -> bytes:
        """The root's certificate."""
        return self._root_der

    @property
    def root_pem(self) -> bytes:
        """The root's certificate, as `--ca-file` reads it."""
        return _pem(self._root_der)

    def issue(self, *names: str, kind: Certificate = Certificate.GENUINE) -> Issued:
        """Return key and chain for these names (hosts or addresses; the first is the subject)."""
        known = self._issued.get((kind, names))
        if known is None:
            known = self._issued[(kind, names)] = self._make(names, kind)
        return known

    def context(
        self,
        *names: str,
        kind: Certificate = Certificate.GENUINE,
        alpn: tuple[str, ...] = ("h2", "http/1.1"),
    ) -> ssl.SSLContext:
        """Return a server's context that shows that certificate; made once per name and kind."""
        known = self._contexts.get((kind, names, alpn))
        if known is None:
            known = _server_context(self.issue(*names, kind=kind), alpn)
            self._contexts[(kind, names, alpn)] = known
        return known

    def _make(self, names: tuple[str, ...], kind: Certificate) -> Issued:
        span = self._span(30, 60)
        match kind:
            case Certificate.GENUINE:
                return self._by_intermediate(names, span)
            case Certificate.EXPIRED:
                return self._by_intermediate(names, self._span(120, -10))
            case Certificate.NOT_YET_VALID:
                return self._by_intermediate(names, self._span(-10, 100))
            case Certificate.WRONG_NAME:
                return self._by_intermediate(("filter.lab.example",), span)
            case Certificate.SELF_SIGNED:
                self_signer = _Signer(_name(names[0]), _key(f"leaf {names}"))
                return Issued(_key_pem(self_signer.key), (_leaf(names, self_signer, span),))
            case Certificate.PRIVATE_CA:
                # techniques S09: `O=Internet Widgits Pty Ltd` is what OpenSSL's form proposes.
                return self._by_stranger(names, "Internet Widgits Pty Ltd", span)
            case Certificate.STATE_CA | Certificate.NEW_ROOT | Certificate.ANTIVIRUS:
                return self._by_stranger(names, _STRANGERS[kind], span)

    def forger_root(self, kind: Certificate) -> bytes:
        """Return the root by which an authority that is not ours signs."""
        return self.issue("root.lab.example", kind=kind).chain[-1]

    def _by_intermediate(self, names: tuple[str, ...], span: _Span) -> Issued:
        leaf = _leaf(names, self._signer, span)
        return Issued(_key_pem(_key(f"leaf {names}")), (leaf, self._signer_der))

    def _by_stranger(self, names: tuple[str, ...], organisation: str, span: _Span) -> Issued:
        stranger = _Signer(_name(organisation, organisation), _key(organisation))
        der = _ca(stranger, stranger, self._span(3000, 3000), path_length=0)
        leaf = _leaf(names, stranger, span)
        return Issued(_key_pem(_key(f"leaf {names}")), (leaf, der))

    def _span(self, days_before: int, days_after: int) -> _Span:
        return self._day - timedelta(days=days_before), self._day + timedelta(days=days_after)


def authority(at: datetime) -> Authority:
    """Return the lab's authority at this date; one per process and day."""
    return _authority(at.astimezone(UTC).date().isoformat())


@lru_cache(maxsize=8)
def _authority(day: str) -> Authority:
    return Authority(datetime.fromisoformat(day).replace(tzinfo=UTC))


def state_root_der(at: datetime) -> bytes:
    """Return the root that `Certificate.STATE_CA` chains to: for machines told to trust it."""
    return authority(at).issue("any.example", kind=Certificate.STATE_CA).chain[-1]


def _server_context(issued: Issued, alpn: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # One ticket more or less would change packet sizes between OpenSSL versions, and none is used.
    context.num_tickets = 0
    if alpn:
        context.set_alpn_protocols(list(alpn))
    # ssl reads chains from files only (python/cpython#60691).
    with tempfile.TemporaryDirectory(prefix="roadblock-lab-") as folder:
        file = Path(folder) / "chain.pem"
        file.write_bytes(issued.key_pem + issued.chain_pem)
        context.load_cert_chain(file)
    return context


@lru_cache(maxsize=4096)
def _key(label: str) -> ec.EllipticCurvePrivateKey:
    digest = hashlib.sha512(f"roadblock lab: {label}".encode()).digest()
    return ec.derive_private_key(
        int.from_bytes(digest, "big") % (_P256_ORDER - 1) + 1, ec.SECP256R1()
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _pem(der: bytes) -> bytes:
    return ssl.DER_cert_to_PEM_cert(der).encode()


def _name(common_name: str, organisation: str = "") -> x509.Name:
    # RFC 5280 appendix A.1: ub-common-name is 64; longer hosts stand in the alternative names only.
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])]
    if organisation:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(subject: _Signer, issuer: _Signer, span: _Span) -> x509.CertificateBuilder:
    label = f"{subject.name.rfc4514_string()} {issuer.name.rfc4514_string()} {span}"
    # RFC 5280 section 4.1.2.2: positive, at most 20 octets. One bit is set so all are 16 long.
    serial = int.from_bytes(hashlib.sha256(label.encode()).digest()[:16], "big") >> 1 | 1 << 126
    public_key = subject.key.public_key()
    issuer_key = issuer.key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject.name)
        .issuer_name(issuer.name)
        .public_key(public_key)
        .serial_number(serial)
        .not_valid_before(span[0])
        .not_valid_after(span[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False
        )
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _ca(subject: _Signer, issuer: _Signer, span: _Span, *, path_length: int) -> bytes:
    builder = _builder(subject, issuer, span)
    return _signed(
        builder.add_extension(
            x509.BasicConstraints(ca=True, path_length=path_length), critical=True
        ).add_extension(_usage(signs_certificates=True), critical=True),
        issuer.key,
    )


def _leaf(names: tuple[str, ...], issuer: _Signer, span: _Span) -> bytes:
    builder = _builder(_Signer(_name(names[0]), _key(f"leaf {names}")), issuer, span)
    return _signed(
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False
        ),
        issuer.key,
    )


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> bytes:
    certificate = builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    return certificate.public_bytes(serialization.Encoding.DER)
