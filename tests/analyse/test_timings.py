import pytest

from probe.analyse.timings import merged, percentile, timings
from probe.model.observation import Failure, HttpObservation, TlsObservation
from probe.model.words import Arm, FailureWord, Family, Layer, Operation
from tests.analyse.samples import NOW

COMMON = {
    "id": "e/0/1",
    "experiment": "e",
    "endpoint": "shop.web",
    "arm": Arm.TARGET,
    "family": Family.IPV4,
    "started_at": NOW,
}
KEY = ("shop.web", Family.IPV4)


def tls(duration_s, **fields):
    return TlsObservation.model_validate(
        {**COMMON, "server_name": "shop.example", "duration_s": duration_s, **fields}
    )


def http(progress, **fields):
    return HttpObservation.model_validate(
        {
            **COMMON,
            "url": "https://shop.example/",
            "host": "shop.example",
            "over_tls": True,
            "duration_s": 3.0,
            "first_byte_s": 0.2,
            "progress": progress,
            **fields,
        }
    )


def test_only_the_targets_successful_steps_count():
    failure = Failure(word=FailureWord.CONNECTION_RESET, operation=Operation.READ)
    found = timings(
        [tls(0.1), tls(9.0, failure=failure), tls(8.0, arm=Arm.C1), tls(7.0, vantage="elsewhere")]
    )

    assert found[KEY].seconds == {Layer.TLS: [0.1]}


def test_a_page_is_timed_by_its_first_byte():
    assert timings([http(())])[KEY].seconds == {Layer.HTTP: [0.2]}


def test_goodput_is_counted_from_first_to_last_byte():
    found = timings([http(((0.2, 4_000), (1.2, 129_000)))])

    assert found[KEY].goodput_kbps == [1000.0]


def test_a_small_body_tells_no_pace():
    assert timings([http(((0.2, 400), (0.3, 4_000)))])[KEY].goodput_kbps == []


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([3.0, 1.0, 2.0], 0.5, 2.0), ([1.0], 0.95, 1.0), (list(range(1, 101)), 0.95, 95)],
)
def test_a_percentile_is_a_value_that_was_measured(values, share, expected):
    assert percentile(values, share) == expected


def test_families_can_be_put_together():
    found = timings([tls(0.1), tls(0.3, family=Family.IPV6)])

    assert merged(found.values()).seconds == {Layer.TLS: [0.1, 0.3]}
