"""What a client of the kernel's lab sees, as JSON on stdout: run inside a world by the tests.

python -m tests.lab.kernel_look HOST...
"""

import json
import os
import socket
import ssl
import sys

import h11
import trio

PATIENCE_S = float(os.environ.get("LOOK_PATIENCE_S", "5"))


def context() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(os.environ["LAB_CA_FILE"])
    return made


async def status(stream: trio.abc.Stream, host: str) -> str:
    """GET / to the last byte; return the status."""
    connection = h11.Connection(h11.CLIENT)
    request = h11.Request(method="GET", target="/", headers=[("host", host)])
    await stream.send_all(connection.send(request) + connection.send(h11.EndOfMessage()))
    word = ""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await stream.receive_some())
        elif isinstance(event, h11.Response):
            word = str(event.status_code)
        elif isinstance(event, h11.EndOfMessage):
            return word


async def look(host: str, port: int, family: int) -> str:
    """Return one word, as test_worlds.look does on the virtual executor."""
    try:
        with trio.fail_after(PATIENCE_S):
            found = await trio.socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
            sock = trio.socket.socket(family, socket.SOCK_STREAM)
            await sock.connect(found[0][4][:2])
            stream: trio.abc.Stream = trio.SocketStream(sock)
            if port == 443:
                stream = trio.SSLStream(stream, context(), server_hostname=host)
                await stream.do_handshake()
            return await status(stream, host)
    except trio.TooSlowError:
        return "timeout"
    except socket.gaierror as error:
        return {socket.EAI_NONAME: "noname", socket.EAI_AGAIN: "again"}.get(error.errno, "nodata")
    except OSError as error:
        return type(error).__name__
    except trio.BrokenResourceError as error:
        cause = error.__cause__
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "certificate"
        return type(cause).__name__


async def main(hosts: list[str]) -> None:
    seen: dict[str, str] = {}

    async def note(host: str, port: int, family: int) -> None:
        word = "ipv4" if family == socket.AF_INET else "ipv6"
        seen[f"{host} {port} {word}"] = await look(host, port, family)

    async with trio.open_nursery() as nursery:
        for host in hosts:
            for port in (443, 80):
                for family in (socket.AF_INET, socket.AF_INET6):
                    nursery.start_soon(note, host, port, family)
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    trio.run(main, sys.argv[1:])
