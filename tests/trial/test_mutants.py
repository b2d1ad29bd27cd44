"""Faults planted in the judge: what a stored campaign of one line notices of them."""

import json

import pytest
from click.testing import CliRunner

from probe.classify import constants
from probe.classify.rules_tls import RULES_TLS
from probe.trial.campaign import play_one
from probe.trial.mutants import CHANGES, FACTORS, TABLES, Bench, Mutant, main, mutants, planted
from probe.trial.named import find_line


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """One line on which the name is reset."""
    path = tmp_path_factory.mktemp("campaign") / "campaign.db"
    line, _ = find_line("S02")
    play_one(line, database=path)
    return path


@pytest.fixture(scope="module")
def bench(database):
    return Bench(database)


def test_every_row_but_the_last_is_changed_in_every_way():
    rules = [rule.id for module, name in TABLES.values() for rule in getattr(module, name)[:-1]]

    found = [(m.name, m.change) for m in mutants(["rules"])]

    assert sorted(found) == sorted((name, change) for name in rules for change in CHANGES)


def test_every_number_is_halved_and_doubled():
    found = {(m.name, float(m.change)) for m in mutants(["constants"])}

    assert {factor for _, factor in found} == set(FACTORS)
    assert ("P_CONFIRMED", 2.0) in found
    assert ("FIRST_BLOCK_ROUNDS", 0.5) in found


@pytest.mark.parametrize(
    ("mutant", "word"),
    [
        (Mutant("tls", "tls.reset_rewritten", "delete"), "killed"),
        (Mutant("tls", "tls.down_elsewhere_too", "invert"), "killed"),
        (Mutant("gates", "gate.offline_pass", "delete"), "seen"),
        (Mutant("http", "http.withheld", "delete"), "survived"),
        (Mutant("constants", "REWRITE_RATIO_MAX", "0.5"), "killed"),
        (Mutant("constants", "EXTREME_RATE_BYTES_S", "2"), "survived"),
    ],
    ids=lambda value: f"{value.name}-{value.change}" if isinstance(value, Mutant) else value,
)
def test_what_the_line_depends_on_is_noticed_and_nothing_else(bench, mutant, word):
    assert bench.fate(mutant).word == word


def test_faults_are_taken_out_again():
    before = constants.P_STRONG
    with planted(Mutant("constants", "P_STRONG", "2")):
        assert before * 2 == constants.P_STRONG
    with pytest.raises(KeyError), planted(Mutant("tls", "tls.reset_rewritten", "delete")):
        raise KeyError

    assert before == constants.P_STRONG
    assert "tls.reset_rewritten" in {rule.id for rule in RULES_TLS}
    module, name = TABLES["tls"]
    assert getattr(module, name) == RULES_TLS


def test_one_object_is_printed_a_mutant(database, monkeypatch):
    few = [Mutant("tls", "tls.reset_rewritten", "delete"), Mutant("http", "http.withheld", "swap")]
    monkeypatch.setattr("probe.trial.mutants.mutants", lambda _kinds: iter(few))

    printed = CliRunner().invoke(main, ["--db", str(database), "--processes", "1", "--json"])

    told = [json.loads(line) for line in printed.output.splitlines()]
    assert [(t["name"], t["fate"]) for t in told] == [
        ("tls.reset_rewritten", "killed"),
        ("http.withheld", "survived"),
    ]
