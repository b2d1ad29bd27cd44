"""Judge a certificate chain after the handshake: for which name, by which root, at which time.

Two opinions are taken. `cryptography`'s verifier is strict about the profile (it refuses, for
example, a critical subjectAltName); what it refuses is looked at again by plain signatures, because
a badly made but genuine certificate must not be called a forgery.
"""

import hashlib
import ipaddress
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

# X.509 errors of every kind that parsing or comparing a hostile certificate can raise.
_BAD_CERTIFICATE = (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm)
_DEPTH_MAX = 8


@dataclass(frozen=True, slots=True)
class Chain:
    """What a chain is worth for one name at one time."""

    verified: bool
    """A public root signed it, for this name, at this time."""
    reason: str | None = None
    """Why not: none, malformed, self_signed, unknown_issuer, wrong_name, expired, not_yet_valid."""
    trust_local: bool = False
    """Only a root that this machine adds vouches for it."""
    names_it: bool = False
    """The leaf is made out for the name."""
    anchored: bool = False
    """A public root signed it, whatever the name and the time."""
    leaf_sha256: str = ""
    issuer: str = ""
    subject: str = ""
    names: tuple[str, ...] = ()
    has_scts: bool = False
    """It carries proofs of Certificate Transparency (not verified): a forger's rarely does."""


_NOTHING = Chain(verified=False, reason="none")
_MALFORMED = Chain(verified=False, reason="malformed")


def judge_chain(
    chain: Sequence[bytes],
    name: str,
    *,
    at: datetime,
    roots: tuple[bytes, ...],
    local_roots: tuple[bytes, ...] = (),
) -> Chain:
    """Return what the chain (DER, leaf first) is worth; remembered, for most repeat."""
    if not chain:
        return _NOTHING
    # An hour is far below what certificates are dated by, and lets repeats share one answer.
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return _judge(tuple(chain), name, hour, roots, local_roots)


@lru_cache(maxsize=1024)
def _judge(
    chain: tuple[bytes, ...],
    name: str,
    at: datetime,
    roots: tuple[bytes, ...],
    local_roots: tuple[bytes, ...],
) -> Chain:
    leaf = _parse(chain[0])
    if leaf is None:
        return _MALFORMED
    others = [parsed for der in chain[1 : 1 + _DEPTH_MAX] if (parsed := _parse(der)) is not None]
    names = _names(leaf)
    names_it = _matches(name, names)
    strict = _strictly_verified(leaf, others, name, at, roots)
    path = (leaf,) if strict else _path(leaf, others, roots)
    anchored = bool(path)
    in_time = next((trouble for c in path if (trouble := _in_time(c, at))), None)
    verified = strict or (anchored and names_it and in_time is None)
    reason = None
    if not verified:
        if not anchored:
            reason = "self_signed" if _is_self_signed(leaf, chain) else "unknown_issuer"
        elif not names_it:
            reason = "wrong_name"
        else:
            reason = in_time or "expired"
    local = not anchored and bool(local_roots) and bool(_path(leaf, others, local_roots))
    return Chain(
        verified=verified,
        reason=reason,
        trust_local=local,
        names_it=names_it,
        anchored=anchored,
        leaf_sha256=hashlib.sha256(chain[0]).hexdigest(),
        issuer=_text(leaf, issuer=True),
        subject=_text(leaf, issuer=False),
        names=names,
        has_scts=_has_scts(leaf),
    )


@lru_cache(maxsize=2048)
def _parse(der: bytes) -> x509.Certificate | None:
    try:
        with warnings.catch_warnings():
            # Roots with a zero serial number are still in use; the peer's oddities are no news.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return x509.load_der_x509_certificate(der)
    except _BAD_CERTIFICATE:
        return None


@lru_cache(maxsize=8)
def _store(roots: tuple[bytes, ...]) -> tuple[Store | None, dict[bytes, list[x509.Certificate]]]:
    parsed = [certificate for der in roots if (certificate := _parse(der)) is not None]
    by_subject: dict[bytes, list[x509.Certificate]] = {}
    for certificate in parsed:
        by_subject.setdefault(certificate.subject.public_bytes(), []).append(certificate)
    return (Store(parsed) if parsed else None), by_subject


def _strictly_verified(
    leaf: x509.Certificate,
    others: list[x509.Certificate],
    name: str,
    at: datetime,
    roots: tuple[bytes, ...],
) -> bool:
    store, _ = _store(roots)
    if store is None:
        return False
    try:
        verifier = PolicyBuilder().store(store).time(at.replace(tzinfo=None))
        verifier.build_server_verifier(_subject(name)).verify(leaf, others)
    except (VerificationError, *_BAD_CERTIFICATE):
        return False
    return True


def _subject(name: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _path(
    leaf: x509.Certificate, others: list[x509.Certificate], roots: tuple[bytes, ...]
) -> tuple[x509.Certificate, ...]:
    """Return the certificates whose signatures lead from the leaf to a root, empty if none do.

    Dates are not asked: an expired intermediate is a careless server, not a forger.
    """
    _, by_subject = _store(roots)
    path, pool = [leaf], list(others)
    for _ in range(_DEPTH_MAX):
        try:
            issuer_name = path[-1].issuer.public_bytes()
        except _BAD_CERTIFICATE:
            return ()
        for root in by_subject.get(issuer_name, ()):
            if root == path[-1] or _signed_by(path[-1], root):
                return tuple(path)
        following = next((c for c in pool if _is_authority(c) and _signed_by(path[-1], c)), None)
        if following is None:
            return ()
        pool.remove(following)
        path.append(following)
    return ()


def _signed_by(child: x509.Certificate, parent: x509.Certificate) -> bool:
    try:
        child.verify_directly_issued_by(parent)
    except (InvalidSignature, *_BAD_CERTIFICATE):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, x509.DuplicateExtension, *_BAD_CERTIFICATE):
        return False


def _in_time(certificate: x509.Certificate, at: datetime) -> str | None:
    if at > certificate.not_valid_after_utc:
        return "expired"
    # `at` was cut to the hour: a certificate issued within it is not from the future.
    if at < certificate.not_valid_before_utc.replace(minute=0, second=0, microsecond=0):
        return "not_yet_valid"
    return None


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    try:
        value = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hosts = value.get_values_for_type(x509.DNSName)
        addresses = value.get_values_for_type(x509.IPAddress)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, *_BAD_CERTIFICATE):
        return ()
    return tuple(host.lower().rstrip(".") for host in hosts) + tuple(str(a) for a in addresses)


def _matches(name: str, names: tuple[str, ...]) -> bool:
    """RFC 9525 section 6.3: exactly, or a wildcard for the whole leftmost label."""
    wanted = name.lower().rstrip(".")
    _, _, parent = wanted.partition(".")
    return wanted in names or bool(parent and f"*.{parent}" in names)


def _is_self_signed(leaf: x509.Certificate, chain: tuple[bytes, ...]) -> bool:
    try:
        return leaf.issuer == leaf.subject and (len(chain) == 1 or _signed_by(leaf, leaf))
    except _BAD_CERTIFICATE:
        return len(chain) == 1


def _has_scts(leaf: x509.Certificate) -> bool:
    try:
        leaf.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, *_BAD_CERTIFICATE):
        return False
    return True


def _text(leaf: x509.Certificate, *, issuer: bool) -> str:
    try:
        return (leaf.issuer if issuer else leaf.subject).rfc4514_string()[:200]
    except _BAD_CERTIFICATE:
        return ""
