"""A small catalogue with one of everything, and a client that fetches in plain trio."""

import socket
import ssl
from dataclasses import dataclass
from datetime import date

import h11
import trio

from probe.lab.world import World
from probe.model.target import (
    Catalogue,
    Control,
    Endpoint,
    Expectation,
    LastKnownAddress,
    Resolver,
    Service,
    WhoamiName,
)
from probe.model.words import Family, Role, Transport


def endpoint(endpoint_id, host, url=None, role=Role.WEB, **more):
    return Endpoint(
        id=endpoint_id,
        service=endpoint_id.split(".")[0],
        host=host,
        role=role,
        url=url or f"https://{host}/",
        **more,
    )


def make_catalogue() -> Catalogue:
    seen = date(2026, 11, 22)
    meta = {"networks": (32934,), "ipv6": True, "http3": True}
    instagram = Service(
        id="instagram",
        name="Instagram",
        endpoints=(
            endpoint(
                "instagram.web",
                "www.instagram.com",
                expect=Expectation(status=(200,), header="x-fb-debug", body="Instagram"),
                last_known=(
                    LastKnownAddress(address="157.240.31.174", seen=seen),
                    LastKnownAddress(address="2a03:2880:f27b:1e4:face:b00c:0:4420", seen=seen),
                ),
                **meta,
            ),
            endpoint(
                "instagram.apex",
                "instagram.com",
                expect=Expectation(status=(301,), redirect_to="https://www.instagram.com/"),
                **meta,
            ),
            endpoint("instagram.http", "www.instagram.com", "http://www.instagram.com/", **meta),
        ),
    )
    facebook = Service(
        id="facebook",
        name="Facebook",
        endpoints=(endpoint("facebook.web", "www.facebook.com", **meta),),
    )
    twitter = Service(
        id="twitter",
        name="Twitter",
        endpoints=(
            endpoint("twitter.web", "twitter.com", networks=(13414,), ipv6=True),
            endpoint("twitter.media", "pbs.twimg.com", role=Role.MEDIA, networks=(54113,)),
        ),
    )
    rt = Service(
        id="rt",
        name="RT",
        endpoints=(
            endpoint("rt.web", "www.rt.com", networks=(57724,)),
            endpoint("rt.http", "www.rt.com", "http://www.rt.com/", networks=(57724,)),
        ),
    )
    whatsapp = Service(
        id="whatsapp",
        name="WhatsApp",
        endpoints=(
            endpoint("whatsapp.chat", "e1.whatsapp.net", "tcp://e1.whatsapp.net:5222"),
            endpoint("whatsapp.tls", "e2.whatsapp.net", "tls://e2.whatsapp.net:443"),
        ),
    )
    controls = (
        Control(
            id="example",
            host="example.com",
            url="https://example.com/",
            operator="IANA",
            country="US",
            expect=Expectation(status=(200,), body="Example Domain"),
            accepts_foreign_names=True,
        ),
        Control(
            id="gstatic",
            host="connectivitycheck.gstatic.com",
            url="http://connectivitycheck.gstatic.com/generate_204",
            operator="Google",
            country="US",
            expect=Expectation(status=(204,)),
            purpose=("portal",),
        ),
        Control(
            id="vk",
            host="vk.com",
            url="https://vk.com/",
            operator="VK",
            country="RU",
            purpose=("reach", "quic"),
        ),
    )
    resolvers = (
        Resolver(
            id="google",
            operator="Google",
            country="US",
            addresses=("8.8.8.8", "2001:4860:4860::8888"),
            server_name="dns.google",
            transports=(Transport.UDP, Transport.TCP, Transport.DOT, Transport.DOH),
        ),
    )
    whoami = (
        WhoamiName(
            id="akamai",
            name="whoami.akamai.net",
            query_type="A",
            operator="Akamai",
            tells="resolver",
        ),
        WhoamiName(
            id="client",
            name="o-o.myaddr.l.google.com",
            query_type="TXT",
            operator="Google",
            tells="client",
            server="216.239.32.10",
        ),
    )
    return Catalogue(
        services=(instagram, facebook, twitter, rt, whatsapp),
        controls=controls,
        resolvers=resolvers,
        whoami=whoami,
    )


CATALOGUE = make_catalogue()


def client_context(world: World, alpn: tuple[str, ...] = ("http/1.1",)) -> ssl.SSLContext:
    """Return a context that trusts the world's root; the lab's date is not looked at."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=world.ca_pem.decode())
    context.set_alpn_protocols(list(alpn))
    # OpenSSL would judge dates at this machine's clock, which is not the lab's.
    context.verify_flags |= 0x200000  # X509_V_FLAG_NO_CHECK_TIME
    return context


@dataclass
class Fetched:
    status: int
    headers: dict[str, str]
    body: bytes


async def fetch(stream, host, path="/") -> Fetched:
    """GET over an open stream with HTTP/1.1."""
    connection = h11.Connection(h11.CLIENT)
    request = h11.Request(method="GET", target=path, headers=[("host", host)])
    await stream.send_all(connection.send(request) + connection.send(h11.EndOfMessage()))
    status, headers, body = 0, {}, b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await stream.receive_some())
        elif isinstance(event, h11.Response):
            status = event.status_code
            headers = {k.decode(): v.decode() for k, v in event.headers}
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            return Fetched(status, headers, body)


async def connect(address, port) -> trio.SocketStream:
    """Connect to one address; errors come as the socket tells them."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = trio.socket.socket(family, socket.SOCK_STREAM)
    await sock.connect((address, port))
    return trio.SocketStream(sock)


async def fetch_https(world: World, host, path="/", *, address=None) -> Fetched:
    """Resolve with the client's resolver, connect, verify, GET."""
    if address is not None:
        tcp = await connect(address, 443)
    else:
        tcp = await trio.open_tcp_stream(host, 443)
    tls = trio.SSLStream(tcp, client_context(world), server_hostname=host)
    await tls.do_handshake()
    got = await fetch(tls, host, path)
    await trio.aclose_forcefully(tls)
    return got


async def look(world, host="www.instagram.com", *, port=443, family=Family.IPV4):
    """Return one word for what a client sees: a status, or a failure."""
    version = socket.AF_INET if family is Family.IPV4 else socket.AF_INET6
    try:
        with trio.fail_after(25):
            found = await trio.socket.getaddrinfo(host, port, version, socket.SOCK_STREAM)
            address = found[0][4][0]
            if port == 443:
                return str((await fetch_https(world, host, address=address)).status)
            return str((await fetch(await connect(address, port), host)).status)
    except trio.TooSlowError:
        return "timeout"
    except socket.gaierror as error:
        return {socket.EAI_NONAME: "noname", socket.EAI_AGAIN: "again"}.get(error.errno, "nodata")
    except (OSError, h11.RemoteProtocolError) as error:
        return type(error).__name__
    except trio.BrokenResourceError as error:
        cause = error.__cause__
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "certificate"
        return type(cause).__name__
