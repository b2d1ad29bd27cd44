import base64
import copy
import gzip
import json
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.errors import UsageError
from probe.exchange.ooni import OoniMeasurement, import_ooni, read_measurement
from probe.exchange.ooni.endpoints import by_url, resolver_ids
from probe.model.observation import (
    DnsObservation,
    HttpObservation,
    StepBase,
    TcpObservation,
    TlsObservation,
)
from probe.model.target import Catalogue, Endpoint, Resolver, Service
from probe.model.words import Arm, FailureWord, Family, Role, Transport, VantageState
from tests.exchange.ooni.documents import (
    DOCUMENTS,
    GOOD,
    GOOD6,
    HOST,
    bogon_of_old,
    control,
    dns,
    document,
    request,
    reset_by_name,
    tcp,
    tls,
)

T = TypeVar("T", bound=StepBase)


def of(measurement: OoniMeasurement, kind: type[T], arm: Arm = Arm.TARGET) -> list[T]:
    return [o for o in measurement.evidence.observations if isinstance(o, kind) and o.arm is arm]


def test_a_working_page_becomes_one_observation_for_each_step() -> None:
    measurement = read_measurement(document())

    (question,) = of(measurement, DnsObservation)
    assert (question.resolver, question.transport, question.query_type) == (
        "system",
        Transport.SYSTEM,
        "A",
    )
    assert question.addresses == (GOOD,)
    (connect,) = of(measurement, TcpObservation)
    assert (connect.address, connect.port, connect.family) == (GOOD, 443, Family.IPV4)
    assert connect.duration_s == pytest.approx(0.05)
    (handshake,) = of(measurement, TlsObservation)
    assert handshake.chain == (b"leaf", b"authority")
    assert handshake.server_name == HOST
    (page,) = of(measurement, HttpObservation)
    assert (page.status, page.title, page.ended) == (200, "Example & Co", "complete")
    assert page.headers == (("server", "nginx"),)
    assert measurement.problems == ()
    assert measurement.evidence.endpoint.host == HOST


def test_what_ooni_said_is_carried_along() -> None:
    measurement = read_measurement(reset_by_name())

    assert measurement.ooni_blocking == "http-failure"
    assert measurement.ooni_accessible is False
    assert (measurement.probe_cc, measurement.probe_asn) == ("IT", "AS137")


def test_the_test_helper_is_another_vantage_point() -> None:
    seen = read_measurement(document()).evidence.observations
    remote = [o for o in seen if o.vantage is not None]

    assert {o.vantage for o in remote} == {"ooni:0.th.ooni.org"}
    assert {o.arm for o in remote} == {Arm.C6}
    assert [o.step.value for o in remote] == ["dns", "tcp", "tls", "http"]
    assert len({o.id for o in seen}) == len(seen)


def test_a_helpers_older_words_are_understood() -> None:
    told = control(
        tcp_connect={f"{GOOD}:443": {"status": False, "failure": "connection_refused_error"}},
        dns={"failure": "dns_name_error", "addrs": []},
    )
    measurement = read_measurement(document(control=told))

    (connect,) = of(measurement, TcpObservation, Arm.C6)
    assert connect.failure is not None
    assert connect.failure.word is FailureWord.CONNECTION_REFUSED
    (question,) = of(measurement, DnsObservation, Arm.C6)
    assert question.failure is not None
    assert question.failure.word is FailureWord.DNS_NXDOMAIN_ERROR


def test_a_names_chain_among_the_helpers_addresses_is_left_out() -> None:
    told = control(dns={"failure": None, "addrs": ["cdn.example", GOOD, GOOD6]})

    questions = of(read_measurement(document(control=told)), DnsObservation, Arm.C6)

    assert [(q.query_type, q.addresses) for q in questions] == [("A", (GOOD,)), ("AAAA", (GOOD6,))]


def test_a_reset_keeps_its_time_after_the_hello() -> None:
    """The reset's time against the round trip tells an injector from the server."""
    (handshake,) = of(read_measurement(reset_by_name()), TlsObservation)

    assert handshake.failure is not None
    assert handshake.failure.word is FailureWord.CONNECTION_RESET
    assert handshake.failed_after_s == pytest.approx(0.03)
    assert (handshake.hello_bytes, handshake.bytes_received) == (281, 0)


def test_getaddrinfo_becomes_a_question_for_each_family() -> None:
    questions = of(read_measurement(document(queries=[dns(HOST, GOOD, GOOD6)])), DnsObservation)

    assert [(q.query_type, q.addresses) for q in questions] == [("A", (GOOD,)), ("AAAA", (GOOD6,))]


def test_resolvers_are_called_by_their_catalogue_ids() -> None:
    catalogue = Catalogue(
        services=(),
        resolvers=(
            Resolver(id="quad9", operator="Quad9", country="CH", addresses=("9.9.9.9",)),
            Resolver(id="google", operator="G", country="US", server_name="dns.google"),
        ),
    )
    queries = [
        dns(HOST, GOOD, engine="udp", query_type="A", resolver_address="9.9.9.9:53"),
        dns(
            HOST, GOOD, engine="doh", query_type="A",
            resolver_address="https://dns.google/dns-query",
        ),
        dns(HOST, GOOD, engine="udp", query_type="A", resolver_address="[2620:fe::fe]:53"),
    ]  # fmt: skip
    measurement = read_measurement(document(queries=queries), resolvers=resolver_ids(catalogue))

    assert [(q.resolver, q.transport) for q in of(measurement, DnsObservation)] == [
        ("quad9", Transport.UDP),
        ("google", Transport.DOH),
        ("2620:fe::fe", Transport.UDP),
    ]


@pytest.mark.parametrize(
    ("failure", "rcode"),
    [
        ("dns_nxdomain_error", 3),
        ("dns_servfail_error", 2),
        ("dns_refused_error", 5),
        ("dns_no_answer", 0),
    ],
)
def test_a_denial_has_the_rcode_that_its_word_means(failure: str, rcode: int) -> None:
    query = dns(HOST, engine="udp", query_type="A", failure=failure)

    (question,) = of(read_measurement(document(queries=[query])), DnsObservation)

    assert question.answers[0].rcode == rcode


def test_silence_has_no_answer() -> None:
    query = dns(HOST, engine="udp", query_type="A", failure="generic_timeout_error")

    (question,) = of(read_measurement(document(queries=[query])), DnsObservation)

    assert question.answers == ()


def test_late_answers_are_kept_beside_the_first() -> None:
    """0.5 records them, and no verdict of OONI's reads them."""
    first = dns(HOST, "10.10.34.36", engine="udp", query_type="A", resolver_address="8.8.8.8:53")
    late = dns(HOST, GOOD, engine="udp", query_type="A")

    (question,) = of(
        read_measurement(document(queries=[first], x_dns_duplicate_responses=[late])),
        DnsObservation,
    )

    assert [a.addresses for a in question.answers] == [("10.10.34.36",), (GOOD,)]


def test_what_ooni_verified_may_be_trusted_for_its_time() -> None:
    measurement = read_measurement(document())
    assert measurement.roots == (b"authority",)

    assert read_measurement(document(tls_handshakes=[tls(no_tls_verify=True)])).roots == ()
    assert (
        read_measurement(document(tls_handshakes=[tls(failure="ssl_unknown_authority")])).roots
        == ()
    )


def test_a_certificate_that_ooni_refused_is_evidence() -> None:
    refused = tls(failure="ssl_unknown_authority", chain=(b"forged",))

    (handshake,) = of(read_measurement(document(tls_handshakes=[refused])), TlsObservation)

    assert handshake.chain == (b"forged",)
    assert handshake.verified is False


def test_a_page_over_tls_was_verified_even_when_no_handshake_is_recorded() -> None:
    page = request(address=None)
    measurement = read_measurement(document(tls_handshakes=None, requests=[page]))

    (handshake,) = of(measurement, TlsObservation)
    assert (handshake.verified, handshake.failure) == (True, None)


def test_an_alert_in_gos_words_is_an_alert() -> None:
    failed = tls(failure="unknown_failure: remote error: tls: handshake failure", chain=())

    (handshake,) = of(read_measurement(document(tls_handshakes=[failed])), TlsObservation)

    assert handshake.alert == 40


def test_without_a_time_certificates_are_not_judged_by_a_wrong_one() -> None:
    odd = document()
    del odd["measurement_start_time"]

    measurement = read_measurement(odd)

    assert [o.chain for o in of(measurement, TlsObservation)] == [()]
    assert any("time" in problem for problem in measurement.problems)


# --- version 0.4 ----------------------------------------------------------------------------------


def test_old_requests_that_repeat_a_failed_connection_are_no_step_of_their_own() -> None:
    measurement = read_measurement(bogon_of_old())

    assert of(measurement, HttpObservation) == []
    (connect,) = of(measurement, TcpObservation)
    assert connect.failure is not None
    assert connect.failure.word is FailureWord.GENERIC_TIMEOUT_ERROR


def test_an_old_page_is_laid_to_the_address_that_was_connected() -> None:
    page = request(url=f"http://{HOST}/", address=None)
    measurement = read_measurement(
        document(
            f"http://{HOST}/",
            tcp_connect=[tcp(GOOD6, 80, failure="network_unreachable"), tcp(GOOD, 80)],
            tls_handshakes=None,
            requests=[page],
        )
    )

    (seen,) = of(measurement, HttpObservation)
    assert (seen.address, seen.over_tls) == (GOOD, False)
    assert measurement.evidence.vantage.masked_families == (Family.IPV6,)


def test_an_old_https_failure_after_the_connection_is_the_handshakes() -> None:
    page = request(code=0, body="", failure="connection_reset", address=None)
    measurement = read_measurement(document(tls_handshakes=None, requests=[page]))

    (handshake,) = of(measurement, TlsObservation)
    assert handshake.failure is not None
    assert handshake.failure.word is FailureWord.CONNECTION_RESET
    assert of(measurement, HttpObservation) == []
    assert any("TLS" in problem for problem in measurement.problems)


def test_binary_values_are_decoded() -> None:
    binary = {"format": "base64", "data": base64.b64encode(b"<title>\xff</title>").decode()}
    where = {"format": "base64", "data": base64.b64encode(b"http://portal.example/").decode()}
    page = request(body=binary, headers=(("Location", where),), code=302)

    (seen,) = of(read_measurement(document(requests=[page])), HttpObservation)

    assert seen.body == b"<title>\xff</title>"
    assert seen.location == "http://portal.example/"


# --- redirects ------------------------------------------------------------------------------------


def test_hosts_behind_redirects_are_evidence_of_their_own() -> None:
    """A site that is cut only behind its redirect to www is cut all the same."""
    first = request(
        url="http://example.com/", code=301, headers=(("Location", f"https://{HOST}/"),),
        address="198.51.100.1:80",
    )  # fmt: skip
    measurement = read_measurement(
        document(
            "http://example.com/",
            queries=[dns("example.com", "198.51.100.1"), dns(HOST, GOOD)],
            tcp_connect=[tcp("198.51.100.1", 80), tcp(GOOD, 443)],
            tls_handshakes=[tls(failure="connection_reset", chain=())],
            requests=[first],
        )
    )

    assert measurement.evidence.endpoint.host == "example.com"
    assert {o.address for o in of(measurement, TcpObservation)} == {"198.51.100.1"}
    assert of(measurement, TlsObservation) == []
    (later,) = measurement.later
    assert later.endpoint.host == HOST
    assert [o.step.value for o in later.observations if o.vantage is None] == ["dns", "tcp", "tls"]


def test_the_same_host_over_tls_is_a_hop_of_its_own() -> None:
    first = request(
        url=f"http://{HOST}/", code=301, headers=(("Location", f"https://{HOST}/"),),
        address=f"{GOOD}:80",
    )  # fmt: skip
    measurement = read_measurement(
        document(
            f"http://{HOST}/",
            tcp_connect=[tcp(GOOD, 80), tcp(GOOD, 443)],
            tls_handshakes=[tls(failure="connection_reset", chain=())],
            requests=[first],
        )
    )

    (later,) = measurement.later
    assert later.endpoint.url == f"https://{HOST}/"
    assert any(isinstance(o, TlsObservation) and o.failure for o in later.observations)
    assert any(isinstance(o, TlsObservation) and o.vantage for o in later.observations)


def test_an_old_timeout_lasted_as_long_as_ooni_waits() -> None:
    """0.4 says only when it ended; a silence of no length would be no silence."""
    (connect,) = of(read_measurement(bogon_of_old()), TcpObservation)

    assert connect.duration_s == 15.0


def test_the_catalogues_endpoint_is_used_where_it_knows_the_address() -> None:
    known = Endpoint(
        id="example.web", service="example", host=HOST, role=Role.WEB, url=f"https://{HOST}/"
    )
    catalogue = Catalogue(services=(Service(id="example", name="E", endpoints=(known,)),))
    measurement = read_measurement(document(f"https://{HOST}"), endpoints=by_url(catalogue))

    assert measurement.evidence.endpoint == known
    assert {o.endpoint for o in measurement.evidence.observations} == {"example.web"}


# --- odd documents --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("odd", "problem"),
    [
        pytest.param([], "no JSON object", id="a list"),
        pytest.param(None, "no JSON object", id="null"),
        pytest.param({}, "not named", id="empty"),
        pytest.param(document() | {"test_keys": None}, "test_keys", id="no test keys"),
        pytest.param(document() | {"test_name": "whatsapp"}, "whatsapp", id="another test"),
        pytest.param(document("ftp://x.example/"), "http://", id="another scheme"),
        pytest.param(document("http://[::1"), "http://", id="no address at all"),
        pytest.param(document("https://exa mple/"), "http://", id="no host name"),
        pytest.param(
            document(tcp_connect=[], tls_handshakes=[], requests=[], queries=[], control=None),
            "no step",
            id="no steps",
        ),
    ],
)
def test_an_odd_document_is_a_measurement_with_a_reason(odd: Any, problem: str) -> None:
    measurement = read_measurement(odd)

    assert any(problem in told for told in measurement.problems)
    assert not measurement.evidence.vantage.may_judge


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["unknown_failure: x", "::1", "1.2.3.4:99999", "[", "\ud800", "2024-99-99"]),
    st.lists(st.none(), max_size=2),
    st.just({"format": "base64", "data": "%%%"}),
    st.just({}),
)


def nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    children = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, child in children:
        found += nodes(child, (*path, key))
    return found


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_no_document_however_odd_stops_the_import(data: st.DataObject) -> None:
    odd = copy.deepcopy(DOCUMENTS[data.draw(st.sampled_from(sorted(DOCUMENTS)))]())
    places = nodes(odd)
    for _ in range(data.draw(st.integers(1, 4))):
        *way, last = data.draw(st.sampled_from(places))
        holder = odd
        try:
            for key in way:
                holder = holder[key]
            holder[last] = data.draw(JUNK)
        except (KeyError, IndexError, TypeError):
            continue

    measurement = read_measurement(odd)

    assert not any("not understood" in problem for problem in measurement.problems)
    measurement.evidence.model_dump_json()


# --- files ----------------------------------------------------------------------------------------


def lines(*documents: Any) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lines(document(), reset_by_name()), id="lines"),
        pytest.param(gzip.compress(lines(document(), reset_by_name())), id="gzip"),
        pytest.param(json.dumps([document(), reset_by_name()], indent=1).encode(), id="list"),
        pytest.param(b"\n\n" + lines(document(), reset_by_name()), id="empty lines"),
    ],
)
def test_files_of_every_form_are_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "measurements"
    path.write_bytes(content)

    assert [m.ooni_blocking for m in import_ooni(path)] == [False, "http-failure"]


def test_one_document_over_many_lines_is_read(tmp_path: Path) -> None:
    path = tmp_path / "measurement.json"
    path.write_text(json.dumps(document(), indent=2))

    assert [m.ooni_blocking for m in import_ooni(path)] == [False]


@pytest.mark.parametrize(
    "broken", [b"{broken\n", b"[1,\n", b"\xff\xfe\n", b'{"a": ' * 2000 + b"\n"]
)
def test_a_broken_line_does_not_hide_its_neighbours(tmp_path: Path, broken: bytes) -> None:
    path = tmp_path / "measurements.jsonl"
    path.write_bytes(broken + lines(document()) + broken + lines(reset_by_name()))

    read = list(import_ooni(path))

    assert [m.ooni_blocking for m in read] == [None, False, None, "http-failure"]
    assert "no JSON" in read[0].problems[0]


def test_a_file_that_breaks_off_gives_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "measurements.jsonl.gz"
    whole = gzip.compress(lines(*[document() | {"n": n} for n in range(2000)]))
    path.write_bytes(whole[:-200])

    read = list(import_ooni(path))

    assert len(read) > 500
    assert "ends early" in read[-1].problems[0]


def test_a_missing_file_and_a_foreign_compression_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name a file"):
        list(import_ooni(tmp_path / "none"))
    packed = tmp_path / "m.jsonl.zst"
    packed.write_bytes(b"\x28\xb5\x2f\xfd....")
    with pytest.raises(UsageError, match="zstd"):
        list(import_ooni(packed))


def test_the_vantage_is_offline_when_nothing_answered() -> None:
    measurement = read_measurement(
        document(
            control=None,
            control_failure="generic_timeout_error",
            tcp_connect=[tcp(failure="generic_timeout_error")],
            tls_handshakes=[],
            requests=[],
        )
    )

    assert measurement.evidence.vantage.state is VantageState.OFFLINE
