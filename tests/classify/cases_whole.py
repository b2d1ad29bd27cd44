"""Stories that several tests tell."""

from probe.model.words import Arm
from tests.classify.build import (
    A1,
    HOST,
    NEUTRAL,
    OTHER,
    RESET,
    Story,
)


def blocked_by_name(rounds: int = 12, *, after: float = 0.05, acked: int = 1) -> Story:
    """The name fails every time and a neutral one passes, with the first look before."""
    story = Story()
    story.honest_dns(A1)
    for number in range(rounds + 1):
        story.tls(A1, RESET, after=after, acked=acked, attempt=number)
        story.tls(A1, arm=Arm.C1, attempt=number)
    return story


def abroad(story: Story, fails: object, times: int = 2) -> None:
    """C2: the name at a neutral host, between two neutral names there."""
    story.tls(OTHER, arm=Arm.C2, name=NEUTRAL)
    for number in range(times):
        story.tls(OTHER, fails, arm=Arm.C2, name=HOST, after=0.05, acked=1, attempt=number)  # type: ignore[arg-type]
    story.tls(OTHER, arm=Arm.C2, name=NEUTRAL)
