"""How an attempt ended: the failure words of the wire in the few classes that rules speak of."""

import errno
from enum import StrEnum
from types import MappingProxyType

from probe.model.observation import Failure, TlsObservation
from probe.model.words import FailureWord


class Ending(StrEnum):
    """What became of one attempt, as far as rules care."""

    DONE = "done"
    RESET = "reset"
    CLOSED = "closed"
    REFUSED = "refused"
    SILENT = "silent"
    TRICKLE = "trickle"
    """Bytes came, but too slowly to count as an answer."""
    ALERT = "alert"
    GARBAGE = "garbage"
    """Bytes that are not of the protocol."""
    UNREACHABLE = "unreachable"
    VERSION = "version"
    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    DENIED = "denied"
    """DNS REFUSED."""
    NODATA = "nodata"
    TEMPORARY = "temporary"
    """The system's resolver gave up: SERVFAIL or silence behind it."""
    OURS = "ours"
    """This machine's own trouble: says nothing about the network beyond it."""
    OTHER = "other"


ENDINGS = MappingProxyType(
    {
        FailureWord.ADDRESS_FAMILY_NOT_SUPPORTED: Ending.OURS,
        FailureWord.ADDRESS_IN_USE: Ending.OURS,
        FailureWord.ADDRESS_NOT_AVAILABLE: Ending.OURS,
        FailureWord.CONNECTION_ABORTED: Ending.RESET,
        FailureWord.CONNECTION_REFUSED: Ending.REFUSED,
        FailureWord.CONNECTION_RESET: Ending.RESET,
        FailureWord.DNS_BOGON_ERROR: Ending.DONE,
        FailureWord.DNS_NO_ANSWER: Ending.NODATA,
        FailureWord.DNS_NON_RECOVERABLE_FAILURE: Ending.SERVFAIL,
        FailureWord.DNS_NXDOMAIN_ERROR: Ending.NXDOMAIN,
        FailureWord.DNS_REFUSED_ERROR: Ending.DENIED,
        FailureWord.DNS_REPLY_WITH_WRONG_QUERY_ID: Ending.GARBAGE,
        FailureWord.DNS_SERVER_MISBEHAVING: Ending.GARBAGE,
        FailureWord.DNS_SERVFAIL_ERROR: Ending.SERVFAIL,
        FailureWord.DNS_TEMPORARY_FAILURE: Ending.TEMPORARY,
        FailureWord.EOF_ERROR: Ending.CLOSED,
        FailureWord.GENERIC_TIMEOUT_ERROR: Ending.SILENT,
        FailureWord.HOST_UNREACHABLE: Ending.UNREACHABLE,
        FailureWord.HTTP_INVALID_REDIRECT_LOCATION_HOST: Ending.OTHER,
        FailureWord.HTTP_REQUEST_FAILED: Ending.GARBAGE,
        FailureWord.INTERRUPTED: Ending.OURS,
        FailureWord.INVALID_ARGUMENT: Ending.OURS,
        FailureWord.MESSAGE_SIZE: Ending.OURS,
        FailureWord.NETWORK_DOWN: Ending.OURS,
        FailureWord.NETWORK_RESET: Ending.RESET,
        FailureWord.NETWORK_UNREACHABLE: Ending.UNREACHABLE,
        FailureWord.NO_BUFFER_SPACE: Ending.OURS,
        FailureWord.NOT_CONNECTED: Ending.RESET,
        FailureWord.PERMISSION_DENIED: Ending.UNREACHABLE,
        FailureWord.PROTOCOL_NOT_SUPPORTED: Ending.OURS,
        FailureWord.QUIC_INCOMPATIBLE_VERSION: Ending.VERSION,
        FailureWord.SSL_FAILED_HANDSHAKE: Ending.GARBAGE,
        FailureWord.SSL_INVALID_CERTIFICATE: Ending.DONE,
        FailureWord.SSL_INVALID_HOSTNAME: Ending.DONE,
        FailureWord.SSL_UNKNOWN_AUTHORITY: Ending.DONE,
        FailureWord.TIMED_OUT: Ending.SILENT,
        FailureWord.UNKNOWN_FAILURE: Ending.OTHER,
        FailureWord.WRONG_PROTOCOL_TYPE: Ending.OURS,
    }
)
"""Every failure word has its class; a test says so."""


def ending_of(failure: Failure | None) -> Ending:
    """Return the class of a failure, DONE where there is none."""
    if failure is None:
        return Ending.DONE
    # A local firewall answers EPERM; EACCES is ICMPv6 "administratively prohibited" (Linux).
    if failure.word is FailureWord.PERMISSION_DENIED and failure.errno == errno.EPERM:
        return Ending.OURS
    return ENDINGS[failure.word]


def tls_ending(seen: TlsObservation, *, trickles: bool) -> Ending:
    """Return the class of a handshake; a peer's alert goes before the engine's word for it."""
    if seen.alert is not None and seen.failure is not None:
        return Ending.ALERT
    if seen.failure is not None and seen.failure.raw.startswith("alert "):
        return Ending.ALERT
    ending = ending_of(seen.failure)
    if ending is Ending.SILENT and trickles:
        return Ending.TRICKLE
    return ending
