"""A service over its endpoints: the worst explained state, with a witness."""

import pytest

from probe.classify import judge_service
from probe.model.target import Service
from probe.model.verdict import Verdict
from probe.model.words import Category, Family, Grade, Protocol, Role, State
from tests.classify.build import endpoint

WEB = endpoint(id="s.web", role=Role.WEB)
API = endpoint(id="s.api", role=Role.API)
MEDIA = endpoint(id="s.media", role=Role.MEDIA)
SIDE = endpoint(id="s.side", role=Role.WEB, core=False)
CONTENT = endpoint(id="s.content", role=Role.CONTENT, core=False)
SERVICE = Service(id="s", name="S", endpoints=(WEB, API, MEDIA, SIDE, CONTENT))
GRADED = {State.BLOCKED, State.IMPAIRED, State.REFUSED, State.DOWN, State.RESTRICTED}


def said(
    target,
    state: State,
    category: Category = Category.TLS_SNI_RESET,
    *,
    grade: Grade = Grade.SUSPECTED,
    family: Family = Family.IPV4,
    protocol: Protocol = Protocol.HTTPS,
) -> Verdict:
    return Verdict(
        endpoint=target.id,
        service="s",
        protocol=protocol,
        family=family,
        state=state,
        category=category
        if state in GRADED or category is Category.THROTTLE
        else Category(state.value),
        grade=grade if state in GRADED else None,
        rule_id="r",
    )


OK_ALL = [said(e, State.OK) for e in (WEB, API, MEDIA)]


@pytest.mark.parametrize(
    ("verdicts", "state", "witness"),
    [
        pytest.param(OK_ALL, State.OK, "s.web", id="all fine"),
        pytest.param([], State.INSUFFICIENT, None, id="nothing measured"),
        pytest.param(
            [said(WEB, State.BLOCKED), *OK_ALL[1:]], State.BLOCKED, "s.web", id="the page is"
        ),
        pytest.param(
            [OK_ALL[0], OK_ALL[1], said(MEDIA, State.BLOCKED)],
            State.IMPAIRED,
            "s.media",
            id="only pictures are",
        ),
        pytest.param(
            [OK_ALL[0], said(API, State.BLOCKED), said(MEDIA, State.BLOCKED)],
            State.BLOCKED,
            "s.api",
            id="most of the core is",
        ),
        pytest.param(
            [*OK_ALL, said(SIDE, State.BLOCKED)], State.IMPAIRED, "s.side", id="a side page is"
        ),
        pytest.param(
            [OK_ALL[0], said(API, State.INSUFFICIENT), OK_ALL[2]],
            State.OK,
            "s.web",
            id="ignorance about a side road",
        ),
        pytest.param(
            [said(WEB, State.INSUFFICIENT), *OK_ALL[1:]],
            State.INSUFFICIENT,
            "s.web",
            id="ignorance about the page itself",
        ),
        pytest.param(
            [said(WEB, State.INSUFFICIENT, Category.THROTTLE), *OK_ALL[1:], said(SIDE, State.OK)],
            State.INSUFFICIENT,
            "s.web",
            id="slow, and nobody is accused",
        ),
        pytest.param(
            [*OK_ALL, said(CONTENT, State.RESTRICTED, Category.PLATFORM_WITHHELD)],
            State.OK,
            "s.web",
            id="withheld items do not speak for the service",
        ),
        pytest.param(
            [said(WEB, State.OK), said(WEB, State.BLOCKED, family=Family.IPV6), *OK_ALL[1:]],
            State.IMPAIRED,
            "s.web",
            id="one family is",
        ),
        pytest.param(
            [said(WEB, State.OK), said(WEB, State.INSUFFICIENT, family=Family.IPV6)],
            State.OK,
            "s.web",
            id="one family is unknown",
        ),
        pytest.param(
            [*OK_ALL, said(WEB, State.BLOCKED, Category.QUIC_BLOCK, protocol=Protocol.QUIC)],
            State.OK,
            "s.web",
            id="QUIC falls back to TCP",
        ),
    ],
)
def test_state_and_witness(verdicts, state, witness) -> None:
    verdict = judge_service(SERVICE, verdicts)

    assert (verdict.state, verdict.witness) == (state, witness)


def test_strongest_witness_speaks() -> None:
    verdict = judge_service(
        SERVICE,
        [
            said(SIDE, State.BLOCKED, Category.IP_BLOCK),
            said(WEB, State.BLOCKED, grade=Grade.STRONG),
        ],
    )

    assert (verdict.witness, verdict.grade) == ("s.web", Grade.STRONG)


def test_endpoints_are_counted_by_state() -> None:
    verdict = judge_service(SERVICE, [said(WEB, State.BLOCKED), *OK_ALL[1:]])

    assert (verdict.endpoints, verdict.counts) == (3, {"blocked": 1, "ok": 2})


E1, E2 = (
    endpoint(f"tcp://{host}:5222", id=f"s.{host[:2]}", host=host, role=Role.MESSAGING, core=False)
    for host in ("e1.whatsapp.net", "e2.whatsapp.net")
)
CHAT = Service(id="s", name="S", endpoints=(WEB, API, E1, E2))


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        pytest.param(State.OK, State.OK, State.OK, id="all fine"),
        pytest.param(State.INSUFFICIENT, State.OK, State.OK, id="one host of two is silent"),
        pytest.param(State.INSUFFICIENT, State.INSUFFICIENT, State.INSUFFICIENT, id="both are"),
        pytest.param(State.BLOCKED, State.OK, State.IMPAIRED, id="one host of two is blocked"),
        pytest.param(State.BLOCKED, State.BLOCKED, State.BLOCKED, id="both are blocked"),
    ],
)
def test_a_page_that_opens_is_no_chat(first, second, state) -> None:
    """OONI's WhatsApp test calls the endpoints blocked when all of them fail; ours was `ok`."""
    verdicts = [said(WEB, State.OK), said(API, State.OK), said(E1, first), said(E2, second)]

    assert judge_service(CHAT, verdicts).state is state
