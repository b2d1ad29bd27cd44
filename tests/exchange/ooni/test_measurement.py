import base64
from typing import TypeVar

import pytest

from probe.exchange.ooni import OoniMeasurement, read_measurement
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
    del odd["measurement_start_time"], odd["test_start_time"]

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
