"""`roadblock explore`: what Datasette is told; it only reads, and only for this machine."""

import http.client
import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from probe.cli.main import main
from probe.errors import UsageError
from probe.lab.worlds import build_world
from probe.reference import load_knowledge
from probe.serve import explore
from probe.serve.explore import datasette_command, metadata
from probe.trial.play import knowledge_in, play

NAME = "roadblock"


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A lab run of Instagram in March 2022."""
    path = tmp_path_factory.mktemp("explore") / f"{NAME}.db"
    base = load_knowledge()
    world = build_world("march-2022", base.catalogue, seed=1)
    targets = [e for e in base.catalogue.endpoints if e.id == "instagram.web"]
    play(world, targets, knowledge_in(world, base), database=path)
    return path


def told(**options):
    return metadata(NAME, **options)["databases"][NAME]


def test_every_question_says_in_words_what_it_asks():
    questions = told()["queries"]

    assert {"latest", "rates", "evidence"} <= questions.keys()
    assert all(len(question["title"].split()) > 4 for question in questions.values())


@pytest.mark.parametrize("lab", [False, True], ids=["internet", "lab"])
def test_questions_are_answered_about_the_chosen_runs_alone(database, lab):
    """A made-up censor's verdict must not stand among measurements."""
    connection = sqlite3.connect(database)
    answers = {
        name: connection.execute(question["sql"]).fetchall()
        for name, question in told(lab=lab)["queries"].items()
    }
    connection.close()

    # The only run is the lab's; nothing changed in it.
    assert {name for name, rows in answers.items() if rows} == (
        answers.keys() - {"changes"} if lab else set()
    )


def test_it_speaks_only_of_tables_that_there_are(database):
    connection = sqlite3.connect(database)
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    there = {name for (name,) in rows if not name.startswith("sqlite_")}
    connection.close()

    assert told()["tables"].keys() == there


def test_facets_are_columns(database):
    connection = sqlite3.connect(database)
    for name, table in told()["tables"].items():
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
        assert set(table.get("facets", ())) <= columns, name
    connection.close()


# --- which Datasette ------------------------------------------------------------------------------


def a_datasette(folder, version):
    script = folder / "datasette"
    script.write_text(f"#!/bin/sh\necho 'datasette, version {version}'\n")
    script.chmod(0o755)
    return script


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """An environment without Datasette, and a PATH with nothing on it but `tmp_path`."""

    def none(name):
        raise explore.PackageNotFoundError(name)

    monkeypatch.setattr(explore, "version", none)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")


def test_without_it_the_command_to_type_is_said(nowhere):
    with pytest.raises(UsageError, match=r"pip install 'roadblock\[explore\]'"):
        datasette_command()


def test_one_of_an_environment_of_its_own_is_taken(nowhere, tmp_path):
    script = a_datasette(tmp_path, "0.65.5")

    assert datasette_command() == [str(script)]


def test_one_that_has_other_plug_ins_is_refused(nowhere, tmp_path):
    """1.0 would start without the guard, and serve anybody's page."""
    a_datasette(tmp_path, "1.0a41")

    with pytest.raises(UsageError, match=r"version 1\.0a41; the pages are made for"):
        datasette_command()


def test_a_missing_database_is_said(tmp_path, capsys):
    assert main(["explore", "--db", str(tmp_path / "none.db")]) == 2
    assert "there is no such file yet" in capsys.readouterr().err


# --- served ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(database):
    """Return (process, address) of the command as a person starts it."""
    pytest.importorskip("datasette", reason="needs datasette, the extra `explore`")
    command = [str(Path(sys.executable).parent / "roadblock"), "explore", "--lab"]
    process = subprocess.Popen(
        [*command, "--db", str(database)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        yield process, process.stdout.readline().strip()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


def ask(address, path="", *, method="GET", host=None):
    """Return (status, headers, body)."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.request(method, parts.path + path, headers={"Host": host or parts.netloc})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, {k.lower(): v for k, v in answer.getheaders()}, body


@pytest.mark.loopback
def test_the_printed_address_has_the_questions(served):
    status, headers, body = ask(served[1])

    assert served[1].startswith("http://127.0.0.1:")
    assert status == 200
    assert "What the last run found, service by service" in body
    assert "default-src 'none'" in headers["content-security-policy"]


@pytest.mark.loopback
def test_a_question_is_answered(served):
    _, _, body = ask(served[1], "/latest.json?_shape=array")

    assert [(row["service"], row["state"]) for row in json.loads(body)] == [
        ("instagram", "blocked")
    ]


@pytest.mark.loopback
@pytest.mark.parametrize(
    "sql", ["delete from run", "drop table run", "attach database '/tmp/x.db' as x"]
)
def test_nothing_can_be_written(served, database, sql):
    status, _, body = ask(served[1], f".json?sql={quote(sql)}")

    assert status == 400
    assert not json.loads(body)["ok"]
    connection = sqlite3.connect(database)
    assert connection.execute("SELECT count(*) FROM run").fetchone() == (1,)
    connection.close()


@pytest.mark.loopback
@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"host": "evil.example:80"}, id="a page that gave its name this address"),
        pytest.param({"host": "127.0.0.1.evil.example:80"}, id="a name that begins alike"),
        pytest.param({"method": "POST"}, id="a form"),
        pytest.param({"method": "DELETE"}, id="a deletion"),
    ],
)
def test_others_are_turned_away(served, asked):
    status, _, body = ask(served[1], **asked)

    assert status == 403
    assert "instagram" not in body


@pytest.mark.loopback
def test_it_listens_on_loopback_alone(served):
    port = f"{urlsplit(served[1]).port:04X}"
    listening = [
        line.split()[1]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{port}")
    ]

    assert listening == [f"0100007F:{port}"]
