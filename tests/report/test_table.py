import io
import re

import pytest

from probe.model.words import Category, Grade, Layer, Protocol, State
from probe.report.grid import Cell, Grid, plain, show
from probe.report.table import claimed, finding_grid, layer_grid
from probe.report.words import wording
from tests.report.samples import CUT, verdict

EN = wording("en")


def row(found, service):
    grid = layer_grid(found, EN)
    return [cell.text for cell in next(r for r in grid.rows if r[0].text == service)]


def test_a_cut_by_name_shows_after_the_steps_that_went_well(found):
    assert row(found, "Instagram") == ["Instagram", "ok", "ok", "cut 1/2", "ok", "·"]


def test_a_slow_service_was_reached_at_every_step(found):
    assert row(found, "Twitter/X") == ["Twitter/X", "ok", "ok", "ok", "slow", "·"]


def test_services_stand_in_the_catalogues_order(found):
    """Workers end in any order; two reports of one run must not differ."""
    assert [row[0].text for row in layer_grid(found, EN).rows] == ["Instagram", "Twitter/X", "BBC"]


@pytest.mark.parametrize(
    ("protocol", "layer", "cells"),
    [
        pytest.param(Protocol.HTTPS, Layer.DNS, "cut · · · ·", id="nothing is known after DNS"),
        pytest.param(Protocol.HTTPS, Layer.IP, "ok cut · · ·", id="an address shows at TCP"),
        pytest.param(Protocol.QUIC, Layer.QUIC, "· · · · cut", id="QUIC has its own column"),
        pytest.param(Protocol.TCP, Layer.TCP, "ok cut · · ·", id="a bare port has two steps"),
        pytest.param(Protocol.HTTP, Layer.HTTP, "ok ok · cut ·", id="no encryption over HTTP"),
    ],
)
def test_the_cell_stands_where_the_failure_showed(found, protocol, layer, cells):
    blocked = verdict("bbc.web", State.BLOCKED, **CUT | {"layer": layer, "protocol": protocol})
    only = found.__class__(
        run=found.run,
        vantage=found.vantage,
        services=tuple(s for s in found.services if s.service == "bbc"),
        verdicts=(blocked,),
        endpoints=found.endpoints,
        names=found.names,
    )

    assert " ".join(row(only, "BBC")[1:]) == cells


def test_a_verdict_row_names_category_grade_counts_and_open_rivals(found):
    grid = finding_grid([v for v in found.verdicts if v.state is State.BLOCKED], EN)

    assert [cell.text for cell in grid.rows[0]] == [
        "instagram.web",
        "https ipv4",
        "tls_sni_reset",
        "suspected",
        "1",
        "server_refuses_name",
    ]


def test_controls_are_counted_beside_the_looks(found):
    tested = verdict(
        "bbc.web",
        State.BLOCKED,
        **CUT | {"grade": Grade.STRONG, "n_target": 8, "n_control": 8, "subtype": "injected"},
    )

    cells = [cell.text for cell in finding_grid([tested], EN).rows[0]]

    assert cells[2:5] == ["tls_sni_reset/injected", "strong", "8+8"]


def test_plain_tables_escape_what_the_network_sent(found):
    evil = verdict("bbc.web", State.BLOCKED, **CUT | {"category": Category.BLOCKPAGE})
    evil = evil.model_copy(update={"endpoint": "bbc\x1b[2J"})

    assert "\x1b" not in plain(finding_grid([evil], EN))


def test_a_table_without_headings_has_no_rule_over_nothing():
    """`status` began with an empty line and a row of dashes."""
    grid = Grid(("", ""), ((Cell("Disk"), Cell("1 GB")),))

    assert plain(grid) == "Disk  1 GB"


@pytest.mark.parametrize(
    ("state", "category", "word"),
    [
        (State.IMPAIRED, Category.THROTTLE, "throttle"),
        (State.INSUFFICIENT, Category.THROTTLE, "throttle?"),
        (State.INSUFFICIENT, Category.INSUFFICIENT, "insufficient"),
    ],
)
def test_what_is_not_claimed_has_a_question_mark(state, category, word):
    assert claimed(verdict("bbc.web", state, category=category)) == word


WIDE = Grid(
    ("Endpoint", "Over", "Finding"),
    (
        (Cell("instagram.static"), Cell("https ipv4"), Cell("tls_sni_reset/rewrite")),
        (Cell("bbc.web"), Cell(""), Cell("ok")),
    ),
)


def on_a_terminal(grid, columns, monkeypatch):
    """What a terminal of so many columns shows, line by line, without its colours."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    show([grid], file := Terminal())
    text = re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue())
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_a_narrow_terminal_gets_rows_below_each_other(monkeypatch):
    """At 40 columns a table stood there in columns of four letters."""
    assert on_a_terminal(WIDE, 32, monkeypatch) == [
        "instagram.static",
        "Over: https ipv4",
        "Finding: tls_sni_reset/rewrite",
        "bbc.web",
        "Finding: ok",
    ]


def test_a_wide_terminal_gets_a_table(monkeypatch):
    heading, _, first, _ = on_a_terminal(WIDE, 80, monkeypatch)

    assert heading.split() == ["Endpoint", "Over", "Finding"]
    assert first.split() == ["instagram.static", "https", "ipv4", "tls_sni_reset/rewrite"]


def test_the_first_column_stays_whole_where_others_must_break(monkeypatch):
    """The id of a run is copied from there."""
    run = "20261128T005423Z-d088dc"
    grid = Grid(("Run", "From"), ((Cell(run), Cell("a provider of a very long name " * 3)),))

    assert any(line.startswith(run) for line in on_a_terminal(grid, 72, monkeypatch))
