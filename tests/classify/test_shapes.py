"""Another hello passes: is it the shape, or did a box that misses some miss one?"""

from probe.model.words import Category
from tests.classify.build import A1, RESET, Arm, Story, last


def _cut(after_s: float) -> Story:
    """Four hellos end so soon after the name, with a neutral one four pass; TLS 1.3 alone does."""
    told = Story()
    told.honest_dns(A1)
    for _ in range(4):
        told.tls(A1, fails=RESET, after=after_s, acked=1)
        told.tls(A1, arm=Arm.C1)
    told.tls(A1, hello="tls13")
    told.tls(A1)
    told.elsewhere("h/DE", last(told))
    return told


def test_forged_ends_by_the_name_are_no_filter_of_versions() -> None:
    assert _cut(0.01).verdict().category is Category.TLS_SNI_RESET


def test_ends_with_the_servers_timing_may_be_one() -> None:
    """A filter of the certificate's name cuts when the certificate comes (S12)."""
    assert _cut(0.06).verdict().category is Category.TLS_FINGERPRINT_BLOCK
