import subprocess
import sys
from ipaddress import ip_network

import pytest

from probe.errors import UsageError
from probe.model.knowledge import Network, NoGeo
from probe.reference import geo
from probe.reference.geo import open_geo
from probe.reference.mmdb import encode_mmdb


def database(path, record, network="192.0.2.0/24"):
    rows = [(ip_network(network), record)]
    path.write_bytes(encode_mmdb(rows, kind="Mine", description="", build_epoch=1_789_516_800))
    return path


@pytest.mark.parametrize(
    ("address", "asn", "country"),
    [
        pytest.param("157.240.1.174", 32934, "US", id="Meta"),
        pytest.param("2a03:2880:f27b:1e4:face:b00c:0:4420", 32934, "US", id="Meta over IPv6"),
        pytest.param("185.178.208.121", 57724, "RU", id="DDoS-Guard"),
        pytest.param("151.101.0.81", 54113, "US", id="Fastly"),
        pytest.param("8.8.8.8", 15169, "US", id="Google"),
    ],
)
def test_the_shipped_data_knows_the_networks_of_the_catalogue(address, asn, country):
    network = open_geo().network_of(address)

    assert network is not None
    assert (network.asn, network.country) == (asn, country)
    assert network.name


@pytest.mark.parametrize("address", ["10.0.0.1", "fe80::1", "fe80::1%eth0", "", "x.example"])
def test_what_no_network_announces_is_unknown(address):
    assert open_geo().network_of(address) is None


def test_the_source_names_the_data_and_its_date():
    assert open_geo().source == "iptoasn 2026-09-16"


def test_a_users_file_is_asked_first_and_what_it_leaves_open_the_shipped_file_says(tmp_path):
    path = database(tmp_path / "own.mmdb", {"country_code": "XK"}, "157.240.0.0/17")

    found = open_geo(path)

    assert found.network_of("157.240.1.174") == Network(32934, "XK", "FACEBOOK")
    assert found.network_of("8.8.8.8") == Network(15169, "US", "GOOGLE")
    assert found.source == "Mine 2026-09-16 before iptoasn 2026-09-16"


@pytest.mark.parametrize(
    "record",
    [
        pytest.param({"asn": "AS64500", "country": "DE", "as_name": "Test"}, id="IPinfo"),
        pytest.param(
            {
                "autonomous_system_number": 64500,
                "autonomous_system_organization": "Test",
                "country_code": "DE",
            },
            id="ours",
        ),
    ],
)
def test_fields_are_found_under_the_names_that_publishers_give_them(tmp_path, record):
    path = database(tmp_path / "own.mmdb", record)

    assert open_geo(path).network_of("192.0.2.1") == Network(64500, "DE", "Test")


def test_a_country_nested_as_in_geolite2_is_read():
    assert geo._country({"country": {"iso_code": "de"}}) == "DE"


def test_a_file_that_is_no_database_is_refused_at_once(tmp_path):
    path = tmp_path / "own.mmdb"
    path.write_bytes(b"no database")

    with pytest.raises(UsageError, match=r"--geo-db: .*own\.mmdb is no MMDB file"):
        open_geo(path)


def test_a_missing_file_is_refused_at_once(tmp_path):
    with pytest.raises(UsageError, match=r"--geo-db: .* is no file"):
        open_geo(tmp_path / "none.mmdb")


def test_without_the_shipped_data_nothing_is_known_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(geo, "DATA", tmp_path)

    assert isinstance(open_geo(), NoGeo)
    assert open_geo().source == "none"


def test_the_reader_is_imported_at_the_first_question_only():
    """Its import costs more than every lookup of a run; `--help` must not pay for it."""
    code = (
        "import sys; from probe.reference import load_knowledge; k = load_knowledge();"
        "assert 'maxminddb' not in sys.modules; k.geo.network_of('8.8.8.8');"
        "assert 'maxminddb' in sys.modules"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
