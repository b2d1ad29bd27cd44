import lzma

import maxminddb

from probe.reference import build_geo


def table(path, text):
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.write(text)
    return str(path)


def test_tables_become_one_database(tmp_path, monkeypatch):
    monkeypatch.setattr(build_geo, "DATA", tmp_path)
    v4 = "192.0.2.0\t192.0.2.255\t64500\tDE\n198.51.100.0\t198.51.100.99\t64501\tNone\n"
    v4 += "203.0.113.0\t203.0.113.255\t0\tNone\n"

    build_geo.main(
        [
            table(tmp_path / "v4.xz", v4),
            table(tmp_path / "v6.xz", "2001:db8::\t2001:db8::ffff\t64500\tDE\n"),
            table(tmp_path / "names.xz", "64500\tONE\n"),
            "2026-09-16",
        ]
    )

    with maxminddb.open_database(tmp_path / "iptoasn.mmdb") as reader:
        found = [
            reader.get(a) for a in ("192.0.2.9", "198.51.100.99", "203.0.113.1", "2001:db8::1")
        ]
        assert reader.get("198.51.100.100") is None
    one = {
        "autonomous_system_number": 64500,
        "country_code": "DE",
        "autonomous_system_organization": "ONE",
    }
    assert found == [one, {"autonomous_system_number": 64501}, None, one]
