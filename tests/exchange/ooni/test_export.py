import json
from typing import Any

import pytest

from probe.exchange.ooni import read_measurement
from probe.exchange.ooni.export import _classic, ooni_lines
from probe.exchange.privacy import Privacy
from probe.exchange.rows import Export
from probe.model.observation import HttpObservation, Observation, TcpObservation, TlsObservation
from probe.model.words import Arm, Category, Family, Protocol, State
from probe.store import Reader
from tests.store.conftest import a_verdict

# oonidata 0.3.0, dataformat.py: what a document cannot be without.
REQUIRED = {
    "input",
    "report_id",
    "measurement_start_time",
    "test_start_time",
    "probe_asn",
    "probe_cc",
    "test_name",
    "test_version",
    "test_runtime",
    "software_name",
    "software_version",
    "test_keys",
    "measurement_uid",
}


def documents(reader: Reader, privacy: Privacy = Privacy.OWN) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ooni_lines(Export(reader, privacy), reader.runs())]


def test_an_endpoint_becomes_a_document_with_what_oonis_tools_need(reader: Reader) -> None:
    made = documents(reader)

    assert [document["input"] for document in made] == ["https://a.example/"] * 2
    for document in made:
        assert set(document) >= REQUIRED
        assert document["test_name"] == "web_connectivity"
        assert document["probe_ip"] == "127.0.0.1"
        assert (document["probe_asn"], document["probe_cc"]) == ("AS12389", "RU")


def test_our_verdict_stands_beside_oonis_words(reader: Reader) -> None:
    keys = documents(reader)[0]["test_keys"]

    assert (keys["blocking"], keys["accessible"]) == ("http-failure", False)
    assert keys["x_verdicts"][0]["category"] == "tls_sni_reset"
    assert keys["x_verdicts"][0]["rule_id"] == "tls.reset"


def test_what_we_write_we_can_read(reader: Reader) -> None:
    document = documents(reader)[0]

    measurement = read_measurement(document)

    assert measurement.problems == ()

    def steps(observations: tuple[Observation, ...]) -> list[tuple[str, str | None, str | None]]:
        return [
            (o.step.value, o.address, o.failure.word.value if o.failure else None)
            for o in observations
            if isinstance(o, TcpObservation | TlsObservation | HttpObservation)
        ]

    (stored, _) = reader.evidence("r1")
    ours = [o for o in stored.observations if o.arm is Arm.TARGET]
    assert steps(measurement.evidence.observations)[:2] == steps(tuple(ours))[:2]


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        pytest.param([(State.OK, Category.OK)], (False, True), id="ok"),
        pytest.param(
            [(State.BLOCKED, Category.IP_BLOCK), (State.OK, Category.OK)],
            (False, True),
            id="one family",
        ),
        pytest.param([(State.BLOCKED, Category.DNS_LIE)], ("dns", False), id="dns"),
        pytest.param([(State.BLOCKED, Category.IP_BLOCK)], ("tcp_ip", False), id="ip"),
        pytest.param([(State.BLOCKED, Category.TLS_MITM)], ("http-failure", False), id="mitm"),
        pytest.param([(State.BLOCKED, Category.BLOCKPAGE)], ("http-diff", False), id="page"),
        pytest.param([(State.DOWN, Category.DOWN)], (False, False), id="down"),
        pytest.param([(State.INSUFFICIENT, Category.INSUFFICIENT)], (None, None), id="unknown"),
        pytest.param([], (None, None), id="no verdict"),
    ],
)  # fmt: skip
def test_blocking_is_said_only_in_oonis_own_values(
    verdicts: list[tuple[State, Category]], expected: tuple[Any, Any]
) -> None:
    """Its pipeline files any other value as a failed measurement."""
    families = (Family.IPV4, Family.IPV6)
    given = [
        a_verdict(state=state, category=category, protocol=Protocol.HTTPS, family=family)
        for (state, category), family in zip(verdicts, families, strict=False)
    ]

    assert _classic(given) == expected


def test_a_document_to_share_begins_at_the_hour_and_names_no_resolver(reader: Reader) -> None:
    (document,) = documents(reader, Privacy.PUBLISH)

    assert document["measurement_start_time"] == "2026-11-23 12:00:00"
    assert document["probe_asn"] == "AS0"
    assert document["test_keys"]["requests"][0]["response"]["body"] == ""
    assert "198.51.100.53" not in json.dumps(document)


def test_a_document_made_twice_is_the_same(reader: Reader) -> None:
    assert documents(reader) == documents(reader)
