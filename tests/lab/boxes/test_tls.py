"""What a client sees of boxes that act on the name in its hello."""

from typing import Any

import pytest
import trio

from probe.lab.box import Key, Names, Place, Where
from probe.lab.boxes import BOXES

BLOCKED = Names(("*.blocked.example",))
NAME = "www.blocked.example"


async def test_innocent_path_lets_every_hello_through(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open() as net:
        seen = await bench.hello(target, NAME)

    assert seen.outcome == "data"
    assert seen.after_s == pytest.approx(0.05)
    assert not net.log.fired()


async def test_on_path_reset_is_sooner_than_the_server_and_unacknowledged(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    """S01: the two numbers that separate it without privileges."""
    async with bench.open(BOXES["S01"](names=BLOCKED)) as net:
        blocked = await bench.hello(target, NAME)
        await trio.sleep(200)
        neutral = await bench.hello(target, "www.neutral.example")

    assert blocked.outcome == "ECONNRESET"
    assert blocked.after_s < 0.03
    assert blocked.info["acked"] == 1
    assert blocked.info["min_rtt"] == pytest.approx(50_000, abs=10)
    assert neutral.outcome == "data"
    assert net.log.fired() == {"S01"}
    assert {event.name for event in net.log.of("S01")} == {NAME}


async def test_residue_hits_other_names_at_the_same_address_for_its_time(
    autojump_clock: Any, bench: Any, target: str, other: str
) -> None:
    async with bench.open(BOXES["S01"](names=BLOCKED, residual_s=90)):
        await bench.hello(target, NAME)
        same = await bench.hello(target, "www.neutral.example")
        elsewhere = await bench.hello(other, "www.neutral.example")
        await trio.sleep(95)
        later = await bench.hello(target, "www.neutral.example")

    assert (same.outcome, elsewhere.outcome, later.outcome) == ("ECONNRESET", "data", "data")


async def test_residue_may_meet_the_next_connection_already(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    box = BOXES["S01"](names=BLOCKED, residual_s=90, shuts=True, place=Place.IN_PATH)
    async with bench.open(box):
        named = await bench.hello(target, NAME)
        same = await bench.hello(target, "www.neutral.example")
        await trio.sleep(95)
        later = await bench.hello(target, "www.neutral.example")

    assert (named.outcome, same.outcome, later.outcome) == ("ECONNRESET", "ECONNREFUSED", "data")


async def test_pace_shortens_the_residue(autojump_clock: Any, bench: Any, target: str) -> None:
    async with bench.open(BOXES["S01"](names=BLOCKED, residual_s=90, pace=0.1)):
        await bench.hello(target, NAME)
        await trio.sleep(10)
        later = await bench.hello(target, "www.neutral.example")

    assert later.outcome == "data"


def test_pace_shortens_no_memory_of_a_single_flow() -> None:
    """No run waits for it, and the flow's packets take as long as ever: they would outlive it."""
    box = BOXES["S01"](names=BLOCKED, pace=0.1)

    assert box.residue(Key.FLOW, 10).seconds == 10
    assert box.residue(Key.CLIENT_AND_SERVICE, 10).seconds == pytest.approx(1)


async def test_rewritten_server_packet_resets_after_one_whole_round_trip(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    """S02: as late as the server, and the hello is not acknowledged."""
    async with bench.open(BOXES["S02"](names=BLOCKED)) as net:
        blocked = await bench.hello(target, NAME)
        neutral = await bench.hello(target, "www.neutral.example")

    assert blocked.outcome == "ECONNRESET"
    assert blocked.after_s == pytest.approx(0.05)
    assert blocked.info["acked"] == 1
    assert blocked.info["total_retrans"] == 0
    assert neutral.outcome == "data"
    assert net.log.fired() == {"S02"}


async def test_drop_after_some_leaves_the_hello_acknowledged(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["S03"](names=BLOCKED)):
        seen = await bench.hello(target, NAME)

    assert seen.outcome == "timeout"
    assert seen.info["acked"] > 500
    assert seen.info["total_retrans"] == 0
    assert seen.info["unacked"] == 0


async def test_whole_drop_leaves_the_hello_unacknowledged_and_sent_again(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["S04"](names=BLOCKED)):
        seen = await bench.hello(target, NAME)

    assert seen.outcome == "timeout"
    assert seen.info["acked"] == 1
    assert seen.info["total_retrans"] >= 5
    assert seen.info["unacked"] == 1


async def test_retransmissions_come_at_linux_times(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    """A recorded trace of S04 had them at 0.30, 0.59, 1.22, 2.43, 4.80 and 9.67 s."""
    times = []
    async with bench.open(BOXES["S04"](names=BLOCKED), link=_link(0.1)) as net:
        net.path.taps.append(
            lambda at, where, toward, packet: (
                times.append(at) if where == "client" and len(packet.payload) > 100 else None
            )
        )
        await bench.hello(target, NAME)

    gaps = [at - times[0] for at in times[1:]]
    assert gaps == pytest.approx([0.3, 0.6, 1.2, 2.4, 4.8, 9.6], abs=0.03)


def _link(rtt_s: float) -> Any:
    from probe.lab.path import Link

    return Link(rtt_s=rtt_s)


@pytest.mark.parametrize(
    ("row", "outcome", "acked"),
    [
        pytest.param("S05", "timeout", True, id="answer dropped"),
        pytest.param("S06", "timeout", False, id="hello dropped"),
        pytest.param("T08", "eof", True, id="FIN"),
        pytest.param("S08", "data", True, id="alert"),
        pytest.param("S15", "data", True, id="no ECH in this hello"),
        pytest.param("S18", "ECONNRESET", False, id="name and address"),
        pytest.param("D16", "ECONNRESET", False, id="DoH by name"),
    ],
)
async def test_what_the_client_sees(
    autojump_clock: Any, bench: Any, target: str, row: str, outcome: str, acked: bool
) -> None:
    async with bench.open(BOXES[row](names=BLOCKED)):
        blocked = await bench.hello(target, NAME)
        await trio.sleep(200)
        neutral = await bench.hello(target, "www.neutral.example")

    assert blocked.outcome == outcome
    assert (blocked.info["acked"] > 1) is acked
    assert neutral.outcome == "data"
    assert neutral.data[:1] == b"\x16"


async def test_forged_alert_is_an_alert(autojump_clock: Any, bench: Any, target: str) -> None:
    async with bench.open(BOXES["S08"](names=BLOCKED, alert=112)):
        raw = await bench.hello(target, NAME)
        seen = await bench.https(target, NAME)

    assert raw.data == b"\x15\x03\x03\x00\x02\x02\x70"
    assert seen.outcome == "TLSV1_UNRECOGNIZED_NAME"


async def test_hello_split_over_segments_and_records_is_still_read(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    hello = bench.hello_bytes(NAME)
    body = hello[5:]
    records = b"".join(
        b"\x16\x03\x01" + len(piece).to_bytes(2, "big") + piece
        for piece in (body[:40], body[40:90], body[90:])
    )
    async with bench.open(BOXES["S01"](names=BLOCKED, residual_s=0.0)):
        stream = await bench.connect(target)
        for at in range(0, len(records), 30):
            await stream.send_all(records[at : at + 30])
            await trio.sleep(0.001)
        with pytest.raises(trio.BrokenResourceError):
            await stream.receive_some()


async def test_in_path_reset_keeps_the_hello_from_the_server(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    box = BOXES["S01"](names=BLOCKED, place=Place.IN_PATH, residual_key=Key.FLOW)
    async with bench.open(box) as net:
        seen = await bench.hello(target, NAME)
        neutral = await bench.hello(target, "www.neutral.example")

    assert (seen.outcome, neutral.outcome) == ("ECONNRESET", "data")
    assert net.path.counts["dropped"] >= 1


async def test_name_and_address_must_both_be_listed(
    autojump_clock: Any, bench: Any, target: str, other: str
) -> None:
    async with bench.open(BOXES["S18"](names=BLOCKED, where=Where(prefixes=(target,)))):
        elsewhere = await bench.hello(other, NAME)
        there = await bench.hello(target, NAME)

    assert (elsewhere.outcome, there.outcome) == ("data", "ECONNRESET")


async def test_hello_without_a_name_is_reset(autojump_clock: Any, bench: Any, target: str) -> None:
    async with bench.open(BOXES["S14"]()):
        named = await bench.hello(target, NAME)
        nameless = await bench.hello(target, None)

    assert (named.outcome, nameless.outcome) == ("data", "ECONNRESET")


async def test_version_filter_lets_old_tls_through(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["S16"]()):
        new = await bench.hello(target, NAME)
        old = await bench.talk(target, 443, bench.hello_bytes(NAME, old=True))

    assert (new.outcome, old.outcome) == ("timeout", "data")


async def test_cipher_filter_hits_one_shape(autojump_clock: Any, bench: Any, target: str) -> None:
    from probe.lab.reading.hello import read_hello

    hello = read_hello(bench.hello_bytes(NAME))
    assert hello is not None
    async with bench.open(BOXES["S16"](shape="ciphers", ciphers=hello.ciphers[:5])):
        new = await bench.hello(target, NAME)
        old = await bench.talk(target, 443, bench.hello_bytes(NAME, old=True))

    assert (new.outcome, old.outcome) == ("timeout", "data")


async def test_certificate_filter_sees_only_old_tls(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["S12"](names=Names(("*.true.example",)))):
        old = await bench.https(target, "www.neutral.example", old=True)
        new = await bench.https(target, "www.neutral.example")

    assert (old.outcome, new.outcome) == ("ECONNRESET", "whole")


async def test_allowlist_passes_listed_names_only(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["S17"](names=Names(("ya.ru",)))):
        listed = await bench.hello(target, "ya.ru")
        neutral = await bench.hello(target, "www.neutral.example")

    assert (listed.outcome, neutral.outcome) == ("data", "timeout")


async def test_overloaded_box_misses_some(autojump_clock: Any, bench: Any, target: str) -> None:
    inner = BOXES["S01"](names=BLOCKED, residual_s=0.0)
    async with bench.open(BOXES["S20"](inner=inner, misses=0.5)):
        outcomes = [(await bench.hello(target, NAME)).outcome for _ in range(20)]

    assert 4 <= outcomes.count("ECONNRESET") <= 16


async def test_protocol_allowlist_kills_what_is_no_tls(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["S21"]()):
        tls = await bench.hello(target, NAME)
        http = await bench.http(target, NAME)
        dns = await bench.ask_tcp(target, NAME)
        odd = await bench.talk(target, 443, b"SSH-2.0-client\r\n")

    assert (tls.outcome, http.outcome, dns.outcome) == ("data", "whole", "data")
    assert odd.outcome == "timeout"
