"""The system's path, through trio's getaddrinfo."""

import socket

import pytest
import trio

from probe.model.words import FailureWord
from probe.wire.dns import ask_system


class Names(trio.abc.HostnameResolver):
    def __init__(self, answer):
        self._answer = answer

    async def getaddrinfo(self, host, port, *options):
        if isinstance(self._answer, int):
            await trio.sleep(self._answer)
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer

    async def getnameinfo(self, sockaddr, flags):
        raise NotImplementedError


@pytest.fixture
def names():
    """Replace the system's resolver, for this trio run."""
    return lambda answer: trio.socket.set_custom_hostname_resolver(Names(answer))


def v4(address, name=""):
    return (socket.AF_INET, socket.SOCK_STREAM, 6, name, (address, 443))


def v6(address):
    return (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, 443, 0, 0))


async def ask(**changes):
    asked = await ask_system("www.instagram.com", ("A", "AAAA"), timeout_s=10, **changes)
    return {question.query_type: question for question in asked}


async def test_one_call_answers_for_both_families(names):
    names([v6("2a03:2880::1"), v4("157.240.1.174", "z-p42.instagram.com"), v4("157.240.1.174")])
    reported = []

    asked = await ask(first=lambda kind, found: reported.append((kind, found)))

    assert asked["A"].readable.addresses == ("157.240.1.174",)
    assert asked["AAAA"].readable.addresses == ("2a03:2880::1",)
    assert asked["A"].readable.cnames == ("z-p42.instagram.com",)
    assert reported == [("A", ("157.240.1.174",)), ("AAAA", ("2a03:2880::1",))]


async def test_a_family_without_addresses_is_told(names):
    names([v4("157.240.1.174")])

    asked = await ask()

    assert asked["A"].failure is None
    assert asked["AAAA"].failure.word is FailureWord.DNS_NO_ANSWER


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (socket.EAI_NONAME, FailureWord.DNS_NXDOMAIN_ERROR),
        (socket.EAI_AGAIN, FailureWord.DNS_TEMPORARY_FAILURE),
        (socket.EAI_NODATA, FailureWord.DNS_NO_ANSWER),
    ],
)
async def test_a_failed_lookup_has_its_code(names, code, word):
    names(socket.gaierror(code, "text"))

    asked = await ask()

    assert {a.failure.word for a in asked.values()} == {word}
    assert {a.failure.errno for a in asked.values()} == {code}
    assert asked["A"].answers == []


async def test_a_name_that_the_codec_refuses_is_no_name(names):
    names(UnicodeError("label too long"))

    asked = await ask()

    assert asked["A"].failure.word is FailureWord.INVALID_ARGUMENT


async def test_a_silent_resolver_costs_the_timeout(autojump_clock, names):
    names(1000)

    asked = await ask()

    assert {a.failure.word for a in asked.values()} == {FailureWord.GENERIC_TIMEOUT_ERROR}
    assert trio.current_time() == pytest.approx(10)
