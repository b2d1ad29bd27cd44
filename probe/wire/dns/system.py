"""Ask as any program on this machine would: getaddrinfo, once, for both families together."""

import socket
from collections.abc import Sequence

import trio

from probe.model.observation import DnsAnswer, Failure
from probe.model.words import FailureWord, Operation
from probe.wire import failures
from probe.wire.dns.asked import NOT_A_NAME, Asked, FirstAnswer


async def ask_system(
    name: str,
    query_types: Sequence[str],
    *,
    timeout_s: float,
    first: FirstAnswer | None = None,
) -> tuple[Asked, ...]:
    """Ask as any program here would: getaddrinfo, once, for both families together."""
    started = trio.current_time()
    batch = tuple(Asked(query_type, started) for query_type in query_types)
    failure: Failure | None = failures.timeout(Operation.RESOLVE, f"total {timeout_s:g} s")
    found: dict[str, list[str]] = {"A": [], "AAAA": []}
    canonical: list[str] = []
    with trio.move_on_after(timeout_s):
        try:
            entries = await trio.socket.getaddrinfo(
                name, 443, socket.AF_UNSPEC, socket.SOCK_STREAM, 0, socket.AI_CANONNAME
            )
            failure = None
        except socket.gaierror as error:
            failure = failures.from_gaierror(error)
            entries = []
        except OSError as error:
            failure = failures.from_oserror(error, Operation.RESOLVE)
            entries = []
        except UnicodeError:
            failure, entries = NOT_A_NAME, []
        for entry_family, _, _, canonname, address in entries:
            kind = {socket.AF_INET: "A", socket.AF_INET6: "AAAA"}.get(entry_family)
            if kind is not None and str(address[0]) not in found[kind]:
                found[kind].append(str(address[0]))
            if canonname and canonname.rstrip(".").lower() != name:
                canonical.append(canonname.rstrip(".").lower())
    ended = trio.current_time()
    for asked in batch:
        asked.ended = ended
        asked.failure = failure
        addresses = tuple(found.get(asked.query_type, ()))
        if failure is not None:
            continue
        if not addresses:
            asked.failure = Failure(
                word=FailureWord.DNS_NO_ANSWER, operation=Operation.RESOLVE, raw="no address"
            )
        asked.answers.append(
            DnsAnswer(
                after_s=round(ended - started, 6),
                rcode=0,
                addresses=addresses,
                cnames=tuple(dict.fromkeys(canonical)),
            )
        )
        if first is not None:
            first(asked.query_type, addresses)
    return batch
