"""What the judge may know besides the evidence: handed in, never fetched."""

from dataclasses import dataclass, field
from typing import Protocol

from probe.model.target import Catalogue


@dataclass(frozen=True, slots=True)
class Network:
    """Which network announces an address."""

    asn: int
    country: str | None
    name: str = ""


class Geo(Protocol):
    """Looks up networks offline."""

    @property
    def source(self) -> str:
        """The data's name and date."""

    def network_of(self, address: str) -> Network | None:
        """Return the network that announces the address, or None."""


class NoGeo:
    """Knows no network; for tests and for machines without the data."""

    source = "none"

    def network_of(self, address: str) -> Network | None:
        """Return None: nothing is known."""
        del address
        return None


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One fact by which a block page, a block address or a forged certificate is known."""

    id: str
    where: str
    """`body`, `title`, `header.<name>`, `location`, `dns`, `certificate`, `ede`, `whoami`.

    `whoami`: the answer of a whoami name, by which whoever answered instead is known.
    """
    match: str
    """How: `contains`, `prefix`, `full`, `regexp`."""
    pattern: str
    scope: str
    """`nat`, `isp`: censorship evidence; `prod`, `inst`, `vbw`, `fp`, `generic`: owner unknown."""
    countries: tuple[str, ...] = ()
    source: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything the judge is told: catalogue, fingerprints, geo data, trust roots."""

    catalogue: Catalogue
    roots: tuple[bytes, ...] = ()
    """DER certificates that verify; the shipped public ones, or those of `--ca-file`."""
    local_roots: tuple[bytes, ...] = ()
    """Roots that this machine adds: they never verify, they only raise `trust_local`."""
    fingerprints: tuple[Fingerprint, ...] = ()
    fingerprints_sha256: str = ""
    geo: Geo = field(default_factory=NoGeo)
