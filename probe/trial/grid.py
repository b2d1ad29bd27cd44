"""Draws lines and scenarios from a seed: kind × network × environment × link × name × family."""

import random
import re
from collections import ChainMap
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from probe.errors import UsageError
from probe.lab.path import Link
from probe.model.target import Endpoint
from probe.model.words import Family
from probe.trial.blocking import BLOCKING
from probe.trial.catalogue import whole_catalogue, whole_layout
from probe.trial.environments import ENVIRONMENTS
from probe.trial.innocent import INNOCENT
from probe.trial.places import NETWORKS
from probe.trial.placing import Kind
from probe.trial.scenario import Line, Scenario, Setting

# How many targets share a line (and so its gates). More would meet the run's budget of time.
TARGETS: Final = 16
_RTTS_S: Final = (0.012, 0.03, 0.06, 0.12, 0.25)
_LOSSES: Final = (0.0, 0.0, 0.0, 0.0, 0.005, 0.01, 0.03)
# Where something is blocked, most of the time the line itself is fine.
_BESIDE_BLOCKS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "plain": 10,
        "loss-1": 2,
        "loss-3": 1,
        "jitter": 1,
        "reordering": 1,
        "no-ipv6": 1,
        "broken-ipv6": 1,
        "no-udp443": 1,
        "strict-servers": 1,
        "no-dot": 1,
        "mtu-told": 1,
    }
)
# Some targets of every line are simply fine.
_PLAIN_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a campaign is, and what it varies."""

    blocking: int
    """Scenarios in which something interferes."""
    benign: int
    """At least so many others: as many stand beside each interfered one, the rest on open lines."""
    seed: int
    setting: Setting | None = None
    """None: drawn for each line."""
    environments: tuple[str, ...] = ()
    """Empty: all of them where nobody is blocked, and a mixture beside blocks."""
    kinds: tuple[str, ...] = ()
    """Empty: all of them."""
    lossless: bool = False
    """Whether no line loses packets by itself; else drawn for each."""


def lines(plan: Plan) -> tuple[Line, ...]:
    """Return a campaign's lines: those on which something is blocked, then those without.

    The same seed gives the same lines whatever the numbers are: a larger campaign has more of them.
    """
    _refuse_unknown({"kind": plan.kinds, "environment": plan.environments})
    return (*_until(plan, "b", plan.blocking), *_until(plan, "g", _alone(plan)))


def line_named(name: str, setting: Setting | None = None) -> Line | None:
    """Return the line of any campaign by its id, so that it plays exactly as it did there.

    `7-b12` the twelfth blocked line of seed 7 · `7-g3` the third open one ·
    `7-b12:kind=S02+plain:setting=two` the same of a campaign narrowed to these.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    narrowed = {key: match[key].split("+") if match[key] else [] for key in _NARROWED}
    _refuse_unknown(narrowed)
    plan = Plan(
        0,
        0,
        int(match["seed"]),
        setting=Setting(narrowed["setting"][0]) if narrowed["setting"] else None,
        environments=tuple(narrowed["environment"]),
        kinds=tuple(narrowed["kind"]),
        lossless=bool(narrowed["loss"]),
    )
    line = Drawing(plan, match["series"], int(match["number"])).line()
    return line if setting is None else replace(line, setting=setting)


_NARROWED: Final[Mapping[str, Container[str]]] = MappingProxyType(
    {
        "kind": ChainMap(BLOCKING, INNOCENT),  # type: ignore[arg-type]  # only read
        "environment": ENVIRONMENTS,
        "setting": tuple(Setting),
        "loss": ("0",),
    }
)
"""What a plan may be narrowed to, in the order of an id: the word, and what is known of it."""
_NAME: Final = re.compile(
    r"(?P<seed>\d+)-(?P<series>[bg])(?P<number>[1-9]\d*)"
    + "".join(f"(?::{key}=(?P<{key}>[^:/]+))?" for key in _NARROWED)
)


def _refuse_unknown(narrowed: Mapping[str, Sequence[str]]) -> None:
    for key, words in narrowed.items():
        for word in words:
            if word not in _NARROWED[key]:
                raise UsageError(f"no {key} is named {word!r}; see `roadblock lab list`")


def _id(plan: Plan, series: str, number: int) -> str:
    """Return what `line_named` finds the line by."""
    narrowed = {
        "kind": plan.kinds,
        "environment": plan.environments,
        "setting": (plan.setting.value,) if plan.setting else (),
        "loss": ("0",) if plan.lossless else (),
    }
    words = "".join(f":{key}={'+'.join(narrowed[key])}" for key in _NARROWED if narrowed[key])
    return f"{plan.seed}-{series}{number}{words}"


def _until(plan: Plan, series: str, wanted: int) -> Iterator[Line]:
    number = 0
    while wanted > 0:
        number += 1
        line = Drawing(plan, series, number).line()
        wanted -= sum(s.kind in BLOCKING or series == "g" for s in line.scenarios) or wanted
        yield line


def _alone(plan: Plan) -> int:
    """Return how many benign scenarios are left for lines on which nobody is blocked."""
    beside = sum(
        s.kind in INNOCENT for line in _until(plan, "b", plan.blocking) for s in line.scenarios
    )
    return plan.benign - beside


@lru_cache(maxsize=1)
def _targets() -> tuple[Endpoint, ...]:
    """Return endpoints with a host and addresses of their own."""
    whole = whole_catalogue()
    layout = whole_layout()
    found = []
    for endpoint in whole.endpoints:
        addresses = layout.hosts[endpoint.host]
        if endpoint.url.startswith(("https://", "http://")) and any(
            ":" not in a for a in addresses
        ):
            found.append(endpoint)
    return tuple(found)


@lru_cache(maxsize=4096)
def _networks(host: str) -> frozenset[str]:
    """Return the networks that a host's addresses are in, as filters by address count them."""
    return frozenset(_prefix(a) for a in whole_layout().hosts[host])


def _prefix(address: str) -> str:
    if ":" in address:
        return ":".join(address.split(":")[:3])
    return address.rpartition(".")[0]


class Drawing:
    """One line being drawn, from its own seed."""

    def __init__(self, plan: Plan, series: str, number: int) -> None:
        self.plan, self.series, self.number = plan, series, number
        self.random = random.Random(f"line/{plan.seed}/{series}/{number}")
        self.taken: set[str] = set()
        """Networks of the targets so far."""
        self.named: set[str] = set()
        """Their names."""

    def line(self, dealt: Sequence[Kind] = ()) -> Line:
        """Return the line, with the kinds whose turn it is; or with those that are dealt to it."""
        draw = self.random
        environment = self._environment()
        allowed = ENVIRONMENTS[environment].networks
        network = draw.choice([n for n in NETWORKS if not allowed or n in allowed])
        link = Link(rtt_s=draw.choice(_RTTS_S), loss=draw.choice(_LOSSES))
        link = replace(link, loss=0.0) if self.plan.lossless else link
        drawn = draw.choice(tuple(Setting))
        seed = draw.randrange(1 << 31)
        kinds = dealt or self._whose_turn(environment)
        return Line(
            id=_id(self.plan, self.series, self.number),
            network=network,
            environment=environment,
            link=link,
            setting=self.plan.setting or drawn,
            seed=seed,
            scenarios=tuple(self._scenarios(kinds)),
        )

    def _whose_turn(self, environment: str) -> Sequence[Kind]:
        if self.series == "b":
            return [
                *self._turn(_kinds(BLOCKING, self.plan.kinds), TARGETS // 2),
                *self._turn(_kinds(INNOCENT, self.plan.kinds), TARGETS // 2),
            ]
        kinds = self._turn(_kinds(INNOCENT, self.plan.kinds), TARGETS)
        if environment == "home-resolver":
            kinds[::3] = [INNOCENT["tracker"]] * len(kinds[::3])
        return kinds

    def _environment(self) -> str:
        if self.plan.environments:
            return self.plan.environments[self.number % len(self.plan.environments)]
        if self.series == "b":
            return self.random.choices(list(_BESIDE_BLOCKS), list(_BESIDE_BLOCKS.values()))[0]
        every = list(ENVIRONMENTS)
        return every[self.number % len(every)]

    def _turn(self, kinds: Sequence[Kind], count: int) -> list[Kind]:
        """Return the kinds whose turn it is on this line: all come round, in a drawn order."""
        if not kinds:
            return []
        found = []
        for at in range((self.number - 1) * count, self.number * count):
            order = random.Random(f"order/{self.plan.seed}/{at // len(kinds)}/{kinds[0].innocent}")
            found.append(order.sample(kinds, len(kinds))[at % len(kinds)])
        return found

    def _scenarios(self, kinds: Sequence[Kind]) -> Iterator[Scenario]:
        for number, kind in enumerate(kinds, start=1):
            chosen = kind
            if kind.innocent and not self.plan.kinds and self.random.random() < _PLAIN_SHARE:
                chosen = INNOCENT["plain"]
            endpoint = self._target(chosen)
            if endpoint is None:
                # No such target is left on this line; the kind's turn comes again.
                continue
            yield Scenario(
                id=f"{chosen.id}.{number}",
                kind=chosen.id,
                endpoint=endpoint.id,
                family=self._family(chosen, endpoint),
                options=tuple((name, self.random.choice(v)) for name, v in chosen.options.items()),
            )

    def _target(self, kind: Kind) -> Endpoint | None:
        fitting = [
            endpoint
            for endpoint in _targets()
            if endpoint.url.startswith(f"{kind.scheme}://")
            and (endpoint.http3 or not kind.quic)
            and kind.fits(endpoint)
            and not _networks(endpoint.host) & self.taken
            # A rule for a name and all below it must not hit another target.
            and not any(_are_related(endpoint.host, name) for name in self.named)
            and (kind.families != "one" or _has_both(endpoint))
        ]
        if not fitting:
            return None
        chosen = self.random.choice(fitting)
        self.taken |= _networks(chosen.host)
        self.named.add(chosen.host)
        return chosen

    def _family(self, kind: Kind, endpoint: Endpoint) -> Family | None:
        if kind.families == "both" or not _has_both(endpoint):
            return None
        one = self.random.choice((Family.IPV4, Family.IPV6))
        if kind.families == "one":
            return one
        return self.random.choice((None, None, None, one))


def _kinds(every: Mapping[str, Kind], wanted: Sequence[str]) -> list[Kind]:
    # `tracker` needs the environment `home-resolver`.
    return [k for k in every.values() if (k.id in wanted if wanted else k.id != "tracker")]


def _are_related(one: str, other: str) -> bool:
    return one.endswith(f".{other}") or other.endswith(f".{one}") or one == other


def _has_both(endpoint: Endpoint) -> bool:
    return any(":" in a for a in whole_layout().hosts[endpoint.host])
