"""Asking: the first controls first, nothing twice, and always an end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.classify.facts import derive
from probe.classify.judge import scenes
from probe.classify.rival_row import PROFILES
from probe.classify.rivals import RIVALS
from probe.classify.scene import Scene
from probe.model.experiment import Hello, Kind
from probe.model.words import Arm, FailureWord, RivalStatus, Transport, VantageState
from tests.classify.build import (
    A1,
    A2,
    B1,
    HOST,
    NEUTRAL,
    OTHER,
    RESET,
    TIMEOUT,
    Story,
    endpoint,
    failure,
    online,
)
from tests.classify.cases import CASES
from tests.classify.filing import HTTP, STRANGE

ROUNDS_MAX = 40  # as the run has it


def test_nothing_seen_asks_for_the_first_look() -> None:
    assert [e.kind for e in Story().asked()] == [Kind.SCREEN]


def test_open_endpoint_asks_for_nothing_more() -> None:
    story = Story()
    story.honest_dns(A1)
    story.good_page(A1)

    assert story.asked("look") == ()


def test_open_core_endpoint_is_asked_with_a_browsers_hello_beyond_the_look() -> None:
    story = Story()
    story.honest_dns(A1)
    story.good_page(A1)

    assert [e.hello for e in story.asked("quick")] == [Hello.CHROME]


def test_cut_handshake_asks_for_a_neutral_name_of_equal_length_at_the_same_address() -> None:
    story = Story()
    story.honest_dns(A1)
    story.tls(A1, RESET, after=0.05)

    first = story.asked("look")[0]

    assert (first.kind, first.arm, first.address) == (Kind.HANDSHAKE, Arm.C1, A1)
    assert len(first.name) == len(HOST)
    assert first.name != HOST


def test_look_asks_no_repeats_and_quick_does() -> None:
    story = Story()
    story.honest_dns(A1)
    story.tls(A1, RESET, after=0.05, acked=1)
    story.tls(A1, arm=Arm.C1)

    assert [e for e in story.asked("look") if e.round] == []
    rounds = [e for e in story.asked("quick") if e.round and e.arm in {Arm.TARGET, Arm.C1}]
    assert sorted((e.arm, e.round) for e in rounds) == [
        (arm, number) for arm in (Arm.C1, Arm.TARGET) for number in (1, 2, 3)
    ]


def first_block(*fails: bool, control_fails: bool = False, after: float = 0.05) -> Story:
    """A look and three rounds; whether the name failed in each."""
    story = Story()
    story.honest_dns(A1)
    for number, failed in enumerate(fails):
        story.tls(A1, *([RESET] if failed else []), after=after, acked=1, attempt=number)
        story.tls(A1, *([RESET] if control_fails and number else []), arm=Arm.C1, attempt=number)
    return story


def later_rounds(story: Story, profile: str) -> set[int]:
    return {e.round for e in story.asked(profile) if e.arm is Arm.C1 and e.round > 3}


@pytest.mark.parametrize(
    ("story", "goes_on"),
    [
        pytest.param(first_block(True, True, True, True), True, id="always"),
        pytest.param(first_block(True, True, False, True), True, id="mostly"),
        pytest.param(first_block(True, False, True, False), False, id="seldom"),
        pytest.param(first_block(True, False, True, False, after=0.01), True, id="seldom-injected"),
        pytest.param(
            first_block(True, True, False, True, control_fails=True), False, id="neutral-names-too"
        ),
        pytest.param(first_block(True, False, False, False), False, id="only-at-first"),
    ],
)
def test_second_block_is_asked_of_what_the_first_left_telling(story: Story, goes_on: bool) -> None:
    assert later_rounds(story, "standard") == (set(range(4, 13)) if goes_on else set())
    assert later_rounds(story, "quick") == set()


def test_name_at_a_neutral_host_comes_after_a_baseline_there() -> None:
    story = Story()
    story.honest_dns(A1)
    story.tls(A1, RESET, after=0.05, acked=1)
    story.tls(A1, arm=Arm.C1)

    abroad = [e.name for e in story.asked("quick") if e.arm is Arm.C2]

    assert abroad[:2] == [NEUTRAL, HOST]


def test_control_that_fails_too_is_tried_again_after_a_wait() -> None:
    story = Story()
    story.honest_dns(A1)
    story.tls(A1, RESET, after=0.016, acked=1)
    story.tls(A1, RESET, arm=Arm.C1, after=0.016, acked=1)

    waits = [e for e in story.asked("quick") if e.kind is Kind.WAIT]
    story.performed = {waits[0].id: waits[0]}
    again = [e for e in story.asked("quick") if e.arm is Arm.C1]

    assert len(waits) == 1
    assert again[0].round >= 90


def test_lie_asks_the_same_resolver_for_a_neutral_name() -> None:
    story = Story()
    story.vantage = online(working_resolvers=())
    story.dns(rcode=3)
    story.encrypted_dns(A1)
    story.good_page(A1)

    asked = [e for e in story.asked("look") if e.arm is Arm.C1]

    assert [(e.kind, e.resolver, e.name) for e in asked] == [
        (Kind.RESOLVE, "system", "example.com")
    ]


def test_what_was_performed_or_refused_is_not_asked_again() -> None:
    story = Story()
    story.honest_dns(A1)
    story.tls(A1, RESET, after=0.05)
    asked = story.asked("quick")
    story.performed = {e.id: e for e in asked}

    assert not {e.id for e in story.asked("quick")} & set(story.performed)


def test_lost_vantage_asks_for_nothing() -> None:
    story = Story()
    story.vantage = online(VantageState.OFFLINE)

    assert story.asked("deep") == ()


def test_rival_says_what_became_of_it() -> None:
    story = Story()
    story.honest_dns(A1)
    story.tls(A1, RESET, after=0.05, acked=1)
    before = {r.id: r.status for r in story.verdict().rivals}
    story.tls(A1, arm=Arm.C1)
    after = {r.id: r.status for r in story.verdict().rivals}

    assert before["server_down"] is RivalStatus.NOT_ASKED
    assert after["server_down"] is RivalStatus.RULED_OUT
    assert "look from another vantage point" in story.verdict().not_asked


@pytest.mark.parametrize("row", RIVALS, ids=lambda row: row.id)
def test_every_rival_asks_something_in_some_case(row) -> None:
    """A rival whose experiment no evidence can bring about could never be ruled out."""
    if "--locate" in row.experiment:
        return  # the walks are `ask_where`'s, and only by wish
    for tell in CASES.values():
        story = tell()
        for scene in scenes(derive(story.evidence(), story.knowledge)):
            if row.asks(scene):
                return
    pytest.fail(f"{row.id} asks nothing in any case")


@pytest.mark.parametrize("rule", CASES)
@pytest.mark.parametrize("profile", PROFILES)
def test_asking_ends_when_every_answer_is_silence(rule, profile) -> None:
    """Nothing comes back, ever: still only finitely much is asked."""
    story = CASES[rule]()

    for _ in range(ROUNDS_MAX):
        asked = story.asked(profile)
        if not asked:
            return
        story.performed.update({e.id: e for e in asked})
    pytest.fail("asks for ever")


FAILS = st.sampled_from(
    [None, RESET, TIMEOUT, failure(FailureWord.EOF_ERROR), failure(FailureWord.UNKNOWN_FAILURE)]
)
ADDRESSES = st.sampled_from([A1, A2, B1, OTHER, "127.0.0.1", "208.80.154.232"])


@st.composite
def stories(draw) -> Story:
    """Any evidence: observations of all kinds and arms in any order."""
    story = Story(endpoint(draw(st.sampled_from([f"{s}://{HOST}" for s in SCHEMES]))))
    arms = st.sampled_from(list(Arm))
    for _ in range(draw(st.integers(0, 12))):
        arm, fails, attempt = draw(arms), draw(FAILS), draw(st.integers(0, 12))
        address = draw(ADDRESSES)
        match draw(st.integers(0, 4)):
            case 0:
                story.dns(
                    draw(st.lists(ADDRESSES, max_size=2)),
                    resolver=draw(st.sampled_from(["system", "google", "canary:quiet"])),
                    transport=draw(st.sampled_from([Transport.UDP, Transport.TCP])),
                    rcode=draw(st.sampled_from([0, 2, 3, 5])),
                    fails=fails,
                    arm=arm,
                )
            case 1:
                story.tcp(address, fails, arm=arm, attempt=attempt)
            case 2:
                story.tls(address, fails, arm=arm, attempt=attempt, after=draw(st.floats(0, 20)))
            case 3:
                story.http(address, None if fails else 200, fails, arm=arm, attempt=attempt)
            case _:
                story.quic(address, done=fails is None, arm=arm, attempt=attempt)
    return story


SCHEMES = ("https", "http", "tls", "tcp")


@settings(max_examples=80)
@given(stories(), st.sampled_from(list(PROFILES)))
def test_asking_ends_for_any_evidence(story, profile) -> None:
    seen: set[str] = set()
    for _ in range(ROUNDS_MAX):
        asked = story.asked(profile)
        if not asked:
            return
        assert not seen & {e.id for e in asked}
        seen |= {e.id for e in asked}
        story.performed.update({e.id: e for e in asked})
    pytest.fail("asks for ever")


@settings(max_examples=150)
@given(stories())
def test_judging_never_fails_and_says_the_same_twice(story) -> None:
    first, second = story.verdicts(), story.verdicts()

    assert first
    assert first == second


@settings(max_examples=100)
@given(stories())
def test_no_accusation_above_suspected_without_a_control_or_an_artefact(story) -> None:
    """The floor under everything: with only first attempts of the target, nothing is `probable`."""
    story.observations = [o for o in story.observations if o.arm is Arm.TARGET and not o.attempt]
    story.vantage = online(working_resolvers=())

    for verdict in story.verdicts():
        for finding in (verdict, *verdict.also):
            if finding.state.value in {"blocked", "impaired"} and not _is_artefact(finding.rule_id):
                assert finding.grade is not None
                assert finding.grade.value == "suspected", finding


def _is_artefact(rule: str) -> bool:
    return rule.startswith(("dns.race", "dns.canary", "tcp.refused_too_soon", "dns.forged"))


def test_scene_is_one_verdict_in_the_making() -> None:
    story = Story()
    story.honest_dns(A1, B1)
    story.good_page(A1, B1)

    found = scenes(derive(story.evidence(), story.knowledge))

    assert [type(scene) for scene in found] == [Scene, Scene]


def _stopped(*others: tuple[tuple[float, int], ...]) -> Story:
    """A page that stops, and pages of another name at that address."""
    told = Story()
    told.honest_dns(A1)
    told.tls(A1)
    told.tls(A1, arm=Arm.C1)
    told.http(A1, None, TIMEOUT, duration=20.1)
    for progress in others:
        told.http(A1, None if len(progress) < 2 else 200, TIMEOUT, arm=Arm.C1, progress=progress)
    return told


def _rounds(told: Story) -> set[int]:
    return {e.round for e in told.asked("quick") if e.kind is Kind.FETCH and e.round}


def test_what_stops_whatever_the_name_is_looked_at_once_more_and_not_for_minutes() -> None:
    """Rounds that all stop cost twenty seconds each, and tell a name from nothing."""
    told = _stopped(((0.1, 40),))

    assert _rounds(told) <= {1}


def test_a_block_page_at_a_strangers_host_too_is_asked_for_again() -> None:
    """Seen once it is suspected at most."""
    told = Story(HTTP)
    told.honest_dns(A1)
    told.http(A1, 302, location=STRANGE)
    told.http(A1, arm=Arm.C1)
    for name in (NEUTRAL, HOST, NEUTRAL):
        moved = {"status": 302, "location": STRANGE} if name == HOST else {}
        told.http(OTHER, arm=Arm.C2, name=name, **moved)

    assert told.verdict().rule_id == "http.strange_redirect"
    assert _rounds(told) == {1, 2, 3}
