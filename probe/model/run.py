"""A run: who measured what, from where, with which versions."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from probe.model.base import Value
from probe.model.words import Family


class Machine(Value):
    """What the probe reads of this machine; the lab hands in one of its own."""

    resolv_conf: str = ""
    hosts: str = ""
    environment_proxies: tuple[str, ...] = ()
    tunnel_interfaces: tuple[str, ...] = ()


class FamilyVantage(Value):
    """Where one address family comes out."""

    family: Family
    asn: int | None = None
    as_name: str = ""
    country: str | None = None
    network_type: str | None = None
    resolver_asn: int | None = None
    resolver_country: str | None = None


class Vantage(Value):
    """Where we measure from. Never an address."""

    families: tuple[FamilyVantage, ...] = ()
    label: str = ""
    """What the person calls it (`--vantage`)."""
    country: str | None = None
    resolver_kind: Literal["access", "public", "local", "unknown"] = "unknown"
    source: str = ""
    """geo data's name and date, or `said`."""


class Run(Value):
    """One run of the probe."""

    id: str
    world: str = "internet"
    """`internet`, or `lab:<world id>`."""
    started_at: datetime
    ended_at: datetime | None = None
    status: Literal[
        "running", "complete", "interrupted", "offline", "budget", "invalid", "failed"
    ] = "running"
    profile: str = "look"
    seed: int
    services: tuple[str, ...] = ()
    vantage: Vantage = Vantage()
    vantage_end: Vantage | None = None
    consent_sha256: str | None = None
    catalogue_sha256: str = ""
    fingerprints_sha256: str = ""
    roots_sha256: str = ""
    pacing: dict[str, float] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    """{"roadblock": "0.1.0", "python": "3.11.7", "openssl": "3.0.19", "geo": "2026-09-16"}"""
    bytes_sent: int = 0
    bytes_received: int = 0
    notes: tuple[str, ...] = ()
