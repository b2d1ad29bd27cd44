"""An address that serves nobody is a bad address: who passes elsewhere must pass at ours."""

import pytest

from probe.lab.pki import Certificate
from probe.model.words import FailureWord, State
from tests.classify.build import A1, A2, Story, failure, last
from tests.classify.cases_tls import CUT, MUTE, _certificate, _without_fingerprints

REFUSED = {"fails": failure(FailureWord.SSL_UNKNOWN_AUTHORITY)}


def _told(here: dict[str, object], *addresses: str, **there: dict[str, object]) -> Story:
    """Handshakes here at these addresses, and a helper's at A1 and A2."""
    told = Story()
    told.honest_dns(*addresses)
    for address in addresses:
        told.tls(address, **here)  # type: ignore[arg-type]
    for name, values in there.items():
        told.tls({"first": A1, "second": A2}[name], connect=False, **values)  # type: ignore[arg-type]
        told.elsewhere("helper:a/DE", last(told))
    return told


@pytest.mark.parametrize(
    ("here", "rule"), [(CUT, "tls.cut_here_only"), (MUTE, "tls.silent_here_only")]
)
def test_what_ends_at_the_same_address_elsewhere_is_no_cut_name(here, rule) -> None:
    """A stranger's server, or a bad edge of the site itself; it was `tls_sni_reset`."""
    assert _told(here, A1, first=here, second={}).verdict().rule_id == "tls.ends_untested"
    assert _told(here, A1, second={}).verdict().rule_id == rule


def test_one_address_that_passes_elsewhere_is_enough() -> None:
    told = _told(CUT, A1, A2, first=CUT, second={})

    assert told.verdict().rule_id == "tls.cut_here_only"


def test_a_certificate_that_others_refuse_at_this_address_is_nobodys_on_our_way() -> None:
    told = _without_fingerprints(_certificate(Certificate.PRIVATE_CA))
    for address, values in ((A1, REFUSED), (A2, {})):
        told.tls(address, connect=False, **values)  # type: ignore[arg-type]
        told.elsewhere("helper:a/DE", last(told))

    verdict = told.verdict()

    assert (verdict.state, verdict.rule_id) == (
        State.INSUFFICIENT,
        "tls.certificate_refused_at_this_address",
    )


def test_one_forgotten_edge_is_no_dead_service() -> None:
    told = Story()
    told.honest_dns(A1, A2)
    told.tls(A1, kind=Certificate.EXPIRED)
    told.good_page(A2)

    verdict = told.verdict()

    assert (verdict.state, verdict.rule_id) == (
        State.INSUFFICIENT,
        "tls.expired_at_some_addresses",
    )
