"""Network events (df-008) of one connection: when bytes left and when they came."""

from typing import Final

from probe.exchange.ooni.document import Fields, number_in, rows_in, text_in

# probe/model/observation.py: so many points of a download are kept.
_POINTS_MAX: Final = 64

FlowKey = tuple[object, str]
"""Number of the transaction, where there is one, and address with port."""


def flow_of(record: Fields) -> FlowKey:
    """Return which connection a record is about."""
    number = record.get("transaction_id")
    return (number if isinstance(number, int) else None), text_in(record, "address")


def events_by_flow(keys: Fields) -> dict[FlowKey, list[Fields]]:
    """Group events by connection, in the order in which they were written down."""
    flows: dict[FlowKey, list[Fields]] = {}
    for event in rows_in(keys, "network_events"):
        if text_in(event, "address"):
            flows.setdefault(flow_of(event), []).append(event)
    return flows


def handshake_times(events: list[Fields], *, is_failed: bool) -> Fields:
    """Return bytes and times of a handshake, from its events up to `tls_handshake_done`."""
    sent = received = 0
    hello_at = first_at = failed_at = None
    for event in events:
        operation, at = text_in(event, "operation"), number_in(event, "t")
        if operation == "tls_handshake_done":
            break
        size = _size(event)
        if operation == "write" and not received:
            sent, hello_at = sent + size, at
        elif operation == "read" and hello_at is not None:
            received += size
            first_at = at if first_at is None and size > 0 else first_at
            failed_at = at if event.get("failure") else failed_at
    return {
        "bytes_sent": sent,
        "hello_bytes": sent,
        "bytes_received": received,
        "first_byte_s": _gap(hello_at, first_at),
        "failed_after_s": _gap(hello_at, failed_at) if is_failed else None,
    }


def page_progress(
    events: list[Fields], asked_at: float, body_bytes: int
) -> tuple[tuple[float, int], ...]:
    """Return how far an answer came: (seconds since the request, bytes), from reads or samples.

    Never empty: a status came, and with it one byte at least. 0.4 keeps no reads of pages.
    """
    reads: list[tuple[float, int]] = []
    samples: list[tuple[float, int]] = []
    for event in events:
        operation, at, size = text_in(event, "operation"), number_in(event, "t"), _size(event)
        if at is None or at <= asked_at or not size:
            continue
        if operation == "read":
            reads.append((at - asked_at, size + (reads[-1][1] if reads else 0)))
        elif operation == "bytes_received_cumulative":
            # probe-cli internal/throttling: a sample now and then, handshake included.
            samples.append((at - asked_at, size))
    points = reads or samples
    step = -(-len(points) // _POINTS_MAX) or 1
    return (*points[:-1:step], points[-1]) if points else ((0.0, max(body_bytes, 1)),)


def _size(event: Fields) -> int:
    return max(int(number_in(event, "num_bytes") or 0), 0)


def _gap(start: float | None, end: float | None) -> float | None:
    """Return the seconds between; None where either is unknown or time stood still."""
    return end - start if start is not None and end is not None and end > start else None
