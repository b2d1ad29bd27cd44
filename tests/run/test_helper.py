"""The client of a control vantage, against helpers that are honest, broken or malicious."""

import gzip
import json
from dataclasses import replace

import pytest
import trio

from probe.errors import UsageError
from probe.lab.pki import LAB_ANCHOR, Certificate
from probe.model.observation import Failure, TlsObservation
from probe.model.words import Arm, FailureWord, Operation
from probe.run.far_end import with_far_end
from probe.run.helper import ANSWER_MAX_BYTES, FAILURES_MAX, open_helpers
from probe.run.helper_line import HelperPlace, check_helper_url
from tests.run.helpers import (
    ABOUT,
    ADDRESS,
    CA,
    ENDPOINT,
    KNOWLEDGE,
    NAME,
    OTHER,
    SEEN,
    Helper,
    answer,
    internet,
    opened,
)


async def test_a_helper_is_named_with_its_country_and_tells_what_it_sees(autojump_clock):
    async with internet(Helper()) as tools:
        (remote,), notes = await opened(tools)
        seen = await remote.look(ENDPOINT)

    assert remote.id == "helper:helper.example.net/DE"
    assert [(o.step, o.address) for o in seen] == [("tcp", "151.101.0.81")]
    assert (notes, remote.notes) == ((), ())


async def test_only_an_id_and_hashes_are_asked(autojump_clock):
    helper = Helper()
    async with internet(helper) as tools:
        (remote,), _ = await opened(tools)
        await remote.look(ENDPOINT)

    target, headers, body = helper.requests[-1]
    assert target == "/v1/look"
    assert set(json.loads(body)) == {
        "protocol",
        "endpoint",
        "endpoint_sha256",
        "catalogue_sha256",
    }
    assert headers[b"authorization"] == b"Bearer rb_secret"


@pytest.mark.parametrize(
    "kind", [Certificate.SELF_SIGNED, Certificate.WRONG_NAME, Certificate.EXPIRED]
)
async def test_whoever_cannot_prove_to_be_the_helper_never_sees_the_key(autojump_clock, kind):
    helper = Helper()
    helper.context = CA.context(NAME, kind=kind, alpn=("http/1.1",))
    async with internet(helper) as tools:
        remotes, (note,) = await opened(tools)

    assert remotes == ()
    assert helper.requests == []
    assert "certificate does not verify" in note


async def test_a_helper_out_of_reach_is_a_note_and_costs_its_timeout(autojump_clock):
    async with internet(Helper(), OTHER) as tools:
        remotes, (note,) = await opened(tools)

    assert remotes == ()
    assert note == "control vantage helper.example.net: no connection: connection_refused"


async def test_the_next_address_is_tried(autojump_clock):
    async with internet(Helper(), OTHER, hosts=(ADDRESS, OTHER)) as tools:
        (remote,), _ = await opened(tools)

    assert remote.address == OTHER


async def test_a_name_that_leads_into_a_private_network_is_not_followed(autojump_clock):
    async with internet(Helper(), "192.168.1.1", hosts=("192.168.1.1",)) as tools:
        remotes, (note,) = await opened(tools)

    assert remotes == ()
    assert "leads nowhere" in note


async def test_one_helper_of_several_may_be_missing(autojump_clock):
    places = [HelperPlace("https://gone.example.net", "k"), HelperPlace(f"https://{NAME}", "k")]
    async with internet(Helper()) as tools:
        remotes, notes = await open_helpers(places, KNOWLEDGE, tools)

    assert [remote.id for remote in remotes] == ["helper:helper.example.net/DE"]
    assert notes == ("control vantage gone.example.net: its name leads nowhere",)


async def test_a_helper_whose_own_gates_fail_is_not_used(autojump_clock):
    async with internet(Helper(about={**ABOUT, "state": "offline", "may_look": False})) as tools:
        remotes, (note,) = await opened(tools)

    assert remotes == ()
    assert "its own gates say offline" in note


@pytest.mark.parametrize(
    "about",
    [b"", b"[]", b"{" * 10_000, {**ABOUT, "country": "/../x"}, {**ABOUT, "protocol": 2}, b"\xff"],
)
async def test_a_helper_that_cannot_introduce_itself_is_not_used(autojump_clock, about):
    async with internet(Helper(about=about)) as tools:
        remotes, (note,) = await opened(tools)

    assert remotes == ()
    assert "not one that we understand" in note


HUGE = json.dumps(answer(filler="x" * ANSWER_MAX_BYTES)).encode()
BOMB = gzip.compress(b" " * 100_000_000)


@pytest.mark.parametrize(
    ("said", "note"),
    [
        pytest.param(b"nonsense", "not one that we understand", id="no JSON"),
        pytest.param(b"[" * 200_000, "not one that we understand", id="nesting without end"),
        pytest.param(answer(answered_at="soon"), "not one that we understand", id="malformed"),
        pytest.param(HUGE, "longer than", id="huge"),
        pytest.param((200, [("content-encoding", "gzip")], BOMB), "longer than", id="bomb"),
        pytest.param(answer(SEEN, endpoint="rt.web"), "another endpoint", id="other endpoint"),
        pytest.param(
            answer(SEEN, endpoint_sha256="0" * 64), "another endpoint", id="other definition"
        ),
        pytest.param(
            answer(SEEN.model_copy(update={"endpoint": "rt.web"})), "dropped", id="other's rows"
        ),
        pytest.param(answer(SEEN.model_copy(update={"arm": Arm.C1})), "dropped", id="other arm"),
        pytest.param(answer(SEEN, answered_at="2026-11-21T12:00:00Z"), "dropped", id="yesterday's"),
        pytest.param((401, [], {"error": "key"}), "does not know our key", id="wrong key"),
        pytest.param((409, [], {"error": "other_endpoint"}), "catalogue", id="other catalogue"),
        pytest.param((503, [], {"error": "gates"}), "gates fail", id="gates"),
        pytest.param((418, [], b"<script>"), "status 418", id="teapot"),
        pytest.param((302, [("location", "https://evil.example/")], b""), "302", id="redirect"),
        pytest.param(None, "no answer: generic_timeout_error", id="silence"),
    ],
)
async def test_a_helper_that_does_not_answer_well_is_no_evidence(autojump_clock, said, note):
    helper = Helper([said])
    async with internet(helper) as tools:
        (remote,), _ = await opened(tools)
        seen = await remote.look(ENDPOINT)

    assert list(seen) == []
    assert [note in line for line in remote.notes] == [True]
    assert "<script>" not in remote.notes[0], "a stranger's words are not repeated"


async def test_a_helper_that_is_asked_too_often_says_when_and_is_asked_once_more(autojump_clock):
    busy = (429, [("retry-after", "3")], {"error": "rate"})
    async with internet(Helper([busy, answer(SEEN)])) as tools:
        (remote,), _ = await opened(tools)
        before = trio.current_time()
        seen = await remote.look(ENDPOINT)

    assert len(seen) == 1
    assert trio.current_time() - before >= 3


async def test_a_helper_that_wants_us_to_wait_an_hour_is_not_waited_for(autojump_clock):
    async with internet(Helper([(429, [("retry-after", "3600")], {"error": "rate"})])) as tools:
        (remote,), _ = await opened(tools)
        before = trio.current_time()
        seen = await remote.look(ENDPOINT)

    assert list(seen) == []
    assert trio.current_time() - before < 5


async def test_a_helper_that_fell_silent_is_not_asked_for_ever(autojump_clock):
    helper = Helper([None])
    async with internet(helper) as tools:
        (remote,), _ = await opened(tools)
        for _ in range(FAILURES_MAX + 3):
            await remote.look(ENDPOINT)

    assert sum(target == "/v1/look" for target, *_ in helper.requests) == FAILURES_MAX


HELLO = "a" * 64
ARRIVED = {
    "hello_sha256": HELLO,
    "started_at": LAB_ANCHOR.isoformat(),
    "received_bytes": 517,
    "sent_bytes": 1400,
    "acked_bytes": 0,
}
RESPONDING = {**ABOUT, "responder": True}


def silent_handshake(address=ADDRESS, word=FailureWord.GENERIC_TIMEOUT_ERROR):
    fields = SEEN.model_dump(exclude={"step", "source_port", "icmp", "address", "failure"})
    return TlsObservation(
        **fields,
        address=address,
        server_name="www.bbc.com",
        hello_sha256=HELLO,
        failure=None if word is None else Failure(word=word, operation=Operation.HANDSHAKE),
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        pytest.param(ARRIVED, (517, 0), id="the answer was swallowed"),
        pytest.param((404, [], {"error": "not_found"}), (0, None), id="the hello was swallowed"),
        pytest.param((404, [], b"<html>"), (None, None), id="no answer of ours"),
        pytest.param((503, [], {"error": "busy"}), (None, None), id="busy"),
        pytest.param({**ARRIVED, "received_bytes": -1}, (None, None), id="nonsense"),
    ],
)
async def test_a_handshake_that_heard_nothing_is_told_by_both_ends(autojump_clock, said, told):
    async with internet(Helper([said], about=RESPONDING)) as tools:
        remotes, _ = await opened(tools)
        (seen,) = await with_far_end([silent_handshake()], remotes)

    assert (seen.far_received_bytes, seen.far_acked_bytes) == told


@pytest.mark.parametrize(
    ("about", "observation"),
    [
        pytest.param(RESPONDING, silent_handshake(OTHER), id="another address"),
        pytest.param(RESPONDING, silent_handshake(word=None), id="it did hear"),
        pytest.param(RESPONDING, SEEN, id="no handshake"),
        pytest.param(ABOUT, silent_handshake(), id="no responder"),
    ],
)
async def test_only_the_responder_that_was_spoken_to_is_asked(autojump_clock, about, observation):
    """What one did not receive at its own address says nothing about another's."""
    helper = Helper([ARRIVED], about=about)
    async with internet(helper) as tools:
        remotes, _ = await opened(tools)
        seen = await with_far_end([observation], remotes)

    assert seen == [observation]
    assert [target for target, *_ in helper.requests] == ["/v1/about"]


async def test_a_literal_address_may_be_anywhere_for_the_person_chose_it(autojump_clock):
    helper = Helper()
    helper.context = CA.context("192.168.1.1", alpn=("http/1.1",))
    async with internet(helper, "192.168.1.1") as tools:
        (remote,), _ = await opened(tools, url="https://192.168.1.1")

    assert remote.id == "helper:192.168.1.1/DE"


async def test_a_helper_by_roots_that_we_do_not_have_is_not_believed(autojump_clock):
    async with internet(Helper()) as tools:
        remotes, _ = await opened(tools, replace(KNOWLEDGE, roots=()))

    assert remotes == ()


@pytest.mark.parametrize(
    "url",
    [
        "http://helper.example.net",
        "helper.example.net",
        "https://",
        "https://user:secret@helper.example.net",
        "https://helper.example.net?key=secret",
        "https://helper.example.net:x",
        "https://hélper.example.net",
    ],
)
def test_a_url_that_would_leak_or_lead_nowhere_is_refused(url):
    with pytest.raises(UsageError, match="--control"):
        check_helper_url(url)


def test_the_key_is_not_shown_by_accident():
    assert "secret" not in repr(HelperPlace("https://helper.example.net", "secret"))
