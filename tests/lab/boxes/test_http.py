"""What a client sees of boxes that act on cleartext HTTP, and of those that redirect."""

from typing import Any

import pytest
import trio

from probe.lab.box import Names, Place, Where
from probe.lab.boxes import BOXES

BLOCKED = Names(("*.blocked.example",))
NAME = "www.blocked.example"


def both(address: str) -> tuple[str, str]:
    return (address, address)


async def test_innocent_page_arrives_whole(autojump_clock: Any, bench: Any, target: str) -> None:
    async with bench.open():
        seen = await bench.http(target, NAME)

    assert seen.outcome == "whole"
    assert b"The true page." in seen.data


@pytest.mark.parametrize("place", Place)
@pytest.mark.parametrize(
    ("row", "start", "inside"),
    [
        ("H01", b"HTTP/1.1 200", b"restricted"),
        ("H02", b"HTTP/1.1 302", b"Location: http://blocked.isp.example/"),
        ("H03", b"HTTP/1.1 403", b"Forbidden"),
        ("H04", b"HTTP/1.1 451", b"Blocked"),
        ("H11", b"HTTP/1.1 403", b"10.10.34.34"),
    ],
)
async def test_forged_page_comes_instead_of_the_true_one(
    autojump_clock: Any,
    bench: Any,
    target: str,
    row: str,
    start: bytes,
    inside: bytes,
    place: Place,
) -> None:
    async with bench.open(BOXES[row](names=BLOCKED, place=place)) as net:
        seen = await bench.http(target, NAME)
        neutral = await bench.http(target, "www.neutral.example")

    assert seen.data.startswith(start)
    assert inside in seen.data
    assert b"The true page" not in seen.data
    assert seen.outcome == "whole"
    assert seen.after_s < 0.05
    assert b"The true page." in neutral.data
    assert net.log.fired() == {row}


async def test_reset_after_the_host(autojump_clock: Any, bench: Any, target: str) -> None:
    async with bench.open(BOXES["H05"](names=BLOCKED)):
        seen = await bench.http(target, NAME)
        residue = await bench.http(target, "www.neutral.example")
        await trio.sleep(100)
        neutral = await bench.http(target, "www.neutral.example")

    assert (seen.outcome, residue.outcome) == ("ECONNRESET", "ECONNRESET")
    assert seen.after_s < 0.05
    assert neutral.outcome == "whole"


async def test_drop_after_the_host(autojump_clock: Any, bench: Any, target: str) -> None:
    async with bench.open(BOXES["H06"](names=BLOCKED)):
        seen = await bench.http(target, NAME)
        neutral = await bench.http(target, "www.neutral.example")

    assert (seen.outcome, neutral.outcome) == ("timeout", "whole")
    assert seen.info["acked"] == 1


async def test_keyword_in_the_path(autojump_clock: Any, bench: Any, target: str) -> None:
    async with bench.open(BOXES["H07"](words=("falun",), residual_s=0.0)):
        seen = await bench.http(target, "www.neutral.example", "/search?q=falun")
        neutral = await bench.http(target, "www.neutral.example", "/search?q=cats")

    assert (seen.outcome, neutral.outcome) == ("ECONNRESET", "whole")


async def test_truncated_body_ends_before_its_declared_length(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["H09"](names=BLOCKED, after_bytes=2000)):
        seen = await bench.http(target, NAME)

    assert seen.outcome == "whole"
    assert len(seen.data) == 2000


async def test_words_in_the_body_are_replaced(autojump_clock: Any, bench: Any, target: str) -> None:
    box = BOXES["H09"](names=BLOCKED, kind="replace", words=(b"</body>", b"<!--x->"))
    async with bench.open(box):
        seen = await bench.http(target, NAME)
        neutral = await bench.http(target, "www.neutral.example")

    assert seen.data.endswith(b"<!--x-></html>")
    assert neutral.data.endswith(b"</body></html>")


async def test_rewritten_header_reaches_the_server(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["H10"]()):
        seen = await bench.http(target, NAME)

    echoed = bytes.fromhex(seen.data.partition(b"X-Request: ")[2].partition(b"\r\n")[0].decode())
    assert echoed.endswith(b"CONNECTION: close\r\n\r\n")


async def test_https_is_dropped_and_http_shows_the_page(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    box = BOXES["H12"](names=BLOCKED, https=Where(prefixes=(target,), ports=frozenset({443})))
    async with bench.open(box):
        https = await bench.connect(target)
        http = await bench.http(target, NAME)

    assert https.outcome == "timeout"
    assert b"restricted" in http.data


async def test_transparent_proxy_answers_for_every_address(
    autojump_clock: Any, bench: Any, target: str, other: str
) -> None:
    async with bench.open(BOXES["H08"](to=both(other))) as net:
        seen = await bench.http(target, NAME)
        https = await bench.https(target, NAME)

    assert b"the other server's page" in seen.data
    assert https.peer == "true"
    assert net.log.fired() == {"H08"}


@pytest.mark.parametrize("row", ["S09", "S10", "S11"])
async def test_redirected_https_shows_the_other_certificate(
    autojump_clock: Any, bench: Any, target: str, other: str, row: str
) -> None:
    where = Where(prefixes=(target,), ports=frozenset({443}))
    async with bench.open(BOXES[row](to=both(other), where=where)):
        seen = await bench.https(target, NAME)
        http = await bench.http(target, NAME)

    assert seen.peer == "impostor"
    assert seen.data == b"the other server's page"
    assert b"The true page." in http.data


async def test_only_the_blocked_name_gets_the_other_certificate(
    autojump_clock: Any, bench: Any, target: str, other: str
) -> None:
    """The box lets the handshake pass and joins the flow to its own server at the hello."""
    async with bench.open(BOXES["S09"](to=both(other), names=BLOCKED)) as net:
        blocked = await bench.https(target, NAME)
        neutral = await bench.https(target, "www.neutral.example")

    assert (blocked.peer, blocked.outcome) == ("impostor", "whole")
    assert blocked.data == b"the other server's page"
    assert (neutral.peer, neutral.outcome) == ("true", "whole")
    assert net.log.fired() == {"S09"}


async def test_only_the_blocked_host_is_proxied(
    autojump_clock: Any, bench: Any, target: str, other: str
) -> None:
    async with bench.open(BOXES["H08"](to=both(other), names=BLOCKED)):
        blocked = await bench.http(target, NAME)
        neutral = await bench.http(target, "www.neutral.example")

    assert b"the other server's page" in blocked.data
    assert b"The true page." in neutral.data
