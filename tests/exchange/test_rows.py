import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import trio

from probe.exchange.columns import COLUMNS, KEYS, Kind
from probe.exchange.csv import csv_lines
from probe.exchange.jsonl import jsonl_lines
from probe.exchange.privacy import Privacy, sharing_of
from probe.exchange.rows import Export, Table, flat_rows, json_objects
from probe.model.observation import OBSERVATION
from probe.model.target import Service
from probe.model.verdict import Location, Verdict
from probe.store import Reader, open_reader, open_writer
from tests.store.conftest import A_SERVICE, A_VANTAGE, a_catalogue, a_run, a_verdict, look


def objects(reader: Reader, table: Table, privacy: Privacy, **more: Any) -> list[dict[str, Any]]:
    export = Export(reader, privacy, **more)
    return [o for run in reader.runs() for o in json_objects(export, run, table)]


def test_json_lines_name_their_table_and_run_and_are_the_models(reader: Reader) -> None:
    lines = [json.loads(line) for line in jsonl_lines(reader, reader.runs(), tuple(Table))]

    assert [line["table"] for line in lines[:2]] == ["runs", "observations"]
    assert lines[0]["schema_version"] == 1
    for line in lines[1:]:
        table, run = line.pop("table"), line.pop("run")
        assert run == "r1"
        if table == "observations":
            OBSERVATION.validate_json(json.dumps(line))
        if table == "verdicts":
            Verdict.model_validate_json(json.dumps(line))


def test_an_export_made_twice_is_the_same(reader: Reader) -> None:
    first = list(jsonl_lines(reader, reader.runs(), tuple(Table)))

    assert list(jsonl_lines(reader, reader.runs(), tuple(Table))) == first


@pytest.mark.parametrize("table", Table)
def test_csv_has_the_columns_of_the_dictionary(reader: Reader, table: Table) -> None:
    rows = list(csv.reader(io.StringIO("\n".join(csv_lines(reader, reader.runs(), table)))))

    assert rows[0] == [column.name for column in COLUMNS[table]]
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}


def test_csv_says_what_a_stored_default_means(reader: Reader) -> None:
    """Zero bytes were read: that is not the same as nobody looked."""
    text = "\n".join(csv_lines(reader, reader.runs(), Table.OBSERVATIONS))
    rows = list(csv.DictReader(io.StringIO(text)))

    (page,) = (row for row in rows if row["endpoint"] == "b.own")
    assert (page["body_bytes"], page["ended"]) == ("0", "none")
    (tcp,) = (row for row in rows if row["step"] == "tcp")
    assert (tcp["body_bytes"], tcp["ended"]) == ("", "")


def test_csv_lets_no_page_become_a_formula(reader: Reader) -> None:
    text = "\n".join(csv_lines(reader, reader.runs(), Table.OBSERVATIONS))
    titles = [row["title"] for row in csv.DictReader(io.StringIO(text))]

    assert "'=HYPERLINK(1)" in titles


@pytest.mark.parametrize("table", Table)
def test_values_have_the_types_that_the_dictionary_says(reader: Reader, table: Table) -> None:
    types = {
        Kind.STRING: str,
        Kind.INTEGER: int,
        Kind.NUMBER: (int, float),
        Kind.BOOLEAN: bool,
        Kind.DATETIME: str,
        Kind.OBJECT: str,
    }

    for row in flat_rows(Export(reader), reader.runs(), table):
        for column, value in zip(COLUMNS[table], row, strict=True):
            assert value is None or isinstance(value, types[column.kind]), column.name
            assert value is not None or not column.required, column.name
            assert not column.words or value is None or value in column.words, column.name


@pytest.mark.parametrize("table", Table)
def test_keys_are_unique(reader: Reader, table: Table) -> None:
    names = [column.name for column in COLUMNS[table]]
    rows = [
        dict(zip(names, row, strict=True))
        for row in flat_rows(Export(reader), reader.runs(), table)
    ]
    keys = [tuple(row[name] for name in KEYS[table]) for row in rows]

    assert len(set(keys)) == len(keys) > 0


# --- privacy --------------------------------------------------------------------------------------


def test_sharing_moves_times_to_the_hour_and_keeps_their_distances(reader: Reader) -> None:
    own = objects(reader, Table.OBSERVATIONS, Privacy.OWN)
    shared = objects(reader, Table.OBSERVATIONS, Privacy.SHARE)

    assert objects(reader, Table.RUNS, Privacy.SHARE)[0]["started_at"] == (
        "2026-11-23T12:00:00.000000Z"
    )
    assert own[1]["started_at"] == "2026-11-23T12:00:00.124456Z"
    assert shared[1]["started_at"] == "2026-11-23T12:00:00.001000Z"


def test_sharing_says_nothing_about_the_machine(reader: Reader) -> None:
    (run,) = objects(reader, Table.RUNS, Privacy.SHARE)
    observations = objects(reader, Table.OBSERVATIONS, Privacy.SHARE)

    assert run["vantage"]["label"] == ""
    assert run["notes"] == []
    assert run["vantage"]["families"][0]["asn"] == 12389
    assert not any("detail" in o for o in observations)
    (dns,) = (o for o in observations if o.get("resolver") == "system")
    assert dns["address"] is None
    assert dns["resolver_asn"] == 12389


def test_publishing_hides_a_network_in_which_too_few_measure(reader: Reader) -> None:
    (run,) = objects(reader, Table.RUNS, Privacy.PUBLISH)
    (family,) = run["vantage"]["families"]
    assert (family["asn"], family["as_name"], family["resolver_asn"]) == (None, "", None)
    assert family["country"] == "RU"

    (run,) = objects(reader, Table.RUNS, Privacy.PUBLISH, shown_asns=frozenset({12389}))
    assert run["vantage"]["families"][0]["asn"] == 12389


@pytest.mark.parametrize("privacy", [Privacy.SHARE, Privacy.PUBLISH])
def test_what_a_whoami_name_answered_is_left_out(privacy: Privacy) -> None:
    """It is the address of the provider's resolver: it tells the network whose number is hidden."""
    asked = look("a.web")[0].model_copy(update={"endpoint": "local", "resolver": "system"})
    fields = json.loads(asked.model_dump_json())
    assert fields["answers"][0]["addresses"] == ["198.51.100.7"]

    shown = sharing_of(a_run(), privacy).observation(fields)

    assert shown is not None
    assert "198.51.100.7" not in json.dumps(shown)
    OBSERVATION.validate_json(json.dumps(shown))


def test_where_a_box_sits_tells_no_hidden_network() -> None:
    located = Location(hop=2, asn=12389, country="RU", border="before")
    fields = json.loads(a_verdict().model_copy(update={"location": located}).model_dump_json())

    hidden = sharing_of(a_run(), Privacy.PUBLISH).verdict(fields)
    named = sharing_of(a_run(), Privacy.PUBLISH, shown_asns=(12389,)).verdict(fields)
    shared = sharing_of(a_run(), Privacy.SHARE).verdict(fields)

    assert hidden is not None
    assert hidden["location"] == fields["location"] | {"asn": None}
    assert named == shared == fields


def test_publishing_leaves_own_endpoints_out(reader: Reader) -> None:
    observations = objects(reader, Table.OBSERVATIONS, Privacy.PUBLISH)
    verdicts = objects(reader, Table.VERDICTS, Privacy.PUBLISH)

    assert {row["endpoint"] for row in (*observations, *verdicts)} == {"a.web"}


def test_publishing_names_no_service_of_ones_own(tmp_path: Path) -> None:
    """An employer's host stands in a service's name as much as in an endpoint's."""
    path = tmp_path / "own.db"
    catalogue = a_catalogue("blog.web", "news.web")
    mine, news = (
        Service(
            id=name,
            name=name,
            endpoints=(e.model_copy(update={"service": name, "own": name == "blog"}),),
        )
        for name, e in zip(("blog", "news"), catalogue.services[0].endpoints, strict=True)
    )
    run = a_run(services=("blog", "news"))

    async def fill() -> None:
        async with open_writer(path, inline=True) as writer:
            await writer.begin_run(run, catalogue.model_copy(update={"services": (mine, news)}))
            said = [
                A_SERVICE.model_copy(update={"service": name, "witness": f"{name}.web"})
                for name in ("blog", "news")
            ]
            await writer.add_verdicts(run.id, (), said, A_VANTAGE, set_id="s")

    trio.run(fill)
    with open_reader(path) as reader:
        lines = list(jsonl_lines(reader, reader.runs(), tuple(Table), privacy=Privacy.PUBLISH))

    assert "blog" not in "".join(lines)
    assert any('"table":"services"' in line and "news" in line for line in lines)


@pytest.mark.parametrize("table", Table)
@pytest.mark.parametrize("privacy", [Privacy.SHARE, Privacy.PUBLISH])
def test_a_runs_id_tells_no_minute(tmp_path: Path, table: Table, privacy: Privacy) -> None:
    """Times are given to the hour: an id that begins with the second undid that."""
    path = tmp_path / "timed.db"
    run = a_run(id="20261123T214307Z-a1b2c3")

    async def fill() -> None:
        async with open_writer(path, inline=True) as writer:
            await writer.begin_run(run, a_catalogue("a.web"))
            await writer.add((*look("a.web"),))
            await writer.add_verdicts(run.id, [a_verdict()], [A_SERVICE], A_VANTAGE, set_id="s")

    trio.run(fill)
    with open_reader(path) as reader:
        text = "\n".join(
            (
                *csv_lines(reader, reader.runs(), table, privacy=privacy),
                *jsonl_lines(reader, reader.runs(), (table,), privacy=privacy),
            )
        )

    assert text.count("20261123T210000Z-a1b2c3") >= 2
    assert "214307" not in text


def test_publishing_keeps_evidence_and_drops_raw_bytes(reader: Reader) -> None:
    observations = objects(reader, Table.OBSERVATIONS, Privacy.PUBLISH)
    by_step = {row["step"]: row for row in observations}

    assert by_step["tls"]["failure"]["word"] == "connection_reset"
    assert "received_head" not in by_step["tls"]
    assert by_step["dns"]["answers"][0]["addresses"] == ["198.51.100.7"]
    assert "wire" not in by_step["dns"]["answers"][0]
    assert dict(by_step["http"]["headers"]) == {"server": "nginx", "etag": ""}
    assert [hop["router"] for hop in by_step["trace"]["hops"]] == [None, None]


def test_a_published_redirect_says_where_to_and_no_more(reader: Reader) -> None:
    from tests.exchange.conftest import own_page

    fields = json.loads(own_page().model_dump_json())
    shown = sharing_of(a_run(), Privacy.PUBLISH).observation(fields)

    assert shown is not None
    assert shown["location"] == "http://warn.example/page"


def test_what_is_published_is_still_an_observation(reader: Reader) -> None:
    for fields in objects(reader, Table.OBSERVATIONS, Privacy.PUBLISH):
        OBSERVATION.validate_json(json.dumps(fields))
