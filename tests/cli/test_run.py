"""The verb `run`, with a stand-in for the measurement: what it asks for, prints and ends with."""

import json
import os
import signal
from datetime import UTC, datetime

import pytest
import trio

from probe.cli.main import main
from probe.config.consent import consent_sha256
from probe.model.run import Machine, Run
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict
from probe.model.words import Category, Family, Grade, Layer, Protocol, State, VantageState
from probe.run import EndpointDone, EndpointStarted, GatesDone, RunResult

CONSENT = ["--consent", consent_sha256()]


class Measurement:
    """Pretends to have measured: every endpoint is cut by name, or what `status` says."""

    def __init__(self, status="complete"):
        self.status = status
        self.requests = []
        self.interrupts = False

    async def __call__(self, request, knowledge, tools, sink, *, run_id, on_event, **_):
        self.requests.append(request)
        run = Run(
            id=run_id,
            started_at=datetime(2026, 11, 23, tzinfo=UTC),
            seed=request.seed,
            world=request.world,
            status="interrupted" if self.interrupts else self.status,
        )
        await sink.begin_run(run, knowledge.catalogue)
        online = self.status != "offline"
        vantage = VantageVerdict(state=VantageState.ONLINE if online else VantageState.OFFLINE)
        on_event(GatesDone(vantage, "start"))
        verdicts = tuple(self.verdict(endpoint) for endpoint in request.endpoints) if online else ()
        services = tuple(
            ServiceVerdict(
                service=service,
                state=State.BLOCKED,
                category=Category.TLS_SNI_RESET,
                grade=Grade.SUSPECTED,
                witness=next(v.endpoint for v in verdicts if v.service == service),
            )
            for service in (request.services if online else ())
        )
        total = len(request.endpoints)
        for done, endpoint in enumerate(request.endpoints if online else ()):
            on_event(EndpointStarted(endpoint, done, total))
            on_event(EndpointDone(endpoint, (self.verdict(endpoint),), done + 1, total))
        await sink.add_verdicts(run_id, verdicts, services, vantage, set_id=run_id)
        await sink.finish_run(run)
        if self.interrupts:
            os.kill(os.getpid(), self.interrupts)
            await trio.sleep_forever()
        return RunResult(run, vantage, verdicts, services)

    def verdict(self, endpoint):
        return Verdict(
            endpoint=endpoint.id,
            service=endpoint.service,
            protocol=Protocol.HTTPS,
            family=Family.IPV4,
            state=State.BLOCKED,
            category=Category.TLS_SNI_RESET,
            layer=Layer.TLS,
            grade=Grade.SUSPECTED,
            rule_id="tls.reset",
            n_target=1,
        )


@pytest.fixture
def measurement(monkeypatch):
    stand_in = Measurement()
    monkeypatch.setattr("probe.cli.measuring.measure", stand_in)
    return stand_in


@pytest.fixture
def database(tmp_path):
    return ["--db", str(tmp_path / "roadblock.db")]


def test_without_consent_nothing_is_measured(measurement, database, capsys):
    assert main(["run", *database]) == 2

    assert measurement.requests == []
    assert f"roadblock run --consent {consent_sha256()}" in capsys.readouterr().err


def test_the_result_goes_to_stdout_and_progress_to_stderr(measurement, database, capsys):
    assert main(["run", "instagram", *database, *CONSENT]) == 0

    captured = capsys.readouterr()
    assert "Instagram: could not be reached. The connection was cut right after" in captured.out
    assert "tls_sni_reset" in captured.out
    assert "[1/3] instagram.web: could not be reached." in captured.err
    assert "[1/3]" not in captured.out


def test_json_is_one_object_and_nothing_else(measurement, database, capsys):
    assert main(["run", "instagram", "--json", *database, *CONSENT]) == 0

    document = json.loads(capsys.readouterr().out)
    assert document["run"]["status"] == "complete"
    assert {verdict["service"] for verdict in document["verdicts"]} == {"instagram"}


@pytest.mark.parametrize(
    ("status", "code"),
    [("complete", 0), ("offline", 3), ("budget", 3), ("invalid", 3), ("failed", 4)],
)
def test_the_exit_code_says_how_the_run_ended(measurement, database, status, code):
    measurement.status = status

    assert main(["run", *database, *CONSENT]) == code


def test_offline_is_said_and_no_service_is_blamed(measurement, database, capsys):
    measurement.status = "offline"

    main(["run", *database, *CONSENT])

    out = capsys.readouterr().out
    assert "There is no internet here" in out
    assert "could not be reached" not in out


def test_by_default_the_core_of_the_first_tier_is_measured(measurement, database):
    main(["run", *database, *CONSENT])

    (request,) = measurement.requests
    assert {"instagram", "facebook", "twitter"} <= set(request.services)
    assert not {"rt", "sputnik"} & set(request.services)
    assert all(endpoint.core for endpoint in request.endpoints)
    assert request.world == "internet"
    assert request.consent_sha256 == consent_sha256()


def test_a_sensitive_service_is_measured_when_named_with_its_notes(measurement, database, capsys):
    main(["run", "rt", *database, *CONSENT])

    assert measurement.requests[0].services == ("rt",)
    assert "Note. RT, EU: " in capsys.readouterr().err


def test_consent_given_once_serves_the_next_run(measurement, database):
    assert main(["run", *database, *CONSENT]) == 0
    assert main(["run", *database, "--again"]) == 0


def test_the_seed_is_new_unless_it_is_given(measurement, database):
    for seed in ([], [], ["--seed", "7"]):
        main(["run", "--again", *database, *CONSENT, *seed])

    drawn, drawn_again, given = (request.seed for request in measurement.requests)
    assert drawn != drawn_again
    assert given == 7


def test_outputs_are_written_beside(measurement, database, tmp_path):
    file = tmp_path / "run.json"

    main(["run", *database, *CONSENT, "--output", f"json={file}"])

    assert json.loads(file.read_text(encoding="utf-8"))["schema_version"] == 1
    assert [path.name for path in tmp_path.glob("*run.json*")] == ["run.json"]


def test_the_run_can_be_read_again_from_the_store(measurement, database, capsys):
    main(["run", "instagram", *database, *CONSENT])
    said = capsys.readouterr().out

    assert main(["report", *database]) == 0
    assert capsys.readouterr().out == said


@pytest.fixture
def hang_up_counts():
    """Let a closed terminal end what runs, also where the tests were started by nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hang_up_counts")
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_run_and_keeps_what_is_finished(measurement, database, capsys, by):
    """A terminal that was closed (SIGHUP) ended it without a word on where it had stood."""
    measurement.interrupts = by

    assert main(["run", "instagram", *database, *CONSENT]) == 130

    captured = capsys.readouterr()
    assert "The run was interrupted" in captured.out
    assert "Instagram: could not be reached." in captured.out
    assert "once more stops at once" in captured.err


def test_inside_the_lab_no_consent_is_needed_and_the_run_is_marked(
    measurement, database, monkeypatch
):
    marked = "# Roadblock lab: march-2022\nnameserver 192.0.2.1\n"
    monkeypatch.setattr(
        "probe.cli.choice.read_machine",
        lambda: Machine(resolv_conf=marked),
    )

    assert main(["run", *database]) == 0

    assert measurement.requests[0].world == "lab:march-2022"
    assert measurement.requests[0].consent_sha256 is None
    assert main(["report", *database]) == 2, "lab runs are left out of reports unless asked for"
    assert main(["report", "--world", "march-2022", *database]) == 0
