"""What an address alone says, and names for controls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.classify.addresses import family_of, is_bogon, neutral_name
from probe.model.words import Family


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.10.34.35",
        "192.0.2.1",
        "240.0.0.1",
        "224.0.0.1",
        "100.64.0.1",
        "::",
        "::1",
        "fe80::1",
        "d0::11",
        "2001::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "no address",
    ],
)
def test_addresses_of_nobody(address) -> None:
    assert is_bogon(address)


@pytest.mark.parametrize(
    "address", ["157.240.1.174", "2a03:2880:f200::1", "64:ff9b::9df0:1ae", "::ffff:157.240.1.174"]
)
def test_addresses_of_somebody(address) -> None:
    assert not is_bogon(address)


def test_family_is_read_from_the_literal() -> None:
    assert family_of("157.240.1.174") is Family.IPV4
    assert family_of("2a03:2880::1") is Family.IPV6
    assert family_of("www.instagram.com") is None


@pytest.mark.parametrize(
    "host", ["www.instagram.com", "t.co", "x.com", "dw.com", "a" * 63 + ".org"]
)
def test_neutral_name_has_as_many_bytes(host) -> None:
    assert len(neutral_name(host)) == len(host)


@given(st.integers(1, 253))
def test_neutral_name_is_a_name_of_any_length(length) -> None:
    name = neutral_name("x" * length)

    assert len(name) == length
    assert all(0 < len(label) <= 63 for label in name.split("."))
    assert "t.co" not in name  # techniques S13: rules that hit too much
