"""Where stories are filed under the rule that they must make speak."""

from collections.abc import Callable

from tests.classify.build import (
    A1,
    HOST,
    Story,
    endpoint,
)

CASES: dict[str, Callable[[], Story]] = {}
HTTP = endpoint(f"http://{HOST}/")
STRANGE = "http://blocked.provider.example/?id=1"


def case(rule: str) -> Callable[[Callable[[], Story]], Callable[[], Story]]:
    """File a story under the rule that it must make speak."""

    def file(story: Callable[[], Story]) -> Callable[[], Story]:
        assert rule not in CASES, rule
        CASES[rule] = story
        return story

    return file


def cases(**stories: Callable[[], Story]) -> None:
    """File several: `dns__ok` is `dns.ok`."""
    for name, story in stories.items():
        case(name.replace("__", "."))(story)


def story_of(*lines: Callable[[Story], object], target: object = None) -> Story:
    """Tell a story from its lines."""
    told = Story(target)  # type: ignore[arg-type]
    for line in lines:
        line(told)
    return told


def reached(told: Story) -> None:
    told.honest_dns(A1)


def page(told: Story) -> None:
    told.good_page(A1)
