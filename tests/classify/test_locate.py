"""What walks with ever longer lives say of a place: literal hops."""

import pytest

from probe.model.observation import TraceHop, TraceObservation
from probe.model.words import Arm
from tests.classify.build import A1, RESET, Atlas, Story, knowledge, online

EXPIRED, SILENT, ENDED, ANSWERED = "expired", "silent", "reset", "answered"


def walked(control, target, *, routers=True, tries=2, distance=None):
    """A reset at the name; one outcome for each step of the control's walk and of the name's."""
    story = Story()
    story.vantage = online(country="RU")
    story.knowledge = knowledge(geo=Atlas({"10.": 12389, "62.": 1299}))
    story.honest_dns(A1)
    for _ in range(2):
        story.tls(A1, RESET, after=0.01, acked=1)
        story.tls(A1, arm=Arm.C1)
    names = ("10.0.0.1", "10.0.0.2", "62.0.0.3", "62.0.0.4")
    for arm, outcomes in ((Arm.C1, control), (Arm.TARGET, target)):
        hops = tuple(
            TraceHop(
                ttl=ttl,
                outcome=outcome,
                router=names[ttl - 1] if routers and outcome == EXPIRED else None,
            )
            for ttl, outcome in enumerate(outcomes, start=1)
            for _ in range(tries)
        )
        base = story._base(arm, A1, port=443)
        story.observations.append(TraceObservation(**base, method="hello", name="n", hops=hops))
    if distance is not None:
        syns = (TraceHop(ttl=distance, outcome=ANSWERED),)
        base = story._base(Arm.C1, A1, port=443)
        story.observations.append(TraceObservation(**base, method="syn", hops=syns))
    return story.verdict()


OPEN = (EXPIRED, EXPIRED, EXPIRED, EXPIRED, ANSWERED)


@pytest.mark.parametrize(
    ("target", "hop"),
    [
        pytest.param((EXPIRED, ENDED), 2, id="reset"),
        pytest.param((EXPIRED, EXPIRED, SILENT, SILENT, SILENT), 3, id="eaten"),
        pytest.param((ENDED,), 1, id="at-the-first"),
    ],
)
def test_smallest_step_at_which_only_the_name_ends(target, hop):
    verdict = walked(OPEN, target)

    assert (verdict.hop, verdict.location.hop) == (hop, hop)


def test_step_at_which_the_router_is_mute_for_everybody_tells_nothing():
    verdict = walked(
        (EXPIRED, SILENT, EXPIRED, EXPIRED, ANSWERED), (EXPIRED, SILENT, SILENT, SILENT)
    )

    assert verdict.hop == 3


@pytest.mark.parametrize(
    ("control", "target", "why"),
    [
        pytest.param((SILENT,) * 4, (SILENT,) * 4, "mute_routers", id="mute"),
        pytest.param(OPEN, (*OPEN[:4], ENDED), "acts_on_answers", id="rewritten-answers"),
        pytest.param((EXPIRED, ENDED), (EXPIRED,), "any_name", id="any-name"),
        pytest.param((EXPIRED, SILENT), (EXPIRED,), "not_reached", id="the-control-came-not-far"),
        pytest.param(OPEN, (EXPIRED, ENDED, EXPIRED), "many_ways", id="several-ways"),
    ],
)
def test_what_cannot_be_located_says_why(control, target, why):
    verdict = walked(control, target)

    assert (verdict.hop, verdict.location, verdict.unlocated) == (None, None, why)


@pytest.mark.parametrize("end", [ENDED, SILENT])
def test_a_server_that_refuses_the_neutral_name_is_no_end_on_the_way(end):
    """The SYNs' walk says how far the server is: there, a reset is its own."""
    verdict = walked((EXPIRED, EXPIRED, EXPIRED, end), (EXPIRED,) * 3, distance=4)

    assert verdict.unlocated == "acts_on_answers"


def test_one_lost_packet_is_no_place():
    """One try at a step that is silent for the name, and the other not."""
    story_hops = walked(OPEN, (EXPIRED, EXPIRED, EXPIRED, EXPIRED, ENDED), tries=1)

    assert story_hops.hop is None


def test_border_is_where_the_country_ends():
    before = walked(OPEN, (EXPIRED, ENDED)).location
    assert (before.asn, before.tries) == (12389, 4)


def test_nobody_walked_nothing_is_said():
    story = Story()
    story.honest_dns(A1)
    story.tls(A1, RESET, after=0.01, acked=1)
    story.tls(A1, arm=Arm.C1)

    verdict = story.verdict()

    assert (verdict.hop, verdict.location, verdict.unlocated) == (None, None, None)
