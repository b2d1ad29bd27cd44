"""The verb `export` over a database with one run of the internet and one of the lab."""

import csv
import json
import sys
from datetime import UTC, datetime

import pytest
import trio

from probe.cli.main import main
from probe.model.run import Run
from probe.model.verdict import Verdict
from probe.model.words import Category, Protocol, State
from probe.store import open_writer


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "roadblock.db"

    async def fill():
        async with open_writer(path) as writer:
            for run_id, world in (("real-1", "internet"), ("lab-1", "lab:open")):
                started = datetime(2026, 11, 23, tzinfo=UTC)
                run = Run(id=run_id, world=world, started_at=started, seed=1, status="complete")
                await writer.begin_run(run)
                await writer.add_verdicts(run_id, [VERDICT], set_id=run_id)
                await writer.finish_run(run)

    trio.run(fill)
    return str(path)


VERDICT = Verdict(
    endpoint="bbc.web",
    service="bbc",
    protocol=Protocol.HTTPS,
    state=State.OK,
    category=Category.OK,
    rule_id="test",
    detail="evil \x9b2J",
)


def lines(capsys) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_json_lines_name_table_and_run_and_are_safe_to_print(database, capsys):
    assert main(["export", "--db", database]) == 0

    text = lines(capsys)
    rows = [json.loads(line) for line in text]
    assert {(row["table"], row.get("run", row.get("id"))) for row in rows} == {
        ("runs", "real-1"),
        ("verdicts", "real-1"),
    }
    assert "\x9b" not in "".join(text)


def test_csv_is_one_table_with_a_heading(database, capsys):
    assert main(["export", "--to", "csv", "--db", database]) == 0

    (row,) = csv.DictReader(lines(capsys))
    assert (row["run"], row["endpoint"], row["state"]) == ("real-1", "bbc.web", "ok")
    assert row["detail"] == "evil \\u009b2J", "a terminal obeys what cat prints"


def test_lab_runs_stay_out_unless_asked_for(database, capsys):
    main(["export", "--all", "--table", "runs", "--db", database])
    assert [json.loads(line)["id"] for line in lines(capsys)] == ["real-1"]

    main(["export", "--all", "--world", "open", "--table", "runs", "--db", database])
    assert [json.loads(line)["id"] for line in lines(capsys)] == ["lab-1"]


def test_a_file_is_replaced_whole(database, tmp_path):
    file = tmp_path / "out.jsonl"

    assert main(["export", "--db", database, "--output", str(file)]) == 0

    assert len(file.read_text(encoding="utf-8").splitlines()) == 2
    assert not list(tmp_path.glob(".out*"))


def test_parquet_is_written_to_a_file(database, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow, the extra `parquet`")
    file = tmp_path / "verdicts.parquet"

    assert main(["export", "--to", "parquet", "--db", database, "-o", str(file)]) == 0

    assert parquet.read_table(file).column("endpoint").to_pylist() == ["bbc.web"]


def test_days_choose_runs(database, capsys):
    main(["export", "--since", "2026-11-23", "--table", "runs", "--db", database])
    assert len(lines(capsys)) == 1

    main(["export", "--until", "2026-11-22", "--table", "runs", "--db", database])
    assert lines(capsys) == []


def test_services_choose_rows(database, capsys):
    main(["export", "--services", "bbc", "--table", "verdicts", "--db", database])
    assert [json.loads(line)["endpoint"] for line in lines(capsys)] == ["bbc.web"]

    main(["export", "--services", "rt,meduza", "--table", "verdicts", "--db", database])
    assert lines(capsys) == []


def test_a_data_package_is_a_folder_for_everybody(database, tmp_path):
    folder = tmp_path / "package"

    code = main(
        ["export", "--to", "datapackage", "--licence", "CC0-1.0", "--db", database, "-o",
         str(folder)]
    )  # fmt: skip

    assert code == 0
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert package["privacy"] == "publish"
    assert package["licenses"] == [{"name": "CC0-1.0"}]
    assert len((folder / "verdicts.csv").read_text(encoding="utf-8").splitlines()) == 2


def test_ooni_documents_need_evidence(database, capsys):
    """The run has a verdict and nothing measured: there is no document to write."""
    assert main(["export", "--to", "ooni", "--db", database]) == 0

    told = capsys.readouterr()
    assert told.out == ""
    assert "No row was written" in told.err


def test_a_file_with_rows_is_written_without_a_word(database, tmp_path, capsys):
    assert main(["export", "--to", "csv", "--output", str(tmp_path / "a"), "--db", database]) == 0
    assert capsys.readouterr().err == ""


def test_without_pyarrow_the_remedy_is_named(database, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    code = main(["export", "--to", "parquet", "--db", database, "-o", str(tmp_path / "v.parquet")])

    assert code == 2
    assert "pip install 'roadblock[parquet]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--to", "datapackage"], "is a folder"),
        (["--to", "ooni", "--table", "runs"], "leave --table out"),
        (["--services", "instagrm"], "did you mean instagram?"),
        (["--run", "real-1", "--since", "2026-11-23"], "leave --all, --since"),
        (["--to", "parquet"], "name a file"),
        (["--to", "csv", "--table", "runs", "--table", "verdicts"], "holds one table"),
        (["--run", "nope"], "there is no run 'nope'"),
    ],
)
def test_what_cannot_be_done_is_said(database, capsys, arguments, complaint):
    assert main(["export", "--db", database, *arguments]) == 2
    assert complaint in capsys.readouterr().err


def test_a_missing_database_says_what_makes_one(tmp_path, capsys):
    assert main(["export", "--db", str(tmp_path / "none.db")]) == 2
    assert "`roadblock run` makes one" in capsys.readouterr().err
