import json
from datetime import UTC, datetime

import pytest

from probe.cli.main import main
from probe.config.consent import consent_sha256
from probe.model.run import Run
from probe.model.verdict import GateVerdict, VantageVerdict
from probe.model.words import VantageState
from probe.run import RunResult

GATES = (
    GateVerdict(gate="clock", outcome="pass", rule_id="gate.clock"),
    GateVerdict(gate="mtu", outcome="fail", rule_id="gate.mtu", detail="large packets are lost"),
    GateVerdict(gate="udp443", outcome="unknown", rule_id="gate.udp443"),
)


@pytest.fixture
def gates_only(monkeypatch):
    """Stand in for the measurement of the gates; what it was asked is kept."""
    asked = []

    async def measure(request, knowledge, tools, sink, *, run_id):
        asked.append(request)
        run = Run(id=run_id, started_at=datetime(2026, 11, 23, tzinfo=UTC), seed=0)
        vantage = VantageVerdict(state=VantageState.ONLINE, gates=GATES)
        return RunResult(run, vantage, (), ())

    monkeypatch.setattr("probe.cli.network_checks.measure", measure)
    return asked


def checks(capsys) -> dict[str, str]:
    return {row["name"]: row["state"] for row in json.loads(capsys.readouterr().out)}


def test_without_network_nothing_is_asked(gates_only, tmp_path, capsys):
    assert main(["doctor", "--json", "--db", str(tmp_path / "roadblock.db")]) == 0

    found = checks(capsys)
    assert gates_only == []
    assert found["UDP port 443"] == "not tested"
    assert {"Clock", "Resolver", "IPv6", "Disk", "Database", "Kernel lab"} <= set(found)


def test_asking_the_network_needs_consent(gates_only, capsys):
    assert main(["doctor", "--network"]) == 2

    assert gates_only == []
    assert "Nobody has agreed yet" in capsys.readouterr().err


def test_the_gates_are_told_and_no_service_is_contacted(gates_only, capsys):
    assert main(["doctor", "--network", "--json", "--consent", consent_sha256()]) == 2

    found = checks(capsys)
    assert gates_only[0].endpoints == ()
    assert (found["Gate clock"], found["Gate mtu"], found["Gate udp443"]) == (
        "ok",
        "bad",
        "not tested",
    )
    assert "UDP port 443" not in found


def test_a_database_that_cannot_be_written_is_bad(capsys):
    assert main(["doctor", "--json", "--db", "/proc/roadblock.db"]) == 2
    assert checks(capsys)["Database"] == "bad"
