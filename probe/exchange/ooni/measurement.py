"""One web_connectivity document (versions 0.4 and 0.5) as evidence that our judge can judge.

OONI's own verdict is carried along and never read: only its facts are. Whatever a document holds,
it becomes a measurement; what could not be understood is named in `problems`, and evidence that
carries nothing is judged `insufficient`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from probe.exchange.ooni.control import arrival, control_observations, departure
from probe.exchange.ooni.document import (
    Fields,
    as_text,
    fields_in,
    rows_in,
    text_in,
    unwrapped,
)
from probe.exchange.ooni.endpoints import by_url, endpoint_for, resolver_ids
from probe.exchange.ooni.files import documents
from probe.exchange.ooni.hops import hops_of, is_about, owners_of
from probe.exchange.ooni.inferred import (
    missing_connection,
    missing_handshake,
    pages_of,
    repeats_handshake,
)
from probe.exchange.ooni.records import (
    Maker,
    dns_observations,
    tcp_observations,
    tls_observations,
    whoami_observations,
)
from probe.model.evidence import Evidence
from probe.model.experiment import Experiment, Kind
from probe.model.observation import (
    HttpObservation,
    Observation,
    TcpObservation,
    TlsObservation,
)
from probe.model.target import Catalogue, Endpoint
from probe.model.verdict import VantageFacts, VantageVerdict
from probe.model.words import FailureWord, Family, Role, VantageState

# A document without a usable time still needs one; its certificates are not looked at.
_NO_TIME: Final = datetime(2012, 12, 5, tzinfo=UTC)  # the day of OONI's first measurement
# Near the end of the calendar a step's time could not even be computed.
_NO_TIME_AFTER: Final = 2100
# RFC 2606: no endpoint can ever be called so.
_NOWHERE: Final = "unreadable.invalid"
_NO_ROUTE: Final = frozenset(
    {
        FailureWord.NETWORK_UNREACHABLE,
        FailureWord.HOST_UNREACHABLE,
        FailureWord.ADDRESS_FAMILY_NOT_SUPPORTED,
        FailureWord.NETWORK_DOWN,
    }
)
# Google, Cloudflare, Quad9 (two), OpenDNS: the user's choice, not the network's.
_PUBLIC_RESOLVER_ASNS: Final = frozenset({"AS15169", "AS13335", "AS19281", "AS42", "AS36692"})


@dataclass(frozen=True, slots=True)
class OoniMeasurement:
    """A document as we understand it, beside what OONI said."""

    input: str
    ooni_blocking: str | bool | None
    """`dns`, `tcp_ip`, `http-failure`, `http-diff`, false or null."""
    ooni_accessible: bool | None
    evidence: Evidence
    """About the host of `input`."""
    later: tuple[Evidence, ...] = ()
    """About what redirects led to: other hosts, or the same one over TLS, in order."""
    roots: tuple[bytes, ...] = ()
    """Tops of the chains that OONI verified when it measured: trust them for this document."""
    problems: tuple[str, ...] = ()
    probe_cc: str = ""
    probe_asn: str = ""
    measured_at: datetime | None = None
    report_id: str = ""
    test_version: str = ""
    is_read: bool = True
    """Whether it is a web_connectivity document at all, from which anything could be taken."""


def import_ooni(path: Path, catalogue: Catalogue | None = None) -> Iterator[OoniMeasurement]:
    """Yield a measurement for every document of the file (JSON, JSON lines, gzip or not)."""
    endpoints = by_url(catalogue)
    resolvers = resolver_ids(catalogue)
    for document in documents(path):
        yield read_measurement(document, endpoints=endpoints, resolvers=resolvers)


def read_measurement(
    document: object,
    *,
    endpoints: Mapping[str, Endpoint] | None = None,
    resolvers: Mapping[str, str] | None = None,
) -> OoniMeasurement:
    """Return one document as a measurement; it never raises, whatever the document is."""
    if isinstance(document, ValueError):
        return unreadable("", str(document))
    document = unwrapped(document)
    if not isinstance(document, dict):
        return unreadable("", "the document is no JSON object")
    keys = fields_in(document, "test_keys")
    name = text_in(document, "test_name")
    url = text_in(document, "input")
    if name != "web_connectivity":
        return unreadable(url, f"the test is {name or 'not named'}; only web_connectivity is read")
    if not keys:
        return unreadable(url, "the document has no test_keys")
    endpoint = endpoint_for(url, endpoints or {})
    if endpoint is None and "://[" in url and "]" in url:
        return unreadable(url, "the input names an IPv6 address, of which no endpoint can be made")
    if endpoint is None:
        return unreadable(url, "the input is no http:// or https:// address")
    try:
        return _Reading(
            document, keys, url, endpoint, resolvers or {}, endpoints or {}
        ).measurement()
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
        # The fuzzing test has found none of these; a stranger's archive must not stop for one.
        return unreadable(url, f"not understood: {error!r:.200}")


class _Reading:
    """Works through one document; a class only because its parts share so much."""

    def __init__(
        self,
        document: Fields,
        keys: Fields,
        url: str,
        endpoint: Endpoint,
        resolvers: Mapping[str, str],
        endpoints: Mapping[str, Endpoint],
    ) -> None:
        self.document, self.keys, self.url = document, keys, url
        self.endpoint, self.endpoints = endpoint, endpoints
        self.measured_at = _moment(document)
        self.maker = Maker(
            endpoint=endpoint.id,
            experiment=_screen(endpoint).id,
            started_at=self.measured_at or _NO_TIME,
            has_time=self.measured_at is not None,
            resolvers=resolvers,
        )
        if self.measured_at is None:
            self.maker.problems.append("no start time: certificates are not looked at")

    def measurement(self) -> OoniMeasurement:
        maker = self.maker
        connects = [o for o in tcp_observations(maker, self.keys) if isinstance(o, TcpObservation)]
        handshakes = list(tls_observations(maker, self.keys))
        dns = [*dns_observations(maker, self.keys), *whoami_observations(maker, self.keys)]
        pages = pages_of(maker, self.keys, self.endpoint.host, connects, handshakes)
        for page in pages:
            connects += missing_connection(maker, page, connects)
            handshakes += missing_handshake(maker, page, handshakes)
        pages = [page for page in pages if not repeats_handshake(page, handshakes)]
        here: list[Observation] = [*dns, *connects, *handshakes, *pages]
        control = control_observations(maker, self.document, self.endpoint.host, self.url)
        vantage = self._vantage(here, control)
        hops = hops_of(here, self.endpoint)
        about = partial(
            self._evidence,
            here=here,
            owners=owners_of(here),
            control=control,
            vantage=vantage,
            last_url=hops[-1] if hops else None,
        )
        if not here:
            maker.problems.append("the document holds no step")
        blocking, accessible = self.keys.get("blocking"), self.keys.get("accessible")
        return OoniMeasurement(
            input=self.url,
            ooni_blocking=blocking if isinstance(blocking, bool) else as_text(blocking) or None,
            ooni_accessible=accessible if isinstance(accessible, bool) else None,
            evidence=about(self.endpoint),
            later=tuple(map(about, self._later(hops))),
            roots=_tops(handshakes, self.keys),
            problems=tuple(dict.fromkeys(maker.problems)),
            probe_cc=text_in(self.document, "probe_cc"),
            probe_asn=text_in(self.document, "probe_asn"),
            measured_at=self.measured_at,
            report_id=text_in(self.document, "report_id"),
            test_version=text_in(self.document, "test_version"),
        )

    # --- what the evidence is about -------------------------------------------------------------

    def _evidence(
        self,
        endpoint: Endpoint,
        *,
        here: Sequence[Observation],
        owners: Mapping[str, set[str]],
        control: Sequence[Observation],
        vantage: VantageVerdict,
        last_url: str | None,
    ) -> Evidence:
        is_first = endpoint is self.endpoint
        seen = [o for o in here if is_about(o, endpoint.host, owners)]
        # The helper was asked about the first host only; of others it knows just the last page.
        is_asked = endpoint.host == self.endpoint.host
        also = [o for o in control if is_asked or isinstance(o, HttpObservation)]
        if endpoint.url == last_url:
            also += arrival(self.maker, also, endpoint)
        if is_first:
            also += departure(self.maker, also, seen, endpoint)
        if not is_first:
            seen = [o.model_copy(update={"endpoint": endpoint.id}) for o in seen]
            also = [o.model_copy(update={"endpoint": endpoint.id}) for o in also]
        return Evidence(
            endpoint=endpoint,
            vantage=vantage,
            observations=tuple(sorted(seen, key=lambda o: o.started_at)) + tuple(also),
            performed=frozenset({self.maker.experiment}),
        )

    def _later(self, urls: Sequence[str]) -> Iterator[Endpoint]:
        for url in urls:
            endpoint = endpoint_for(url, self.endpoints)
            if endpoint is not None:
                yield endpoint

    def _vantage(
        self, here: Sequence[Observation], control: Sequence[Observation]
    ) -> VantageVerdict:
        """Take the helper's answer, or any step that worked, for a line that works."""
        is_heard = bool(control) and self.keys.get("control_failure") is None
        is_alive = any(
            o.failure is None for o in here if isinstance(o, TcpObservation | HttpObservation)
        )
        country = text_in(self.document, "probe_cc")
        asn, resolver = text_in(self.document, "probe_asn"), text_in(self.document, "resolver_asn")
        kinds = ("access",) if resolver == asn and asn not in {"", "AS0"} else ()
        if resolver in _PUBLIC_RESOLVER_ASNS:
            kinds = ("public",)
        is_online = is_heard or is_alive
        if not is_online:
            self.maker.problems.append("neither the test helper nor any host could be reached")
        if text_in(self.keys, "socksproxy"):
            is_online = False
            self.maker.problems.append("measured through a proxy: it tells of another network")
        return VantageVerdict(
            state=VantageState.ONLINE if is_online else VantageState.OFFLINE,
            masked_families=_masked(here),
            sentence="Imported from OONI: its document tells of no gates.",
            facts=VantageFacts(
                country=country if re.fullmatch("[A-Z]{2}", country) and country != "ZZ" else None,
                resolver_kinds=kinds,
            ),
        )


def _masked(here: Sequence[Observation]) -> tuple[Family, ...]:
    """Return IPv6 where nothing but missing routes came of it, as OONI itself ignores it."""
    tried = [o for o in here if isinstance(o, TcpObservation) and o.family is Family.IPV6]
    is_dead = bool(tried) and all(
        o.failure is not None and o.failure.word in _NO_ROUTE for o in tried
    )
    return (Family.IPV6,) if is_dead else ()


def _tops(handshakes: Sequence[TlsObservation], keys: Fields) -> tuple[bytes, ...]:
    """Return the last certificate of each chain that OONI verified."""
    if any(row.get("no_tls_verify") is True for row in rows_in(keys, "tls_handshakes")):
        return ()
    tops = (o.chain[-1] for o in handshakes if o.failure is None and len(o.chain) > 1)
    return tuple(sorted(set(tops)))


def _screen(endpoint: Endpoint) -> Experiment:
    """Return the first look at an endpoint, as a run performs it: so its id says it was done."""
    return Experiment(
        kind=Kind.SCREEN, endpoint=endpoint.id, name=endpoint.host, url=endpoint.url, port=0
    )


def _moment(document: Fields) -> datetime | None:
    for name in ("measurement_start_time", "test_start_time"):
        try:
            moment = datetime.fromisoformat(text_in(document, name))
        except ValueError:
            continue
        if _NO_TIME.year <= moment.year < _NO_TIME_AFTER:
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return None


def unreadable(url: str, why: str) -> OoniMeasurement:
    """Return a measurement without evidence, and why: the judge says `insufficient` of it."""
    endpoint = Endpoint(
        id=_NOWHERE, service=_NOWHERE, host=_NOWHERE, role=Role.WEB, url=f"https://{_NOWHERE}/"
    )
    vantage = VantageVerdict(state=VantageState.OFFLINE, sentence=f"Not judged: {why}.")
    return OoniMeasurement(
        input=url,
        ooni_blocking=None,
        ooni_accessible=None,
        evidence=Evidence(endpoint=endpoint, vantage=vantage),
        problems=(why,),
        is_read=False,
    )
