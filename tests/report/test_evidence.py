from datetime import UTC, datetime, timedelta

import pytest

from probe.model.observation import (
    DnsAnswer,
    DnsObservation,
    Failure,
    HttpObservation,
    PingObservation,
    TcpObservation,
    TlsObservation,
)
from probe.model.words import Arm, FailureWord, Operation, State, Transport
from probe.report.evidence import evidence_blocks, result, what
from probe.report.grid import plain
from probe.report.words import wording
from tests.report.samples import CUT, verdict

START = datetime(2026, 11, 23, 21, 43, tzinfo=UTC)


def step(kind, number=0, **fields):
    base = {
        "id": f"e/0/{number}",
        "experiment": "e",
        "endpoint": "instagram.web",
        "arm": Arm.TARGET,
        "started_at": START + timedelta(seconds=number),
        "duration_s": 0.052,
    }
    return kind.model_validate(base | fields)


RESET = Failure(
    word=FailureWord.CONNECTION_RESET, operation=Operation.HANDSHAKE, errno=104, raw="ECONNRESET"
)
STEPS = {
    "dns": step(
        DnsObservation,
        name="www.instagram.com",
        query_type="A",
        resolver="system",
        transport=Transport.SYSTEM,
        answers=(
            DnsAnswer(after_s=0.004, rcode=0, addresses=("10.10.34.35",)),
            DnsAnswer(after_s=0.031, rcode=3),
            DnsAnswer(after_s=0.040, malformed="loop"),
        ),
    ),
    "tcp": step(TcpObservation, 1, address="157.240.31.63", port=443),
    "tls": step(
        TlsObservation, 2, address="157.240.31.63", server_name="www.instagram.com", failure=RESET
    ),
    "prohibited": step(
        TcpObservation,
        4,
        address="157.240.31.63",
        port=443,
        failure=Failure(
            word=FailureWord.HOST_UNREACHABLE, operation=Operation.CONNECT, raw="EHOSTUNREACH"
        ),
        icmp=(3, 13, "198.18.0.1"),
    ),
    "pings": step(
        PingObservation,
        5,
        address="157.240.31.63",
        server_name="www.instagram.com",
        method="h2",
        pings_sent=7,
        pings_answered=6,
        ended="silent",
        failure=Failure(word=FailureWord.GENERIC_TIMEOUT_ERROR, operation=Operation.READ),
    ),
    "http": step(
        HttpObservation,
        3,
        url="http://www.instagram.com/",
        host="www.instagram.com",
        over_tls=False,
        status=302,
        location="http://block.example/\x1b[2J",
        title="Доступ ограничен",
        body_bytes=120,
        ended="complete",
    ),
}


@pytest.mark.parametrize(
    ("name", "asked", "came"),
    [
        (
            "dns",
            "A www.instagram.com by system (system)",
            "10.10.34.35 after 4 ms; rcode 3, empty after 31 ms; unreadable (loop) after 40 ms",
        ),
        ("tcp", "port 443 @ 157.240.31.63", "ok"),
        (
            "tls",
            "www.instagram.com @ 157.240.31.63, hello ssl",
            "connection_reset (ECONNRESET) at handshake",
        ),
        (
            "prohibited",
            "port 443 @ 157.240.31.63",
            "host_unreachable (EHOSTUNREACH) at connect; ICMP 3/13 from 198.18.0.1",
        ),
        ("pings", "PINGs, h2 www.instagram.com @ 157.240.31.63", "6 of 7 answered, then silent"),
    ],
)
def test_a_step_says_what_was_asked_and_what_came(name, asked, came):
    assert (what(STEPS[name]), result(STEPS[name])) == (asked, came)


def test_the_evidence_stands_in_time_order_and_marks_what_carries_the_verdict():
    cut = verdict("instagram.web", State.BLOCKED, evidence=("e/0/2",), **CUT)

    text = "\n".join(
        plain(block)
        for block in evidence_blocks([cut], reversed(list(STEPS.values())), wording("en"))
    )

    rows = [line for line in text.splitlines() if " ms " in line]
    assert [row.split()[0] == "*" for row in rows] == [number == 2 for number in range(len(STEPS))]
    assert "by rule test.rule" in text


def test_what_the_network_sent_is_escaped():
    cut = verdict("instagram.web", State.BLOCKED, **CUT)

    text = "\n".join(
        plain(block) for block in evidence_blocks([cut], STEPS.values(), wording("en"))
    )

    assert "\x1b" not in text
    assert "block.example/\\x1b[2J" in text
    assert "Доступ ограничен" in text
