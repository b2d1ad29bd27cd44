"""Changes of several endpoints that may well be one: same service, network, verdicts and time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from probe.analyse.changes import Change, changes
from probe.analyse.series import Label, Network, Reading, SeriesKey


@dataclass(frozen=True, slots=True)
class ServiceChange:
    """A change that endpoints of one service share in one network."""

    service: str
    network: Network
    before: Label
    after: Label
    earliest: datetime
    latest: datetime
    """What all the endpoints' intervals have in common."""
    parts: tuple[tuple[SeriesKey, Change], ...]

    @property
    def at(self) -> datetime:
        """Return the first reading of the new verdict by any of the endpoints."""
        return min(change.at for _, change in self.parts)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Return the endpoints' ids."""
        return tuple(dict.fromkeys(key.endpoint for key, _ in self.parts))


def service_changes(
    found: Mapping[SeriesKey, Sequence[Reading]],
) -> tuple[ServiceChange, ...]:
    """Return the changes of all series, put together, oldest first."""
    groups: list[ServiceChange] = []
    every = [(key, change) for key, readings in found.items() for change in changes(readings)]
    for key, change in sorted(every, key=lambda pair: (pair[1].earliest, pair[0])):
        for position, group in enumerate(groups):
            if _belongs(key, change, group):
                groups[position] = _with(group, key, change)
                break
        else:
            groups.append(
                ServiceChange(
                    service=key.service,
                    network=key.network,
                    before=change.before.label,
                    after=change.after.label,
                    earliest=change.earliest,
                    latest=change.latest,
                    parts=((key, change),),
                )
            )
    return tuple(sorted(groups, key=lambda g: (g.at, g.service, g.network, g.before, g.after)))


def _belongs(key: SeriesKey, change: Change, group: ServiceChange) -> bool:
    return (
        (key.service, key.network) == (group.service, group.network)
        and (change.before.label, change.after.label) == (group.before, group.after)
        and change.earliest < group.latest
        and group.earliest < change.latest
    )


def _with(group: ServiceChange, key: SeriesKey, change: Change) -> ServiceChange:
    return ServiceChange(
        service=group.service,
        network=group.network,
        before=group.before,
        after=group.after,
        earliest=max(group.earliest, change.earliest),
        latest=min(group.latest, change.latest),
        parts=(*group.parts, (key, change)),
    )
