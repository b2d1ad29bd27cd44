"""Name a failure: errno, resolver code, DNS rcode or TLS alert to a df-007 word, raw code beside.

Two timeouts are told apart: `timed_out` is the kernel's (ETIMEDOUT), `generic_timeout_error` is our
own patience that ran out.
"""

import errno
import socket
import ssl
from types import MappingProxyType

import trio

from probe.model.observation import Failure
from probe.model.words import FailureWord, Operation

# The same condition has two numbers on Windows: the C library's and Winsock's (WSAE...).
_ERRNO_NAMES = {
    "EADDRINUSE": FailureWord.ADDRESS_IN_USE,
    "EADDRNOTAVAIL": FailureWord.ADDRESS_NOT_AVAILABLE,
    "EAFNOSUPPORT": FailureWord.ADDRESS_FAMILY_NOT_SUPPORTED,
    "ECONNABORTED": FailureWord.CONNECTION_ABORTED,
    "ECONNREFUSED": FailureWord.CONNECTION_REFUSED,
    "ECONNRESET": FailureWord.CONNECTION_RESET,
    "EHOSTDOWN": FailureWord.HOST_UNREACHABLE,
    "EHOSTUNREACH": FailureWord.HOST_UNREACHABLE,
    "EINTR": FailureWord.INTERRUPTED,
    "EINVAL": FailureWord.INVALID_ARGUMENT,
    "EMSGSIZE": FailureWord.MESSAGE_SIZE,
    "ENETDOWN": FailureWord.NETWORK_DOWN,
    "ENETRESET": FailureWord.NETWORK_RESET,
    "ENETUNREACH": FailureWord.NETWORK_UNREACHABLE,
    "ENOBUFS": FailureWord.NO_BUFFER_SPACE,
    "ENOTCONN": FailureWord.NOT_CONNECTED,
    # EACCES is what Linux says for ICMPv6 "administratively prohibited".
    "EACCES": FailureWord.PERMISSION_DENIED,
    "EPERM": FailureWord.PERMISSION_DENIED,
    # A write after the peer's reset.
    "EPIPE": FailureWord.CONNECTION_RESET,
    "EPROTONOSUPPORT": FailureWord.PROTOCOL_NOT_SUPPORTED,
    "EPROTOTYPE": FailureWord.WRONG_PROTOCOL_TYPE,
    "ESHUTDOWN": FailureWord.CONNECTION_ABORTED,
    "ETIMEDOUT": FailureWord.TIMED_OUT,
}
ERRNO_WORDS = MappingProxyType(
    {
        number: word
        for name, word in _ERRNO_NAMES.items()
        for number in (getattr(errno, name, None), getattr(errno, f"WSA{name}", None))
        if number is not None
    }
)
"""{111: FailureWord.CONNECTION_REFUSED, ...} with this system's numbers."""

_GAI_NAMES = {
    "EAI_AGAIN": FailureWord.DNS_TEMPORARY_FAILURE,
    "EAI_FAIL": FailureWord.DNS_NON_RECOVERABLE_FAILURE,
    "EAI_NONAME": FailureWord.DNS_NXDOMAIN_ERROR,
    "EAI_NODATA": FailureWord.DNS_NO_ANSWER,
    "EAI_ADDRFAMILY": FailureWord.DNS_NO_ANSWER,
    "EAI_FAMILY": FailureWord.ADDRESS_FAMILY_NOT_SUPPORTED,
    "EAI_BADFLAGS": FailureWord.INVALID_ARGUMENT,
    "EAI_SERVICE": FailureWord.INVALID_ARGUMENT,
    "EAI_SOCKTYPE": FailureWord.WRONG_PROTOCOL_TYPE,
    "EAI_MEMORY": FailureWord.NO_BUFFER_SPACE,
    "EAI_OVERFLOW": FailureWord.DNS_SERVER_MISBEHAVING,
    "EAI_SYSTEM": FailureWord.DNS_NON_RECOVERABLE_FAILURE,
}
# Reversed, so that where two names share a number (macOS, Windows) the first of them wins.
GAI_CODES = MappingProxyType(
    {
        getattr(socket, name): (name, word)
        for name, word in reversed(_GAI_NAMES.items())
        if hasattr(socket, name)
    }
)
"""{-3: ("EAI_AGAIN", FailureWord.DNS_TEMPORARY_FAILURE), ...} with this system's numbers."""

# RFC 1035 section 4.1.1 and RFC 2136: what a response code says to a client that wants addresses.
RCODE_WORDS = MappingProxyType(
    {
        2: FailureWord.DNS_SERVFAIL_ERROR,
        3: FailureWord.DNS_NXDOMAIN_ERROR,
        5: FailureWord.DNS_REFUSED_ERROR,
    }
)

# RFC 8446 section 6 and the IANA registry "TLS Alerts".
ALERTS = MappingProxyType(
    {
        0: "close_notify",
        10: "unexpected_message",
        20: "bad_record_mac",
        21: "decryption_failed",
        22: "record_overflow",
        30: "decompression_failure",
        40: "handshake_failure",
        41: "no_certificate",
        42: "bad_certificate",
        43: "unsupported_certificate",
        44: "certificate_revoked",
        45: "certificate_expired",
        46: "certificate_unknown",
        47: "illegal_parameter",
        48: "unknown_ca",
        49: "access_denied",
        50: "decode_error",
        51: "decrypt_error",
        60: "export_restriction",
        70: "protocol_version",
        71: "insufficient_security",
        80: "internal_error",
        86: "inappropriate_fallback",
        90: "user_canceled",
        100: "no_renegotiation",
        109: "missing_extension",
        110: "unsupported_extension",
        111: "certificate_unobtainable",
        112: "unrecognized_name",
        113: "bad_certificate_status_response",
        114: "bad_certificate_hash_value",
        115: "unknown_psk_identity",
        116: "certificate_required",
        117: "general_error",
        120: "no_application_protocol",
        121: "ech_required",
    }
)

# OpenSSL's and BoringSSL's words for an alert that the peer sent *encrypted*, where no raw byte
# tells: they are reason codes 1000 + alert (openssl/sslerr.h), of which Python passes on the text.
_ALERT_REASON_PREFIXES = ("TLSV13_ALERT_", "TLSV1_ALERT_", "SSLV3_ALERT_", "TLSV1_")
_ALERT_NUMBERS = MappingProxyType({name.upper(): number for number, name in ALERTS.items()})

# OpenSSL's words for bytes that are no TLS record at all.
NOT_TLS_REASONS = frozenset(
    {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "RECORD_LAYER_FAILURE"}
)


def from_oserror(error: OSError, operation: Operation) -> Failure:
    """Name an error of a socket call by its number."""
    if isinstance(error, socket.gaierror):
        return from_gaierror(error, operation)
    if error.errno is None:
        return Failure(
            word=FailureWord.UNKNOWN_FAILURE, operation=operation, raw=type(error).__name__
        )
    return Failure(
        word=ERRNO_WORDS.get(error.errno, FailureWord.UNKNOWN_FAILURE),
        operation=operation,
        errno=error.errno,
        raw=errno.errorcode.get(error.errno, f"errno {error.errno}"),
    )


def from_gaierror(error: socket.gaierror, operation: Operation = Operation.RESOLVE) -> Failure:
    """Name an error of the system's resolver by its EAI code."""
    name, word = GAI_CODES.get(
        error.errno or 0, (f"EAI {error.errno}", FailureWord.UNKNOWN_FAILURE)
    )
    return Failure(word=word, operation=operation, errno=error.errno, raw=name)


def from_trio(
    error: trio.BrokenResourceError | trio.ClosedResourceError, operation: Operation
) -> Failure:
    """Name what trio wraps: the OSError beneath where there is one."""
    cause = error.__cause__
    if isinstance(cause, OSError):
        return from_oserror(cause, operation)
    word = (
        FailureWord.INTERRUPTED
        if isinstance(error, trio.ClosedResourceError)
        else FailureWord.CONNECTION_RESET
    )
    return Failure(word=word, operation=operation, raw=type(error).__name__)


def from_ssl(error: ssl.SSLError, operation: Operation, *, alert: int | None = None) -> Failure:
    """Name an error of the TLS engine; a raw alert of the peer goes before the engine's words.

    `utls` raises subclasses without a `reason`: the start of their text is kept as raw.
    """
    if alert is None:
        alert = alert_of_reason(reason_of(error))
    if alert is not None:
        return from_alert(alert, operation)
    if isinstance(error, ssl.SSLEOFError):
        return eof(operation)
    return Failure(word=FailureWord.SSL_FAILED_HANDSHAKE, operation=operation, raw=reason_of(error))


def from_alert(alert: int, operation: Operation) -> Failure:
    """Name a fatal TLS alert by its number; `raw` is `alert 112 unrecognized_name`."""
    name = ALERTS.get(alert, "unassigned")
    return Failure(
        word=FailureWord.SSL_FAILED_HANDSHAKE, operation=operation, raw=f"alert {alert} {name}"
    )


def reason_of(error: ssl.SSLError) -> str:
    """Return OpenSSL's reason (`WRONG_VERSION_NUMBER`), else the start of the engine's text."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, str) and reason:
        return reason
    return str(error.args[-1])[:120] if error.args else type(error).__name__


def alert_of_reason(reason: str) -> int | None:
    """Return the alert number behind an engine's reason, None if it is about no alert."""
    for prefix in _ALERT_REASON_PREFIXES:
        _, found, name = reason.partition(prefix)
        if found:
            word = name.split(":")[0].split(" ")[0].strip()
            if word in _ALERT_NUMBERS:
                return _ALERT_NUMBERS[word]
    return None


def from_rcode(rcode: int) -> Failure | None:
    """Name a DNS response code; None for NOERROR."""
    if rcode == 0:
        return None
    return Failure(
        word=RCODE_WORDS.get(rcode, FailureWord.DNS_SERVER_MISBEHAVING),
        operation=Operation.RESOLVE,
        raw=f"rcode {rcode}",
    )


def timeout(operation: Operation, raw: str = "") -> Failure:
    """Our own patience ran out; `raw` says which: `idle 10 s`, `total 60 s`."""
    return Failure(word=FailureWord.GENERIC_TIMEOUT_ERROR, operation=operation, raw=raw)


def eof(operation: Operation, raw: str = "") -> Failure:
    """The peer closed the connection where more was due."""
    return Failure(word=FailureWord.EOF_ERROR, operation=operation, raw=raw)
