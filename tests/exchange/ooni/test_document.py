"""Documents that nobody promised anything about: each is a measurement, with a reason."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.classify import judge
from probe.exchange.ooni import read_measurement
from probe.model.knowledge import Knowledge
from probe.model.target import Catalogue
from tests.exchange.ooni.documents import DOCUMENTS, document, request
from tests.exchange.ooni.odd import nodes

KNOWLEDGE = Knowledge(catalogue=Catalogue(services=()))


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
        pytest.param(document() | {"input": None}, "http://", id="no input"),
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


@settings(max_examples=400)
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
    for evidence in (measurement.evidence, *measurement.later):
        assert judge(evidence, KNOWLEDGE)


def test_a_time_at_the_end_of_the_calendar_is_no_time() -> None:
    """Its steps' times could not be computed, and in UTC it is none at all."""
    odd = document() | {
        "measurement_start_time": "9999-12-31T23:59:59-14:00",
        "test_start_time": "2024-02-12 20:33:47",
    }

    measurement = read_measurement(odd)

    assert measurement.measured_at == datetime(2024, 2, 12, 20, 33, 47, tzinfo=UTC)


def test_a_redirect_to_no_address_leads_nowhere() -> None:
    page = request(code=302, headers=(("Location", "http://["),))

    measurement = read_measurement(document(requests=[page]))

    assert measurement.problems == ()
    assert measurement.later == ()
