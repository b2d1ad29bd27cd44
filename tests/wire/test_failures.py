import errno
import socket
import ssl

import pytest
import trio

from probe.model.words import FailureWord, Operation
from probe.wire import failures


@pytest.mark.parametrize(
    ("number", "word", "raw"),
    [
        (errno.ECONNREFUSED, FailureWord.CONNECTION_REFUSED, "ECONNREFUSED"),
        (errno.ECONNRESET, FailureWord.CONNECTION_RESET, "ECONNRESET"),
        (errno.EPIPE, FailureWord.CONNECTION_RESET, "EPIPE"),
        (errno.ECONNABORTED, FailureWord.CONNECTION_ABORTED, "ECONNABORTED"),
        (errno.EHOSTUNREACH, FailureWord.HOST_UNREACHABLE, "EHOSTUNREACH"),
        (errno.EHOSTDOWN, FailureWord.HOST_UNREACHABLE, "EHOSTDOWN"),
        (errno.ENETUNREACH, FailureWord.NETWORK_UNREACHABLE, "ENETUNREACH"),
        (errno.ENETDOWN, FailureWord.NETWORK_DOWN, "ENETDOWN"),
        (errno.ENETRESET, FailureWord.NETWORK_RESET, "ENETRESET"),
        (errno.ETIMEDOUT, FailureWord.TIMED_OUT, "ETIMEDOUT"),
        (errno.EACCES, FailureWord.PERMISSION_DENIED, "EACCES"),
        (errno.EPERM, FailureWord.PERMISSION_DENIED, "EPERM"),
        (errno.EADDRINUSE, FailureWord.ADDRESS_IN_USE, "EADDRINUSE"),
        (errno.EADDRNOTAVAIL, FailureWord.ADDRESS_NOT_AVAILABLE, "EADDRNOTAVAIL"),
        (errno.EAFNOSUPPORT, FailureWord.ADDRESS_FAMILY_NOT_SUPPORTED, "EAFNOSUPPORT"),
        (errno.EINVAL, FailureWord.INVALID_ARGUMENT, "EINVAL"),
        (errno.EINTR, FailureWord.INTERRUPTED, "EINTR"),
        (errno.EMSGSIZE, FailureWord.MESSAGE_SIZE, "EMSGSIZE"),
        (errno.ENOBUFS, FailureWord.NO_BUFFER_SPACE, "ENOBUFS"),
        (errno.ENOTCONN, FailureWord.NOT_CONNECTED, "ENOTCONN"),
        (errno.ESHUTDOWN, FailureWord.CONNECTION_ABORTED, "ESHUTDOWN"),
        (errno.EPROTONOSUPPORT, FailureWord.PROTOCOL_NOT_SUPPORTED, "EPROTONOSUPPORT"),
        (errno.EPROTOTYPE, FailureWord.WRONG_PROTOCOL_TYPE, "EPROTOTYPE"),
        (errno.EXDEV, FailureWord.UNKNOWN_FAILURE, "EXDEV"),
        (98765, FailureWord.UNKNOWN_FAILURE, "errno 98765"),
    ],
)
def test_an_errno_has_its_word_and_keeps_its_number(number, word, raw):
    failure = failures.from_oserror(OSError(number, "text that nobody reads"), Operation.CONNECT)

    assert (failure.word, failure.errno, failure.raw) == (word, number, raw)
    assert failure.operation is Operation.CONNECT


def test_every_row_of_the_errno_table_is_tested_above():
    tested = {mark[0] for mark in _rows(test_an_errno_has_its_word_and_keeps_its_number)}

    assert set(failures.ERRNO_WORDS) <= tested


def _rows(function):
    return function.pytestmark[0].args[1]


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (socket.EAI_AGAIN, FailureWord.DNS_TEMPORARY_FAILURE),
        (socket.EAI_FAIL, FailureWord.DNS_NON_RECOVERABLE_FAILURE),
        (socket.EAI_NONAME, FailureWord.DNS_NXDOMAIN_ERROR),
        (socket.EAI_NODATA, FailureWord.DNS_NO_ANSWER),
        (socket.EAI_ADDRFAMILY, FailureWord.DNS_NO_ANSWER),
        (socket.EAI_FAMILY, FailureWord.ADDRESS_FAMILY_NOT_SUPPORTED),
        (socket.EAI_BADFLAGS, FailureWord.INVALID_ARGUMENT),
        (socket.EAI_SERVICE, FailureWord.INVALID_ARGUMENT),
        (socket.EAI_SOCKTYPE, FailureWord.WRONG_PROTOCOL_TYPE),
        (socket.EAI_MEMORY, FailureWord.NO_BUFFER_SPACE),
        (socket.EAI_OVERFLOW, FailureWord.DNS_SERVER_MISBEHAVING),
        (socket.EAI_SYSTEM, FailureWord.DNS_NON_RECOVERABLE_FAILURE),
        (-4711, FailureWord.UNKNOWN_FAILURE),
    ],
)
def test_a_resolver_code_has_its_word(code, word):
    failure = failures.from_oserror(socket.gaierror(code, "text"), Operation.RESOLVE)

    assert (failure.word, failure.errno) == (word, code)


def test_every_row_of_the_resolver_table_is_tested_above():
    tested = {row[0] for row in _rows(test_a_resolver_code_has_its_word)}

    assert set(failures.GAI_CODES) <= tested


@pytest.mark.parametrize("number", sorted(failures.ALERTS))
def test_an_alert_is_named_by_its_number(number):
    failure = failures.from_alert(number, Operation.HANDSHAKE)

    assert failure.word is FailureWord.SSL_FAILED_HANDSHAKE
    assert failure.raw == f"alert {number} {failures.ALERTS[number]}"


@pytest.mark.parametrize(
    ("reason", "number"),
    [
        ("TLSV1_ALERT_UNKNOWN_CA", 48),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", 40),
        ("TLSV1_ALERT_INTERNAL_ERROR", 80),
        ("TLSV1_UNRECOGNIZED_NAME", 112),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", 116),
        ("TLSV1_ALERT_NO_APPLICATION_PROTOCOL", 120),
        ("error:10000438:SSL routines:OPENSSL_internal:TLSV1_ALERT_INTERNAL_ERROR", 80),
        ("WRONG_VERSION_NUMBER", None),
        ("TLSV1_ALERT_OF_THE_FUTURE", None),
        ("", None),
    ],
)
def test_an_encrypted_alert_is_known_by_the_engines_reason(reason, number):
    assert failures.alert_of_reason(reason) == number


def test_a_raw_alert_goes_before_the_engines_words():
    error = ssl.SSLError(1, "text")
    error.reason = "TLSV1_ALERT_UNKNOWN_CA"

    failure = failures.from_ssl(error, Operation.HANDSHAKE, alert=112)

    assert failure.raw == "alert 112 unrecognized_name"


def test_an_end_within_a_record_is_an_eof():
    failure = failures.from_ssl(ssl.SSLEOFError(8, "EOF"), Operation.READ)

    assert failure.word is FailureWord.EOF_ERROR


def test_an_engines_own_complaint_is_kept_as_raw():
    error = ssl.SSLError(1, "text")
    error.reason = "WRONG_VERSION_NUMBER"

    failure = failures.from_ssl(error, Operation.HANDSHAKE)

    assert failure.word is FailureWord.SSL_FAILED_HANDSHAKE
    assert failure.raw == "WRONG_VERSION_NUMBER"


def test_trios_wrapper_is_named_by_what_it_wraps():
    error = trio.BrokenResourceError()
    error.__cause__ = ConnectionResetError(errno.ECONNRESET, "reset")

    assert failures.from_trio(error, Operation.READ).errno == errno.ECONNRESET
    assert failures.from_trio(trio.ClosedResourceError(), Operation.READ).word is (
        FailureWord.INTERRUPTED
    )


@pytest.mark.parametrize(
    ("rcode", "word"),
    [
        (1, FailureWord.DNS_SERVER_MISBEHAVING),
        (2, FailureWord.DNS_SERVFAIL_ERROR),
        (3, FailureWord.DNS_NXDOMAIN_ERROR),
        (4, FailureWord.DNS_SERVER_MISBEHAVING),
        (5, FailureWord.DNS_REFUSED_ERROR),
        (23, FailureWord.DNS_SERVER_MISBEHAVING),
    ],
)
def test_a_response_code_has_its_word(rcode, word):
    failure = failures.from_rcode(rcode)

    assert failure is not None
    assert (failure.word, failure.raw) == (word, f"rcode {rcode}")


def test_noerror_is_no_failure():
    assert failures.from_rcode(0) is None


def test_our_own_patience_is_not_the_kernels():
    """A black hole that we gave up on says nothing about ETIMEDOUT."""
    assert failures.timeout(Operation.READ).word is FailureWord.GENERIC_TIMEOUT_ERROR
