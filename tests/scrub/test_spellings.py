"""Every spelling of an address is found, and nothing else is taken for one."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.scrub import Scrubber
from tests.scrub.test_scrubber import BYTES, SCRUBBER


@pytest.mark.parametrize("spelling", BYTES.values(), ids=BYTES.keys())
def test_every_spelling_is_found_in_the_middle_of_a_page(spelling: bytes) -> None:
    page = b"<p>Your address </p>" + spelling + b"<p> is known</p>"

    cleaned = SCRUBBER.clean(page)

    assert spelling not in cleaned
    assert b"[client]" in cleaned
    assert cleaned.startswith(b"<p>Your address </p>")
    assert cleaned.endswith(b"<p> is known</p>")


@pytest.mark.parametrize(
    "text",
    [
        "203.0.113.20",
        "203.0.113.2070",
        "1203.0.113.207",
        "203.0.114.207",
        "34058039830",
        "2a02:6b8:1:3::1",
        "12a02:6b8:1:2::1",
        "ffff:cb00:71ce",
        "12:07:59",
        "version 1.0.207",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert SCRUBBER.clean_text(text) is text


@settings(max_examples=300, deadline=None)
@given(address=st.ip_addresses(v=4), before=st.sampled_from(["", "x", ":", "ip="]))
def test_any_ipv4_address_is_found_in_its_common_spellings(
    address: ipaddress.IPv4Address, before: str
) -> None:
    """Octets of 0, of one digit, repeated, or printable must make no difference."""
    scrubber = Scrubber([str(address)])
    octets = [str(octet) for octet in address.packed]
    spellings = [
        str(address),
        "-".join(octets),
        address.reverse_pointer,
        "".join(f"%{ord(c):02x}" for c in str(address)),
        f"::ffff:{address}",
        str(ipaddress.IPv6Address(f"::ffff:{address}")),
        ipaddress.IPv6Address(f"::ffff:{address}").exploded,
        address.packed.hex(),
    ]

    for spelling in spellings:
        assert "[client]" in scrubber.clean_text(f"{before} {spelling} after"), spelling


@settings(max_examples=300, deadline=None)
@given(address=st.ip_addresses(v=6, network="2000::/3"), other=st.ip_addresses(v=6))
def test_any_ipv6_address_and_its_neighbours_are_found(
    address: ipaddress.IPv6Address, other: ipaddress.IPv6Address
) -> None:
    scrubber = Scrubber([str(address)])
    neighbour = ipaddress.IPv6Address(address.packed[:8] + other.packed[8:])

    for text in (
        str(address),
        address.exploded,
        str(neighbour).upper(),
        neighbour.exploded.replace(":", "-"),
        neighbour.exploded.replace(":", "%3A"),
        neighbour.reverse_pointer,
        neighbour.packed.hex(),
    ):
        assert "[client]" in scrubber.clean_text(f"you are {text}."), text


@settings(max_examples=200, deadline=None)
@given(client=st.ip_addresses(v=4), other=st.ip_addresses(v=4))
def test_an_unrelated_address_survives(
    client: ipaddress.IPv4Address, other: ipaddress.IPv4Address
) -> None:
    """Evidence names other people's servers: taking one for the client destroys it."""
    if other.packed in (client.packed, client.packed[::-1]):
        return

    assert Scrubber([str(client)]).clean_text(f"<{other}>") == f"<{other}>"
