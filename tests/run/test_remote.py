"""Other vantage points in a whole run, on the virtual clock."""

import pytest

from probe.lab.worlds import build_world
from probe.model.experiment import Experiment, Kind
from probe.model.observation import TcpObservation
from probe.model.words import Arm, Family
from probe.reference import load_knowledge
from probe.run.remote import SeenElsewhere, as_remote
from probe.trial.play import knowledge_in, play

SEEN = TcpObservation(
    id="theirs",
    experiment="theirs",
    endpoint="instagram.web",
    arm=Arm.TARGET,
    family=Family.IPV4,
    address="157.240.1.174",
    port=443,
    started_at="2026-11-20T12:00:00Z",
    duration_s=0.1,
    bytes_received=10**9,
)


@pytest.fixture(scope="module")
def base():
    return load_knowledge()


def played(base, *remotes):
    world = build_world("march-2022", base.catalogue)
    endpoint = next(e for e in base.catalogue.endpoints if e.id == "instagram.web")
    return play(world, (endpoint,), knowledge_in(world, base), profile="quick", remotes=remotes)


def test_the_same_answer_to_two_questions_has_two_ids():
    """A helper answers from its cache; two rows with one id would stop the store's writer."""
    asked = Experiment(kind=Kind.REMOTE, endpoint="instagram.web", arm=Arm.C6)
    again = asked.model_copy(update={"name": "again"})

    first, second = (as_remote((SEEN, SEEN), e, "helper:a.example/DE") for e in (asked, again))

    assert len({o.id for o in (*first, *second)}) == 4
    assert {(o.arm, o.vantage, o.experiment) for o in first} == {
        (Arm.C6, "helper:a.example/DE", asked.id)
    }


def test_what_others_saw_is_evidence_and_none_of_our_traffic(base):
    ran = played(base, SeenElsewhere("snapshot:2026-11-19/DE", {"instagram.web": (SEEN,)}))

    theirs = [o for o in ran.sink.observations if o.vantage is not None]
    assert [o.arm for o in theirs] == [Arm.C6] * len(theirs)
    assert theirs
    assert ran.result.run.bytes_received < 10**9


def test_a_vantage_that_says_nothing_was_not_asked_and_is_noted(base):
    """Its rivals then read "not asked", not "remains"."""
    ran = played(base, SeenElsewhere("helper:gone.example", notes=("could not be reached",)))

    assert Kind.REMOTE not in {e.kind for e in ran.sink.performed.values()}
    assert "helper:gone.example: could not be reached" in ran.result.run.notes
