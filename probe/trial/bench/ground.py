"""The world that benchmarks run in: many names, one server, 50 KB a page, IPv4."""

from dataclasses import replace
from functools import partial

from probe.lab.box import Names
from probe.lab.path import Link
from probe.lab.servers.site import Page, Site, TlsManner
from probe.lab.world import World
from probe.lab.worlds.misbehaving import refusing
from probe.lab.worlds.spec import WorldSpec
from probe.model.target import Catalogue, Endpoint, Pacing, Resolver, Service
from probe.model.words import Role, Transport

BODY_BYTES = 51_200
SMALL_BYTES = 2_048
"""A page where memory and rows are what counts."""
RESOLVER = "217.237.148.70"
"""The lab's access resolver, which the client is told to use."""


def hosts(count: int) -> tuple[str, ...]:
    """Return the benchmark's names."""
    return tuple(f"h{number}.bench.example" for number in range(count))


def endpoint(host: str) -> Endpoint:
    """Return one endpoint of the benchmark."""
    return Endpoint(
        id=f"bench.{host.partition('.')[0]}",
        service="bench",
        host=host,
        role=Role.WEB,
        url=f"https://{host}/",
        http3=False,
        ipv6=False,
        own=True,
    )


def catalogue(count: int, pacing: Pacing) -> Catalogue:
    """Return a catalogue of that many names and no controls: gates are not what is timed."""
    return Catalogue(
        services=(
            Service(id="bench", name="Benchmark", endpoints=tuple(map(endpoint, hosts(count)))),
        ),
        resolvers=(
            Resolver(
                id="bench",
                operator="bench",
                country="EU",
                addresses=(RESOLVER,),
                transports=(Transport.UDP,),
            ),
        ),
        pacing=pacing,
    )


def free_pacing(**changes: float) -> Pacing:
    """Return a pacing that holds nothing back: the client's own speed is what is measured."""
    return Pacing(
        workers=50,
        flows_max=1_000_000,
        flows_per_network=1_000_000,
        handshake_gap_s=0.0,
        bytes_per_run=10**12,
        seconds_per_run=86_400.0,
        starts_per_second=1e6,
        dns_window_s=0.0,
        addresses_per_family=1,
        body_bytes=BODY_BYTES,
    ).model_copy(update=changes)


def open_world(count: int, *, rtt_s: float = 0.0005, body_bytes: int = BODY_BYTES) -> World:
    """Return the benchmark's world, in which every page has this size."""
    spec = WorldSpec(
        "bench",
        "A benchmark",
        "Every name is served, every page has one size.",
        link=Link(rtt_s=rtt_s),
        changed=((Names(("*",)), partial(_sized, body_bytes=body_bytes)),),
    )
    return spec.build(catalogue(count, free_pacing()))


def hanging_world(count: int) -> World:
    """Return a world whose servers read the hello and never answer."""
    spec = WorldSpec(
        "bench-hang",
        "Servers that hang",
        "Every server accepts, reads and is silent.",
        changed=((Names(("*",)), refusing(TlsManner.SILENCE, "E10")),),
    )
    return spec.build(catalogue(count, free_pacing()))


def _sized(site: Site, *, body_bytes: int) -> Site:
    page = Page(200, (("content-type", "text/html"),), padding_bytes=body_bytes)
    return replace(site, pages={"/": page}, alpn=("http/1.1",))
