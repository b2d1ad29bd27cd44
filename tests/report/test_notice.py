"""Notices: told when a verdict changes, silent otherwise, and in no more words than the summary."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from probe.model.run import FamilyVantage, Vantage
from probe.model.verdict import ServiceVerdict, VantageVerdict
from probe.model.words import Category, Family, State, VantageState
from probe.report.grid import plain
from probe.report.notice import Before, notice_of, said_before
from probe.report.text import report_blocks
from probe.report.words import wording
from probe.store import open_reader, open_writer

WORDS = wording("en")
DAY = timedelta(days=1)
OLD = datetime(2026, 11, 20, tzinfo=UTC)


def before(**states):
    return {service: Before(state, OLD) for service, state in states.items()}


def test_a_change_is_told_with_what_was_before(found):
    notice = notice_of(found, before(instagram=State.OK), WORDS)

    assert notice.title == "Roadblock: changed services: 1"
    first, second = notice.body.splitlines()
    assert first.startswith("Instagram: could not be reached. The connection was cut")
    assert second == "Before (2026-11-20): works."


def test_the_first_look_at_a_service_is_no_change(found):
    assert notice_of(found, {}, WORDS) is None


def test_the_same_state_is_no_change(found):
    known = before(instagram=State.BLOCKED, twitter=State.IMPAIRED, bbc=State.OK)

    assert notice_of(found, known, WORDS) is None


def test_recovery_is_told_too(found):
    notice = notice_of(found, before(bbc=State.BLOCKED), WORDS)

    assert notice.body == "BBC: works.\nBefore (2026-11-20): could not be reached."


def test_what_says_nothing_changes_nothing(found):
    """`insufficient` is not news: a laptop on a train would send one an hour."""
    unclear = ServiceVerdict(
        service="bbc", state=State.INSUFFICIENT, category=Category.INSUFFICIENT
    )

    assert notice_of(replace(found, services=(unclear,)), before(bbc=State.OK), WORDS) is None


@pytest.mark.parametrize("state", [VantageState.OFFLINE, VantageState.CAPTIVE_PORTAL])
def test_where_nothing_can_be_judged_nothing_is_told(found, state):
    away = replace(found, vantage=VantageVerdict(state=state))

    assert notice_of(away, before(instagram=State.OK), WORDS) is None


def test_an_invalid_run_tells_nothing(found):
    moved = replace(found, run=found.run.model_copy(update={"status": "invalid"}))

    assert notice_of(moved, before(instagram=State.OK), WORDS) is None


def test_it_says_no_more_than_the_summary_and_not_where(found):
    """A notice passes through a stranger's server: no network, no country, no rule, no detail."""
    known = before(instagram=State.OK, twitter=State.OK, bbc=State.DOWN)

    notice = notice_of(found, known, WORDS)

    summary = "\n".join(plain(block) for block in report_blocks(found, WORDS))
    said = [line for line in notice.body.splitlines() if not line.startswith("Before (")]
    assert len(said) == 3
    for line in said:
        assert line in summary
    for secret in ("AS64500", "EXAMPLE-NET", "DE", "test.rule", "reset after", "r1"):
        assert secret not in notice.body + notice.title


# --- what was said before ------------------------------------------------------------------------


@pytest.fixture
async def stored(tmp_path, found):
    """Return a function that stores earlier runs, and gives what is known before the last."""

    async def known(*earlier):
        path = tmp_path / "roadblock.db"
        async with open_writer(path) as writer:
            for number, (days, state, changes) in enumerate(earlier):
                run = found.run.model_copy(
                    update={
                        "id": f"old-{number}",
                        "started_at": found.run.started_at - days * DAY,
                        **changes,
                    }
                )
                said = ServiceVerdict(service="bbc", state=state, category=Category.OK)
                await writer.begin_run(run)
                await writer.add_verdicts(run.id, (), (said,), set_id=run.id)
                await writer.finish_run(run)
            await writer.begin_run(found.run)
            await writer.finish_run(found.run)
        with open_reader(path) as reader:
            return {s: known.state for s, known in said_before(reader, found.run).items()}

    return known


ELSEWHERE = Vantage(families=(FamilyVantage(family=Family.IPV4, asn=1),), country="FR")


async def test_the_last_run_that_could_tell_is_what_was_before(stored):
    known = await stored((3, State.OK, {}), (2, State.DOWN, {}), (1, State.INSUFFICIENT, {}))

    assert known == {"bbc": State.DOWN}


@pytest.mark.parametrize(
    ("days", "changes"),
    [
        pytest.param(1, {"vantage": ELSEWHERE}, id="another network"),
        pytest.param(1, {"world": "lab:open"}, id="the lab"),
        pytest.param(1, {"status": "invalid"}, id="an invalid run"),
        pytest.param(31, {}, id="long ago"),
        pytest.param(-1, {}, id="later"),
    ],
)
async def test_other_runs_are_nothing_to_compare_with(stored, days, changes):
    """In a café another network is another truth: its first look is a first look."""
    assert await stored((days, State.OK, changes)) == {}
