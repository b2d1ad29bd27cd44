"""The verb `rates`: shares with their n, intervals and networks, and none of nothing."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from probe.cli.main import main
from probe.model.run import FamilyVantage, Vantage
from probe.model.words import Category, Family, Protocol, State
from tests.cli.check_samples import run, store, verdict

START = datetime(2022, 3, 1, 12, tzinfo=UTC)
UNCLEAR = {"state": State.INSUFFICIENT, "category": Category.INSUFFICIENT}


def line(country, asn):
    family = FamilyVantage(family=Family.IPV4, asn=asn, country=country)
    return Vantage(families=(family,), country=country)


@pytest.fixture
def base(tmp_path):
    """Ten days: in Russia from the sixth on blocked, but not over QUIC; in Germany all unclear."""
    runs = []
    for day in range(10):
        at = START + timedelta(days=day)
        said = verdict("twitter.web", State.BLOCKED) if day >= 5 else verdict("twitter.web")
        quic = verdict("twitter.web", protocol=Protocol.QUIC)
        runs.append((run(f"ru-{day}", started_at=at, vantage=line("RU", 64502)), [said, quic]))
        german = [verdict("twitter.web", **UNCLEAR)]
        runs.append((run(f"de-{day}", started_at=at, vantage=line("DE", 64503)), german))
    offline = run("off", started_at=START, vantage=line("RU", 64502), status="offline")
    runs.append((offline, [verdict("twitter.web", State.BLOCKED)]))
    return ["--db", str(store(tmp_path / "runs.db", *runs))]


def rows(capsys, *arguments):
    assert main(["rates", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_protocols_are_not_mixed_unless_asked_for(base, capsys):
    """Cut over HTTPS and open over QUIC is not "half blocked"."""
    found = {
        (row["protocol"], row["network"]): (row["hits"], row["n"]) for row in rows(capsys, *base)
    }

    assert found == {
        ("https", "RU/AS64502"): (5, 10),
        ("quic", "RU/AS64502"): (0, 10),
        ("https", "DE/AS64503"): (0, 0),
    }


def test_where_nobody_could_tell_there_is_no_share(base, capsys):
    """A 0 % there would read as "never blocked"."""
    (german,) = rows(capsys, "--network", "DE", *base)

    assert (german["share"], german["interval"], german["networks_interval"]) == (None, None, None)
    assert german["insufficient"] == 10
    assert main(["rates", "--network", "DE", *base]) == 0
    assert "none" in capsys.readouterr().out


def test_the_interval_is_wilsons(base, capsys):
    (row,) = [r for r in rows(capsys, "--by", "protocol", *base) if r["protocol"] == "https"]

    # Of 5 in 10: 0.2366 to 0.7634 (Wilson 1927).
    assert row["interval"] == pytest.approx([0.2366, 0.7634], abs=1e-4)
    assert (row["networks_hit"], row["networks"]) == (1, 1)


def test_time_and_place_make_rows_too(base, capsys):
    found = [
        (row["country"], row["day"], row["hits"])
        for row in rows(capsys, "--by", "country", "--by", "day", "--network", "RU", *base)
    ]

    assert found[0] == ("RU", "2022-03-01", 0)
    assert found[-1] == ("RU", "2022-03-10", 1)
    assert len(found) == 10


def test_days_and_services_choose(base, capsys):
    (row,) = rows(
        capsys, "twitter", "--by", "service", "--network", "RU", "--since", "2022-03-06", *base
    )

    assert (row["hits"], row["n"]) == (5, 10)
    assert rows(capsys, "bbc", *base) == []


def test_what_is_counted_is_chosen(base, capsys):
    (row,) = rows(capsys, "--by", "service", "--state", "ok", "--network", "RU", *base)

    assert (row["hits"], row["n"]) == (15, 20)


def test_runs_without_a_line_count_for_nothing(base, capsys):
    """An offline run's verdicts say nothing of the place."""
    (row,) = [r for r in rows(capsys, "--by", "protocol", *base) if r["protocol"] == "https"]

    assert row["n"] == 10


def test_nothing_stored_is_said(base, capsys):
    assert main(["rates", "--since", "2030-01-01", *base]) == 0
    assert "Nothing stored fits" in capsys.readouterr().out


def test_the_table_says_how_to_read_it(base, capsys):
    assert main(["rates", *base]) == 0

    out = capsys.readouterr().out
    assert "Shares are of the verdicts that could tell" in out
    assert "50%    24% to 76%" in out
