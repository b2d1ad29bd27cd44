"""OONI's failure strings of ten years as our failures.

Words are df-007's, which our own are as well. Older probes and the test helper say other ones:
measurement-kit and Twisted names, and Go's error texts behind `unknown_failure`.
"""

from types import MappingProxyType
from typing import Final

from probe.exchange.ooni.document import as_text
from probe.model.observation import Failure
from probe.model.words import FailureWord, Operation

# ooni/spec df-007 (Twisted-era names) and probe-cli internal/oohelperd (the helper's own mapping).
_ALIASES: Final = MappingProxyType(
    {
        "dns_name_error": FailureWord.DNS_NXDOMAIN_ERROR,
        "dns_lookup_error": FailureWord.DNS_NON_RECOVERABLE_FAILURE,
        "dns_server_failure": FailureWord.DNS_SERVFAIL_ERROR,
        "android_dns_cache_no_data": FailureWord.DNS_NO_ANSWER,
        "tcp_timed_out_error": FailureWord.GENERIC_TIMEOUT_ERROR,
        "timeout_error": FailureWord.GENERIC_TIMEOUT_ERROR,
        "deferred_timeout_error": FailureWord.GENERIC_TIMEOUT_ERROR,
        "task_timed_out": FailureWord.GENERIC_TIMEOUT_ERROR,
        "ssl_error": FailureWord.SSL_FAILED_HANDSHAKE,
        "http_request_error": FailureWord.HTTP_REQUEST_FAILED,
        "http_invalid_redirect_url": FailureWord.HTTP_INVALID_REDIRECT_LOCATION_HOST,
    }
)
# errno.go of probe-cli: errors of the program itself, which no network causes.
_OURS: Final = frozenset(
    {
        "already_connected", "bad_address", "bad_file_descriptor", "connection_already_closed",
        "connection_already_in_progress", "destination_address_required", "json_parse_error",
        "no_protocol_option", "not_a_socket", "operation_would_block",
    }
)  # fmt: skip
# Texts of Go's net and crypto/tls packages, tried in order.
_TEXTS: Final = (
    ("connection reset by peer", FailureWord.CONNECTION_RESET),
    ("connection refused", FailureWord.CONNECTION_REFUSED),
    ("i/o timeout", FailureWord.GENERIC_TIMEOUT_ERROR),
    ("deadline exceeded", FailureWord.GENERIC_TIMEOUT_ERROR),
    ("handshake timeout", FailureWord.GENERIC_TIMEOUT_ERROR),
    ("no such host", FailureWord.DNS_NXDOMAIN_ERROR),
    ("network is unreachable", FailureWord.NETWORK_UNREACHABLE),
    ("no route to host", FailureWord.HOST_UNREACHABLE),
    ("tls: ", FailureWord.SSL_FAILED_HANDSHAKE),
    ("malformed http", FailureWord.HTTP_REQUEST_FAILED),
    ("eof", FailureWord.EOF_ERROR),
)
# RFC 8446 section 6.2, in the words of Go's crypto/tls/alert.go.
_ALERTS: Final = MappingProxyType(
    {
        "close notify": 0,
        "unexpected message": 10,
        "handshake failure": 40,
        "bad certificate": 42,
        "access denied": 49,
        "protocol version not supported": 70,
        "insufficient security level": 71,
        "internal error": 80,
        "unrecognized name": 112,
        "no application protocol": 120,
    }
)
_WORDS: Final = MappingProxyType({word.value: word for word in FailureWord})
_REMOTE_ALERT: Final = "remote error: tls: "


def failure_of(text: object, operation: Operation) -> Failure | None:
    """Return the failure that a string of OONI's means; None where it says success."""
    if not isinstance(text, str) or not text:
        return None
    text = as_text(text)
    word = _word(text)
    # What df-007 says as well needs no second saying.
    return Failure(word=word, operation=operation, raw="" if text == word else text[:200])


def alert_of(text: object) -> int | None:
    """Return the alert that the peer sent, where the text names one."""
    if not isinstance(text, str) or _REMOTE_ALERT not in text:
        return None
    return _ALERTS.get(text.partition(_REMOTE_ALERT)[2].strip())


def _word(text: str) -> FailureWord:
    exact = _WORDS.get(text) or _ALIASES.get(text)
    if exact is not None:
        return exact
    if text in _OURS:
        return FailureWord.INVALID_ARGUMENT
    # The helper says `connection_refused_error`.
    older = _WORDS.get(text.removesuffix("_error"))
    if older is not None:
        return older
    lower = text.lower()
    return next((word for part, word in _TEXTS if part in lower), FailureWord.UNKNOWN_FAILURE)
