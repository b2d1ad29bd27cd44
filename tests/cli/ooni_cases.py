"""OONI documents as the field has them, with real certificates, and what a careful person says."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.exchange.ooni.documents import GOOD, HOST, Fields, dns, document, request, tcp
from tests.exchange.ooni.documents import control as helper
from tests.exchange.ooni.documents import tls as handshake

MEASURED = datetime(2024, 2, 12, 20, 33, 47, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(
    host: str = HOST,
    *,
    issuer: str = "Test Root",
    until: datetime = MEASURED + timedelta(days=60),
    is_authority: bool = False,
) -> bytes:
    """Every certificate is signed by the one key: issuers differ by name alone."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(issuer if is_authority else host))
        .issuer_name(_name(issuer))
        .public_key(KEY.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC) if is_authority else until)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if not is_authority:
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


ROOT = certificate(is_authority=True)
CHAIN = (certificate(), ROOT)
EXPIRED = (certificate(until=MEASURED - timedelta(days=3)), ROOT)
FORGED = (certificate(issuer="Net Filter CA"),)
OTHER_NAME = (certificate("portal.example"), ROOT)

NO_CONTROL: Fields = {"control": None, "control_failure": "generic_timeout_error"}
OK_PAGE = "<html><head><title>Example</title></head><body>hello</body></html>"


def tls(failure: str | None = None, chain: tuple[bytes, ...] | None = None, **more: Any) -> Fields:
    if chain is None:
        chain = () if failure else CHAIN
    return handshake(failure=failure, chain=chain, **more)


def works(url: str = f"https://{HOST}/", **keys: Any) -> Fields:
    steps: Fields = {"tls_handshakes": [tls()], "requests": [request(body=OK_PAGE)]}
    return document(url, **steps | keys)


def stopped(blocking: str | bool | None = None, **keys: Any) -> Fields:
    """A document whose page never came; what `keys` do not name did not happen."""
    empty: Fields = {"queries": [dns(HOST, GOOD)], "tcp_connect": [], "tls_handshakes": []}
    return document(**empty | {"requests": [], "blocking": blocking, "accessible": False} | keys)


def helper_fails(
    failure: str, *, at: str, http: str = "unknown_error", addresses: tuple[str, ...] = (GOOD,)
) -> Fields:
    """What the helper says when the site fails for it too; `at` is the step."""
    steps = ("dns", "tcp", "tls", "http")
    reached = steps.index(at)
    where = [f"{a}:443" for a in addresses]
    told = helper(
        dns={"failure": failure if at == "dns" else None, "addrs": list(addresses)},
        tcp_connect={
            w: {"status": at != "tcp", "failure": failure if at == "tcp" else None} for w in where
        },
        tls_handshake={
            w: {
                "server_name": HOST,
                "status": at != "tls",
                "failure": failure if at == "tls" else None,
            }
            for w in where
        }
        if reached > 1
        else {},
        http_request={
            "body_length": -1,
            "failure": failure if at != "dns" else http,
            "title": "",
            "headers": {},
            "status_code": -1,
        },
    )
    if at == "dns":
        told |= {"dns": {"failure": failure, "addrs": []}, "tcp_connect": {}}
    return told


def cleartext(page: Fields, told: Fields | None = None, **keys: Any) -> Fields:
    told = told if told is not None else helper(
        tcp_connect={f"{GOOD}:80": {"status": True, "failure": None}}, tls_handshake={},
    )  # fmt: skip
    steps: Fields = {
        "queries": [dns(HOST, GOOD)],
        "tcp_connect": [tcp(GOOD, 80)],
        "tls_handshakes": [],
        "requests": [page],
        "control": told,
    }
    return document(f"http://{HOST}/", **steps | keys)


def page(body: str = OK_PAGE, code: int = 200, url: str = f"http://{HOST}/", **more: Any) -> Fields:
    return request(url=url, code=code, body=body, **{"address": f"{GOOD}:80"} | more)
