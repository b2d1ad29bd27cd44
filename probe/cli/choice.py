"""What `run` and `watch` share: the options that say what is measured, and a run made of them."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

import click

from probe.cli.consent import consent_option
from probe.cli.elsewhere import Elsewhere, elsewhere_of, elsewhere_options
from probe.cli.measuring import INTERNET, knowledge_here, past_of
from probe.cli.options import (
    Finite,
    ca_file_option,
    database_option,
    fingerprints_option,
    geo_option,
    language_option,
    selection_arguments,
    targets_option,
)
from probe.cli.selection import select, services_of
from probe.config.consent import Language
from probe.config.settings import default_database
from probe.lab.mark import world_of
from probe.model.knowledge import Knowledge
from probe.model.run import Machine
from probe.model.target import Endpoint, Service
from probe.run import RunRequest
from probe.run.machine import read_machine

PROFILES = ("look", "quick", "standard", "deep")

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose to measure, and by what; each field is an option."""

    names: tuple[str, ...]
    every: bool
    tier: int
    without: tuple[str, ...]
    profile: str
    again: bool
    consent: str | None
    targets: Path | None
    ca_file: Path | None
    geo_db: Path | None
    fingerprints: Path | None
    database: Path | None
    vantage: str
    pace_factor: float
    no_quic: bool
    locate: bool
    controls: tuple[str, ...]
    control_keys: Path | None
    snapshots: tuple[Path, ...]
    snapshot_key: str | None
    language: Language


_OPTIONS: tuple[Callable[[Callable[..., object]], Callable[..., object]], ...] = (
    *selection_arguments,
    click.option(
        "--without",
        multiple=True,
        metavar="SERVICE",
        help="Leave a service or endpoint out. May be repeated.",
    ),
    click.option(
        "--profile",
        type=click.Choice(PROFILES),
        default="look",
        show_default=True,
        help="How far to go after a failure.",
    ),
    click.option(
        "--again", is_flag=True, help="Measure although the pause of six hours is not over."
    ),
    consent_option,
    targets_option,
    ca_file_option,
    geo_option,
    fingerprints_option,
    database_option,
    click.option("--vantage", default="", metavar="LABEL", help="Where this is, as in DE/AS3320."),
    click.option(
        "--pace-factor",
        type=Finite(min=0, min_open=True),
        default=1.0,
        help="Scales waits, never timeouts.",
    ),
    click.option("--no-quic", is_flag=True, help="Leave HTTP/3 out."),
    click.option(
        "--locate",
        is_flag=True,
        help="Find out behind which router a blocked name's fate changes; sends it more often.",
    ),
    elsewhere_options,
    language_option,
)


def choice_options(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command these options, and hand them to it as one `choice`."""

    @functools.wraps(function)
    def collected(**values: object) -> R:
        chosen = {field.name: values.pop(field.name) for field in fields(Choice)}
        return function(choice=Choice(**chosen), **values)  # type: ignore[arg-type]  # click's word

    decorated: Callable[..., object] = collected
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[return-value]  # options return what they are given


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that one run needs, read from the machine and the files as they are now."""

    machine: Machine
    lab_world: str | None
    knowledge: Knowledge
    elsewhere: Elsewhere
    endpoints: tuple[Endpoint, ...]
    services: tuple[Service, ...]
    database: Path


def prepare(choice: Choice) -> Prepared:
    """Read what the choice names; nothing is sent."""
    machine = read_machine()
    lab_world = world_of(machine.resolv_conf)
    knowledge = knowledge_here(
        lab_world, choice.targets, choice.ca_file, choice.geo_db, choice.fingerprints
    )
    elsewhere = elsewhere_of(
        knowledge.catalogue,
        choice.controls,
        control_keys=choice.control_keys,
        snapshots=choice.snapshots,
        snapshot_key=choice.snapshot_key,
    )
    endpoints = select(
        knowledge.catalogue,
        choice.names,
        tier=choice.tier,
        every=choice.every,
        without=choice.without,
    )
    return Prepared(
        machine=machine,
        lab_world=lab_world,
        knowledge=knowledge,
        elsewhere=elsewhere,
        endpoints=endpoints,
        services=services_of(knowledge.catalogue, endpoints),
        database=choice.database or default_database(),
    )


def request_of(
    choice: Choice, prepared: Prepared, *, seed: int, consent_sha256: str | None
) -> RunRequest | None:
    """Return the run to make; None while the pause of every endpoint lasts."""
    is_lab = prepared.lab_world is not None
    past = past_of(prepared.database, prepared.knowledge.catalogue.pacing)
    again = choice.again or is_lab
    if not again and all(e.id in past.recent and not e.own for e in prepared.endpoints):
        return None
    return RunRequest(
        endpoints=prepared.endpoints,
        services=tuple(service.id for service in prepared.services),
        profile=choice.profile,
        seed=seed,
        world=f"lab:{prepared.lab_world}" if is_lab else INTERNET,
        vantage_label=choice.vantage,
        again=again,
        consent_sha256=consent_sha256,
        quic=not choice.no_quic,
        locate=choice.locate,
        pace_factor=choice.pace_factor,
        controls=choice.controls,
        recent=past.recent,
        bytes_left=None if is_lab else past.bytes_left,
    )
