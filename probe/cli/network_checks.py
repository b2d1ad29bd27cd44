"""What `doctor --network` asks the outside: the gates of a run, without any service."""

from datetime import UTC, datetime
from typing import Literal

import trio

from probe.cli.checks import Check
from probe.model.knowledge import Knowledge
from probe.model.run import Machine
from probe.model.verdict import GateVerdict
from probe.report.words import place, vantage_sentences, wording
from probe.run import RunRequest, RunResult, measure
from probe.run.memory import MemorySink
from probe.run.setup import make_tools

OUTCOMES: dict[str, Literal["ok", "bad", "not tested"]] = {
    "pass": "ok",
    "fail": "bad",
    "unknown": "not tested",
}


def network_checks(knowledge: Knowledge, machine: Machine) -> tuple[Check, ...]:
    """Ask the control hosts; one check per gate. Nothing is stored."""
    result = trio.run(_gates, knowledge, machine)
    words = wording("en")
    return (
        Check("Network", "ok", place(result.run, words)),
        Check(
            "Line",
            "ok" if result.vantage.may_judge else "bad",
            vantage_sentences(result.vantage, result.run, words)[0],
        ),
        *(_check(gate) for gate in result.vantage.gates),
    )


async def _gates(knowledge: Knowledge, machine: Machine) -> RunResult:
    utc = datetime.now(UTC)
    tools = make_tools(knowledge, machine, utc=utc)
    return await measure(RunRequest(endpoints=()), knowledge, tools, MemorySink(), run_id="doctor")


def _check(gate: GateVerdict) -> Check:
    return Check(f"Gate {gate.gate}", OUTCOMES[gate.outcome], gate.detail or gate.rule_id)
