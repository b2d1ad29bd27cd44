"""Makes the values these tests are about."""

from datetime import UTC, date, datetime

from probe.analyse.baseline import Baseline
from probe.analyse.baseline_file import parse_baseline
from probe.model.run import FamilyVantage, Run, Vantage
from probe.model.target import Endpoint, Service
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict
from probe.model.words import (
    Category,
    Family,
    Grade,
    Layer,
    Protocol,
    Role,
    State,
    VantageState,
)

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GERMANY = Vantage(
    families=(FamilyVantage(family=Family.IPV4, asn=64501, country="DE"),),
    country="DE",
    source="iptoasn 2026-09-16",
)
ONLINE = VantageVerdict(state=VantageState.ONLINE, sentence="All controls answer.")


def endpoint(name: str, *, own: bool = False) -> Endpoint:
    service = name.split(".", maxsplit=1)[0]
    host = f"www.{service}.example"
    return Endpoint(
        id=name, service=service, host=host, role=Role.WEB, url=f"https://{host}/", own=own
    )


def service(name: str, *endpoints: str, own: bool = False) -> Service:
    ids = endpoints or (f"{name}.web",)
    return Service(id=name, name=name.title(), endpoints=tuple(endpoint(e, own=own) for e in ids))


SERVICES = (
    service("instagram", "instagram.web", "instagram.api"),
    service("rt", "rt.web", "rt.de"),
)


def good(name: str = "instagram.web", **fields: object) -> Verdict:
    given: dict[str, object] = {
        "endpoint": name,
        "service": name.split(".", maxsplit=1)[0],
        "protocol": Protocol.HTTPS,
        "family": Family.IPV4,
        "state": State.OK,
        "category": Category.OK,
        "rule_id": "all.ok",
    }
    return Verdict.model_validate(given | fields)


def bad(name: str = "instagram.web", **fields: object) -> Verdict:
    given: dict[str, object] = {
        "state": State.BLOCKED,
        "category": Category.TLS_SNI_RESET,
        "subtype": "injected",
        "layer": Layer.TLS,
        "grade": Grade.PROBABLE,
        "rule_id": "tls.reset_after_hello",
        "detail": "reset 16 ms after the name; connection took 52 ms",
        "evidence": ("e1/0/1",),
        "n_target": 3,
        "n_control": 3,
    }
    return good(name, **(given | fields))


def restricted(name: str = "instagram.web", **fields: object) -> Verdict:
    given: dict[str, object] = {
        "state": State.RESTRICTED,
        "category": Category.REACHABLE_BOTWALL,
        "subtype": "challenge",
        "layer": Layer.HTTP,
        "grade": Grade.STRONG,
        "rule_id": "http.botwall",
    }
    return good(name, **(given | fields))


def unclear(name: str = "instagram.web", **fields: object) -> Verdict:
    given: dict[str, object] = {
        "state": State.INSUFFICIENT,
        "category": Category.INSUFFICIENT,
        "rule_id": "all.insufficient",
    }
    return good(name, **(given | fields))


def service_verdict(name: str, state: State = State.OK, **fields: object) -> ServiceVerdict:
    category = Category.OK if state is State.OK else Category.TLS_SNI_RESET
    given: dict[str, object] = {"service": name, "state": state, "category": category}
    return ServiceVerdict.model_validate(given | fields)


def run(name: str = "run-1", **fields: object) -> Run:
    given: dict[str, object] = {
        "id": name,
        "started_at": NOW,
        "ended_at": NOW,
        "status": "complete",
        "seed": 1,
        "vantage": GERMANY,
        "versions": {"roadblock": "0.1.0"},
        "bytes_sent": 1200,
        "bytes_received": 34000,
    }
    return Run.model_validate(given | fields)


def baseline(text: str) -> Baseline:
    return parse_baseline(text, file="roadblock.toml", services=SERVICES)
