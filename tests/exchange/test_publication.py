"""The folder to publish: complete, true to its own files, and silent about who measured."""

import csv
import hashlib
import json
import re
import sqlite3
import subprocess
import sys

import pytest
import yaml

from probe.cli.main import main
from probe.errors import UsageError
from probe.exchange.publication import Author, parse_author
from probe.lab.worlds import build_world
from probe.reference import load_knowledge
from probe.trial.play import knowledge_in, play

KNOWLEDGE = load_knowledge()
WORLD = build_world("march-2022", KNOWLEDGE.catalogue, seed=1)
OPTIONS = [
    "--title", "Two services & a lab", "--licence", "CC-BY-4.0", "--world", "lab",
    "--author", "Doe, Jane; University of X; 0000-0002-1825-0097", "--author", "Measuring Club",
]  # fmt: skip


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("publication") / "roadblock.db"
    targets = [e for e in WORLD.catalogue.endpoints if e.id in {"instagram.web", "bbc.web"}]
    play(WORLD, targets, knowledge_in(WORLD, KNOWLEDGE), database=path)
    return path


@pytest.fixture(scope="module")
def kit(database, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out") / "kit"
    assert main(["publish-kit", *OPTIONS, "--db", str(database), "--output", str(folder)]) == 0
    return folder


def read(kit, name):
    return (kit / name).read_text(encoding="utf-8")


def rows(kit, table):
    with (kit / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_file_is_there_with_its_hash(kit):
    sums = dict(reversed(line.split("  ")) for line in read(kit, "SHA256SUMS").splitlines())

    assert sums.keys() == {file.name for file in kit.iterdir()} - {"SHA256SUMS"}
    assert sums.keys() >= {
        "README.md", "CITATION.cff", ".zenodo.json", "datasette.json", "datapackage.json",
        "runs.csv", "observations.csv", "verdicts.csv", "services.csv",
    }  # fmt: skip
    for name, digest in sums.items():
        assert hashlib.sha256((kit / name).read_bytes()).hexdigest() == digest


def test_the_read_me_counts_what_is_there(kit):
    text = read(kit, "README.md")

    counts = {
        name: int(n) for name, n in re.findall(r"^\| `(\w+)\.csv` \| (\d+) \|", text, re.MULTILINE)
    }
    assert counts == {name: len(rows(kit, name)) for name in counts}
    assert counts["observations"] > 100
    assert "`insufficient` is not `ok`, and no row is not `ok`" in text


def test_what_the_lab_made_is_called_so_wherever_it_is_described(kit):
    """A made-up censor must never pass for a country's."""
    said = "made-up servers and made-up censors: no measurement of any real network"

    assert said in " ".join(read(kit, "README.md").split())
    assert said in yaml.safe_load(read(kit, "CITATION.cff"))["abstract"]
    assert said in json.loads(read(kit, ".zenodo.json"))["description"]
    assert said in json.loads(read(kit, "datasette.json"))["description"]


def test_the_citation_has_what_its_format_demands(kit):
    """Citation File Format 1.2.0: people have family and given names, the rest a name."""
    cited = yaml.safe_load(read(kit, "CITATION.cff"))

    assert cited["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= cited.keys()
    assert cited["type"] == "dataset"
    assert cited["license"] == "CC-BY-4.0"
    assert cited["authors"] == [
        {
            "family-names": "Doe",
            "given-names": "Jane",
            "affiliation": "University of X",
            "orcid": "https://orcid.org/0000-0002-1825-0097",
        },
        {"name": "Measuring Club"},
    ]


def test_zenodo_is_told_who_what_and_under_which_licence(kit):
    told = json.loads(read(kit, ".zenodo.json"))

    assert told["upload_type"] == "dataset"
    assert told["license"] == "cc-by-4.0"
    assert told["creators"] == [
        {"name": "Doe, Jane", "affiliation": "University of X", "orcid": "0000-0002-1825-0097"},
        {"name": "Measuring Club"},
    ]
    assert told["title"] == "Two services & a lab"
    (collected,) = told["dates"]
    assert collected["start"] == collected["end"] == rows(kit, "runs")[0]["started_at"][:10]


def test_the_read_mes_own_commands_open_it_and_the_questions_are_answered(kit, tmp_path):
    commands = re.findall(r"^ {4}(sqlite-utils .*)$", read(kit, "README.md"), re.MULTILINE)
    assert len(commands) == 4
    for command in commands:
        line = command.replace("data.db", str(tmp_path / "data.db")).split()[1:]
        subprocess.run([sys.executable, "-m", "sqlite_utils", *line], cwd=kit, check=True)

    told = json.loads(read(kit, "datasette.json"))["databases"]["data"]
    connection = sqlite3.connect(tmp_path / "data.db")
    answers = {
        name: connection.execute(question["sql"]).fetchall()
        for name, question in told["queries"].items()
    }
    connection.close()
    assert all(answers.values())
    assert ("instagram", "RU", "blocked", "tls_sni_reset", 1) in answers["findings"]


def test_nobody_who_measured_is_in_it(kit):
    """Canaries: the client's addresses, its resolvers, its network by number and by name."""
    everything = "".join(file.read_text(encoding="utf-8") for file in kit.iterdir())

    canaries = [*WORLD.client.addresses.values(), *map(str, WORLD.client.resolvers)]
    canaries += ["12389", "ROSTELECOM", "212.48.193.37", "2a01:540:1::54"]
    assert len(canaries) >= 5
    assert [canary for canary in canaries if canary in everything] == []


def test_those_canaries_are_in_what_is_ones_own(database, capsys):
    """Were they nowhere, their absence would prove nothing."""
    main(["export", "--world", "lab", "--db", str(database)])

    own = capsys.readouterr().out
    assert "212.48.193.37" in own
    assert "12389" in own


def test_the_same_database_gives_the_same_folder(database, kit, tmp_path):
    again = tmp_path / "again"
    main(["publish-kit", *OPTIONS, "--db", str(database), "--output", str(again)])

    assert read(again, "SHA256SUMS") == read(kit, "SHA256SUMS")


def test_a_folder_that_is_there_is_left_alone(database, kit, capsys):
    assert main(["publish-kit", *OPTIONS, "--db", str(database), "--output", str(kit)]) == 2
    assert "is there already" in capsys.readouterr().err


def test_no_run_is_no_folder(database, tmp_path, capsys):
    options = [*OPTIONS, "--since", "2030-01-01", "--db", str(database)]

    assert main(["publish-kit", *options, "--output", str(tmp_path / "none")]) == 2
    assert "there is no run to publish" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_it_is_said_that_nothing_was_uploaded(database, tmp_path, capsys):
    main(["publish-kit", *OPTIONS, "--db", str(database), "--output", str(tmp_path / "new")])

    assert "Nothing was uploaded. Look through it first" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "author"),
    [
        pytest.param("Anna", Author("Anna"), id="one name"),
        pytest.param("Doe, Jane; Club", Author("Doe, Jane", "Club"), id="with a club"),
        pytest.param(
            "Doe, Jane; 0000-0001-5109-3700",
            Author("Doe, Jane", "", "0000-0001-5109-3700"),
            id="with an ORCID",
        ),
        pytest.param(
            "X; Y; 0000-0002-1694-233X", Author("X", "Y", "0000-0002-1694-233X"), id="ending in X"
        ),
    ],
)
def test_authors_are_read(text, author):
    assert parse_author(text) == author


@pytest.mark.parametrize(
    "text", ["", "; Club", "A; B; C", "A; 0000-0002-1825-0098", "A; 0000-0002-1825-00X7"]
)
def test_what_is_no_author_is_refused(text):
    with pytest.raises(UsageError, match="--author"):
        parse_author(text)
