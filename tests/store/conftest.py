from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from probe.model.experiment import Experiment, Kind
from probe.model.observation import (
    DnsAnswer,
    DnsObservation,
    Failure,
    HttpObservation,
    LocalObservation,
    Observation,
    QuicObservation,
    TcpInfo,
    TcpObservation,
    TlsObservation,
    TraceHop,
    TraceObservation,
)
from probe.model.run import FamilyVantage, Run, Vantage
from probe.model.target import Catalogue, Endpoint, Service
from probe.model.verdict import GateVerdict, Rival, ServiceVerdict, VantageVerdict, Verdict
from probe.model.words import (
    Arm,
    Category,
    FailureWord,
    Family,
    Grade,
    Operation,
    Protocol,
    RivalStatus,
    Role,
    State,
    Transport,
    VantageState,
)

START = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


def a_run(run_id: str = "r1", **fields: Any) -> Run:
    vantage = Vantage(families=(FamilyVantage(family=Family.IPV4, asn=64500, country="XA"),))
    return Run(**{"id": run_id, "started_at": START, "seed": 2**70, "vantage": vantage} | fields)


def common(endpoint: str = "a.web", n: int = 0, **fields: Any) -> dict[str, Any]:
    experiment = Experiment(kind=Kind.SCREEN, endpoint=endpoint).id
    return {
        "id": f"{experiment}/0/{n}",
        "experiment": experiment,
        "endpoint": endpoint,
        "arm": Arm.TARGET,
        "started_at": START + timedelta(milliseconds=n),
        "duration_s": 0.05,
    } | fields


def a_page(endpoint: str = "a.web", n: int = 3, **fields: Any) -> HttpObservation:
    own = {
        "url": "https://a.example/",
        "host": "a.example",
        "over_tls": True,
        "status": 200,
        "headers": (("server", "nginx"), ("etag", '"x"')),
        "body": b"<title>A</title>",
        "body_bytes": 16,
        "ended": "complete",
    }
    return HttpObservation(**common(endpoint, n) | own | fields)


def look(endpoint: str = "a.web", body: bytes = b"<title>A</title>") -> tuple[Observation, ...]:
    """One observation of every kind, fields filled."""
    failure = Failure(
        word=FailureWord.CONNECTION_RESET, operation=Operation.READ, errno=104, raw="ECONNRESET"
    )
    return (
        DnsObservation(
            **common(endpoint, 0, address="8.8.8.8", port=53),
            name="a.example",
            query_type="A",
            resolver="google",
            transport=Transport.UDP,
            answers=(
                DnsAnswer(
                    after_s=0.01,
                    rcode=0,
                    addresses=("198.51.100.7",),
                    ttls=(60,),
                    ede=((17, "filtered"),),
                    wire=b"\x00\xff\x80",
                ),
                DnsAnswer(after_s=0.02, malformed="short", wire=b"\x01"),
            ),
        ),
        TcpObservation(
            **common(endpoint, 1, family=Family.IPV4, address="198.51.100.7", port=443),
            source_port=40000,
            icmp=(3, 1, "9.9.9.1"),
            tcp_info=TcpInfo(rtt_us=52_000),
        ),
        TlsObservation(
            **common(endpoint, 2, failure=failure, loop_lag_s=0.001),
            server_name="a.example",
            chain=(b"leaf" + b"\x00" * 300, b"intermediate"),
            received_head=b"\x15\x03\x03",
            alpn_offered=("h2",),
            progress=((0.1, 5),),
        ),
        a_page(endpoint, body=body),
        QuicObservation(**common(endpoint, 4), server_name="a.example", version="1"),
        TraceObservation(
            **common(endpoint, 5),
            method="hello",
            hops=(TraceHop(ttl=1, outcome="silent"), TraceHop(ttl=2, outcome="reset")),
        ),
        LocalObservation(**common(endpoint, 6), detail={"kernel": "6.1"}, proxies=("http_proxy",)),
    )


def a_verdict(endpoint: str = "a.web", state: State = State.BLOCKED, **fields: Any) -> Verdict:
    own = {
        "state": state,
        "category": Category.OK if state is State.OK else Category.TLS_SNI_RESET,
        "rule_id": "tls.reset",
        "endpoint": endpoint,
        "service": endpoint.partition(".")[0],
        "protocol": Protocol.HTTPS,
        "family": Family.IPV4,
        "grade": None if state is State.OK else Grade.SUSPECTED,
        "evidence": (common(endpoint, 2)["id"],),
        "ruleset_version": "1",
    }
    return Verdict(**own | fields)


A_RIVAL = Rival(
    id="server_refuses_name", status=RivalStatus.RULED_OUT, by=(common("a.web", 3)["id"],)
)
A_VANTAGE = VantageVerdict(
    state=VantageState.ONLINE,
    gates=(GateVerdict(gate="offline", outcome="pass", rule_id="gate.offline.pass"),),
)
A_SERVICE = ServiceVerdict(service="a", state=State.BLOCKED, category=Category.TLS_SNI_RESET)


def a_catalogue(*endpoints: str) -> Catalogue:
    made = tuple(
        Endpoint(id=name, service="a", host="a.example", role=Role.WEB, url="https://a.example/")
        for name in endpoints
    )
    return Catalogue(services=(Service(id="a", name="A", endpoints=made),), sha256="c" * 64)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "roadblock.db"


Maker = Callable[..., Any]
