"""Our runs as OONI documents: web_connectivity where the endpoint is a page, urlgetter otherwise.

`blocking` takes only OONI's own values: its pipeline files any other as a failed measurement. What
we say more exactly stands beside, under keys that begin with `x_`, which OONI's readers keep. These
documents are for researchers' tools; they are not sent to OONI's collector.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from probe.exchange.privacy import Privacy, Sharing, shown_run_id
from probe.exchange.rows import Export
from probe.model.observation import (
    OBSERVATION,
    DnsObservation,
    HttpObservation,
    Observation,
    TcpObservation,
    TlsObservation,
)
from probe.model.run import FamilyVantage, Run
from probe.model.target import Catalogue, Endpoint
from probe.model.verdict import Verdict
from probe.model.words import Arm, Category, Family, Protocol, State, Transport

Fields = dict[str, Any]

# ooni.md section 1.6: the only values that OONI's pipeline knows, by what carries the blocking.
_BLOCKING: Final = {
    Category.DNS_LIE: "dns",
    Category.DNS_INJECTION: "dns",
    Category.DNS_DROP: "dns",
    Category.RESOLVER_BLOCKED: "dns",
    Category.IP_BLOCK: "tcp_ip",
    Category.PORT_BLOCK: "tcp_ip",
    Category.BLOCKPAGE: "http-diff",
    Category.HTTP_TAMPER: "http-diff",
}
_ENGINES: Final = {
    Transport.SYSTEM: "getaddrinfo",
    Transport.UDP: "udp",
    Transport.TCP: "tcp",
    Transport.DOT: "dot",
    Transport.DOH: "doh",
}
_TESTS: Final = {"http": "web_connectivity", "https": "web_connectivity"}
_URLGETTER: Final = {"tls": "tlshandshake", "tcp": "tcpconnect"}
# The version of the experiment whose keys we write.
_VERSIONS: Final = {"web_connectivity": "0.5.28", "urlgetter": "0.2.0"}


def ooni_lines(
    export: Export, runs: Sequence[Run], catalogue: Catalogue | None = None
) -> Iterator[str]:
    """Yield one document a line for every endpoint that a run measured."""
    for run in runs:
        sharing = export.sharing(run)
        verdicts: dict[str, list[Verdict]] = {}
        for verdict in export.reader.verdicts(run.id):
            verdicts.setdefault(verdict.endpoint, []).append(verdict)
        for evidence in export.reader.evidence(run.id, catalogue):
            endpoint = evidence.endpoint
            if export.services and endpoint.service not in export.services:
                continue
            shown = [s for o in evidence.observations if (s := _shown(o, sharing)) is not None]
            if shown:
                document = _document(run, endpoint, shown, verdicts.get(endpoint.id, []), sharing)
                yield json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _shown(observation: Observation, sharing: Sharing) -> Observation | None:
    if sharing.privacy is Privacy.OWN:
        return observation
    shown = sharing.observation(json.loads(observation.model_dump_json()))
    if shown is None:
        return None
    if sharing.privacy is Privacy.PUBLISH:
        # A page may say who was barred from it.
        shown.pop("body", None)
    return OBSERVATION.validate_json(json.dumps(shown))


def _document(
    run: Run,
    endpoint: Endpoint,
    observations: Sequence[Observation],
    verdicts: Sequence[Verdict],
    sharing: Sharing,
) -> Fields:
    scheme = endpoint.url.partition(":")[0]
    test = _TESTS.get(scheme, "urlgetter")
    start = min(o.started_at for o in observations)
    end = max(o.started_at + timedelta(seconds=o.duration_s) for o in observations)
    seen = [o for o in observations if o.arm is Arm.TARGET and o.vantage is None]
    remote = [o for o in observations if o.vantage is not None]
    where = _vantage(run, sharing)
    keys = _steps(seen, start) | {
        "x_run": shown_run_id(run.id, sharing.privacy),
        "x_endpoint": endpoint.id,
        "x_verdicts": [
            shown
            for v in verdicts
            if (shown := sharing.verdict(json.loads(v.model_dump_json(exclude_defaults=True))))
        ],
        "x_controls": [
            json.loads(o.model_dump_json(exclude_defaults=True, exclude={"chain", "body"}))
            for o in observations
            if o not in seen and o not in remote
        ],
    }
    if test == "web_connectivity":
        keys |= _web_keys(seen, remote, verdicts)
        given = endpoint.url
    else:
        keys |= _getter_keys(seen)
        given = f"{_URLGETTER.get(scheme, scheme)}:{endpoint.url.partition(':')[2]}"
    country = (where.country if where else None) or run.vantage.country or "ZZ"
    asn = where.asn if where and where.asn else 0
    slug = test.replace("_", "")
    digest = hashlib.sha256(f"{run.id}/{endpoint.id}".encode()).hexdigest()
    first = _moment(run, sharing)
    return {
        "annotations": {"engine_name": "roadblock", "platform": "linux"},
        "data_format_version": "0.2.0",
        "extensions": {"dnst": 0, "httpt": 0, "netevents": 0, "tcpconnect": 0, "tlshandshake": 0},
        "input": given,
        "measurement_start_time": f"{start:%Y-%m-%d %H:%M:%S}",
        "measurement_uid": f"{start:%Y%m%d%H%M%S}.000000_{country}_{slug}_{digest[:16]}",
        "probe_asn": f"AS{asn}",
        "probe_cc": country,
        "probe_ip": "127.0.0.1",
        "probe_network_name": where.as_name if where else "",
        "report_id": f"{first:%Y%m%dT%H%M%SZ}_{slug}_{country}_{asn}_n1_{digest[16:32]}",
        "resolver_asn": f"AS{where.resolver_asn if where and where.resolver_asn else 0}",
        "resolver_ip": "127.0.0.2",
        "resolver_network_name": "",
        "software_name": "roadblock",
        "software_version": run.versions.get("roadblock", "0"),
        "test_keys": keys,
        "test_name": test,
        "test_runtime": max((end - start).total_seconds(), 0.0),
        "test_start_time": f"{first:%Y-%m-%d %H:%M:%S}",
        "test_version": _VERSIONS[test],
    }


def _moment(run: Run, sharing: Sharing) -> datetime:
    shift = timedelta(0) if sharing.privacy is Privacy.OWN else sharing.shift
    return run.started_at.astimezone(UTC) - shift


def _vantage(run: Run, sharing: Sharing) -> FamilyVantage | None:
    shown = sharing.run(json.loads(run.model_dump_json()))["vantage"]["families"]
    families = [FamilyVantage.model_validate(family) for family in shown]
    return next(iter(sorted(families, key=lambda f: f.family is not Family.IPV4)), None)


# --- test_keys ------------------------------------------------------------------------------------


def _steps(seen: Sequence[Observation], start: datetime) -> Fields:
    """Return the archival records of all steps (df-001, 002, 005, 006); requests newest first."""
    return {
        "queries": [_query(o, start) for o in seen if isinstance(o, DnsObservation)],
        "tcp_connect": [_connect(o, start) for o in seen if isinstance(o, TcpObservation)],
        "tls_handshakes": [_handshake(o, start) for o in seen if isinstance(o, TlsObservation)],
        "requests": [_request(o, start) for o in reversed(seen) if isinstance(o, HttpObservation)],
        "network_events": [],
    }


def _times(o: Observation, start: datetime) -> Fields:
    t0 = (o.started_at - start).total_seconds()
    failure = o.failure.word.value if o.failure is not None else None
    return {"failure": failure, "t0": t0, "t": t0 + o.duration_s, "tags": [o.id]}


def _query(o: DnsObservation, start: datetime) -> Fields:
    answer = next((a for a in o.answers if a.malformed is None and not a.wrong_id), None)
    answers = []
    if answer is not None:
        ttls: Sequence[int | None] = answer.ttls
        if len(ttls) != len(answer.addresses):
            ttls = [None] * len(answer.addresses)
        for address, ttl in zip(answer.addresses, ttls, strict=True):
            kind = ("AAAA", "ipv6") if ":" in address else ("A", "ipv4")
            answers.append({"answer_type": kind[0], kind[1]: address, "ttl": ttl})
        answers += [
            {"answer_type": "CNAME", "hostname": name, "ttl": None} for name in answer.cnames
        ]
    address = f"[{o.address}]" if o.address and ":" in o.address else o.address or ""
    query = _times(o, start) | {
        "answers": answers or None,
        "engine": _ENGINES[o.transport],
        "hostname": o.name,
        "query_type": o.query_type,
        "resolver_address": f"{address}:{o.port or 53}" if address else "",
        "resolver_hostname": None,
        "resolver_port": None,
        "x_resolver": o.resolver,
        "x_answers": len(o.answers),
    }
    if answer is not None and answer.wire:
        query["raw_response"] = base64.b64encode(answer.wire).decode()
    if answer is not None and answer.rcode is not None:
        query["rcode"] = answer.rcode
    return query


def _connect(o: TcpObservation, start: datetime) -> Fields:
    times = _times(o, start)
    status = {"failure": times.pop("failure"), "success": o.failure is None}
    return times | {"ip": o.address or "", "port": o.port or 0, "status": status}


def _handshake(o: TlsObservation, start: datetime) -> Fields:
    return _times(o, start) | {
        "network": "tcp",
        "address": _joined(o),
        "cipher_suite": o.cipher or "",
        "negotiated_protocol": o.alpn or "",
        # Nothing is verified during our handshakes: the chain is judged afterwards.
        "no_tls_verify": True,
        "peer_certificates": [_binary(der) for der in o.chain],
        "server_name": o.server_name or "",
        "tls_version": o.version or "",
    }


def _request(o: HttpObservation, start: datetime) -> Fields:
    body: object = ""
    if o.body:
        try:
            body = o.body.decode()
        except UnicodeDecodeError:
            body = _binary(o.body)
    return _times(o, start) | {
        "network": "tcp",
        "address": _joined(o),
        "alpn": "h2" if o.http_version == "HTTP/2" else "http/1.1",
        "request": {
            "body": "",
            "body_is_truncated": False,
            "headers_list": [],
            "headers": {},
            "method": o.method,
            "tor": {"exit_ip": None, "exit_name": None, "is_tor": False},
            "url": o.url,
            "x_transport": "tcp",
        },
        "response": {
            "body": body,
            "body_is_truncated": o.ended != "complete",
            "code": o.status or 0,
            "headers_list": [list(pair) for pair in o.headers],
            "headers": dict(o.headers),
            "x_body_bytes": o.body_bytes,
            "x_body_sha256": o.body_sha256,
        },
    }


def _web_keys(
    seen: Sequence[Observation], remote: Sequence[Observation], verdicts: Sequence[Verdict]
) -> Fields:
    blocking, accessible = _classic(verdicts)
    is_dns = blocking == "dns"
    return {
        "accessible": accessible,
        "agent": "redirect",
        "blocking": blocking,
        "body_length_match": None,
        "body_proportion": 0,
        "client_resolver": "127.0.0.2",
        "control": _control(remote),
        "control_failure": None if remote else "unknown_failure: no control vantage was asked",
        "dns_consistency": "inconsistent" if is_dns else "consistent" if accessible else None,
        "dns_experiment_failure": _first_failure(seen, DnsObservation),
        "headers_match": None,
        "http_experiment_failure": _first_failure(seen, HttpObservation),
        "retries": None,
        "socksproxy": None,
        "status_code_match": None,
        "title_match": None,
    }


def _classic(verdicts: Sequence[Verdict]) -> tuple[str | bool | None, bool | None]:
    """Return OONI's `blocking` and `accessible`; one address family that works is access."""
    pages = [v for v in verdicts if v.protocol in {Protocol.HTTPS, Protocol.HTTP}]
    states = {v.state for v in pages}
    if states & {State.OK, State.RESTRICTED, State.IMPAIRED}:
        return False, True
    barred = next((v for v in pages if v.state is State.BLOCKED), None)
    if barred is not None:
        return _BLOCKING.get(barred.category, "http-failure"), False
    if states & {State.DOWN, State.REFUSED}:
        return False, False
    return None, None


def _getter_keys(seen: Sequence[Observation]) -> Fields:
    failed = next((o for o in seen if o.failure is not None), None)
    return {
        "agent": "agent",
        "failed_operation": None if failed is None else _OPERATIONS.get(failed.step.value),
        "failure": None if failed is None or failed.failure is None else failed.failure.word.value,
        "socksproxy": None,
    }


_OPERATIONS: Final = {"dns": "resolve", "tcp": "connect", "tls": "tls_handshake"}


def _control(remote: Sequence[Observation]) -> Fields:
    """Return what the first other vantage point saw, in the shape of a test helper's answer."""
    names = [o.vantage for o in remote]
    seen = [o for o in remote if o.vantage == names[0]] if names else []
    dns = [o for o in seen if isinstance(o, DnsObservation)]
    page = next((o for o in seen if isinstance(o, HttpObservation)), None)
    control: Fields = {
        "tcp_connect": {
            _joined(o): {"status": o.failure is None, "failure": _word(o)}
            for o in seen
            if isinstance(o, TcpObservation)
        },
        "tls_handshake": {
            _joined(o): {
                "server_name": o.server_name or "",
                "status": o.failure is None,
                "failure": _word(o),
            }
            for o in seen
            if isinstance(o, TlsObservation)
        },
    }
    if dns:
        addresses = [address for o in dns for address in o.addresses]
        control["dns"] = {"failure": None if addresses else _word(dns[0]), "addrs": addresses}
    if page is not None:
        control["http_request"] = {
            "body_length": page.body_bytes,
            "failure": _word(page),
            "title": page.title or "",
            "headers": dict(page.headers),
            "status_code": page.status or -1,
        }
    return control


def _first_failure(seen: Sequence[Observation], kind: type[Observation]) -> str | None:
    of_kind = [o for o in seen if isinstance(o, kind)]
    if not of_kind or any(o.failure is None for o in of_kind):
        return None
    return _word(of_kind[0])


def _word(o: Observation) -> str | None:
    return o.failure.word.value if o.failure is not None else None


def _joined(o: Observation) -> str:
    address = f"[{o.address}]" if o.address and ":" in o.address else o.address or ""
    return f"{address}:{o.port or 0}"


def _binary(data: bytes) -> Fields:
    return {"format": "base64", "data": base64.b64encode(data).decode()}
