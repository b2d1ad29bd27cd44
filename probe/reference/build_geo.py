"""Build the shipped geo data from iptoasn's tables; for maintainers.

    python -m probe.reference.build_geo V4.tsv.xz V6.tsv.xz NAMES.tsv.xz 2026-09-16

Tables of `first<TAB>last<TAB>asn<TAB>country`, as iptoasn.com publishes them (PDDL-1.0), and of
`asn<TAB>name`. What is written, and from what, is in data/SOURCES.md.
"""

import lzma
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, summarize_address_range
from pathlib import Path

from probe.reference.geo import SHIPPED
from probe.reference.mmdb import Record, encode_mmdb
from probe.reference.places import DATA


def read_names(path: Path) -> dict[str, str]:
    """Return {"32934": "FACEBOOK", ...}."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return dict(line.rstrip("\n").split("\t", 1) for line in lines)


def read_networks(
    path: Path, names: dict[str, str]
) -> Iterator[tuple[IPv4Network | IPv6Network, Record]]:
    """Yield each range as networks, with number, country where it has one, and name."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            first, last, asn, country = line.rstrip("\n").split("\t")
            if asn == "0":
                continue
            record: dict[str, str | int] = {"autonomous_system_number": int(asn)}
            if len(country) == 2 and country.isalpha():
                record["country_code"] = country
            if asn in names:
                record["autonomous_system_organization"] = names[asn]
            for network in summarize_address_range(ip_address(first), ip_address(last)):
                yield network, record


def main(arguments: list[str]) -> None:
    """Write the database."""
    v4, v6, names_file, date = arguments
    names = read_names(Path(names_file))

    def networks() -> Iterator[tuple[IPv4Network | IPv6Network, Record]]:
        for path in (v4, v6):
            yield from read_networks(Path(path), names)

    encoded = encode_mmdb(
        networks(),
        kind="iptoasn",
        description=f"iptoasn.com, {date}, PDDL-1.0: AS number, country and name",
        build_epoch=int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()),
    )
    (DATA / SHIPPED).write_bytes(encoded)


if __name__ == "__main__":
    main(sys.argv[1:])
