"""The demonstration's comparison: verdicts beside the boxes' log."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from probe.lab.log import Event, TruthLog, What
from probe.lab.packet import TCP, Flow
from probe.lab.worlds import build_world
from probe.model.run import Run
from probe.model.target import Catalogue
from probe.model.verdict import VantageVerdict, Verdict
from probe.model.words import Category, Grade, Layer, Protocol, State, VantageState
from probe.reference import load_catalogue, load_knowledge
from probe.report.findings import findings
from probe.report.grid import plain
from probe.store import open_reader
from probe.trial.demo import Shown, comparison_blocks, virtual_demo


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def shown(catalogue: Catalogue, *verdicts: Verdict, cut: str | None = None) -> Shown:
    """Return what a run said in the world of March 2022, in which one name was cut."""
    world = build_world("march-2022", catalogue)
    log = TruthLog()
    if cut is not None:
        flow = Flow(TCP, "192.0.2.2", 40000, world.hosts[cut][0], 443)
        log.add(Event(1.0, "S02", What.REWROTE, flow, cut))
    run = Run(id="r", started_at=datetime(2026, 11, 23, tzinfo=UTC), seed=1)
    online = VantageVerdict(state=VantageState.ONLINE)
    return Shown(findings(run, online, (), verdicts, catalogue), world, log)


def verdict(endpoint: str, state: State, category: Category) -> Verdict:
    return Verdict(
        endpoint=endpoint,
        service=endpoint.partition(".")[0],
        protocol=Protocol.HTTPS,
        state=state,
        category=category,
        layer=Layer.TLS,
        grade=None if state is State.OK else Grade.SUSPECTED,
        rule_id="test",
    )


CUT = verdict("instagram.web", State.BLOCKED, Category.TLS_SNI_RESET)
UNSURE = verdict("instagram.web", State.INSUFFICIENT, Category.TLS_SNI_RESET)
MISSED = verdict("instagram.web", State.OK, Category.OK)
FINE = verdict("bbc.web", State.OK, Category.OK)


@pytest.mark.parametrize(
    ("verdicts", "cut", "agree", "ending"),
    [
        pytest.param([CUT, FINE], "www.instagram.com", "yes", "2 of 2", id="seen"),
        pytest.param([MISSED, FINE], "www.instagram.com", "no", "1 of 2", id="missed"),
        pytest.param([CUT, FINE], None, "no", "1 of 2", id="made up"),
        pytest.param([UNSURE, FINE], "www.instagram.com", "claim", "1 of 2", id="no claim"),
    ],
)
def test_each_verdict_is_held_to_the_log(catalogue, verdicts, cut, agree, ending):
    text = "\n".join(map(plain, comparison_blocks(shown(catalogue, *verdicts, cut=cut))))

    row = next(line for line in text.splitlines() if "instagram.web" in line)
    assert row.split()[-1] == agree
    assert f"{ending} verdicts agree with the log." in text
    assert "Of the other 1 verdicts both say" in text


def test_the_virtual_demo_finds_what_the_censor_did_and_stores_it(tmp_path: Path):
    """The road for machines that refuse namespaces, from the catalogue to the database."""
    knowledge = load_knowledge()
    wanted = ("instagram.web", "rt.web", "bbc.web")
    endpoints = [e for e in knowledge.catalogue.endpoints if e.id in wanted]

    played = virtual_demo(
        build_world("march-2022", knowledge.catalogue),
        knowledge,
        endpoints,
        tmp_path / "demo.db",
        profile="look",
        on_event=lambda _: None,
    )

    states = {v.endpoint: v.state for v in played.found.verdicts if v.protocol is Protocol.HTTPS}
    assert states["instagram.web"] is State.BLOCKED
    assert states["rt.web"] is State.BLOCKED
    assert states["bbc.web"] is State.OK
    with open_reader(tmp_path / "demo.db") as reader:
        assert reader.latest_run() is None, "a lab run is not a run"
        assert reader.latest_run("lab:march-2022") is not None
