"""A run with one service cut by name, one slow, one that works: what most report tests need."""

from datetime import UTC, datetime

import pytest

from probe.model.run import FamilyVantage, Run, Vantage
from probe.model.target import Catalogue, Service
from probe.model.verdict import Rival, ServiceVerdict, VantageVerdict
from probe.model.words import (
    Category,
    Family,
    Grade,
    Layer,
    RivalStatus,
    Role,
    State,
    VantageState,
)
from probe.report.findings import Findings, findings
from tests.report.samples import CUT, endpoint, verdict


@pytest.fixture
def catalogue() -> Catalogue:
    services = {
        "instagram": ("Instagram", (Role.WEB, Role.API)),
        "twitter": ("Twitter/X", (Role.WEB,)),
        "bbc": ("BBC", (Role.WEB,)),
    }
    return Catalogue(
        services=tuple(
            Service(id=key, name=name, endpoints=tuple(endpoint(key, role) for role in roles))
            for key, (name, roles) in services.items()
        )
    )


@pytest.fixture
def found(catalogue: Catalogue) -> Findings:
    rival = Rival(id="server_refuses_name", status=RivalStatus.NOT_ASKED, experiment="C1")
    run = Run(
        id="r1",
        started_at=datetime(2026, 11, 23, 21, 43, tzinfo=UTC),
        status="complete",
        seed=7,
        vantage=Vantage(
            families=(FamilyVantage(family=Family.IPV4, asn=64500, as_name="EXAMPLE-NET"),),
            country="DE",
        ),
    )
    verdicts = (
        verdict("bbc.web"),
        verdict(
            "twitter.web",
            State.IMPAIRED,
            category=Category.THROTTLE,
            layer=Layer.HTTP,
            grade=Grade.SUSPECTED,
            n_target=1,
        ),
        verdict("instagram.api"),
        verdict("instagram.web", State.BLOCKED, rivals=(rival,), detail="reset after 16 ms", **CUT),
    )
    services = (
        ServiceVerdict(service="bbc", state=State.OK, category=Category.OK, witness="bbc.web"),
        ServiceVerdict(
            service="twitter",
            state=State.IMPAIRED,
            category=Category.THROTTLE,
            grade=Grade.SUSPECTED,
            witness="twitter.web",
        ),
        ServiceVerdict(
            service="instagram",
            state=State.BLOCKED,
            category=Category.TLS_SNI_RESET,
            grade=Grade.SUSPECTED,
            witness="instagram.web",
        ),
    )
    return findings(run, VantageVerdict(state=VantageState.ONLINE), services, verdicts, catalogue)
