"""The pages in a real browser: axe-core finds nothing serious, nothing scrolls sideways.

At a phone's width and a desk's, in light and dark. axe-core comes with the package axe-core-python.
"""

import importlib.resources
import importlib.util
import re
from contextlib import ExitStack
from itertools import pairwise

import pytest
import trio

from probe.cli.main import main
from probe.model.observation import TcpObservation
from probe.model.run import Run
from probe.model.verdict import ServiceVerdict, VantageVerdict, Verdict
from probe.model.words import Arm, Category, Family, Grade, Layer, Protocol, State, VantageState
from probe.reference.catalogue import load_catalogue
from probe.report.page.board import BOARD_CSS
from probe.report.page.style import CSS
from probe.report.words import wording
from probe.serve.board import Board
from probe.store import open_writer
from tests.browser import CHROMIUM, NEEDED, browsing
from tests.report.test_page import a_run

AXE = importlib.util.find_spec("axe_core_python")
in_a_browser = pytest.mark.skipif(
    CHROMIUM is None or AXE is None,
    reason=NEEDED if CHROMIUM is None else "needs axe-core: pip install axe-core-python",
)
# A finding of each kind, so that every colour of the pages is looked at.
FOUND = {
    "instagram": (State.BLOCKED, Category.TLS_SNI_RESET),
    "facebook": (State.OK, Category.OK),
    "twitter": (State.IMPAIRED, Category.THROTTLE),
    "rt": (State.INSUFFICIENT, Category.INSUFFICIENT),
    "whatsapp": (State.RESTRICTED, Category.SERVER_GEOBLOCK),
    "bbc": (State.DOWN, Category.DOWN),
    "tiktok": (State.REFUSED, Category.REACHABLE_BOTWALL),
}
UNFOLD = "document.querySelectorAll('details').forEach(part => { part.open = true; })"
SCREENS = [
    pytest.param(width, scheme, id=f"{kind}, {scheme}")
    for width, kind in ((360, "phone"), (1280, "desk"))
    for scheme in ("light", "dark")
]


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """Twenty runs from three networks, with a gap, and one that says nothing of a service."""
    path = tmp_path_factory.mktemp("pages") / "roadblock.db"

    async def fill():
        async with open_writer(path) as writer:
            for number in (*range(12), *range(20, 28)):
                run = a_run(number, *(("RU", 12389), ("DE", 3320), (None, None))[number % 3])
                await store(writer, run, {s: f for s, f in FOUND.items() if number or s != "bbc"})

    trio.run(fill)
    return path


async def store(writer, run: Run, found):
    await writer.begin_run(run)
    graded = {"grade": Grade.PROBABLE}
    await writer.add_verdicts(
        run.id,
        [
            Verdict(
                endpoint=f"{service}.web", service=service, protocol=Protocol.HTTPS,
                family=Family.IPV4, layer=Layer.TLS, state=state, category=category,
                rule_id="test", detail="reset after 16 ms " + "x" * 90,
                **(graded if state is State.BLOCKED else {}),
            )
            for service, (state, category) in found.items()
        ],
        [
            ServiceVerdict(
                service=service, state=state, category=category, endpoints=1,
                witness=f"{service}.web", **(graded if state is State.BLOCKED else {}),
            )
            for service, (state, category) in found.items()
        ],
        VantageVerdict(state=VantageState.ONLINE),
        set_id="first",
    )  # fmt: skip
    await writer.add(
        [
            TcpObservation(
                id=f"1/0/{number}", experiment="e", endpoint="instagram.web", arm=Arm.TARGET,
                started_at=run.started_at, duration_s=0.05, address="2001:db8:aaaa:bbbb::1",
            )
            for number in range(3)
        ]
    )  # fmt: skip
    await writer.finish_run(run)


@pytest.fixture(scope="module")
def pages(database, tmp_path_factory):
    """Return {name: address}: the report, and the status pages as files, their style within."""
    folder = tmp_path_factory.mktemp("html")
    report = folder / "report.html"
    assert main(["report", "--html", str(report), "--db", str(database)]) == 0
    board = Board(database, load_catalogue(), wording("en"))
    made = {
        "status": board.front(),
        "status of a service": board.service("r27", "instagram"),
        "status in Russian": Board(database, load_catalogue(), wording("ru")).front(),
    }
    score = folder / "score.html"
    campaign = ["--scenarios", "1", "--benign", "1", "--processes", "1", "--html", str(score)]
    assert main(["lab", "score", *campaign]) == 0
    found = {"report": report.as_uri(), "score": score.as_uri()}
    for name, text in made.items():
        file = folder / f"{name}.html"
        linked = '<link rel="stylesheet" href="/style.css">'
        assert linked in text
        file.write_text(text.replace(linked, f"<style>{BOARD_CSS}</style>"), encoding="utf-8")
        found[name] = file.as_uri()
    return found


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with ExitStack() as stack:
        yield stack.enter_context(browsing(tmp_path_factory.mktemp("profile")))


@in_a_browser
@pytest.mark.parametrize(("width", "scheme"), SCREENS)
@pytest.mark.parametrize(
    "page", ["report", "status", "status of a service", "status in Russian", "score"]
)
def test_nobody_is_kept_from_reading_it(pages, browser, page, width, scheme):
    axe = importlib.resources.files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")

    browser.show(pages[page], width=width, scheme=scheme)
    browser.evaluate(UNFOLD)
    browser.evaluate(axe)
    ended = browser.evaluate("axe.run(document, {resultTypes: ['violations']})")

    assert len(ended["passes"]) > 15, "axe did look at the page"
    assert [
        f"{found['impact']}: {found['id']}: {node['html'][:150]}"
        for found in ended["violations"]
        for node in found["nodes"]
    ] == []


@in_a_browser
@pytest.mark.parametrize(("width", "scheme"), SCREENS)
@pytest.mark.parametrize("page", ["report", "status", "status of a service", "score"])
def test_nothing_scrolls_sideways_and_nobody_is_asked(pages, browser, page, width, scheme):
    browser.show(pages[page], width=width, scheme=scheme)
    browser.evaluate(UNFOLD)

    wide, seen = browser.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= seen
    assert seen >= width - 20, "it was as wide as asked for"
    assert browser.asked == [pages[page]]
    assert browser.complaints == []


@in_a_browser
def test_what_scrolls_by_itself_can_be_reached_by_keys(pages, browser):
    browser.show(pages["report"], width=360)

    unreachable = browser.evaluate(
        "[...document.querySelectorAll('*')].filter(e => e.scrollWidth > e.clientWidth + 1"
        " && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX) && e.tabIndex < 0).length"
    )
    assert unreachable == 0


@in_a_browser
def test_letters_of_a_chart_are_large_enough_on_a_phone(pages, browser):
    browser.show(pages["report"], width=360)

    sizes = browser.evaluate(
        "[...document.querySelectorAll('svg.plot')].map(svg => 12 * "
        "svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)"
    )
    assert sizes
    assert min(sizes) >= 9


@in_a_browser
def test_the_check_finds_what_is_wrong(browser, tmp_path):
    """A check that cannot fail proves nothing."""
    bad = tmp_path / "bad.html"
    bad.write_text('<html><body><p style="color:#999;width:900px">pale<img src="x">', "utf-8")
    axe = importlib.resources.files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")

    browser.show(bad.as_uri(), width=360)
    browser.evaluate(axe)
    found = browser.evaluate("axe.run(document).then(r => r.violations.map(v => v.id))")

    assert {"color-contrast", "html-has-lang", "image-alt"} <= set(found)


# --- what axe cannot tell -------------------------------------------------------------------------


def colours(scheme: str) -> dict[str, str]:
    """Return the style sheet's colours, dark over light: {"ok": "#d7ecf7", ...}."""
    light, dark = (CSS[a:b] for a, b in pairwise([m.start() for m in re.finditer(":root", CSS)]
                                                 + [CSS.index("*{box-sizing")]))  # fmt: skip
    text = light + dark if scheme == "dark" else light
    return dict(re.findall(r"--([\w-]+):(#\w+)", text))


def contrast(one: str, other: str) -> float:
    """Return the ratio of WCAG 2.2, from 1 to 21."""

    def luminance(colour: str) -> float:
        short = colour.removeprefix("#")
        digits = short if len(short) == 6 else "".join(c * 2 for c in short)
        shares = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
        linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out_where_axe_gives_up(scheme):
    """On hatching, and where a cell holds a mark and no word."""
    known = colours(scheme)
    pairs = [(known[f"{state.value}-fg"], known[state.value])
             for state in State if state is not State.INSUFFICIENT]  # fmt: skip
    pairs += [(known["grey-fg"], known["grey"]), (known["grey-fg"], known["hatch"])]
    pairs += [
        (known["dim"], known["bg"]),
        (known["fg"], known["n2"]),
        (known["n3-fg"], known["n3"]),
    ]

    assert [pair for pair in pairs if contrast(*pair) < 4.5] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_lines_and_bars_stand_out_from_the_page(scheme):
    """WCAG 1.4.11 asks 3 to 1 of what must be seen to understand a picture."""
    known = colours(scheme)

    pale = [n for n in range(8) if contrast(known[f"c{n}"], known["bg"]) < 3]
    assert pale == []
