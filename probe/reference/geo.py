"""Look up networks offline: which AS announces an address, in which country."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from probe.errors import UsageError
from probe.model.knowledge import Geo, Network, NoGeo
from probe.reference.places import DATA

if TYPE_CHECKING:
    import maxminddb

SHIPPED: Final = "iptoasn.mmdb"
# How the fields are called by us (as GeoLite2-ASN), GeoLite2, DB-IP and IPinfo.
ASN_FIELDS: Final = ("autonomous_system_number", "asn", "as_number")
NAME_FIELDS: Final = ("autonomous_system_organization", "as_name", "organization", "name")
COUNTRY_FIELDS: Final = ("country_code", "country")


def open_geo(path: Path | None = None) -> Geo:
    """Return the shipped data, or a user's MMDB file with the shipped data behind it.

    A user's file may know only countries or only networks: what it does not say, the shipped data
    says. Without either nothing is known, and that is said.
    """
    shipped = DATA / SHIPPED
    if path is None:
        return MmdbGeo(shipped) if shipped.is_file() else NoGeo()
    if not path.is_file():
        raise UsageError(f"--geo-db: {path} is no file; name an MMDB file (MaxMind's format)")
    own = MmdbGeo(path)
    own.check()
    return LayeredGeo(own, MmdbGeo(shipped)) if shipped.is_file() else own


class MmdbGeo:
    """One MMDB file, opened at the first question."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def source(self) -> str:
        """The database's type and date: `Roadblock-ASN-Country 2026-09-16`."""
        metadata = self._reader.metadata()
        built = datetime.fromtimestamp(metadata.build_epoch, UTC)
        return f"{metadata.database_type} {built:%Y-%m-%d}"

    def check(self) -> None:
        """Open the file now, so that a person hears at once that it will not do."""
        try:
            self._reader.metadata()
        except _faults() as error:
            raise UsageError(
                f"--geo-db: {self._path} is no MMDB file ({error}); name one in MaxMind's format"
            ) from error

    def network_of(self, address: str) -> Network | None:
        """Return the network that announces the address, or None."""
        asn, country, name = self.look_up(address)
        return None if asn is None else Network(asn=asn, country=country, name=name)

    def look_up(self, address: str) -> tuple[int | None, str | None, str]:
        """Return what the file says of AS number, country and name; each may be missing."""
        try:
            found: Any = self._reader.get(address)
        except ValueError:
            return None, None, ""
        if not isinstance(found, Mapping):
            return None, None, ""
        return _number(found), _country(found), _name(found)

    @cached_property
    def _reader(self) -> "maxminddb.Reader":
        # Not at the top: the import costs more than all lookups of a run, and --help pays it too.
        import maxminddb

        return maxminddb.open_database(self._path)


class LayeredGeo:
    """A user's file first; what it leaves open, the shipped file says."""

    def __init__(self, first: MmdbGeo, second: MmdbGeo) -> None:
        self._first, self._second = first, second

    @cached_property
    def source(self) -> str:
        """Both names, the one asked first at the front."""
        return f"{self._first.source} before {self._second.source}"

    def network_of(self, address: str) -> Network | None:
        """Return the network that announces the address, or None."""
        asn, country, name = self._first.look_up(address)
        if asn is None or country is None:
            other_asn, other_country, other_name = self._second.look_up(address)
            if asn is None:
                asn, name = other_asn, other_name
            country = country or other_country
        return None if asn is None else Network(asn=asn, country=country, name=name)


def _faults() -> tuple[type[Exception], ...]:
    import maxminddb

    return (maxminddb.InvalidDatabaseError, OSError, ValueError)


def _number(found: Mapping[str, Any]) -> int | None:
    for field in ASN_FIELDS:
        given = found.get(field)
        if isinstance(given, int):
            return given
        # IPinfo writes "AS32934".
        if isinstance(given, str) and given.upper().removeprefix("AS").isdigit():
            return int(given.upper().removeprefix("AS"))
    return None


def _country(found: Mapping[str, Any]) -> str | None:
    for field in COUNTRY_FIELDS:
        given = found.get(field)
        # GeoLite2 nests it: {"country": {"iso_code": "US"}}.
        code = given.get("iso_code") if isinstance(given, Mapping) else given
        if isinstance(code, str) and len(code) == 2:
            return code.upper()
    return None


def _name(found: Mapping[str, Any]) -> str:
    return next((str(found[field]) for field in NAME_FIELDS if found.get(field)), "")
