"""What the benchmarks measure over is what it says it is."""

import json
from pathlib import Path

import pytest

from probe.cli.main import main
from probe.store import open_reader
from probe.trial.bench.archive import archive, count, database


def test_a_run_is_stored_so_many_times_and_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "roadblock.db"

    database(path, copies=3, services=("bbc",))

    with open_reader(path) as reader:
        runs = reader.runs()
        assert len(runs) == len({run.id for run in runs}) == 3
        assert len({run.started_at for run in runs}) == 3
        assert {len(reader.verdicts(run.id)) for run in runs} == {count(path, "verdict") // 3}
        assert all(list(reader.observation_lines(run.id)) for run in runs)


def test_the_archives_documents_are_judged_and_not_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A benchmark over documents that end as `insufficient` would be quick and say nothing."""
    path, root = tmp_path / "ooni.jsonl", tmp_path / "root.pem"
    archive(path, root, documents=77)

    assert main(["import", "ooni", "--json", "--ca-file", str(root), str(path)]) == 0

    states = [json.loads(line)["state"] for line in capsys.readouterr().out.splitlines()]
    assert states.count("blocked") == 11
    assert states.count("ok") == 66
