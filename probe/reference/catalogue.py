"""Load the catalogue: TOML files in, one checked value out, or every complaint at once."""

import hashlib
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from probe.errors import CatalogueError
from probe.model.base import Value
from probe.model.target import (
    Canary,
    Catalogue,
    Control,
    Endpoint,
    Pacing,
    Resolver,
    Service,
    WhoamiName,
)
from probe.model.words import Family
from probe.reference import checks
from probe.reference.entries import Complaints, Place, Table, read_value, unknown_key
from probe.reference.places import shipped_targets

V = TypeVar("V", bound=Value)

OTHER_FILES: Final = frozenset({"controls.toml", "events.toml", "pacing.toml", "resolvers.toml"})
"""Every other *.toml in the folder, or in services/ below it, is a service."""
RANK_LAST: Final = 1000
# Filled in by us: an endpoint's service is its file, `own` follows from the host.
DERIVED: Final = frozenset({"service", "own"})
# RFC 2606: never a real host; the url that names none is complained of.
NO_HOST: Final = "invalid"
ENDPOINT_KEYS: Final = frozenset(Endpoint.model_fields) - DERIVED
SERVICE_KEYS: Final = frozenset(Service.model_fields) - {"endpoints"}


def load_catalogue(directory: Path | None = None) -> Catalogue:
    """Return the shipped catalogue, or that of a folder.

    A folder's service files replace all shipped services. Its controls.toml, resolvers.toml and
    pacing.toml replace the shipped file of that name; one that is absent leaves the shipped file in
    force, an empty one means none. Hosts that the shipped catalogue does not have are the user's
    own.
    """
    shipped = shipped_targets()
    complaints = Complaints()
    reader = _Reader(directory or shipped, shipped, complaints)
    if not reader.directory.is_dir():
        raise CatalogueError((f"{reader.directory}: is no folder; name one with *.toml files",))
    services = reader.services()
    controls, control_places = reader.controls()
    resolvers, whoami, canaries = reader.resolvers()
    pacing = reader.pacing()
    reader.check_all(services, control_places)
    if complaints.lines:
        raise CatalogueError(complaints.lines)
    if directory is not None:
        services = _mark_own(services, _hosts(shipped))
    catalogue = Catalogue(
        services=tuple(services),
        controls=controls,
        resolvers=resolvers,
        whoami=whoami,
        canaries=canaries,
        pacing=pacing,
        source=str(reader.directory) if directory is not None else "shipped",
    )
    return catalogue.model_copy(update={"sha256": fingerprint(catalogue)})


def load_pacing(directory: Path | None = None) -> Pacing:
    """Return the pacing alone, as the whole catalogue would have it: a tenth of the work."""
    shipped = shipped_targets()
    complaints = Complaints()
    reader = _Reader(directory or shipped, shipped, complaints)
    if not reader.directory.is_dir():
        return load_catalogue(directory).pacing
    pacing = reader.pacing()
    if complaints.lines:
        raise CatalogueError(complaints.lines)
    return pacing


def fingerprint(catalogue: Catalogue) -> str:
    """Return the SHA-256 of what the catalogue says, wherever it was read and however laid out."""
    text = catalogue.model_dump_json(exclude={"sha256", "source"})
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(slots=True)
class _Reader:
    """Reads one folder, falling back on the shipped one file by file."""

    directory: Path
    shipped: Path
    complaints: Complaints
    service_places: dict[str, Place] = field(default_factory=dict)
    endpoint_ids: list[tuple[str, Place]] = field(default_factory=list)
    service_ids: list[tuple[str, Place]] = field(default_factory=list)

    def services(self) -> list[Service]:
        """Return the folder's services in order of rank, then name."""
        found: list[tuple[int, str, Service]] = []
        files = sorted(_service_files(self.directory))
        for path in files:
            table = self._load(path)
            if table is None:
                continue
            rank = table.pop("rank", RANK_LAST)
            place = self._place(path)
            if not isinstance(rank, int):
                place.complain("rank", f"{rank!r} is no whole number; write rank = 5")
                rank = RANK_LAST
            service = self._service(table, path, place)
            if service is not None:
                found.append((rank, path.name, service))
        if not files:
            self.complaints.add(
                str(self.directory), "", "", "has no service file; add one, see targets/README.md"
            )
        return [service for _, _, service in sorted(found, key=lambda item: item[:2])]

    def _service(self, table: Table, path: Path, place: Place) -> Service | None:
        entries = table.pop("endpoint", [])
        defaults = _table(table.pop("defaults", {}), replace(place, entry="defaults"))
        self._refuse(
            defaults.keys() - ENDPOINT_KEYS, ENDPOINT_KEYS, replace(place, entry="defaults")
        )
        self._refuse(table.keys() - SERVICE_KEYS, SERVICE_KEYS | {"defaults", "endpoint"}, place)
        head = {key: given for key, given in table.items() if key in SERVICE_KEYS}

        def name_it(table: Table) -> None:
            table.setdefault("id", path.stem)
            table.setdefault("name", str(table["id"]))
            table["endpoints"] = ()

        name_it(head)
        service = read_value(Service, head, place, name_it)
        if not isinstance(entries, list) or not entries:
            place.complain("endpoint", "is missing; add [[endpoint]] and below it a url")
            return None
        if service is None:
            return None
        checks.check_service(service, place)
        self.service_ids.append((service.id, replace(place, entry="the service")))
        endpoints = (
            self._endpoint(entry, number, place, service, defaults)
            for number, entry in enumerate(entries, start=1)
        )
        return service.model_copy(
            update={"endpoints": tuple(e for e in endpoints if e is not None)}
        )

    def _endpoint(
        self, entry: object, number: int, service_place: Place, service: Service, defaults: Table
    ) -> Endpoint | None:
        place = _entry_place(service_place, "endpoint", number, entry)
        if not isinstance(entry, dict):
            place.complain("", "is no table; write [[endpoint]] above it")
            return None
        self._refuse(entry.keys() & DERIVED, ENDPOINT_KEYS, place)

        def fill_in(table: Table) -> None:
            _fill_in(table, service)

        table = {key: given for key, given in (defaults | entry).items() if key not in DERIVED}
        fill_in(table)
        endpoint = read_value(Endpoint, table, place, fill_in)
        if endpoint is None:
            return None
        checks.check_endpoint(endpoint, place)
        self.endpoint_ids.append((endpoint.id, place))
        return endpoint

    def controls(self) -> tuple[tuple[Control, ...], list[tuple[str, Place]]]:
        """Return the controls and where each stands."""
        path = self._choose("controls.toml")
        table = self._load(path) or {}
        self._check_tables(table, {"control"}, path)
        found = list(self._entries(Control, "control", table, path, checks.check_control))
        return tuple(control for control, _ in found), [(c.id, place) for c, place in found]

    def resolvers(
        self,
    ) -> tuple[tuple[Resolver, ...], tuple[WhoamiName, ...], tuple[Canary, ...]]:
        """Return resolvers, whoami names and canaries."""
        path = self._choose("resolvers.toml")
        table = self._load(path) or {}
        self._check_tables(table, {"resolver", "whoami", "canary"}, path)
        for entry in table.get("canary", ()):
            if isinstance(entry, dict) and "family" not in entry:
                entry["family"] = _family_of(str(entry.get("address", "")))
        resolvers = list(self._entries(Resolver, "resolver", table, path, checks.check_resolver))
        whoami = list(self._entries(WhoamiName, "whoami", table, path, checks.check_whoami))
        canaries = list(self._entries(Canary, "canary", table, path, checks.check_canary))
        checks.check_unique("resolver", ((r.id, place) for r, place in resolvers))
        checks.check_unique("whoami name", ((w.id, place) for w, place in whoami))
        checks.check_unique("canary", ((c.id, place) for c, place in canaries))
        return (
            tuple(resolver for resolver, _ in resolvers),
            tuple(name for name, _ in whoami),
            tuple(canary for canary, _ in canaries),
        )

    def pacing(self) -> Pacing:
        """Return the pacing; keys that a user's file leaves out keep the shipped value."""
        path = self._choose("pacing.toml")
        table = self._load(path) or {}
        self._check_tables(table, {"pacing"}, path)
        place = replace(self._place(path), entry="pacing")
        given = _table(table.get("pacing", {}), place)
        if path.parent != self.shipped:
            ours = self._load(self.shipped / "pacing.toml") or {}
            given = ours.get("pacing", {}) | given
        pacing = read_value(Pacing, given, place)
        if pacing is None:
            return Pacing()
        checks.check_pacing(pacing, place)
        return pacing

    def check_all(self, services: list[Service], control_ids: list[tuple[str, Place]]) -> None:
        """Complain of what only shows when everything is read."""
        endpoints = {e.id: e for service in services for e in service.endpoints}
        checks.check_unique("service", self.service_ids)
        checks.check_unique("endpoint or control", [*self.endpoint_ids, *control_ids])
        checks.check_siblings(endpoints, dict(self.endpoint_ids))
        cores = sum(endpoint.core for endpoint in endpoints.values())
        if self.directory == self.shipped and cores > checks.CORE_MAX:
            self.complaints.add(
                str(self.directory),
                "",
                "core",
                f"{cores} endpoints are core; {checks.CORE_MAX} is the most, take some out",
            )

    def _entries(
        self,
        kind: type[V],
        word: str,
        table: Table,
        path: Path,
        check: Callable[[V, Place], None],
    ) -> Iterator[tuple[V, Place]]:
        """Yield the values of all [[word]] tables of a file, complaining of those that fail."""
        defaults = _table(table.get("defaults", {}), replace(self._place(path), entry="defaults"))
        usable = {key: value for key, value in defaults.items() if key in kind.model_fields}
        file_place = self._place(path)
        for number, entry in enumerate(table.get(word, ()), start=1):
            place = _entry_place(file_place, word, number, entry)
            value = read_value(kind, usable | entry, place)
            if value is not None:
                check(value, place)
                yield value, place

    def _refuse(self, unknown: Iterable[str], allowed: Iterable[str], place: Place) -> None:
        for key in unknown:
            place.complain(key, unknown_key(key, allowed))

    def _check_tables(self, table: Table, words: set[str], path: Path) -> None:
        """Complain of what is none of the file's tables, and take it out."""
        place = self._place(path)
        for key in [*table]:
            if key not in words | {"defaults"}:
                place.complain(key, unknown_key(key, words))
            elif key not in {"defaults", "pacing"} and not _is_list_of_tables(table[key]):
                place.complain(key, f"is no list of tables; write [[{key}]] above each entry")
                table[key] = []

    def _choose(self, name: str) -> Path:
        own = self.directory / name
        return own if own.is_file() else self.shipped / name

    def _load(self, path: Path) -> Table | None:
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            self._place(path).complain("", "is not UTF-8; save it as UTF-8")
        except (ValueError, RecursionError) as error:
            # Not only TOMLDecodeError: numbers of 5,000 digits, brackets without end.
            self._place(path).complain("", f"is no TOML: {error}; mend that line")
        except OSError as error:
            self._place(path).complain("", f"cannot be read ({error.strerror}); check the file")
        return None

    def _place(self, path: Path) -> Place:
        base = self.shipped if path.is_relative_to(self.shipped) else self.directory
        return Place(str(path.relative_to(base.parent)), "", self.complaints)


def _entry_place(place: Place, word: str, number: int, entry: object) -> Place:
    name = entry.get("id") if isinstance(entry, dict) else None
    return replace(place, entry=f"{word} {number} ({name})" if name else f"{word} {number}")


def _is_list_of_tables(given: object) -> bool:
    return isinstance(given, list) and all(isinstance(item, dict) for item in given)


def _table(given: object, place: Place) -> Table:
    if isinstance(given, dict):
        return given
    place.complain("", f"is no table; write [{place.entry}] and below it key = value")
    return {}


def _service_files(directory: Path) -> Iterator[Path]:
    for folder in (directory, directory / "services"):
        if folder.is_dir():
            yield from (p for p in folder.glob("*.toml") if p.name not in OTHER_FILES)


def _fill_in(table: Table, service: Service) -> None:
    """Complete what one line can say: url from host, host from url, an id, the role."""
    table["service"] = service.id
    if "url" not in table and isinstance(table.get("host"), str):
        table["url"] = f"https://{table['host']}/"
    if "host" not in table and isinstance(table.get("url"), str):
        table["host"] = _host_of(table["url"]) or NO_HOST
    if "id" not in table and isinstance(table.get("host"), str):
        table["id"] = f"{service.id}.{table['host']}".lower()
    table.setdefault("role", "web")
    table.setdefault("risk_tier", service.risk_tier)


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _family_of(address: str) -> Family | None:
    try:
        return Family.IPV4 if ip_address(address).version == 4 else Family.IPV6
    except ValueError:
        return Family.IPV4  # the address itself is complained of


def _hosts(directory: Path) -> frozenset[str]:
    """Return the hosts that the shipped service files name."""
    tables = (tomllib.loads(p.read_text(encoding="utf-8")) for p in _service_files(directory))
    return frozenset(entry["host"] for table in tables for entry in table.get("endpoint", ()))


def _mark_own(services: list[Service], shipped_hosts: frozenset[str]) -> list[Service]:
    return [
        service.model_copy(
            update={
                "endpoints": tuple(
                    e.model_copy(update={"own": e.host not in shipped_hosts})
                    for e in service.endpoints
                )
            }
        )
        for service in services
    ]
