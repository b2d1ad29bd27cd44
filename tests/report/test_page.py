"""The page over many runs: what it says, and what it must never ask of anybody."""

import base64
import csv
import hashlib
import io
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
import trio

from probe.cli.main import main
from probe.model.observation import HttpObservation, TcpObservation
from probe.model.run import FamilyVantage, Run, Vantage
from probe.model.verdict import ServiceVerdict, Verdict
from probe.model.words import Arm, Category, Family, Protocol, State
from probe.store import open_writer

START = datetime(2022, 3, 4, 6, tzinfo=UTC)
CUT = (State.BLOCKED, Category.TLS_SNI_RESET)
FINE = (State.OK, Category.OK)
UNCLEAR = (State.INSUFFICIENT, Category.INSUFFICIENT)
SLOW = (State.IMPAIRED, Category.THROTTLE)
HOSTILE = '<script>alert("1")</script>'


def a_run(number, country, asn, status="complete", world="internet"):
    vantage = Vantage(
        country=country, families=(FamilyVantage(family=Family.IPV4, asn=asn, country=country),)
    )
    started = START + timedelta(days=number)
    return Run(
        id=f"r{number}", world=world, started_at=started, seed=1, status=status, vantage=vantage
    )


async def store(writer, run, found):
    await writer.begin_run(run)
    verdicts = [
        Verdict(
            endpoint=f"{service}.web",
            service=service,
            protocol=Protocol.HTTPS,
            state=state,
            category=category,
            rule_id="test",
        )
        for service, (state, category) in found.items()
    ]
    services = [
        ServiceVerdict(service=service, state=state, category=category, endpoints=1)
        for service, (state, category) in found.items()
    ]
    await writer.add_verdicts(run.id, verdicts, services, set_id="first")
    step = {"experiment": "e", "endpoint": "bbc.web", "arm": Arm.TARGET, "started_at": START}
    page = {"url": "https://a.example/", "host": "a.example", "over_tls": True}
    await writer.add(
        [
            TcpObservation(id="1", duration_s=0.05, **step),
            HttpObservation(id="2", duration_s=0.5, bytes_received=65_536, **page, **step),
        ]
    )
    await writer.finish_run(run)


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "roadblock.db"

    async def fill():
        async with open_writer(path) as writer:
            await store(writer, a_run(0, "RU", 12389), {"bbc": CUT, "rt": FINE, HOSTILE: FINE})
            await store(writer, a_run(1, "RU", 12389), {"bbc": CUT, "rt": FINE})
            await store(writer, a_run(2, "RU", 12389), {"bbc": SLOW, "rt": FINE})
            await store(writer, a_run(4, "DE", 3320), {"bbc": FINE, "rt": UNCLEAR})
            await store(writer, a_run(5, "FR", 1, status="invalid"), {"bbc": CUT})
            await store(writer, a_run(6, "XX", 2, world="lab:open"), {"bbc": CUT})

    trio.run(fill)
    return str(path)


class Reading(HTMLParser):
    """Every element with its attributes and its text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        element = [tag, dict(attrs), ""]
        self.elements.append(element)
        if tag not in {"meta", "br", "rect", "line"}:
            self.open.append(element)

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        for element in self.open:
            element[2] += data

    def of(self, tag):
        return [element for element in self.elements if element[0] == tag]


@pytest.fixture(scope="module")
def page(database, tmp_path_factory):
    file = tmp_path_factory.mktemp("out") / "report.html"
    assert main(["report", "--html", str(file), "--db", database]) == 0
    return file.read_text(encoding="utf-8")


def rows_of(page, section):
    part = page[page.index(f'id="{section}"') :]
    found = re.search(r"<tbody>(.*?)</tbody>", part, re.DOTALL)
    assert found is not None
    rows = found[1].split("<tr>")[1:]
    cells = [re.findall(r'<td class="(\w+)"[^>]*>(.*?)</td>', row) for row in rows]
    return [[(kind, re.sub("<[^>]+>", " ", text)) for kind, text in row] for row in cells]


def data_of(page, name):
    link = next(a for a in Reading(page).of("a") if a[1]["download"] == f"{name}.csv")
    text = base64.b64decode(link[1]["href"].partition("base64,")[2]).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_every_service_has_a_worded_cell_for_every_network(page):
    rows = rows_of(page, "map")

    assert rows == [
        [("insufficient", "insufficient 0 of 1 can tell "), ("ok", "ok 3 of 3 ")],
        [("ok", "ok 1 of 1 "), ("blocked", "blocked: cut 2 of 3 ")],
        [("nodata", "no data"), ("ok", "ok 1 of 1 ")],
    ]


def test_no_data_and_insufficient_never_look_like_ok(page):
    """The trap of every map of censorship: an empty cell that is drawn as good news."""
    kinds = {kind for row in rows_of(page, "days") for kind, _ in row}

    assert {"nodata", "blocked", "impaired", "ok"} <= kinds
    for kind, words in (cell for row in rows_of(page, "days") for cell in row):
        assert (kind == "nodata") == (words == "–")


def test_days_without_a_run_are_columns_too(page):
    (german, russian) = rows_of(page, "coverage")

    assert [words for _, words in russian] == ["1", "1", "1", "–", "–"]
    assert [words for _, words in german] == ["–", "–", "–", "–", "1"]


def test_known_events_of_the_days_are_named(page):
    assert "Known events of these days" in page
    assert "▼1" in page


def test_each_part_says_its_period_and_offers_its_data(page):
    headings = [h[2] for h in Reading(page).of("h2")]
    assert headings == [
        "Services by network", "Days", "Causes", "Timing", "Goodput", "Coverage",
    ]  # fmt: skip
    assert page.count("2022-03-04 to 2022-03-08, UTC.") == len(headings) + 1
    for name in ("services-by-network", "days", "causes", "timing", "goodput", "coverage"):
        assert data_of(page, name)


def test_the_data_are_what_the_pictures_show(page):
    causes = {
        (row["day"], row["category"]): int(row["verdicts"]) for row in data_of(page, "causes")
    }

    assert causes == {
        ("2022-03-04", "tls_sni_reset"): 1,
        ("2022-03-05", "tls_sni_reset"): 1,
        ("2022-03-06", "throttle"): 1,
    }
    assert sum(int(row["steps"]) for row in data_of(page, "timing")) == 8
    (pace, other) = data_of(page, "goodput")
    assert {pace["kbps"], other["kbps"]} == {"1000"}


def test_the_page_runs_nothing_and_asks_nobody(page):
    reading = Reading(page)
    policy = next(m[1]["content"] for m in reading.of("meta") if m[1].get("http-equiv") is not None)
    (style,) = reading.of("style")

    digest = base64.b64encode(hashlib.sha256(style[2].encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert not {tag for tag, _, _ in reading.elements} & {"script", "link", "img", "iframe"}
    assert not [
        value
        for _, attributes, _ in reading.elements
        for name, value in attributes.items()
        if name in {"src", "style"}
        or name.startswith("on")
        or (name == "href" and not value.startswith("data:text/csv"))
    ]


def test_what_a_database_says_is_text_and_no_page(page):
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_pictures_and_scrolling_parts_have_names(page):
    reading = Reading(page)

    assert all(p[1].get("aria-label") for p in reading.of("svg") if p[1].get("role") == "img")
    assert all(d[1].get("aria-label") for d in reading.of("div"))


def test_the_same_database_gives_the_same_page(database, page, tmp_path):
    file = tmp_path / "again.html"
    main(["report", "--html", str(file), "--db", database])

    assert file.read_text(encoding="utf-8") == page


def test_days_choose_what_is_shown(database, tmp_path):
    file = tmp_path / "later.html"
    main(["report", "--html", str(file), "--since", "2022-03-08", "--db", database])

    assert "<title>Roadblock: 2022-03-08</title>" in file.read_text(encoding="utf-8")


def test_nothing_measured_is_said(database, tmp_path):
    file = tmp_path / "none.html"
    main(["report", "--html", str(file), "--since", "2030-01-01", "--db", database])

    assert "Nothing was measured" in file.read_text(encoding="utf-8")


def test_options_of_the_page_alone_need_the_page(database, capsys):
    assert main(["report", "--since", "2022-03-08", "--db", database]) == 2
    assert "--html" in capsys.readouterr().err


def test_what_a_table_shows_is_said_as_wide_as_the_page(page):
    """A caption is as narrow as its table: with one day's runs it stood there as a pillar."""
    read = Reading(page)

    assert read.of("caption") == []
    assert any("of the day's verdicts" in said for _, _, said in read.of("p"))
