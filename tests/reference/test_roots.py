import base64
import ssl

import pytest
import trustme

from probe.errors import UsageError
from probe.reference.roots import load_local_roots, load_roots, roots_sha256


@pytest.fixture(scope="module")
def ours() -> bytes:
    return trustme.CA().cert_pem.bytes()


def der(pem: bytes) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pem.decode())


def place(base, path, *pems):
    file = base / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"\n".join(pems))
    return file


def pem_of(certificate: bytes) -> bytes:
    return ssl.DER_cert_to_PEM_cert(certificate).encode()


def test_the_shipped_roots_are_the_public_ones():
    roots = load_roots()

    assert len(roots) > 100
    assert len(set(roots)) == len(roots)


def test_a_ca_file_stands_instead_of_the_shipped_roots(tmp_path, ours):
    assert load_roots(place(tmp_path, "lab.pem", ours)) == (der(ours),)


def test_a_ca_file_may_be_der(tmp_path, ours):
    assert load_roots(place(tmp_path, "lab.der", der(ours))) == (der(ours),)


def test_one_broken_certificate_does_not_cost_the_others(tmp_path, ours):
    broken = b"-----BEGIN CERTIFICATE-----\n!!!!A\n-----END CERTIFICATE-----\n"
    text = b"-----BEGIN CERTIFICATE-----\n" + base64.b64encode(b"no certificate")
    text += b"\n-----END CERTIFICATE-----\n"

    assert load_roots(place(tmp_path, "lab.pem", broken, text, ours)) == (der(ours),)


@pytest.mark.parametrize("content", [b"", b"hello"], ids=["empty", "text"])
def test_a_ca_file_without_certificates_is_refused(tmp_path, content):
    with pytest.raises(UsageError, match=r"--ca-file: .* holds no certificate"):
        load_roots(place(tmp_path, "lab.pem", content))


def test_a_ca_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"--ca-file: .* cannot be read"):
        load_roots(tmp_path / "none.pem")


@pytest.mark.parametrize(
    "path",
    [
        "etc/ssl/certs/ca-certificates.crt",
        "etc/pki/tls/certs/ca-bundle.crt",
        "etc/ssl/ca-bundle.pem",
        "usr/local/share/ca-certificates/state/root.crt",
        "etc/pki/ca-trust/source/anchors/root.pem",
    ],
)
def test_a_root_that_the_machine_adds_is_noticed(tmp_path, ours, path):
    public = load_roots()
    place(tmp_path, path, pem_of(public[0]), ours)

    assert load_local_roots(public, environment={}, base=tmp_path) == (der(ours),)


def test_a_root_that_the_environment_adds_is_noticed(tmp_path, ours):
    file = place(tmp_path, "proxy.pem", ours)

    found = load_local_roots((), environment={"SSL_CERT_FILE": str(file)}, base=tmp_path / "none")

    assert found == (der(ours),)


def test_public_roots_of_the_distribution_are_not_the_machines_own(tmp_path, ours):
    """A distribution keeps roots a while longer, or has them earlier, than the shipped bundle."""
    place(tmp_path, "etc/ssl/certs/ca-certificates.crt", ours)
    place(tmp_path, "usr/share/ca-certificates/mozilla/Old_Root.crt", ours)

    assert load_local_roots(load_roots(), environment={}, base=tmp_path) == ()


def test_a_machine_without_a_store_adds_nothing(tmp_path):
    assert load_local_roots((), environment={}, base=tmp_path) == ()


def test_the_hash_of_roots_does_not_depend_on_their_order():
    roots = load_roots()

    assert roots_sha256(roots) == roots_sha256(roots[::-1])
    assert roots_sha256(roots) != roots_sha256(roots[1:])
