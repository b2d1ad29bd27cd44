"""Further attempts, deadlines, interruptions of a check that measures; the measuring is a fake."""

import math
import signal
from dataclasses import replace

import pytest
import trio

from probe.analyse.check import Plan, check
from probe.cli import check_live
from probe.cli.check_live import Live, attempts
from probe.cli.main import main
from probe.model.knowledge import Knowledge
from probe.model.run import Machine
from probe.model.target import Catalogue, Endpoint, Service
from probe.model.verdict import ServiceVerdict
from probe.model.words import Category, Role, State
from probe.report.findings import findings
from probe.run import RunRequest
from probe.store import open_writer
from tests.analyse.samples import TODAY, baseline
from tests.cli.check_samples import ONLINE, run, verdict
from tests.cli.test_run import CONSENT, Measurement

STATES = {"x": State.BLOCKED, ".": State.OK, "?": State.INSUFFICIENT}


def endpoint(name, *, own):
    return Endpoint(
        id=name, service="shop", host="a.example", role=Role.WEB, url="https://a.example/", own=own
    )


class FakeNetwork:
    """Measures what a script says: one text per attempt, one letter per endpoint."""

    def __init__(self, monkeypatch, tmp_path, *script, own=True, takes_s=5.0):
        self.script, self.takes_s = list(script), takes_s
        names = [f"shop.{letter}" for letter in "abc"[: len(script[0])]]
        self.endpoints = tuple(endpoint(name, own=own) for name in names)
        self.services = (Service(id="shop", name="Shop", endpoints=self.endpoints),)
        self.catalogue = Catalogue(services=self.services)
        self.database = tmp_path / "runs.db"
        self.asked = []
        monkeypatch.setattr(check_live, "measure_and_store", self.measure)

    async def measure(self, request, knowledge, machine, database, tell, deadline_s):
        self.asked.append((trio.current_time(), [e.id for e in request.endpoints], request.again))
        said = self.script.pop(0)
        one = run(f"run-{len(self.asked)}", status="interrupted" if said == "!" else "complete")
        verdicts = [
            verdict(e.id, STATES[letter])
            for e, letter in zip(request.endpoints, said, strict=False)
            if letter in STATES
        ]
        with trio.move_on_after(deadline_s) as cut:
            await trio.sleep(self.takes_s)
        if cut.cancelled_caught:
            one, verdicts = one.model_copy(update={"status": "interrupted"}), []
        async with open_writer(database, inline=True) as writer:
            await writer.begin_run(one)
            await writer.finish_run(one)
        return findings(one, ONLINE, (), tuple(verdicts), self.catalogue)

    async def check(self, *, at_most=2, needed=None, again=False, **options):
        plan = Plan(
            services=self.services,
            endpoints=self.endpoints,
            baseline=replace(baseline("")),
            today=TODAY,
            judge_service=lambda service, _: ServiceVerdict(
                service=service.id, state=State.OK, category=Category.OK
            ),
            tool_version="0.1.0",
            max_attempts=at_most,
            failures_needed=needed or at_most,
        )
        live = Live(
            request=RunRequest(endpoints=self.endpoints, again=again),
            knowledge=Knowledge(catalogue=self.catalogue),
            machine=Machine(),
            database=self.database,
            language="en",
            quiet=True,
            deadline_s=options.get("deadline_s", math.inf),
            retry_wait_s=options.get("retry_wait_s", 10.0),
        )
        takes, notes, code = await attempts(live, plan)
        return check(takes, plan, notes=notes), code


@pytest.fixture
def network(monkeypatch, tmp_path, autojump_clock):
    return lambda *script, **options: FakeNetwork(monkeypatch, tmp_path, *script, **options)


async def test_what_passes_is_measured_once(network, autojump_clock):
    fake = network("..")

    report, _ = await fake.check()

    assert report.exit_code == 0
    assert len(fake.asked) == 1


async def test_only_what_failed_is_measured_again_after_a_pause(network, autojump_clock):
    fake = network(".x", ".")

    report, _ = await fake.check(retry_wait_s=30)

    (first, everything, _), (second, again, is_again) = fake.asked
    assert (everything, again) == (["shop.a", "shop.b"], ["shop.b"])
    assert is_again
    assert second - first == pytest.approx(5 + 30, abs=1)
    assert report.exit_code == 0
    assert [result.endpoint for result in report.results if result.flaky] == ["shop.b"]


async def test_what_fails_every_time_fails(network, autojump_clock):
    report, _ = await network("x", "x", "x").check(at_most=3)

    assert report.exit_code == 1
    (failure,) = [result for result in report.results if result.severity == "failure"]
    assert [attempt.run for attempt in failure.attempts] == ["run-1", "run-2", "run-3"]


async def test_attempts_end_when_the_matter_is_settled(network, autojump_clock):
    fake = network("x", "x", "x")

    report, _ = await fake.check(at_most=3, needed=2)

    assert len(fake.asked) == 2
    assert report.exit_code == 1


async def test_endpoints_of_others_are_not_measured_again_at_once(network, autojump_clock):
    """The pause between sessions is owed to them."""
    fake = network("x", own=False)

    report, _ = await fake.check()

    assert len(fake.asked) == 1
    assert report.exit_code == 1


async def test_endpoints_of_others_are_measured_again_when_asked(network, autojump_clock):
    fake = network("x", ".", own=False)

    report, _ = await fake.check(again=True)

    assert report.exit_code == 0


async def test_a_deadline_leaves_what_was_finished_and_is_inconclusive(network, autojump_clock):
    report, code = await network(".", takes_s=100).check(deadline_s=20)

    assert report.exit_code == 3
    assert report.notes[0] == "The deadline of 20 s was reached; what was finished counts."
    assert code is None


async def test_no_attempt_begins_that_the_deadline_would_cut_at_once(network, autojump_clock):
    fake = network("x", ".")

    report, _ = await fake.check(deadline_s=12, retry_wait_s=10)

    assert len(fake.asked) == 1
    assert report.exit_code == 1


async def test_a_signal_ends_it_at_once(network, autojump_clock):
    fake = network("!")

    report, code = await fake.check()

    assert code == 130
    assert report.exit_code == 3


# --- The whole command; the measuring is `test_run`'s stand-in: everything is cut by name.


@pytest.fixture
def measurement(monkeypatch):
    stand_in = Measurement()
    monkeypatch.setattr("probe.cli.measuring.measure", stand_in)
    return stand_in


def checked(tmp_path, *arguments):
    database = str(tmp_path / "runs.db")
    return main(["check", "instagram", "--quiet", "--db", database, *CONSENT, *arguments])


def test_the_command_measures_stores_and_compares(measurement, tmp_path, capsys):
    assert checked(tmp_path) == 1

    out = capsys.readouterr().out
    assert "FAIL  tls www.instagram.com (instagram.web, https, ipv4)" in out
    (request,) = measurement.requests
    assert request.profile == "quick"
    assert main(["check", "--db", str(tmp_path / "runs.db"), "--from-run", "2"]) == 1


def test_the_command_asks_for_consent_before_anything_is_sent(measurement, tmp_path):
    assert main(["check", "instagram", "--db", str(tmp_path / "runs.db")]) == 2
    assert measurement.requests == []


def test_a_fault_in_the_baseline_is_told_before_anything_is_sent(measurement, tmp_path):
    file = tmp_path / "faulty.toml"
    file.write_text('[expect]\nnobody = "ok"\n')

    assert checked(tmp_path, "--baseline", str(file)) == 2
    assert measurement.requests == []


@pytest.mark.parametrize(("status", "code"), [("offline", 3), ("budget", 1), ("failed", 4)])
def test_the_command_ends_as_the_run_ended(measurement, tmp_path, status, code):
    measurement.status = status

    assert checked(tmp_path) == code


def test_an_interrupted_command_reports_what_is_stored(measurement, tmp_path, capsys):
    measurement.interrupts = signal.SIGTERM

    assert checked(tmp_path) == 130
    assert "Attempt 1 ended before its plan (interrupted)." in capsys.readouterr().out
