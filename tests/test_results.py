"""The Python interface: rows that say where they come from, and only those asked for."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

import probe
from probe.errors import StoreError, UsageError
from probe.lab.worlds import build_world
from probe.plot import picture
from probe.reference import load_knowledge
from probe.trial.play import knowledge_in, play


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A lab run of Instagram and the BBC in March 2022."""
    path = tmp_path_factory.mktemp("results") / "roadblock.db"
    base = load_knowledge()
    world = build_world("march-2022", base.catalogue, seed=1)
    targets = [e for e in base.catalogue.endpoints if e.id in {"instagram.web", "bbc.web"}]
    play(world, targets, knowledge_in(world, base), database=path)
    return path


@pytest.fixture
def results(database):
    with probe.open(database, world="lab") as opened:
        yield opened


def test_verdicts_say_of_which_run_and_network(results):
    (row, *_) = results.verdicts(service="instagram")

    assert row["endpoint"] == "instagram.web"
    assert row["state"] == "blocked"
    assert row["world"] == "lab:march-2022"
    assert (row["country"], row["asn"]) == ("RU", 12389)


def test_services_are_one_row_each(results):
    assert {row["service"]: row["state"] for row in results.services()} == {
        "instagram": "blocked",
        "bbc": "ok",
    }


def test_observations_are_the_services_own(results):
    endpoints = {row["endpoint"] for row in results.observations(service="bbc")}

    assert endpoints == {"bbc.web"}


def test_observations_of_all_include_the_controls(results):
    endpoints = {row["endpoint"] for row in results.observations()}

    assert {"bbc.web", "instagram.web"} < endpoints


def test_rows_can_be_read_twice(results):
    rows = results.verdicts()

    assert list(rows) == list(rows) != []


def test_lab_runs_are_left_out_unless_asked_for(database):
    with probe.open(database) as results:
        assert list(results.runs()) == []
    with probe.open(database, world="march-2022") as results:
        assert len(list(results.runs())) == 1


def test_a_span_of_time_is_kept_to(results):
    assert list(results.runs(until=datetime(2000, 1, 1, tzinfo=UTC))) == []
    assert list(results.verdicts(since=datetime(2100, 1, 1, tzinfo=UTC))) == []


def test_a_time_without_a_zone_is_refused(results):
    with pytest.raises(UsageError, match="time zone"):
        list(results.runs(since=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_a_missing_file_is_not_made(tmp_path):
    with pytest.raises(StoreError, match="no such file"):
        probe.open(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_data_frame_has_the_rows_or_its_library_is_named(results, library):
    rows = results.services()
    frame = getattr(rows, f"to_{library}")
    try:
        __import__(library)
    except ImportError:
        with pytest.raises(UsageError, match=f"pip install {library}"):
            frame()
    else:
        assert len(frame()) == 2


def test_a_data_frame_has_times_as_times(results):
    pytest.importorskip("pandas", reason="needs pandas")

    frame = results.runs().to_pandas()

    assert frame["started_at"].dt.tz is not None
    (run,) = results.runs()
    assert frame["started_at"][0] == datetime.fromisoformat(run["started_at"])


def test_a_picture_is_saved_as_its_ending_says(results, tmp_path):
    pytest.importorskip("matplotlib", reason="needs matplotlib, the extra `pictures`")
    drawn = picture(results, "map")

    drawn.save(tmp_path / "map.svg")
    drawn.save(tmp_path / "map.png")

    assert b"<svg" in (tmp_path / "map.svg").read_bytes()
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match=r"\.png or \.svg"):
        drawn.save(tmp_path / "map.jpeg")


def test_an_unknown_plot_is_named_with_those_there_are(results):
    pytest.importorskip("matplotlib", reason="needs matplotlib, the extra `pictures`")
    with pytest.raises(UsageError, match="no plot 'pie'; there are: map, days"):
        picture(results, "pie")


def test_importing_the_package_loads_nothing_heavy():
    """The command's help starts with this import."""
    heavy = "[name for name in ('trio', 'pydantic', 'sqlite3', 'httpx') if name in sys.modules]"

    done = subprocess.run(
        [sys.executable, "-c", f"import sys, probe; print({heavy})"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"
