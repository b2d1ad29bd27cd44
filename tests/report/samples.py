"""Makes endpoints and verdicts with everything filled in that a test does not care about."""

from probe.model.target import Endpoint
from probe.model.verdict import Verdict
from probe.model.words import (
    Category,
    Family,
    Grade,
    Layer,
    Protocol,
    Role,
    State,
)


def endpoint(service: str, role: Role = Role.WEB) -> Endpoint:
    host = f"{role.value}.{service}.example".replace("_", "-")
    return Endpoint(
        id=f"{service}.{role.value}", service=service, host=host, role=role, url=f"https://{host}/"
    )


def verdict(endpoint_id: str, state: State = State.OK, **fields: object) -> Verdict:
    defaults = {
        "endpoint": endpoint_id,
        "service": endpoint_id.split(".")[0],
        "protocol": Protocol.HTTPS,
        "family": Family.IPV4,
        "state": state,
        "category": Category.OK if state is State.OK else Category.INSUFFICIENT,
        "rule_id": "test.rule",
    }
    return Verdict.model_validate(defaults | fields)


CUT = {
    "category": Category.TLS_SNI_RESET,
    "layer": Layer.TLS,
    "grade": Grade.SUSPECTED,
    "n_target": 1,
}
