"""How far a page came, out of reads, samples, or nothing but its body."""

from itertools import pairwise

from probe.exchange.ooni import read_measurement
from probe.model.observation import HttpObservation
from tests.exchange.ooni.documents import Fields, document, read, request


def progress(*events: Fields, body: str = "x" * 900) -> tuple[tuple[float, int], ...]:
    stopped = request(body=body, failure="generic_timeout_error", t=10.2)
    seen = read_measurement(document(requests=[stopped], network_events=list(events)))
    (page,) = (
        o
        for o in seen.evidence.observations
        if isinstance(o, HttpObservation) and o.vantage is None
    )
    return page.progress


def _sample(t: float, count: int) -> Fields:
    return read(None, t, operation="bytes_received_cumulative", num_bytes=count)


def test_reads_after_the_request_are_added_up() -> None:
    told = progress(
        read(None, 0.15, num_bytes=4000),
        read(None, 0.30, num_bytes=100),
        read(None, 0.50, num_bytes=50),
        read("generic_timeout_error", 10.2),
    )

    assert [(round(at, 3), count) for at, count in told] == [(0.1, 100), (0.3, 150)]


def test_samples_stand_in_where_no_reads_are_kept() -> None:
    told = progress(_sample(0.15, 4000), _sample(0.4, 5000), _sample(0.8, 6000))

    assert [(round(at, 3), count) for at, count in told] == [(0.2, 5000), (0.6, 6000)]


def test_without_either_the_body_tells_how_much_came() -> None:
    assert progress() == ((0.0, 900),)


def test_a_status_alone_is_a_byte_at_least() -> None:
    assert progress(body="") == ((0.0, 1),)


def test_many_reads_are_thinned_and_the_last_is_kept() -> None:
    told = progress(*(read(None, 0.3 + n / 100, num_bytes=10) for n in range(500)))

    assert len(told) <= 64
    assert told[-1][1] == 5000
    assert all(a < b for (a, _), (b, _) in pairwise(told))


def test_a_whole_page_needs_none() -> None:
    """It would cost every document for what no rule asks."""
    seen = read_measurement(document(network_events=[read(None, 0.3, num_bytes=100)]))

    pages = [o for o in seen.evidence.observations if isinstance(o, HttpObservation)]
    assert all(o.progress == () for o in pages)
