import json
from datetime import UTC, datetime, timedelta

import pytest
import trio

from probe.cli.main import main
from probe.model.run import Run
from probe.store import open_writer


@pytest.fixture
def database(tmp_path):
    """A function that makes a database of runs: (hours ago, status, world)."""

    def make(*runs):
        path = tmp_path / "roadblock.db"

        async def fill():
            async with open_writer(path) as writer:
                for number, (hours, status, world) in enumerate(runs):
                    at = datetime.now(UTC) - timedelta(hours=hours)
                    run = Run(
                        id=f"r{number}", world=world, started_at=at, ended_at=at, status=status,
                        seed=1, bytes_received=2_000_000,
                    )  # fmt: skip
                    await writer.begin_run(run)
                    await writer.finish_run(run)

        trio.run(fill)
        return str(path)

    return make


def test_a_recent_good_run_is_healthy(database, capsys):
    assert main(["status", "--healthy", "--db", database((3, "complete", "internet"))]) == 0
    assert capsys.readouterr().out.startswith("healthy")


@pytest.mark.parametrize(
    "runs",
    [
        pytest.param([(30, "complete", "internet")], id="too old"),
        pytest.param([(1, "offline", "internet")], id="offline"),
        pytest.param([(1, "complete", "lab:open")], id="only in the lab"),
    ],
)
def test_without_a_recent_good_run_it_is_not(database, runs):
    assert main(["status", "--healthy", "--db", database(*runs)]) == 1


def test_no_database_is_not_healthy(tmp_path):
    """A container that has just started must not look as if it measured."""
    assert main(["status", "--healthy", "--db", str(tmp_path / "none.db")]) == 1


def test_the_status_tells_runs_traffic_and_disk(database, capsys):
    path = database((30, "complete", "internet"), (1, "offline", "internet"))

    assert main(["status", "--db", path]) == 0

    out = capsys.readouterr().out
    assert "offline" in out
    assert "2.0 MB of 256.0 MB" in out
    assert "4.0 MB of 4.0 GB" in out


def test_the_status_as_json(database, capsys):
    main(["status", "--json", "--max-age", "40", "--db", database((30, "complete", "internet"))])

    told = json.loads(capsys.readouterr().out)
    assert told["healthy"] is True
    assert told["last_good_age_s"] == pytest.approx(30 * 3600, abs=60)
