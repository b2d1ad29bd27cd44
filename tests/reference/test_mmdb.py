from ipaddress import ip_network

import maxminddb
import pytest

from probe.reference.mmdb import encode_mmdb


def read(tmp_path, *rows):
    path = tmp_path / "small.mmdb"
    path.write_bytes(
        encode_mmdb(
            [(ip_network(text), record) for text, record in rows],
            kind="test",
            description="a test",
            build_epoch=1_789_516_800,
        )
    )
    return maxminddb.open_database(path)


def test_another_reader_finds_each_network_and_nothing_beside_it(tmp_path):
    reader = read(
        tmp_path,
        ("192.0.2.0/25", {"asn": 1}),
        ("192.0.2.192/26", {"asn": 2}),
        ("198.51.100.7/32", {"asn": 3}),
        ("2001:db8::/32", {"asn": 4}),
        ("2001:db9::1/128", {"asn": 5}),
    )

    with reader:
        found = {
            address: (reader.get(address) or {}).get("asn")
            for address in (
                "192.0.2.0",
                "192.0.2.127",
                "192.0.2.128",
                "192.0.2.255",
                "198.51.100.7",
                "198.51.100.8",
                "2001:db8:ffff::1",
                "2001:db9::1",
                "2001:db9::2",
            )
        }
    assert list(found.values()) == [1, 1, None, 2, 3, None, 4, 5, None]


def test_records_keep_numbers_and_text_of_any_length(tmp_path):
    names = ["", "Ü", "x" * 28, "x" * 29, "x" * 284, "x" * 285, "x" * 3000]
    rows = [(f"10.0.{i}.0/24", {"n": 2**32 - 1 - i, "name": name}) for i, name in enumerate(names)]

    with read(tmp_path, *rows) as reader:
        found = [reader.get(f"10.0.{i}.9") for i in range(len(names))]

    assert found == [{"n": 2**32 - 1 - i, "name": name} for i, name in enumerate(names)]


def test_many_records_are_found_behind_pointers_of_every_size(tmp_path):
    rows = [
        (f"{ip_network((i << 12, 20))}", {"name": f"network {i} " + "y" * 90, "n": i})
        for i in range(6000)
    ]

    with read(tmp_path, *rows) as reader:
        for i in range(0, 6000, 97):
            assert reader.get(str(ip_network((i << 12, 20))[5]))["n"] == i


def test_metadata_says_what_and_when(tmp_path):
    with read(tmp_path, ("192.0.2.0/24", {"asn": 1})) as reader:
        metadata = reader.metadata()

    assert (metadata.database_type, metadata.build_epoch) == ("test", 1_789_516_800)
    assert metadata.description == {"en": "a test"}


@pytest.mark.parametrize("same", [{"asn": 7, "name": "seven"}])
def test_equal_records_are_stored_once(tmp_path, same):
    once = len(_encoded([("192.0.2.0/25", same)]))
    twice = len(_encoded([("192.0.2.0/25", same), ("192.0.2.128/25", same)]))

    assert once == twice


def _encoded(rows):
    networks = [(ip_network(text), record) for text, record in rows]
    return encode_mmdb(networks, kind="t", description="t", build_epoch=0)
