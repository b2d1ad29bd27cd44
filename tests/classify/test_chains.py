"""A chain is worth what a public root, a name and a time make of it; bad profile is no forgery."""

from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from probe.classify.chains import judge_chain
from probe.lab.pki import LAB_ANCHOR, Certificate
from tests.classify.build import AUTHORITY, HOST

ROOTS = (AUTHORITY.root_der,)


def judged(kind: Certificate, name: str = HOST, **values: object):
    return judge_chain(
        AUTHORITY.issue(HOST, kind=kind).chain,
        name,
        **{"at": LAB_ANCHOR, "roots": ROOTS, **values},  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Certificate.GENUINE, None),
        (Certificate.SELF_SIGNED, "self_signed"),
        (Certificate.PRIVATE_CA, "unknown_issuer"),
        (Certificate.STATE_CA, "unknown_issuer"),
        (Certificate.EXPIRED, "expired"),
        (Certificate.NOT_YET_VALID, "not_yet_valid"),
        (Certificate.WRONG_NAME, "wrong_name"),
    ],
)
def test_reason_of_each_kind(kind, reason) -> None:
    chain = judged(kind)

    assert (chain.verified, chain.reason) == (reason is None, reason)


def test_signature_of_a_public_root_outlives_the_dates() -> None:
    assert judged(Certificate.EXPIRED).anchored
    assert not judged(Certificate.PRIVATE_CA).anchored


def test_added_root_never_verifies_it_only_tells() -> None:
    state = AUTHORITY.issue(HOST, kind=Certificate.STATE_CA).chain

    chain = judge_chain(state, HOST, at=LAB_ANCHOR, roots=ROOTS, local_roots=(state[1],))

    assert (chain.verified, chain.trust_local) == (False, True)


def test_without_roots_nothing_verifies() -> None:
    assert judged(Certificate.GENUINE, roots=()).reason == "unknown_issuer"


@pytest.mark.parametrize("chain", [(), (b"",), (b"rubbish",), (b"\x30\x82\xff\xff",)])
def test_rubbish_is_judged_not_raised(chain) -> None:
    assert not judge_chain(chain, HOST, at=LAB_ANCHOR, roots=ROOTS).verified


@given(st.lists(st.binary(max_size=64), max_size=3), st.text(max_size=30))
def test_any_bytes_and_any_name_are_judged(chain, name) -> None:
    assert not judge_chain(chain, name, at=LAB_ANCHOR, roots=ROOTS).verified


def test_intermediates_may_come_in_any_order_and_with_strangers_between() -> None:
    leaf, intermediate = AUTHORITY.issue(HOST).chain
    stranger = AUTHORITY.issue("other.example", kind=Certificate.SELF_SIGNED).chain[0]

    assert judge_chain((leaf, stranger, intermediate), HOST, at=LAB_ANCHOR, roots=ROOTS).verified


def test_profile_that_a_strict_verifier_refuses_is_no_forgery() -> None:
    """trustme marks subjectAltName critical beside a subject: against the profile, yet genuine."""
    authority = trustme.CA()
    pem = authority.issue_cert(HOST).cert_chain_pems[0].bytes()
    leaf = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    root = x509.load_pem_x509_certificate(authority.cert_pem.bytes()).public_bytes(Encoding.DER)
    now = datetime.now(UTC) + timedelta(hours=1)

    assert judge_chain((leaf,), HOST, at=now, roots=(root,)).verified
    assert judge_chain((leaf,), "other.example", at=now, roots=(root,)).reason == "wrong_name"


def test_wildcard_covers_one_label() -> None:
    chain = AUTHORITY.issue("*.instagram.com").chain

    def verified(name: str) -> bool:
        return judge_chain(chain, name, at=LAB_ANCHOR, roots=ROOTS).verified

    assert verified("www.instagram.com")
    assert not verified("instagram.com")
    assert not verified("a.b.instagram.com")


def test_resolver_is_proved_by_its_address_too() -> None:
    chain = AUTHORITY.issue("dns.google", "8.8.8.8").chain

    assert judge_chain(chain, "8.8.8.8", at=LAB_ANCHOR, roots=ROOTS).verified
