"""What a client sees of boxes that read DNS questions."""

from typing import Any

import pytest
import trio

from probe.lab.box import Names, Where
from probe.lab.boxes import BOXES
from probe.lab.reading.dns import Forgery

BLOCKED = Names(("*.blocked.example",))
NAME = "www.blocked.example"
NOBODY = {4: "198.51.100.9", 6: "2001:db8:ffff::9"}


def addresses(message: Any) -> list[str]:
    return [item.address for rrset in message.answer for item in rrset if hasattr(item, "address")]


async def test_race_brings_the_forged_answer_first_and_the_true_one_after(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    """The forged packet's TTL tells where it was made."""
    async with bench.open(BOXES["D09"](names=BLOCKED)) as net:
        blocked = await bench.ask(target, NAME)
        neutral = await bench.ask(target, "www.neutral.example")

    (first, forged, forged_ttl), (second, true, true_ttl) = blocked
    assert first < 0.03 < second == pytest.approx(0.05)
    assert addresses(forged) == ["59.24.3.174"]
    assert addresses(true) == ["157.240.1.174"]
    assert (forged_ttl, true_ttl) == (62, 60)
    assert len(neutral) == 1
    assert net.log.fired() == {"D09"}


async def test_several_injectors_answer_differently(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    forgeries = (Forgery(("1.2.3.4",)), Forgery(("5.6.7.8",), authoritative=True))
    async with bench.open(BOXES["D09"](names=BLOCKED, forgeries=forgeries)):
        answers = await bench.ask(target, NAME)

    assert [addresses(message) for _, message, _ in answers] == [
        ["1.2.3.4"],
        ["5.6.7.8"],
        ["157.240.1.174"],
    ]


@pytest.mark.parametrize("kind", ["A", "AAAA"])
async def test_in_path_box_answers_alone_and_for_addresses_without_a_resolver(
    autojump_clock: Any, bench: Any, target: str, kind: str
) -> None:
    nobody = NOBODY[6 if ":" in target else 4]
    async with bench.open(BOXES["D10"](names=BLOCKED)):
        answers = await bench.ask(target, NAME, kind)
        canary = await bench.ask(nobody, NAME, kind)

    assert len(answers) == len(canary) == 1
    expected = ["10.10.34.35"] if kind == "A" else ["d0::11"]
    assert addresses(answers[0][1]) == addresses(canary[0][1]) == expected


@pytest.mark.parametrize(
    ("row", "rcode", "expected"),
    [
        pytest.param("D05", 0, ["127.0.0.1"], id="bogon"),
        pytest.param("D17", 3, [], id="canary"),
        pytest.param("D19", 3, [], id="admitted"),
    ],
)
async def test_forged_answers(
    autojump_clock: Any, bench: Any, target: str, row: str, rcode: int, expected: list[str]
) -> None:
    names = BLOCKED if row != "D17" else Names(("use-application-dns.net",))
    name = NAME if row != "D17" else "use-application-dns.net"
    async with bench.open(BOXES[row](names=names)):
        ((_, message, _),) = await bench.ask(target, name)

    assert message.rcode() == rcode
    assert addresses(message) == expected


async def test_admitted_lie_carries_the_extended_error(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["D19"](names=BLOCKED)):
        ((_, message, _),) = await bench.ask(target, NAME)

    assert [(option.code, option.text) for option in message.options] == [
        (16, "blocked by court order")
    ]


async def test_dropped_question_passes_over_tcp(
    autojump_clock: Any, bench: Any, target: str
) -> None:
    async with bench.open(BOXES["D12"](names=BLOCKED)):
        blocked = await bench.ask(target, NAME)
        neutral = await bench.ask(target, "www.neutral.example")
        over_tcp = await bench.ask_tcp(target, NAME)

    assert blocked == []
    assert len(neutral) == 1
    assert over_tcp.outcome == "data"


async def test_dropped_resolver_answers_nobody(
    autojump_clock: Any, bench: Any, target: str, other: str
) -> None:
    where = Where(prefixes=(target,), ports=frozenset({53}))
    async with bench.open(BOXES["D13"](where=where)):
        udp = await bench.ask(target, "www.neutral.example")
        tcp = await bench.ask_tcp(target, "www.neutral.example")
        elsewhere = await bench.ask(other, "www.neutral.example")

    assert udp == []
    assert tcp.outcome == "timeout"
    assert len(elsewhere) == 1


async def test_question_over_tcp_is_reset(autojump_clock: Any, bench: Any, target: str) -> None:
    async with bench.open(BOXES["D14"](names=BLOCKED)):
        blocked = await bench.ask_tcp(target, NAME)
        neutral = await bench.ask_tcp(target, "www.neutral.example")
        udp = await bench.ask(target, NAME)

    assert (blocked.outcome, neutral.outcome) == ("ECONNRESET", "data")
    assert blocked.after_s < 0.05
    assert len(udp) == 1


async def test_service_bindings_are_stripped(autojump_clock: Any, bench: Any, target: str) -> None:
    async with bench.open(BOXES["D18"]()) as net:
        ((_, message, _),) = await bench.ask(target, NAME, "HTTPS")
        await bench.ask(target, NAME, "A")

    assert not message.answer
    assert len(net.log.of("D18")) == 1


async def test_proxy_answers_in_the_name_of_every_resolver(
    autojump_clock: Any, bench: Any, target: str, other: str
) -> None:
    to = (other, other) if ":" in other else (other, "")
    nobody = NOBODY[6 if ":" in target else 4]
    async with bench.open(BOXES["D11"](to=to)):
        ((_, message, _),) = await bench.ask(target, "whoami.example", "TXT")
        ((_, canary, _),) = await bench.ask(nobody, "whoami.example", "TXT")
        over_tcp = await bench.ask_tcp(target, NAME)

    assert other in str(message.answer[0])
    assert other in str(canary.answer[0])
    assert over_tcp.outcome == "data"


async def test_system_path_is_lied_to_as_well(autojump_clock: Any, bench: Any, target: str) -> None:
    """getaddrinfo() asks over the same network."""
    async with bench.open(BOXES["D10"](names=BLOCKED), nameservers=[target]):
        lied = await trio.socket.getaddrinfo(NAME, 443, type=1)
        true = await trio.socket.getaddrinfo("www.neutral.example", 443, type=1)

    assert [entry[4][0] for entry in lied] == ["d0::11", "10.10.34.35"]
    assert [entry[4][0] for entry in true] == ["2a03:2880:f1::1", "157.240.1.174"]
