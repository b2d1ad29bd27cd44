"""The still pictures: what their cells say, and that nothing unknown is drawn as good news."""

import io
import re
import xml.etree.ElementTree as ET

import pytest
import trio

from probe.cli import pictures
from probe.cli.main import main
from probe.store import open_writer
from tests.report.test_page import CUT, FINE, SLOW, UNCLEAR, a_run, store

pytest.importorskip("matplotlib", reason="needs matplotlib, the extra `pictures`")
Image = pytest.importorskip("PIL.Image", reason="comes with matplotlib")
SVG = "{http://www.w3.org/2000/svg}"
FORMULA = "$\\alpha$ <b>"


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """Two networks: Russia says cut, cut, slow; Germany fine and unclear."""
    path = tmp_path_factory.mktemp("picture") / "roadblock.db"

    async def fill():
        async with open_writer(path) as writer:
            await store(writer, a_run(0, "RU", 12389), {"bbc": CUT, "rt": FINE, FORMULA: FINE})
            await store(writer, a_run(1, "RU", 12389), {"bbc": CUT, "rt": FINE})
            await store(writer, a_run(2, "RU", 12389), {"bbc": SLOW, "rt": FINE})
            await store(writer, a_run(4, "DE", 3320), {"bbc": FINE, "rt": UNCLEAR})

    trio.run(fill)
    return str(path)


@pytest.fixture
def draw(database, tmp_path):
    def drawn(form, *plots, more=()):
        file = tmp_path / f"picture.{form}"
        chosen = [argument for plot in plots for argument in ("--plot", plot)]
        assert main(["report", f"--{form}", str(file), *chosen, "--db", database, *more]) == 0
        return file.read_bytes()

    return drawn


def words_of(svg):
    return [" ".join(text.itertext()).strip() for text in ET.fromstring(svg).iter(f"{SVG}text")]


def fills_of(svg):
    """Return how many shapes are filled with what."""
    found = {}
    for style in re.findall(r'style="fill: ([^";]+)', svg.decode()):
        kind = "hatched" if style.startswith("url(") else style
        found[kind] = found.get(kind, 0) + 1
    return found


def test_every_service_has_a_worded_cell_for_every_network(draw):
    words = words_of(draw("svg", "map"))

    # One element a line: the finding, then how often of how many.
    assert words.count("blocked: cut") == 1
    assert words.count("2 of 3") == 1
    assert words.count("insufficient") == 1
    assert words.count("0 of 1 can tell") == 1
    assert words.count("no data") == 1
    assert words.count("ok") == 3


def test_no_data_and_insufficient_never_look_like_ok(draw):
    """The trap of every map of censorship: an empty cell that is drawn as good news."""
    svg = draw("svg", "map")
    fills = fills_of(svg)

    # Each state's cells and one of the key: ok 3, blocked 1, insufficient 1.
    assert fills["#d7ecf7"] == 3 + 1
    assert fills["#b5400a"] == 1 + 1
    assert fills["hatched"] == 1 + 1
    # No data has no fill at all, but a dashed line: its cell and the key's.
    assert len(re.findall(r'style="fill: none;[^"]*stroke-dasharray', svg.decode())) == 2


def test_what_was_found_less_often_is_not_hidden(draw, tmp_path):
    """Blocked in the last week of three: the most frequent finding alone would say "ok"."""
    path = tmp_path / "late.db"

    async def fill():
        async with open_writer(path) as writer:
            for number, found in enumerate((FINE, FINE, CUT)):
                await store(writer, a_run(number, "RU", 1), {"bbc": found})

    trio.run(fill)

    assert "2 of 3; blocked 1" in words_of(draw("svg", "map", more=("--db", str(path))))


def test_a_day_without_a_count_of_blocked_is_marked_by_a_letter(draw):
    """A nought on the colour of `impaired` would tell by colour alone."""
    words = words_of(draw("svg", "days"))

    assert words.count("1") == 2, "two days with one blocked service"
    assert words.count("!") == 1
    assert words.count("✓") == 1
    # Germany three days, Russia two days without a run; the key's words are longer.
    assert words.count("–") == 4 + 2


def test_each_plot_says_its_period_its_number_and_its_source(draw):
    words = " ".join(words_of(draw("svg")))

    for title in ("Services by network", "Days", "Causes", "Timing", "Goodput", "Coverage"):
        assert title in words
    assert words.count("2022-03-04 to 2022-03-08, UTC. Runs of the real internet.") == 6
    assert "n = 8 verdicts" in words
    assert "n = 4 runs" in words


def test_the_key_names_what_is_no_finding(draw):
    words = words_of(draw("svg", "map"))

    assert "insufficient: measured, and nothing can be said" in words
    assert "no data: not measured" in words


def test_only_the_chosen_plots_are_drawn(draw):
    words = words_of(draw("svg", "coverage"))

    assert "Coverage" in words
    assert "Services by network" not in words


def test_what_a_database_says_is_text_and_no_formula(draw):
    assert FORMULA in words_of(draw("svg", "map"))


def test_a_picture_asks_nobody_for_anything(draw):
    """Nothing is fetched when it is opened: only names of XML vocabularies have a host in them."""
    svg = draw("svg").decode()

    references = re.findall(r'(?:href|src)="([^"]+)"', svg)
    assert all(reference.startswith("#") for reference in references)
    assert "<script" not in svg


@pytest.mark.parametrize("form", ["png", "svg"])
def test_the_same_database_gives_the_same_picture(draw, form):
    assert draw(form) == draw(form)


def test_a_png_can_be_read_at_its_real_size(draw):
    with Image.open(io.BytesIO(draw("png", "map"))) as image:
        assert image.format == "PNG"
        assert image.width >= 1200
        assert image.info["Title"] == "Roadblock: 2022-03-04 to 2022-03-08"


def test_more_networks_than_services_go_down_the_page(tmp_path, draw):
    """Sixty columns would be wider than any page."""
    path = tmp_path / "many.db"

    async def fill():
        async with open_writer(path) as writer:
            for number in range(65):
                run = a_run(number, "RU", 1000 + number)
                await store(writer, run, {"bbc": FINE})

    trio.run(fill)
    with Image.open(io.BytesIO(draw("png", "map", more=("--db", str(path))))) as image:
        assert image.width < image.height
    words = words_of(draw("svg", "map", more=("--db", str(path))))
    assert "The 60 networks with most runs; 5 more." in words


def test_runs_without_verdicts_are_said(tmp_path, draw):
    path = tmp_path / "bare.db"

    async def fill():
        async with open_writer(path) as writer:
            await writer.begin_run(a_run(0, "RU", 1))

    trio.run(fill)

    words = words_of(draw("svg", more=("--db", str(path))))
    assert "No data: no run said anything of a service." in words
    assert "Nothing but ok and insufficient was found." not in words


def test_nothing_measured_is_said(draw):
    assert "Nothing was measured" in words_of(draw("svg", more=("--since", "2030-01-01")))


def test_without_its_library_the_command_to_type_is_said(database, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pictures, "find_spec", lambda name: None)

    assert main(["report", "--png", str(tmp_path / "x.png"), "--db", database]) == 2
    assert "pip install 'roadblock[pictures]'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_choice_of_plots_needs_a_picture(database, capsys):
    assert main(["report", "--plot", "map", "--db", database]) == 2
    assert "--plot chooses what --png and --svg show" in capsys.readouterr().err
