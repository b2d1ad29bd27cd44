import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.words import Family
from probe.wire.addresses import canonical, family_of, is_global


@pytest.mark.parametrize(
    "address",
    [
        "157.240.1.174",
        "8.8.8.8",
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.0",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2a03:2880:f12f:83:face:b00c:0:25de",
        "2001:4860:4860::8888",
        "2001:200::1",
        "2620:fe::fe",
        "64:ff9b::9df0:1ae",
    ],
)
def test_a_global_unicast_address_may_be_contacted(address):
    assert is_global(address)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("0.0.0.0", id="unspecified"),
        pytest.param("0.1.2.3", id="this network"),
        pytest.param("10.10.34.35", id="private, Iran's block page"),
        pytest.param("100.64.0.1", id="carrier-grade NAT"),
        pytest.param("127.0.0.1", id="loopback"),
        pytest.param("127.8.8.8", id="loopback too"),
        pytest.param("169.254.169.254", id="link-local, cloud metadata"),
        pytest.param("172.16.0.1", id="private 172"),
        pytest.param("172.31.255.255", id="private 172, last"),
        pytest.param("192.0.0.170", id="protocol assignments"),
        pytest.param("192.0.2.1", id="TEST-NET-1"),
        pytest.param("192.88.99.1", id="6to4 relay"),
        pytest.param("192.168.1.1", id="private 192"),
        pytest.param("198.18.0.1", id="benchmark"),
        pytest.param("198.51.100.1", id="TEST-NET-2"),
        pytest.param("203.0.113.1", id="TEST-NET-3"),
        pytest.param("224.0.0.1", id="multicast"),
        pytest.param("239.255.255.250", id="multicast, SSDP"),
        pytest.param("240.0.0.1", id="class E"),
        pytest.param("255.255.255.255", id="broadcast"),
        pytest.param("::", id="v6 unspecified"),
        pytest.param("::1", id="v6 loopback"),
        pytest.param("::ffff:127.0.0.1", id="mapped loopback"),
        pytest.param("::ffff:8.8.8.8", id="mapped, even of a global one"),
        pytest.param("::8.8.8.8", id="compatible"),
        pytest.param("64:ff9b::10.0.0.1", id="NAT64 of a private one"),
        pytest.param("64:ff9b::7f00:1", id="NAT64 of loopback"),
        pytest.param("64:ff9b:1::8.8.8.8", id="local-use NAT64"),
        pytest.param("2002:7f00:1::1", id="6to4 of loopback"),
        pytest.param("2002:808:808::1", id="6to4"),
        pytest.param("2001:0:4136:e378:8000:63bf:3fff:fdd2", id="Teredo"),
        pytest.param("2001:db8::1", id="documentation"),
        pytest.param("3fff::1", id="documentation, new"),
        pytest.param("2001:10::1", id="ORCHID"),
        pytest.param("100::1", id="discard"),
        pytest.param("5f00::1", id="segment routing"),
        pytest.param("fc00::1", id="unique local"),
        pytest.param("fd12:3456::1", id="unique local"),
        pytest.param("fe80::1", id="link-local"),
        pytest.param("fe80::1%eth0", id="scoped"),
        pytest.param("2a03:2880::1%eth0", id="scoped global"),
        pytest.param("fec0::1", id="site-local"),
        pytest.param("ff02::1", id="multicast v6"),
        pytest.param("4000::1", id="not allocated"),
        pytest.param("", id="empty"),
        pytest.param("localhost", id="a name"),
        pytest.param("1.2.3", id="three parts"),
        pytest.param("0x7f000001", id="hexadecimal"),
        pytest.param("2130706433", id="one number"),
        pytest.param("0177.0.0.1", id="octal"),
        pytest.param("8.8.8.8 ", id="a space"),
    ],
)
def test_anything_else_may_not(address):
    assert not is_global(address)


@given(st.ip_addresses())
def test_what_python_calls_not_global_never_passes_as_global(address):
    """Python's table is another pair of eyes: wherever it says no, so do we, NAT64 apart."""
    if address in ipaddress.ip_network("64:ff9b::/96" if address.version == 6 else "0.0.0.0/32"):
        return
    if is_global(str(address)):
        assert address.is_global or str(address) in {"192.0.0.9", "192.0.0.10"}
        assert not address.is_multicast


@given(st.text(max_size=60))
def test_no_text_makes_the_check_raise(text):
    is_global(text)
    canonical(text)


def test_an_address_has_one_spelling():
    assert canonical("2A03:2880:0:0:0:0:0:1") == "2a03:2880::1"
    assert canonical("instagram.com") is None
    assert family_of("2a03:2880::1") is Family.IPV6
    assert family_of("8.8.8.8") is Family.IPV4
