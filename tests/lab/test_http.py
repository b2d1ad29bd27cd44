"""The lab's web servers, over trio's memory streams and with httpx's own protocol code."""

import gzip
import math
from contextlib import suppress

import h2.config
import h2.connection
import h2.events
import h11
import pytest
import trio
from trio.testing import memory_stream_pair

from probe.lab.servers.http import page_of, serve_http1, serve_http2
from probe.lab.servers.site import REDIRECT_TO_HTTPS, Edge, Manner, Page, Site, filler

BODY = filler(150_000)


def edge(page: Page, **site) -> Edge:
    return Edge((Site("www.example.org", pages={"/": page}, **site),))


async def get(page: Page, *, path="/", host="www.example.org", secure=True, patience_s=math.inf):
    """Return (status, headers, body, complete?) over HTTP/1.1."""
    client, server = memory_stream_pair()
    connection = h11.Connection(h11.CLIENT)
    status, headers, body, complete = None, {}, b"", False

    async def serve():
        await serve_http1(server, lambda request: page_of(edge(page), request), secure=secure)
        await server.aclose()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        request = h11.Request(method="GET", target=path, headers=[("host", host)])
        await client.send_all(connection.send(request) + connection.send(h11.EndOfMessage()))
        with trio.move_on_after(patience_s):
            while True:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    connection.receive_data(await client.receive_some())
                elif isinstance(event, h11.Response):
                    status = event.status_code
                    headers = {k.decode(): v.decode() for k, v in event.headers}
                elif isinstance(event, h11.Data):
                    body += event.data
                elif isinstance(event, h11.EndOfMessage):
                    complete = True
                    break
        nursery.cancel_scope.cancel()
    return status, headers, body, complete


async def get2(page: Page, *, patience_s=math.inf):
    """Return (status, body, complete?) over HTTP/2."""
    client, server = memory_stream_pair()
    connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    status, body, complete = None, b"", False
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_http2, server, lambda request: page_of(edge(page), request))
        connection.initiate_connection()
        connection.send_headers(
            1,
            [
                (":method", "GET"),
                (":path", "/"),
                (":scheme", "https"),
                (":authority", "www.example.org"),
            ],
            end_stream=True,
        )
        await client.send_all(connection.data_to_send())
        with trio.move_on_after(patience_s):
            while not complete:
                data = await client.receive_some()
                if not data:
                    break
                for event in connection.receive_data(data):
                    if isinstance(event, h2.events.ResponseReceived):
                        status = int(dict(event.headers)[":status"])
                    elif isinstance(event, h2.events.DataReceived):
                        body += event.data
                        connection.acknowledge_received_data(event.flow_controlled_length, 1)
                    elif isinstance(event, h2.events.StreamEnded):
                        complete = True
                # A server that has closed takes no acknowledgement; what it sent is read on.
                with suppress(trio.BrokenResourceError):
                    await client.send_all(connection.data_to_send())
        nursery.cancel_scope.cancel()
    return status, body, complete


async def test_a_page_comes_whole_over_http_1():
    status, headers, body, complete = await get(Page(headers=(("x-lab", "1"),), body=BODY))

    assert (status, headers["x-lab"], body == BODY, complete) == (200, "1", True, True)


async def test_a_page_comes_whole_over_http_2():
    """150 KB need window updates."""
    assert await get2(Page(body=BODY)) == (200, BODY, True)


async def test_a_page_without_content_ends_at_once():
    assert (await get(Page(status=204)))[0::3] == (204, True)
    assert await get2(Page(status=204)) == (204, b"", True)


async def test_port_80_sends_to_https():
    status, headers, _, _ = await get(REDIRECT_TO_HTTPS, secure=False, path="/a?b")

    assert status == 301
    assert headers["location"] == "https://www.example.org/a?b"


async def test_an_unknown_host_is_not_found():
    assert (await get(Page(), host="other.example"))[0] == 404


async def test_a_truncated_body_is_cut_short():
    with pytest.RaisesGroup(h11.RemoteProtocolError):
        await get(Page(body=BODY, manner=Manner.TRUNCATED))

    status, body, complete = await get2(Page(body=BODY, manner=Manner.TRUNCATED))
    assert (status, len(body), complete) == (200, len(BODY) // 3, False)


@pytest.mark.parametrize("fetch", [get, get2])
async def test_a_dripping_body_comes_at_one_byte_a_second(autojump_clock, fetch):
    body = (await fetch(Page(body=BODY, manner=Manner.DRIP), patience_s=20))[-2]

    assert 19 <= len(body) <= 21


@pytest.mark.parametrize("fetch", [get, get2])
async def test_an_endless_body_does_not_end(autojump_clock, fetch):
    *_, body, complete = await fetch(Page(manner=Manner.ENDLESS_BODY), patience_s=10)

    assert len(body) > 5_000
    assert not complete


@pytest.mark.parametrize("fetch", [get, get2])
async def test_a_stalled_body_stops_in_the_middle(autojump_clock, fetch):
    *_, body, complete = await fetch(Page(body=BODY, manner=Manner.STALL), patience_s=60)

    assert len(body) == len(BODY) // 3
    assert not complete


async def test_endless_headers_never_end(autojump_clock):
    with pytest.RaisesGroup(h11.RemoteProtocolError):  # h11 gives up at its own limit
        await get(Page(manner=Manner.ENDLESS_HEADERS), patience_s=60)


@pytest.mark.parametrize("fetch", [get, get2])
async def test_a_silent_page_never_comes(autojump_clock, fetch):
    assert (await fetch(Page(manner=Manner.SILENCE), patience_s=60))[0] is None


async def test_compressed_bodies_are_sent_as_they_are():
    bomb = gzip.compress(bytes(1_000_000))
    _, headers, body, _ = await get(Page(headers=(("content-encoding", "gzip"),), body=bomb))

    assert headers["content-encoding"] == "gzip"
    assert len(gzip.decompress(body)) == 1_000_000
