"""How much of a stored run leaves the machine: own, share or publish.

Stored rows bear no address of the client in the first place (probe/scrub). What may still tell who
measured is when exactly, through which network, and what this machine looks like.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from probe.model.run import Run
from probe.store.rows import stamp

Fields = dict[str, Any]


class Privacy(StrEnum):
    """For whose eyes an export is."""

    OWN = "own"  # everything
    SHARE = "share"  # with people one knows: to the hour, nothing about the machine
    PUBLISH = "publish"  # for everybody: no own endpoints, networks only where many measure


# Response headers that tell a censor's box or a CDN and say nothing about the client.
_PUBLIC_HEADERS = frozenset(
    {
        "server", "via", "content-type", "content-length", "content-encoding", "retry-after",
        "x-powered-by", "x-squid-error", "x-cache", "alt-svc", "cf-mitigated",
    }
)  # fmt: skip
_MACHINE_FIELDS = ("detail", "hosts_names", "tunnel_interfaces", "clock_offset_s")
# Raw messages may hold what no parser knew to look for.
_RAW_FIELDS = ("received_head", "source_port", "hello_sha256")
# What an answer says, and how it says it.
_ANSWERED = frozenset({"addresses", "texts", "wire"})
# Resolvers whose address belongs to the access network, not to the catalogue.
_ACCESS_RESOLVERS = frozenset({"system", "access"})
# The gates' questions about this machine: a whoami name is answered with the address of whoever
# asks, which for the system's resolver is the provider's.
_WHEREABOUTS = "local"


@dataclass(frozen=True, slots=True)
class Sharing:
    """What is left out of one run's rows."""

    privacy: Privacy
    shown_asns: frozenset[int]
    """publish: networks from which so many measure that naming one tells nobody's name."""
    own_endpoints: frozenset[str]
    own_services: frozenset[str]
    """Those of which every endpoint is the person's own: their names are theirs, too."""
    shift: timedelta
    """By which all times move, so that the run begins at the full hour."""

    @property
    def hides_network(self) -> Callable[[int | None], bool]:
        """Return whether a network's number must not be shown."""
        return lambda asn: (
            asn is not None and self.privacy is Privacy.PUBLISH and asn not in self.shown_asns
        )

    def run(self, fields: Fields) -> Fields:
        """Return the run's JSON object as it may be shown."""
        if self.privacy is Privacy.OWN:
            return fields
        shown = fields | {"notes": [], "pacing": {}, "consent_sha256": None}
        shown["id"] = shown_run_id(fields["id"], self.privacy)
        for name in ("started_at", "ended_at"):
            shown[name] = self._moved(fields.get(name))
        for name in ("vantage", "vantage_end"):
            if fields.get(name) is not None:
                shown[name] = self._vantage(fields[name])
        if self.privacy is Privacy.PUBLISH:
            versions = fields.get("versions") or {}
            kept = ("roadblock", "geo", "openssl")
            shown["versions"] = {name: versions[name] for name in kept if name in versions}
            services = fields.get("services") or ()
            shown["services"] = [name for name in services if name not in self.own_services]
        return shown

    def observation(self, fields: Fields) -> Fields | None:
        """Return the observation's JSON object as it may be shown; None: not at all."""
        if self.privacy is Privacy.OWN:
            return fields
        if self._is_private(fields):
            return None
        shown = fields | {"started_at": self._moved(fields["started_at"])}
        for name in _MACHINE_FIELDS:
            shown.pop(name, None)
        if fields.get("resolver") in _ACCESS_RESOLVERS:
            shown["address"] = None
        if fields.get("endpoint") == _WHEREABOUTS and "answers" in fields:
            shown["answers"] = [
                {name: value for name, value in answer.items() if name not in _ANSWERED}
                for answer in fields["answers"]
            ]
        if self.hides_network(fields.get("resolver_asn")):
            shown["resolver_asn"] = None
        return self._public(shown) if self.privacy is Privacy.PUBLISH else shown

    def verdict(self, fields: Fields) -> Fields | None:
        """Return the verdict's JSON object as it may be shown; None: not at all."""
        if self._is_private(fields) or (
            self.privacy is Privacy.PUBLISH and fields.get("service") in self.own_services
        ):
            return None
        if self.privacy is Privacy.PUBLISH and fields.get("witness") in self.own_endpoints:
            fields = fields | {"witness": None}
        location = fields.get("location")
        if location is not None and self.hides_network(location.get("asn")):
            # A box in the first networks of the way tells which network that is.
            return fields | {"location": location | {"asn": None}}
        return fields

    def _is_private(self, fields: Mapping[str, Any]) -> bool:
        return self.privacy is Privacy.PUBLISH and fields.get("endpoint") in self.own_endpoints

    def _vantage(self, fields: Fields) -> Fields:
        return fields | {
            "label": "",
            "families": [
                family
                | {
                    name: None
                    for name in ("asn", "resolver_asn")
                    if self.hides_network(family.get(name))
                }
                | ({"as_name": ""} if self.hides_network(family.get("asn")) else {})
                for family in fields.get("families", ())
            ],
        }

    def _public(self, fields: Fields) -> Fields:
        shown = {name: value for name, value in fields.items() if name not in _RAW_FIELDS}
        if "answers" in shown:
            shown["answers"] = [
                {name: value for name, value in answer.items() if name != "wire"}
                for answer in shown["answers"]
            ]
        if "headers" in shown:
            shown["headers"] = [
                [name, value if name.lower() in _PUBLIC_HEADERS else ""]
                for name, value in shown["headers"]
            ]
        if shown.get("location"):
            shown["location"] = _without_query(shown["location"])
        if shown.get("icmp"):
            shown["icmp"] = [*shown["icmp"][:2], None]
        if "hops" in shown:
            shown["hops"] = [hop | {"router": None} for hop in shown["hops"]]
        return shown

    def _moved(self, text: str | None) -> str | None:
        if text is None:
            return None
        return stamp(datetime.fromisoformat(text) - self.shift)


def sharing_of(
    run: Run,
    privacy: Privacy,
    *,
    shown_asns: Collection[int] = (),
    own_endpoints: Collection[str] = (),
    own_services: Collection[str] = (),
) -> Sharing:
    """Return how rows of this run are shown at this level."""
    hour = run.started_at.replace(minute=0, second=0, microsecond=0)
    return Sharing(
        privacy,
        frozenset(shown_asns),
        frozenset(own_endpoints),
        frozenset(own_services),
        run.started_at - hour,
    )


def shown_run_id(run_id: str, privacy: Privacy) -> str:
    """Return a run's id without the minutes and seconds that it begins with.

    20261123T214307Z-a1b2c3 is shown as 20261123T210000Z-a1b2c3; an id of another form as it is.
    """
    if privacy is Privacy.OWN:
        return run_id
    return re.sub(r"\A(\d{8}T\d{2})\d{4}Z", r"\g<1>0000Z", run_id)


def _without_query(url: str) -> str:
    """Return where a redirect leads without what it carries: block pages put the client there."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
