"""Connections of nothing but PINGs, on the virtual lab: what stops them, and what does not."""

from dataclasses import replace

import pytest

from probe.lab.boxes.freeze import DatagramFreeze, Freeze
from probe.lab.servers.site import Page, Site
from probe.measure.pings import PINGS
from probe.model.experiment import Experiment, Kind
from probe.model.observation import PingObservation, TlsObservation
from probe.model.words import FailureWord
from tests.measure.conftest import HOST, V4

SITES = (Site(HOST, fallback=Page(body=b"x"), http3=True),)


def counting(**fields):
    base = {"kind": Kind.FREEZE, "endpoint": "instagram.web", "address": V4, "name": HOST}
    return Experiment(**base | fields)


async def pinged(internet, *, box=None, sites=SITES, **fields):
    boxes = {0: (box,)} if box is not None else {}
    async with internet(sites=sites, boxes=boxes) as it:
        return await it.perform(counting(**fields), quic=True)


def told(observations):
    (found,) = [o for o in observations if isinstance(o, PingObservation)]
    return found


METHODS = pytest.mark.parametrize("version", [None, "1"], ids=["h2", "quic"])


@METHODS
async def test_all_are_answered_where_nobody_counts(autojump_clock, internet, version):
    seen = told(await pinged(internet, quic_version=version))

    assert (seen.ended, seen.pings_answered, seen.failure) == ("complete", PINGS, None)
    assert seen.method == ("quic" if version else "h2")


@METHODS
async def test_a_box_that_counts_packets_stops_it_early(autojump_clock, internet, version):
    box = DatagramFreeze(packets=25) if version else Freeze(packets=25)

    seen = told(await pinged(internet, box=box, quic_version=version))

    assert seen.ended == "silent"
    assert 0 < seen.pings_answered < PINGS
    assert seen.failure.word is FailureWord.GENERIC_TIMEOUT_ERROR
    assert seen.bytes_received < 6_000


async def test_what_was_sent_last_is_not_acknowledged_then(autojump_clock, internet):
    seen = told(await pinged(internet, box=Freeze(packets=25)))

    assert seen.tcp_info.unacked
    assert seen.tcp_info.retransmits


async def test_a_box_that_counts_bytes_does_not(autojump_clock, internet):
    seen = told(await pinged(internet, box=Freeze(packets=None, server_bytes=16_000)))

    assert seen.ended == "complete"


async def test_a_server_without_http2_is_not_pinged(autojump_clock, internet):
    """It is asked for nothing else instead: what it would make of that is not known."""
    sites = (replace(SITES[0], alpn=("http/1.1",)),)
    async with internet(sites=sites) as it:
        seen = await it.perform(counting())

    assert [o.alpn for o in seen if isinstance(o, TlsObservation)] == [None]
    assert not [o for o in seen if isinstance(o, PingObservation)]
