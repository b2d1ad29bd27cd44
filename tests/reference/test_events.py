from datetime import UTC, datetime

import pytest

from probe.errors import CatalogueError
from probe.reference.catalogue import load_catalogue
from probe.reference.events import concerns, load_events

ENTRY = """
[[event]]
id = "x"
title = "Something"
kind = "onset"
services = ["bbc"]
countries = ["EU"]
sources = ["https://example.org/"]
seen = 2026-11-23
"""


def written(tmp_path, text):
    (tmp_path / "events.toml").write_text(text)
    return tmp_path


def test_the_shipped_events_are_dated_sourced_and_about_services_of_the_catalogue():
    services = {service.id for service in load_catalogue().services}
    events = load_events()

    assert len(events) >= 12
    assert events == tuple(sorted(events, key=lambda e: (e.earliest, e.id)))
    for event in events:
        assert set(event.services) <= services, event.id
        assert all(source.startswith("https://") for source in event.sources), event.id


def test_a_day_is_a_span_and_a_moment_is_a_moment():
    events = {event.id: event for event in load_events()}

    day = events["ru-twitter-throttling-begins"]
    assert (day.earliest, day.latest) == (
        datetime(2022, 2, 26, tzinfo=UTC),
        datetime(2022, 2, 27, tzinfo=UTC),
    )
    moment = events["ru-instagram-first-failures"]
    assert moment.earliest == moment.latest == datetime(2022, 3, 13, 16, 44, tzinfo=UTC)


def test_a_folder_of_ones_own_may_have_its_own_events(tmp_path):
    (event,) = load_events(written(tmp_path, ENTRY + "on = 2026-01-01\n"))

    assert event.id == "x"


def test_a_folder_without_events_leaves_the_shipped_ones(tmp_path):
    assert load_events(tmp_path) == load_events()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(ENTRY, "events.toml: event 1: on: is missing", id="no date"),
        pytest.param(ENTRY + "on = 2026-01-01\nto = 2026-01-02\n", "keep one of both", id="both"),
        pytest.param(ENTRY + "on = 2026-01-01T10:00:00\n", "without a zone", id="no zone"),
        pytest.param(
            ENTRY + "from = 2026-01-02\nto = 2026-01-01\n", "exchange them", id="backwards"
        ),
        pytest.param(
            ENTRY.replace("onset", "onsett") + "on = 2026-01-01\n",
            "did you mean onset?",
            id="unknown kind",
        ),
        pytest.param(
            ENTRY + "on = 2026-01-01\nwhere = 1\n", "is not a known key", id="unknown key"
        ),
        pytest.param(
            2 * (ENTRY + "on = 2026-01-01\n"), "events.toml: x: id: is there twice", id="twice"
        ),
        pytest.param("[[event", "events.toml: is not TOML", id="no TOML"),
        pytest.param("x = " + 100_000 * "[", "events.toml: is not TOML", id="without end"),
    ],
)
def test_a_fault_is_named_with_its_entry(tmp_path, text, complaint):
    with pytest.raises(CatalogueError, match=complaint.replace(".", r"\.").replace("?", r"\?")):
        load_events(written(tmp_path, text))


@pytest.mark.parametrize(
    ("service", "country", "expected"),
    [
        ("bbc", "DE", True),
        ("bbc", "GB", False),
        ("rt", "DE", False),
        ("bbc", None, False),
        ("bbc", "EU", True),
    ],
)
def test_an_event_concerns_its_services_in_its_countries(tmp_path, service, country, expected):
    (event,) = load_events(written(tmp_path, ENTRY + "on = 2026-01-01\n"))

    assert concerns(event, service, country) is expected
