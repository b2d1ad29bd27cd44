import json

import pytest

from probe.model.observation import (
    OBSERVATION,
    DnsAnswer,
    DnsObservation,
    HttpObservation,
    LocalObservation,
    TcpInfo,
    TcpObservation,
    TlsObservation,
    TraceObservation,
)
from probe.model.target import Endpoint
from probe.model.words import Arm, Family, Role, Transport
from probe.run.told import OBSERVATIONS_MAX, believed, told
from probe.scrub import Scrubber
from probe.wire.addresses import is_global

HOST = "www.instagram.com"
ADDRESS = "157.240.1.174"
ENDPOINT = Endpoint(
    id="instagram.web", service="instagram", host=HOST, role=Role.WEB, url=f"https://{HOST}/"
)
STEP = {
    "id": "e/0/0",
    "experiment": "e",
    "endpoint": "instagram.web",
    "arm": Arm.TARGET,
    "started_at": "2026-11-20T12:00:00Z",
    "duration_s": 0.1,
}
PEER = {"family": Family.IPV4, "address": ADDRESS, "port": 443}

TCP = TcpObservation(**STEP, **PEER, source_port=40000, tcp_info=TcpInfo(rtt_us=5))
TLS = TlsObservation(**STEP, **PEER, server_name=HOST, chain=(b"\x30\x82\x00",), progress=((0, 1),))
HTTP = HttpObservation(
    **STEP,
    **PEER,
    url=f"https://{HOST}/",
    host=HOST,
    over_tls=True,
    status=200,
    headers=(("x-seen-from", "198.51.100.77"),),
    body=b"a page",
    body_sha256="ab",
    title="Instagram",
)
DNS = DnsObservation(
    **STEP,
    name=HOST,
    query_type="A",
    resolver="google",
    transport=Transport.UDP,
    answers=(DnsAnswer(after_s=0.01, rcode=0, addresses=(ADDRESS, "10.0.0.1"), wire=b"raw"),),
)
LOCAL = LocalObservation(**STEP, hosts_names=("secret.example",))
TRACE = TraceObservation(**STEP, method="syn")


def raw(observation, **changes):
    """Return an observation as a stranger would send it."""
    return {**json.loads(OBSERVATION.dump_json(observation)), **changes}


def believe(*entries, allow=is_global):
    return believed(list(entries), ENDPOINT, hosts=frozenset({HOST}), allow=allow)


def test_pages_raw_messages_and_kernel_facts_stay_where_they_were_seen():
    tcp, tls, http, dns = told((TCP, TLS, HTTP, DNS), Scrubber())

    assert tcp.tcp_info is None
    assert tcp.source_port is None
    assert tls.progress == ()
    assert tls.chain == TLS.chain
    assert http.body == b""
    assert (http.body_sha256, http.title) == ("ab", "Instagram")
    assert dns.answers[0].wire == b""
    assert dns.answers[0].addresses == (ADDRESS, "10.0.0.1")


def test_a_vantage_does_not_tell_of_its_own_machine():
    assert told((LOCAL, TRACE), Scrubber()) == ()


def test_a_vantage_does_not_tell_its_own_address():
    (http,) = told((HTTP,), Scrubber(["198.51.100.77"]))

    assert "198.51.100.77" not in http.model_dump_json()


def test_what_an_honest_vantage_tells_is_believed_and_numbered_anew():
    seen = told((TCP, TLS, HTTP, DNS), Scrubber())

    kept = believe(*map(raw, seen))

    assert [o.step for o in kept] == ["tcp", "tls", "http", "dns"]
    assert [o.id for o in kept] == ["0", "1", "2", "3"]
    assert kept[1].chain == TLS.chain


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("text", id="no object"),
        pytest.param({}, id="no observation"),
        pytest.param(raw(TCP, surprise=1), id="unknown field"),
        pytest.param(raw(TCP, endpoint="bbc.web"), id="another endpoint"),
        pytest.param(raw(TCP, arm="c1"), id="a control arm"),
        pytest.param(raw(TCP, arm="gate"), id="a gate"),
        pytest.param(raw(TCP, vantage="helper:x"), id="another vantage"),
        pytest.param(raw(TCP, address="192.168.1.1"), id="private peer"),
        pytest.param(raw(TCP, address="::ffff:1.1.1.1", family="ipv6"), id="hidden peer"),
        pytest.param(raw(TCP, address=None, family=None), id="no peer"),
        pytest.param(raw(TCP, family="ipv6"), id="wrong family"),
        pytest.param(raw(TCP, started_at="2026-11-20T12:00:00"), id="time without zone"),
        pytest.param(raw(TCP, started_at="0001-01-01T00:00:00+14:00"), id="time before time"),
        pytest.param(raw(TCP, duration_s=1e300), id="endless"),
        pytest.param(raw(TCP, duration_s=float("nan")), id="not a number"),
        pytest.param(raw(TCP, bytes_sent=2**70), id="more bytes than SQLite can count"),
        pytest.param(raw(TLS, server_name="evil.example"), id="a name off the catalogue"),
        pytest.param(raw(TLS, server_name=None), id="no name"),
        pytest.param(raw(TLS, cipher="x" * 5000), id="a book"),
        pytest.param(raw(TLS, chain=["QUJD"] * 300), id="too many certificates"),
        pytest.param(raw(HTTP, url="https://evil.example/"), id="a page off the catalogue"),
        pytest.param(raw(HTTP, url="https://[/"), id="no URL"),
        pytest.param(raw(HTTP, title="\ud800"), id="half a character"),
        pytest.param(raw(DNS, name="evil.example"), id="a question off the catalogue"),
        pytest.param(raw(DNS, answers=[{"after_s": 0, "addresses": ["nowhere"]}]), id="no address"),
        pytest.param(raw(LOCAL), id="facts about a machine"),
        pytest.param(raw(TRACE), id="a trace"),
    ],
)
def test_what_an_honest_look_could_not_have_seen_is_dropped(entry):
    assert believe(entry, raw(TCP)) == believe(raw(TCP)), "the rest is kept"
    assert believe(entry) == ()


@pytest.mark.parametrize("answer", [None, {}, "[]", 7])
def test_no_list_is_no_answer(answer):
    assert believed(answer, ENDPOINT, hosts=frozenset(), allow=is_global) == ()


def test_a_page_that_a_stranger_sends_along_is_left_out():
    (http,) = believe(raw(HTTP))

    assert http.body == b""


def test_more_steps_than_a_look_can_have_are_not_read():
    assert len(believe(*[raw(TCP)] * (OBSERVATIONS_MAX + 10))) == OBSERVATIONS_MAX
