from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from probe.lab.pki import LAB_ANCHOR, Authority, Certificate, authority


def verify(chain: tuple[bytes, ...], name: str) -> None:
    leaf, *others = [x509.load_der_x509_certificate(der) for der in chain]
    root = x509.load_der_x509_certificate(authority(LAB_ANCHOR).root_der)
    verifier = (
        PolicyBuilder()
        .store(Store([root]))
        .time(LAB_ANCHOR)
        .build_server_verifier(x509.DNSName(name))
    )
    verifier.verify(leaf, others)


def test_genuine_chain_verifies_for_every_name_on_it():
    chain = authority(LAB_ANCHOR).issue("www.example.org", "example.org").chain

    verify(chain, "www.example.org")
    verify(chain, "example.org")

    assert len(chain) == 2


@pytest.mark.parametrize("kind", [kind for kind in Certificate if kind is not Certificate.GENUINE])
def test_no_forgery_verifies(kind):
    chain = authority(LAB_ANCHOR).issue("www.example.org", kind=kind).chain

    with pytest.raises(VerificationError):
        verify(chain, "www.example.org")


def test_the_same_name_has_the_same_certificate_in_every_process():
    """Packet sizes repeat only if certificates do."""
    one = Authority(LAB_ANCHOR).issue("www.example.org")
    two = Authority(LAB_ANCHOR + timedelta(hours=3)).issue("www.example.org")

    assert one == two


def test_an_address_can_be_certified():
    chain = authority(LAB_ANCHOR).issue("dns.example", "192.0.2.1", "2001:db8::1").chain

    leaf = x509.load_der_x509_certificate(chain[0])

    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == [
        "192.0.2.1",
        "2001:db8::1",
    ]


def test_a_self_signed_certificate_comes_alone():
    chain = authority(LAB_ANCHOR).issue("www.example.org", kind=Certificate.SELF_SIGNED).chain

    leaf = x509.load_der_x509_certificate(chain[0])

    assert len(chain) == 1
    assert leaf.issuer == leaf.subject


def test_a_context_is_made_once_per_name():
    ca = authority(LAB_ANCHOR)

    assert ca.context("a.example") is ca.context("a.example")
    assert ca.context("a.example") is not ca.context("b.example")


def test_names_too_long_for_a_common_name_are_still_certified():
    name = "a" * 60 + ".example.org"

    chain = authority(LAB_ANCHOR).issue(name).chain

    verify(chain, name)
