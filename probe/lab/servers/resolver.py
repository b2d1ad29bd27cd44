"""Carries DNS messages: over UDP, over streams (TCP and DoT), and inside HTTP (DoH)."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

import trio

from probe.lab.servers.http import Request
from probe.lab.servers.nameserver import NameServer, Reply
from probe.lab.servers.site import Manner, Page
from probe.lab.servers.udp import AnyAddressUdp, Datagram

_DNS_MESSAGE = ("content-type", "application/dns-message")


async def serve_udp(
    udp: AnyAddressUdp,
    on_question: Callable[[bytes, str, int, str], Awaitable[Reply | None]],
    nursery: trio.Nursery,
) -> None:
    """Answer questions (data, client, client's port, address asked) until cancelled."""
    while True:
        datagram = await udp.receive()
        reply = await on_question(
            datagram.data, datagram.client, datagram.client_port, datagram.local
        )
        if reply is not None and reply.delay_s:
            nursery.start_soon(_answer_later, udp, datagram, reply)
        elif reply is not None:
            await udp.answer(datagram, reply.wire)


async def _answer_later(udp: AnyAddressUdp, datagram: Datagram, reply: Reply) -> None:
    await trio.sleep(reply.delay_s)
    await udp.answer(datagram, reply.wire)


async def serve_stream(
    stream: trio.abc.Stream, ask: Callable[[bytes], Awaitable[Reply | None]]
) -> None:
    """Answer questions that carry a length before them (RFC 1035 section 4.2.2)."""
    buffer = b""
    while data := await stream.receive_some():
        buffer += data
        while len(buffer) >= 2:
            length = int.from_bytes(buffer[:2], "big")
            if len(buffer) < 2 + length:
                break
            question, buffer = buffer[2 : 2 + length], buffer[2 + length :]
            reply = await ask(question)
            if reply is not None:
                await trio.sleep(reply.delay_s)
                await stream.send_all(len(reply.wire).to_bytes(2, "big") + reply.wire)


def doh_page(
    server: NameServer, request: Request, ask: Callable[[bytes], Reply | None]
) -> Page | None:
    """Answer a DoH request (RFC 8484); None where the request is none for this server."""
    url = urlsplit(request.path)
    if url.path != server.doh_path or "doh" not in server.transports:
        return None
    question = request.body
    if request.method == "GET":
        encoded = "".join(parse_qs(url.query).get("dns", []))
        try:
            question = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except binascii.Error:
            return Page(status=400)
    reply = ask(question) if question else None
    if reply is None:
        return Page(status=400, manner=Manner.SILENCE if question else Manner.WHOLE)
    return Page(headers=(_DNS_MESSAGE,), body=reply.wire, delay_s=reply.delay_s)
