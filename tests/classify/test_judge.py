"""Literal evidence in, verdict out: one story, one row that must speak."""

from probe.model.words import Family, State
from tests.classify.build import (
    A1,
    A2,
    B1,
    Story,
)


def test_open_endpoint_is_ok_in_both_families() -> None:
    story = Story()
    story.honest_dns(A1, A2, B1)
    story.good_page(A1, B1)

    assert [(v.state, v.family) for v in story.verdicts()] == [
        (State.OK, Family.IPV4),
        (State.OK, Family.IPV6),
    ]
    assert story.asked("look") == ()
