from datetime import UTC, datetime

import trio

from probe.serve import arrivals as module
from probe.serve.arrivals import ArrivalLog
from probe.wire.clock import Clock

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
HELLO, OTHER = "a" * 64, "b" * 64


async def test_a_hello_that_arrived_is_told_with_its_bytes(autojump_clock):
    log = ArrivalLog(Clock.start(AT))
    connection = log.note(HELLO, lambda: 1200)
    connection.received_bytes, connection.sent_bytes = 517, 1400

    arrival = log.of(HELLO)

    assert (arrival.received_bytes, arrival.sent_bytes, arrival.acked_bytes) == (517, 1400, 1200)
    assert arrival.is_open


async def test_a_hello_that_did_not_arrive_is_told_so(autojump_clock):
    assert ArrivalLog(Clock.start(AT)).of(HELLO) is None


async def test_the_kernels_last_word_outlives_the_socket(autojump_clock):
    log = ArrivalLog(Clock.start(AT))
    words = [7]
    connection = log.note(HELLO, lambda: words.pop())
    connection.close()
    connection.close()

    assert (log.of(HELLO).acked_bytes, log.of(HELLO).is_open) == (7, False)


async def test_a_repeated_hello_is_not_the_clients(autojump_clock):
    log = ArrivalLog(Clock.start(AT))
    log.note(HELLO, lambda: None).received_bytes = 517
    log.note(HELLO, lambda: None).received_bytes = 999

    assert log.of(HELLO).received_bytes == 517


async def test_after_a_quarter_of_an_hour_nothing_is_left(autojump_clock):
    log = ArrivalLog(Clock.start(AT))
    log.note(HELLO, lambda: None)

    await trio.sleep(module.KEPT_S)

    assert log.of(HELLO) is None


async def test_it_holds_so_many_and_no_more(autojump_clock, monkeypatch):
    monkeypatch.setattr(module, "KEPT_MAX", 2)
    log = ArrivalLog(Clock.start(AT))
    for hello in (HELLO, OTHER, "c" * 64):
        log.note(hello, lambda: None)

    assert [log.of(hello) is not None for hello in (HELLO, OTHER, "c" * 64)] == [False, True, True]
