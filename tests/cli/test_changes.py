import json
from datetime import UTC, datetime, timedelta

import pytest

from probe.cli.main import main
from probe.model.run import FamilyVantage, Vantage
from probe.model.words import Category, Family, State
from tests.cli.check_samples import run, store, verdict

RUSSIA = Vantage(
    families=(FamilyVantage(family=Family.IPV4, asn=64502, country="RU"),), country="RU"
)
THROTTLED = {"category": Category.THROTTLE, "state": State.IMPAIRED}
START = datetime(2022, 2, 14, 12, tzinfo=UTC)


def twitter(day):
    """Throttled from 26 February 2022, blocked from 4 March."""
    when = START + timedelta(days=day)
    if when < datetime(2022, 2, 26, tzinfo=UTC):
        return verdict("twitter.web")
    if when < datetime(2022, 3, 4, 8, tzinfo=UTC):
        return verdict("twitter.web", State.IMPAIRED, category=Category.THROTTLE)
    return verdict("twitter.web", State.BLOCKED)


@pytest.fixture
def base(tmp_path):
    """Six weeks in Russia, with a day without a run and a single failure."""
    days = [day for day in range(42) if day != 5]
    runs = [
        (
            run(f"run-{day:02}", started_at=START + timedelta(days=day), vantage=RUSSIA),
            [
                twitter(day),
                verdict("bbc.web", State.DOWN, category=Category.DOWN)
                if day == 9
                else verdict("bbc.web"),
            ],
        )
        for day in days
    ]
    return ["--db", str(store(tmp_path / "runs.db", *runs))]


def test_the_story_of_twitter_is_dated_with_its_events_beside(base, capsys):
    assert main(["changes", *base]) == 0

    lines = capsys.readouterr().out.splitlines()
    dated = [line for line in lines if not line.startswith(" ")]
    assert dated == [
        "2022-02-26  Twitter/X, RU/AS64502: ok -> impaired (throttle)",
        "2022-03-04  Twitter/X, RU/AS64502: impaired (throttle) -> blocked (tls_sni_reset)",
        "2 changes in 2 series of 82 verdicts.",
    ]
    assert any("event 2022-02-26: Throttling of Twitter begins in Russia" in x for x in lines)
    assert any("event 2022-03-04 08:00 UTC: Throttling of Twitter ends" in x for x in lines)
    assert any("https://ooni.org/post/2022-russia" in x for x in lines)


def test_json_has_intervals_counts_and_events(base, capsys):
    assert main(["changes", *base, "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    first = told["changes"][0]
    assert (first["before"]["state"], first["after"]["category"]) == ("ok", "throttle")
    assert (first["earliest"], first["latest"]) == (
        "2022-02-25T12:00:00+00:00",
        "2022-02-26T12:00:00+00:00",
    )
    assert first["series"][0]["before"] == {"days": 11, "readings": 11, "agreeing": 11}
    assert "ru-twitter-throttling-begins" in {event["id"] for event in first["events"]}


@pytest.mark.parametrize(
    ("arguments", "number"),
    [
        (["twitter"], 2),
        (["Twitter/X"], 2),
        (["bbc"], 0),
        (["--network", "RU"], 2),
        (["--network", "RU/AS64502"], 2),
        (["--network", "DE"], 0),
        (["--until", "2022-03-02"], 1),
        (["--since", "2022-03-10"], 0),
        (["--world", "march-2022"], 0),
    ],
)
def test_what_is_looked_at_can_be_narrowed(base, capsys, arguments, number):
    assert main(["changes", *base, *arguments, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["changes"]) == number


def test_events_that_are_too_far_are_left_out(base, capsys):
    assert main(["changes", *base, "--event-days", "0"]) == 0
    assert "partly restricts" not in capsys.readouterr().out


def test_nothing_stored_is_said_so(base, capsys):
    assert main(["changes", *base, "nobody"]) == 0
    assert capsys.readouterr().out.startswith("Nothing stored fits")


def test_a_date_is_written_one_way(base):
    assert main(["changes", *base, "--since", "yesterday"]) == 2
