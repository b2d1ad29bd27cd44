"""A function as the client of a world, on real packets; each in a process of its own."""

import os
import socket
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest

from probe.errors import LabError
from probe.lab.kernel import call_in_world, kernel_available
from probe.lab.worlds import build_world
from probe.reference.catalogue import load_catalogue

REASON = kernel_available()
pytestmark = pytest.mark.skipif(REASON is not None, reason=f"no namespaces: {REASON}")


def played(work, limit_s=20.0):
    """Leave the network in a process that ends afterwards; return what came back."""
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        return pool.submit(_play, work, limit_s).result()


def _play(work, limit_s):
    world = build_world("s01", load_catalogue()).dated(datetime.now(UTC))
    try:
        result, log = call_in_world(world, work, limit_s=limit_s)
    except LabError as error:
        return str(error)
    return result, [event.box for event in log]


def _address_of(host):
    return socket.getaddrinfo(host, 443, socket.AF_INET, socket.SOCK_STREAM)[0][4][0]


def _hello(host):
    """Send a ClientHello to the world's host; return how it ended."""
    import ssl

    try:
        with socket.create_connection((_address_of(host), 443), timeout=5) as sock:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.wrap_socket(sock, server_hostname=host).close()
    except ConnectionResetError:
        return "reset"
    return "done"


def _fail():
    raise ValueError("so it is told")


def _end_without_a_word():
    os._exit(3)


def _wait():
    import time

    time.sleep(60)


def test_it_meets_the_worlds_boxes_and_the_log_tells():
    ended, boxes = played(partial(_hello, "www.instagram.com"))

    assert (ended, set(boxes)) == ("reset", {"S01"})
    assert played(partial(_hello, "example.com")) == ("done", [])


@pytest.mark.parametrize(
    ("work", "limit_s", "words"),
    [
        pytest.param(_fail, 20.0, "so it is told", id="raises"),
        pytest.param(_end_without_a_word, 20.0, "without a word", id="dies"),
        pytest.param(_wait, 0.5, "did not end within", id="hangs"),
    ],
)
def test_what_goes_wrong_in_the_client_is_told(work, limit_s, words):
    assert words in played(work, limit_s)


def test_this_process_stays_where_it_was():
    before = Path("/proc/self/ns/net").readlink()

    played(partial(_address_of, "example.com"))

    assert Path("/proc/self/ns/net").readlink() == before
