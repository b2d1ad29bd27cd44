"""Which lie it is where several answers of one resolver show different parts of it."""

import pytest

from tests.classify.build import A1, Story


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_alias_that_only_one_answer_shows_names_the_lie(order):
    """The system's library may keep an alias to itself; the resolver's own answer does not."""
    story = Story()
    told = (
        {},
        {"cnames": ["filter.provider.example"], "resolver": "access"},
    )
    for number in order:
        story.dns(["10.10.34.35"], **told[number])
    story.encrypted_dns(A1)
    story.good_page(A1)

    assert story.verdict().subtype == "cname"
